//! F4: a write is lost on its way, and its caller hears nothing.

use super::disturbed::{Due, ENDLESS, each_write_meets};
use super::scene::Scene;
use crate::support::recorder::Fault;

cells!(lose_each_request);

/// It is sent again; also when every try of the SDK is lost. Where none ever arrives, its caller is told to come again.
async fn lose_each_request(scene: &Scene) {
    each_write_meets(scene, Fault::LoseRequest, 1, Due::Success).await;
    each_write_meets(scene, Fault::LoseRequest, 4, Due::SuccessOrBusy).await;
    each_write_meets(scene, Fault::LoseRequest, ENDLESS, Due::Busy).await;
}
