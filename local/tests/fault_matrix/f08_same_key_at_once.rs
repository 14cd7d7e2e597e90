//! F8: the same request, with the same key, several times at the same moment, in several processes.

use super::scene::Scene;
use super::trouble::Meeting;

cells!(at_once: hold release pay cancel cancel_ticket refund reissue top_up credit spend start_card_payment
    confirm_card_payment pay_out order claim join claim_admission leave manage_shop roles sessions erase);

/// All decide from the same state, and it happens once: each is told so, or to come again.
async fn at_once(scene: &Scene) {
    let before = scene.world.dump();
    scene.intercept(Some(Meeting::new(4)));
    let processes = [scene.process(), scene.process(), scene.process(), scene.process()];
    let [one, two, three, four] = &processes;
    let call = |process| scene.call(process, scene.event());
    let (one, two, three, four) = tokio::join!(call(one), call(two), call(three), call(four));
    scene.intercept(None);
    let outcomes = [one, two, three, four];
    assert!(outcomes.iter().all(|outcome| outcome.succeeded() || outcome.is_busy()), "{outcomes:?}");
    let first = outcomes.iter().filter(|outcome| outcome.succeeded() && !outcome.replayed()).count();
    if scene.case.takes_a_key() {
        assert!(first <= 1, "{:?} was done for the first time {first} times: {outcomes:?}", scene.case);
    }
    if outcomes.iter().any(super::act::Outcome::succeeded) {
        scene.expect_effects(1, "at once").await;
    } else {
        assert_eq!(scene.world.dump(), before, "{:?}: all are busy, and something was done", scene.case);
    }
    scene.converges("at once").await;
    scene.settle().await;
}
