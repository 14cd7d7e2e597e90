//! Each write of a case in turn meets what one call may meet: it is throttled, cancelled, or lost on its way or back.

use std::sync::Arc;

use super::act::Outcome;
use super::case::{Caller, Case};
use super::scene::Scene;
use super::trouble::Write;
use crate::support::recorder::{Disturb, Fault};

/// More often than anything is tried.
pub const ENDLESS: usize = 1_000;

/// What is to become of an operation whose write meets something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// It succeeds.
    Success,
    /// The same, but an operation of a queue, and one that comes again by itself, may also be told to come again.
    SuccessOrBusy,
    /// It is told to come again, and has written nothing.
    Busy,
    /// Either.
    Any,
}

/// The next `times` calls of each write's operation meet `fault`, from that write on. Whatever becomes of it, the same
/// again succeeds, and has happened once.
pub async fn each_write_meets(scene: &Scene, fault: Fault, times: usize, due: Due) {
    for write in &scene.writes {
        write_meets(scene, *write, 0, (fault, times), due).await;
    }
}

/// The same with each item of each transaction in turn: first this, then those after it.
pub async fn each_item_meets(scene: &Scene, fault: Fault, times: usize, due: Due) {
    for write in scene.writes.iter().filter(|(operation, _)| *operation == "TransactWriteItems") {
        let (mut item, mut items) = (0, 1);
        while item < items {
            items = write_meets(scene, *write, item, (fault, times), due).await;
            item += 1;
        }
    }
}

/// One write meets it, of a transaction beginning with one item; how many items it has.
async fn write_meets(scene: &Scene, write: Write, item: usize, met: (Fault, usize), due: Due) -> usize {
    let ((operation, spared), (fault, times)) = (write, met);
    let told = format!("{operation} {spared}, from item {item} on, meets {fault:?} × {times}");
    scene.reset().await;
    let before = scene.world.dump();
    let disturb = Arc::new(Disturb::after(operation, fault, spared, times).beginning_with(item));
    let outcome = scene.act_under(disturb.clone()).await;
    assert!(disturb.disturbed_calls() > 0, "{:?}: {told} was not met", scene.case);
    if !outcome.succeeded() {
        scene.world.check_invariants().await;
    }
    if scene.case.goes_on_by_itself() {
        scene.converges(&told).await;
    } else {
        // Whether a queue could be moved on is another matter than whether an admission has ended, and a gap is advice.
        let is_beside = matches!(scene.case, Case::EndAdmission | Case::JoinRenewing);
        let beside = is_beside && operation == "TransactWriteItems";
        check(scene, &outcome, if beside { Due::Any } else { due }, &told);
        if outcome.succeeded() && is_strict(scene) && times < ENDLESS {
            assert_eq!(disturb.disturbed_calls(), times, "{:?}, {told}", scene.case);
        }
        if outcome.is_busy() && due == Due::Busy && is_strict(scene) && !scene.case.closes_first() {
            assert_eq!(scene.world.dump(), before, "{:?}, {told}: something was written", scene.case);
        }
        expect_once(scene, outcome, &told).await;
    }
    scene.settle().await;
    disturb.items()
}

/// Whether every write is a transaction of the whole, whose success or failure is the operation's.
fn is_strict(scene: &Scene) -> bool {
    !scene.case.is_of_a_queue() && !scene.case.goes_step_by_step()
}

fn check(scene: &Scene, outcome: &Outcome, due: Due, told: &str) {
    let either = outcome.succeeded() || outcome.is_busy();
    let by_itself = scene.case.caller() != Caller::Http;
    let right = match due {
        Due::Success => outcome.succeeded(),
        Due::SuccessOrBusy if is_strict(scene) && !by_itself => outcome.succeeded(),
        Due::SuccessOrBusy | Due::Any => either,
        Due::Busy => outcome.is_busy(),
    };
    assert!(right && !outcome.timed_out, "{:?}, {told}: {outcome:?}", scene.case);
    if outcome.is_busy() && scene.case.caller() == Caller::Http {
        assert!(outcome.headers["retry-after"].is_string(), "{:?}, {told}: {outcome:?}", scene.case);
        assert_eq!(outcome.body["code"], "busy", "{:?}, {told}", scene.case);
    }
}

/// After success it has happened once; and again, with the same key, it is the same answer and nothing more.
async fn expect_once(scene: &Scene, outcome: Outcome, told: &str) {
    if outcome.succeeded() {
        // A single write that is sent again by the SDK finds itself, and cannot tell itself from an earlier request.
        let may_find_itself = scene.case.goes_step_by_step();
        let told_apart = may_find_itself || !outcome.replayed();
        assert!(told_apart, "{:?}, {told}: a first success is not a repeat", scene.case);
        scene.expect_effects(1, told).await;
    }
    let again = scene.converges(told).await;
    if outcome.succeeded() && scene.case.caller() == Caller::Http {
        assert_eq!((outcome.status, again.status), (scene.case.success(), scene.case.repeated()), "{told}");
        if is_strict(scene) && again.succeeded() {
            assert_eq!(again.body, outcome.body, "{:?} repeated, {told}", scene.case);
        }
    }
}
