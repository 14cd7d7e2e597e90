//! F5: the process is killed before it commits, with all that it remembers.

use super::scene::Scene;
use super::trouble::Dies;

cells!(kill_before_each_write);

/// Whatever it had written before, the same again, in a new process, succeeds and has happened once.
async fn kill_before_each_write(scene: &Scene) {
    for write in 0..scene.writes.len() {
        let told = format!("killed before write {write}");
        scene.reset().await;
        scene.die(write, Dies::Before).await;
        if write == 0 && !scene.case.goes_on_by_itself() {
            scene.expect_effects(0, &told).await;
        }
        let again = scene.converges(&told).await;
        assert!(write > 0 || !again.replayed(), "{:?}: there was nothing to repeat", scene.case);
        scene.at_quiet().await;
    }
}
