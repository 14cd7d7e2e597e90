//! F3: a write is committed, and its answer is lost.

use super::disturbed::{Due, ENDLESS, each_write_meets};
use super::scene::Scene;
use crate::support::recorder::Fault;

cells!(answer_lost);

/// Its caller is told of the success; also when every try of the SDK loses its answer. Where none ever comes, the
/// outcome is unknown, and the same request converges.
async fn answer_lost(scene: &Scene) {
    each_write_meets(scene, Fault::LoseAnswer, 1, Due::Success).await;
    each_write_meets(scene, Fault::LoseAnswer, 3, Due::SuccessOrBusy).await;
    each_write_meets(scene, Fault::LoseAnswer, ENDLESS, Due::Any).await;
}
