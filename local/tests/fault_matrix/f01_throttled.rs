//! F1: the table, or a queue, takes no more traffic.

use super::disturbed::{Due, ENDLESS, each_write_meets};
use super::scene::Scene;
use crate::support::recorder::Fault;

cells!(throttle_each_write);

/// Once, it is tried again; for good, its caller is told that the table is busy and nothing was written.
async fn throttle_each_write(scene: &Scene) {
    each_write_meets(scene, Fault::Throttle, 1, Due::Success).await;
    each_write_meets(scene, Fault::Throttle, ENDLESS, Due::Busy).await;
}
