//! F20: old and new code at once. Items and messages say more than this code knows, or do not say yet what it does.

use serde_json::{Value, json};

use super::case::Case;
use super::scene::Scene;

cells!(of_another_version: hold release pay cancel cancel_ticket refund reissue top_up credit spend start_card_payment
    confirm_card_payment pay_out order claim join claim_admission leave manage_shop roles sessions erase expire advance
    relay release_declined_payment free_queue_places record_sales settle_card_payments sweep_card_payments);

/// An attribute or field of newer code.
const NEW: &str = "from_the_future";

/// Attributes without which items can be read, by the beginning of their sort keys: older code may have left them out.
const LATER: [(&str, &str); 3] = [("RSV#", "declines"), ("ORDER#", "declines"), ("ORDER#", "discount")];

/// The operation succeeds once, and leaves alone what newer code has written.
async fn of_another_version(scene: &Scene) {
    let table = scene.world.stack.template().table.name.clone();
    let put = |item: &Value| {
        let request = json!({ "TableName": table, "Item": item });
        scene.world.stack.dynamodb().call("PutItem", &request).expect("put");
    };
    let newer = || {
        for item in scene.world.items().into_values().filter(|item| !is_of_columns(item)) {
            let mut item = item.clone();
            item[NEW] = json!({ "M": { "a": { "L": [{ "N": "1" }] } } });
            put(&item);
        }
    };
    newer();
    let before = scene.world.items();
    scene.act().await.expect(scene.case.success());
    if !scene.case.goes_on_by_itself() {
        scene.expect_effects(1, "on newer items").await;
    }
    for (key, item) in scene.world.items() {
        // A token is put in the place of the one before. A verifying key is published by each process that signs, and a
        // product's places in the catalog are copies of it: both are written whole.
        let again = matches!(scene.case, Case::JoinAgain | Case::JoinLapsed);
        let replaced = key.contains("\"KEYS\"") || key.contains("CATALOG#") || again && key.contains("TOKEN#");
        if before.get(&key).is_some_and(|before| before[NEW].is_object()) && !replaced {
            assert!(item[NEW].is_object(), "{:?} has removed what it did not know from {key}", scene.case);
        }
    }
    scene.converges("on newer items").await;

    scene.reset().await;
    for mut item in scene.world.items().into_values() {
        let sk = item["sk"]["S"].as_str().unwrap_or_default().to_owned();
        let known = item.as_object_mut().expect("an item");
        let all = known.len();
        known.retain(|name, _| !LATER.iter().any(|(of, later)| sk.starts_with(of) && later == name));
        if known.len() < all {
            put(&item);
        }
    }
    scene.act().await.expect(scene.case.success());
    if !scene.case.goes_on_by_itself() {
        scene.expect_effects(1, "on older items").await;
    }
    scene.converges("on older items").await;
    if scene.told.iter().any(Value::is_string) {
        messages(scene).await;
    }
}

/// The attributes of these items are seats or settings by name.
fn is_of_columns(item: &Value) -> bool {
    item["sk"]["S"].as_str().is_some_and(|sk| sk.starts_with("BLOCK#"))
}

/// Fields that are not known are passed over. An envelope of another version is refused, and waits for code that
/// knows it.
async fn messages(scene: &Scene) {
    let changed = |change: &dyn Fn(&mut Value)| -> Vec<Value> {
        let parsed = scene.told.iter().map(|body| serde_json::from_str(body.as_str().expect("a body")).expect("JSON"));
        parsed
            .map(|mut event: Value| {
                change(&mut event);
                Value::String(event.to_string())
            })
            .collect()
    };
    scene.reset().await;
    let of_tomorrow = changed(&|event| event["specversion"] = "2.0".into());
    let outcome = scene.call(&scene.process(), scene.event_of_batch(&of_tomorrow)).await;
    assert!(outcome.is_busy(), "{:?}: {outcome:?}", scene.case);
    scene.expect_effects(0, "by a message of tomorrow").await;
    let with_more = changed(&|event| {
        event[NEW] = json!({ "a": [1] });
        event["data"][NEW] = json!({ "a": [1] });
        event["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into();
    });
    scene.call(&scene.process(), scene.event_of_batch(&with_more)).await.expect(200);
    scene.converges("by a message that says more").await;
}
