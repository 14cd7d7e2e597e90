//! F7: the time of the function is nearly over: the table has become slow or silent.
//!
//! Functions have ten seconds over HTTP. They tell by no clock how much of it is left; what they wait for is bounded so
//! that they answer before it is over.

use std::time::Duration;

use super::act::Outcome;
use super::case::Caller;
use super::scene::Scene;
use super::trouble::{Silence, Slow};

cells!(deadline);

/// Just within the time of one try of a call.
const NEARLY_TOO_LONG: Duration = Duration::from_millis(950);
/// Most calls from which on a case is met by silence.
const SILENCES_MAX: usize = 10;

/// Whatever it has done by then, it says in time that it does not know, or succeeds; and the same again converges.
async fn deadline(scene: &Scene) {
    for call in (0..scene.calls).step_by(scene.calls.div_ceil(SILENCES_MAX)) {
        scene.reset().await;
        let outcome = scene.act_under(Silence::from(call)).await;
        in_time(scene, &outcome, &format!("silence from call {call} on")).await;
    }
    for conflicts in [false, true] {
        scene.reset().await;
        let outcome = scene.act_under(std::sync::Arc::new(Slow { each: NEARLY_TOO_LONG, conflicts })).await;
        in_time(scene, &outcome, &format!("a slow table, with conflicts: {conflicts}")).await;
    }
}

async fn in_time(scene: &Scene, outcome: &Outcome, told: &str) {
    assert!(outcome.succeeded() || outcome.is_busy(), "{:?}, {told}: {outcome:?}", scene.case);
    // A sweep that is cut off is gone on with by the next one, a minute later.
    let may_be_cut_off = scene.case.caller() == Caller::Schedule;
    assert!(!outcome.timed_out || may_be_cut_off, "{:?}, {told}: cut off by the time limit", scene.case);
    scene.converges(told).await;
}
