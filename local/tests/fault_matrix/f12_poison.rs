//! F12: a message, a record or an item that cannot be read, however often it is tried.

use serde_json::{Value, json};

use super::case::Case;
use super::scene::Scene;
use crate::events::message_count;
use crate::support::World;

cells!(poison: release_declined_payment free_queue_places record_sales settle_card_payments);
cells!(assert_parked: relay);
cells!(unreadable: expire sweep_card_payments);

/// It fails alone and comes again, to end in the dead-letter queue; what came with it is done.
async fn poison(scene: &Scene) {
    let mut unknown: Value = serde_json::from_str(scene.told[0].as_str().expect("a body")).expect("JSON");
    unknown["type"] = "payment.eaten".into();
    let mut told = vec!["garbage".into(), "{}".into(), unknown.to_string().into()];
    told.extend(scene.told.iter().cloned());
    let failed: Vec<Value> = (0..3).map(|place| json!({ "itemIdentifier": format!("m{place}") })).collect();
    for _ in 0..2 {
        let outcome = scene.call(&scene.process(), scene.event_of_batch(&told)).await;
        assert_eq!(outcome.body["batchItemFailures"], json!(failed), "{:?}", scene.case);
        scene.expect_effects(1, "beside poison").await;
    }
    scene.settle().await;
}

/// It is put aside with its reason, and the rest goes on.
async fn assert_parked(scene: &Scene) {
    let mut told = scene.told.clone();
    for (place, change) in [(0, json!({ "S": "reservation.eaten" })), (1, json!({ "N": "1" }))] {
        let mut record = scene.told[0].clone();
        record["dynamodb"]["NewImage"]["change"] = change;
        told.insert(place, record);
    }
    scene.call(&scene.process(), scene.event_of_batch(&told)).await.expect(200);
    assert_eq!(message_count(&scene.world, "Parked"), 2);
    scene.expect_effects(1, "beside poison").await;
}

/// What the sweep cannot read it passes by, and says so each time.
async fn unreadable(scene: &Scene) {
    let user = "0193a000-0000-7000-8000-00000000dead";
    let kind = match scene.case {
        Case::ExpireHold => ("RSV", "rsv#13"),
        Case::SweepCard => ("CARD", "card#13"),
        _ => ("ORDER", "ord#13"),
    };
    put(
        &scene.world,
        json!({
            "pk": { "S": format!("USER#{user}") }, "sk": { "S": format!("{}#{user}", kind.0) },
            "expiry_shard": { "S": kind.1 }, "expires_at": { "N": "1" },
        }),
    );
    // It is no reservation or order, so the books cannot be added up as long as it is there.
    for closed in [1, 0] {
        let outcome = scene.act().await;
        assert_eq!((&outcome.body["closed"], &outcome.body["failed"]), (&json!(closed), &json!(1)), "{outcome:?}");
    }
    let key = json!({ "pk": { "S": format!("USER#{user}") }, "sk": { "S": format!("{}#{user}", kind.0) } });
    let table = &scene.world.stack.template().table.name;
    let removed = scene.world.stack.dynamodb().call("DeleteItem", &json!({ "TableName": table, "Key": key }));
    removed.expect("deleted");
    scene.expect_effects(1, "beside what cannot be read").await;
}

fn put(world: &World, item: Value) {
    let request = json!({ "TableName": world.stack.template().table.name, "Item": item });
    world.stack.dynamodb().call("PutItem", &request).expect("put");
}
