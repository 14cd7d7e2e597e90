//! F22: the same request was sent before, and its transaction is half committed: some of its items are written, the
//! others are still locked. So conditions fail on some items beside conflicts on others, and reads see both.

use std::sync::Arc;

use super::case::Caller;
use super::scene::Scene;
use super::trouble::{Half, HalfCommitted};

cells!(half_committed: hold release pay cancel cancel_ticket refund reissue top_up credit spend confirm_card_payment
    pay_out order claim claim_admission manage_shop roles erase expire advance release_declined_payment
    free_queue_places record_sales);

/// Conflicts that the same again meets before the transaction is ended.
const CONFLICTS: usize = 3;
/// Longer than holds and pending orders last.
const LATE_SECONDS: i64 = 310;

/// Whatever is written first, or last, the same again is told of the success, once the other half is there: never of a
/// refusal, for what stands in its way is its own doing.
async fn half_committed(scene: &Scene) {
    let transactions = scene.writes.iter().filter(|(operation, _)| *operation == "TransactWriteItems").count();
    for transaction in 0..transactions {
        for half in [Half::Only, Half::AllBut] {
            let (mut item, mut items) = (0, 1);
            while item < items {
                scene.reset().await;
                let told = format!("transaction {transaction}, {half:?} item {item} is written");
                let stalled = Arc::new(HalfCommitted::new(scene, transaction, (half, item), CONFLICTS));
                if !scene.dies_of(stalled.clone(), &stalled.died).await {
                    // It has fewer: some of its transactions are refused.
                    assert!(transaction > 0, "{:?} commits no transaction", scene.case);
                    break;
                }
                items = stalled.items();
                again(scene, &stalled, &told).await;
                item += 1;
            }
        }
    }
    if scene.case.caller() == Caller::Http && !scene.case.is_of_a_queue() {
        late(scene).await;
    }
}

/// The same once the hold, the order or the sale is over by the clock: what was done in time stays done, and its repeat
/// is no refusal, although what is read first says that it comes too late.
async fn late(scene: &Scene) {
    let (mut item, mut items) = (0, 1);
    while item < items {
        scene.reset().await;
        let stalled = Arc::new(HalfCommitted::new(scene, 0, (Half::AllBut, item), CONFLICTS));
        assert!(scene.dies_of(stalled.clone(), &stalled.died).await, "{:?} commits no transaction", scene.case);
        items = stalled.items();
        scene.world.wait(LATE_SECONDS);
        let outcome = scene.act_under(stalled.clone()).await;
        stalled.end();
        let told_success = outcome.succeeded() || outcome.status == scene.case.repeated();
        assert!(told_success, "{:?}, late, all but item {item} is written: {outcome:?}", scene.case);
        scene.settle().await;
        item += 1;
    }
}

/// The same again in a new process, while the first try is half committed.
async fn again(scene: &Scene, stalled: &Arc<HalfCommitted>, told: &str) {
    let outcome = scene.act_under(stalled.clone()).await;
    stalled.end();
    let told_success = outcome.succeeded() || outcome.status == scene.case.repeated();
    let may_be_busy = scene.case.is_of_a_queue() && outcome.is_busy();
    assert!(told_success || may_be_busy, "{:?}, {told}: {outcome:?}", scene.case);
    scene.converges(told).await;
    scene.settle().await;
}
