//! F6: the process is killed after it has committed, before it hears of it or answers.

use super::scene::Scene;
use super::trouble::Dies;

cells!(kill_after_each_write);

/// The same again, in a new process that knows nothing of it, finds what was done and does nothing twice.
async fn kill_after_each_write(scene: &Scene) {
    let last = scene.writes.len() - 1;
    for write in 0..=last {
        let told = format!("killed after write {write}");
        scene.reset().await;
        scene.die(write, Dies::After).await;
        if last == 0 && !scene.case.goes_on_by_itself() {
            scene.expect_effects(1, &told).await;
        }
        let again = scene.converges(&told).await;
        if write == last && scene.case.takes_a_key() {
            assert!(again.replayed(), "{:?}: it was done before: {again:?}", scene.case);
        }
        scene.at_quiet().await;
    }
}
