//! F18: the stream is read again from the start.

use serde_json::Value;

use super::scene::Scene;
use crate::events::relay_changes::relay;

cells!(read_again: hold release pay cancel cancel_ticket refund reissue top_up credit spend start_card_payment
    confirm_card_payment pay_out order claim join claim_admission leave manage_shop roles sessions erase expire advance
    release_declined_payment free_queue_places record_sales settle_card_payments sweep_card_payments);

/// Everything that the operation committed is told again, in order and backwards, and nothing happens twice.
async fn read_again(scene: &Scene) {
    scene.act().await.expect(scene.case.success());
    scene.world.stack.drain_events().await.expect("settled");
    let before = scene.world.dump();
    let told = |record: &Value| record["dynamodb"]["NewImage"]["change"].is_object();
    let records: Vec<Value> = scene.records().into_iter().filter(told).collect();
    let backwards: Vec<Value> = records.iter().rev().cloned().collect();
    for records in [&records, &backwards, &records] {
        assert_eq!(relay(&scene.world, records).await["batchItemFailures"], Value::Array(Vec::new()));
        scene.world.stack.drain_events().await.expect("settled");
    }
    assert_eq!(scene.world.dump(), before, "{:?}: {} records were told again", scene.case, records.len());
    scene.settle().await;
}
