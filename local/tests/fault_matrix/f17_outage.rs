//! F17: the queues are down. What happens when the data platform is, is told by the tests of `events`.

use std::sync::Arc;

use super::case::Case;
use super::scene::Scene;
use super::trouble::NoQueues;

cells!(no_queues);

/// Nothing that sells or sweeps waits for a queue; the relay does, and once they are back what was committed is told.
async fn no_queues(scene: &Scene) {
    let outcome = scene.act_under(Arc::new(NoQueues)).await;
    if scene.case == Case::Relay {
        assert!(outcome.is_busy(), "{outcome:?}");
        scene.expect_effects(0, "without queues").await;
        scene.converges("with queues").await;
        return;
    }
    assert!(outcome.succeeded() && !outcome.replayed(), "{:?}: {outcome:?}", scene.case);
    scene.intercept(Some(Arc::new(NoQueues)));
    for _ in 0..3 {
        scene.world.stack.relay().await.expect("tried");
    }
    let (waiting, _) = scene.world.stack.sqs().queues().census(&[]);
    assert_eq!(waiting, 0, "{:?}: nothing arrives while they are down", scene.case);
    scene.intercept(None);
    if !scene.case.goes_on_by_itself() {
        scene.expect_effects(1, "without queues").await;
    }
    scene.converges("with queues").await;
    scene.settle().await;
}
