//! F15: several sweeps run at once.

use local::aws::lambda::Entry;
use onsale_platform::ids::Ids;
use onsale_platform::lambda;
use serde_json::json;

use super::scene::Scene;
use super::trouble::Meeting;

cells!(among_sweeps);

/// Seconds after which holds and orders lapse that were made for the scene.
const LAPSED_SECONDS: i64 = 302;

/// An operation among them is not disturbed; or, when what it is about lapses at that moment, it is done or refused.
async fn among_sweeps(scene: &Scene) {
    for later in [0, LAPSED_SECONDS] {
        scene.reset().await;
        scene.world.wait(later);
        let third = if scene.card.is_some() { "sweep_card_payments" } else { "run_expiry" };
        let sweeps = ["run_expiry", "run_expiry", third, "advance_queues", "advance_queues"];
        let sweeps = sweeps.map(|function| {
            scene.world.stack.process(function, scene.world.clock.clone(), Ids::Random).expect("a process")
        });
        scene.intercept(Some(Meeting::new(sweeps.len() + 1)));
        let [one, two, three, four, five] = &sweeps;
        let process = scene.process();
        let (outcome, ..) = tokio::join!(
            scene.call(&process, scene.event()),
            sweep(one),
            sweep(two),
            sweep(three),
            sweep(four),
            sweep(five)
        );
        scene.intercept(None);
        scene.world.check_invariants().await;
        if later == 0 {
            assert!(outcome.succeeded() || outcome.is_busy(), "{:?}: {outcome:?}", scene.case);
            scene.converges("among sweeps").await;
        } else {
            let right = outcome.succeeded() || outcome.is_busy() || outcome.is_refusal();
            assert!(right, "{:?}, {later} s later: {outcome:?}", scene.case);
        }
        scene.settle().await;
    }
}

async fn sweep(process: &Entry) {
    let swept = lambda::invoke(&process.code, process.app.clone(), json!({})).await.expect("swept");
    assert!(swept["failed"] == 0, "{swept}");
}
