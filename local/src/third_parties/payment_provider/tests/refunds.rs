use proptest::prelude::*;
use serde_json::json;

use super::{GOOD_CARD, World, assert_refused, text};

#[test]
fn money_goes_back_in_parts() {
    let mut world = World::new();
    let id = world.confirmed("automatic", GOOD_CARD);
    let part = world.post(
        "/v1/refunds",
        &[("payment_intent", &id), ("amount", "4000"), ("metadata[refund_id]", "r-1"), ("reason", "duplicate")],
    );
    assert_eq!((part.status, &part.body["status"]), (200, &json!("succeeded")));
    assert_eq!(part.body["metadata"], json!({ "refund_id": "r-1" }));
    assert_eq!((&part.body["payment_intent"], &part.body["currency"]), (&json!(id), &json!("krw")));
    assert_eq!(part.body.get("failure_reason"), None);
    let above = world.refund(&id, "6001");
    assert_eq!((above.status, &above.body["error"]["param"]), (400, &json!("amount")));
    let rest = world.post("/v1/refunds", &[("payment_intent", &id)]);
    assert_eq!(rest.body["amount"], 6_000, "what is left is the default");
    assert_refused(&world.refund(&id, "1"), 400, "charge_already_refunded");
    let read = world.get(&format!("/v1/refunds/{}", text(&part.body["id"])), &[]);
    assert_eq!(read.body, part.body);
    let types = world.event_types();
    assert_eq!(types[types.len() - 4..], ["refund.created", "charge.refunded", "refund.created", "charge.refunded"]);
    let charge = world.provider.events().next().expect("an event")["data"]["object"].clone();
    assert_eq!(
        (&charge["object"], &charge["amount_refunded"], &charge["refunded"]),
        (&json!("charge"), &json!(10_000), &json!(true))
    );
}

#[test]
fn only_money_that_was_taken_goes_back() {
    let mut world = World::new();
    let authorised = world.confirmed("manual", GOOD_CARD);
    assert_refused(&world.refund(&authorised, "1"), 400, "payment_intent_unexpected_state");
    assert_refused(&world.refund("pi_t99", "1"), 404, "resource_missing");
    assert_refused(&world.post("/v1/refunds", &[("amount", "1")]), 400, "parameter_missing");
    world.post(&format!("/v1/payment_intents/{authorised}/capture"), &[("amount_to_capture", "3000")]);
    assert_eq!(world.refund(&authorised, "3001").status, 400);
    assert_refused(&world.refund(&authorised, "0"), 400, "parameter_invalid_integer");
    assert_refused(&world.refund(&authorised, "-1"), 400, "parameter_invalid_integer");
    assert_eq!(world.refund(&authorised, "3000").status, 200);
}

#[test]
fn a_refund_may_fail_at_once() {
    let mut world = World::new();
    let id = world.confirmed("automatic", "4000000000009011");
    let failed = world.refund(&id, "10000").body;
    assert_eq!((&failed["status"], &failed["failure_reason"]), (&json!("failed"), &json!("lost_or_stolen_card")));
    assert_eq!(world.refund(&id, "10000").status, 200, "nothing was given back");
    assert_eq!(world.event_types().last().map(String::as_str), Some("refund.failed"));
}

#[test]
fn a_refund_may_fail_later() {
    let mut world = World::new();
    let id = world.confirmed("automatic", "4000000000005126");
    let refund = world.refund(&id, "10000").body;
    assert_eq!(refund["status"], "succeeded");
    assert_refused(&world.refund(&id, "1"), 400, "charge_already_refunded");
    world.wait(5);
    let failed = world.get(&format!("/v1/refunds/{}", text(&refund["id"])), &[]).body;
    assert_eq!((&failed["status"], &failed["failure_reason"]), (&json!("failed"), &json!("expired_or_canceled_card")));
    assert_eq!(world.event_types().last().map(String::as_str), Some("refund.failed"));
    assert_eq!(world.refund(&id, "10000").status, 200, "the money is there again");
}

#[test]
fn a_refund_may_succeed_later() {
    let mut world = World::new();
    let id = world.confirmed("automatic", "4000000000007726");
    let refund = world.refund(&id, "10000").body;
    assert_eq!(refund["status"], "pending");
    world.wait(5);
    assert_eq!(world.get(&format!("/v1/refunds/{}", text(&refund["id"])), &[]).body["status"], "succeeded");
    assert_eq!(world.event_types().last().map(String::as_str), Some("refund.updated"));
    assert_refused(&world.refund(&id, "1"), 400, "charge_already_refunded");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Refunds of any parts, repeated and failing in any way.
    #[test]
    fn never_more_goes_back_than_was_taken(
        captured in 1_i64..=10_000,
        asked in prop::collection::vec((-10_i64..6_000, 0_i64..4, 0_usize..4), 1..30),
        card in prop::sample::select(vec![GOOD_CARD, "4000000000005126", "4000000000007726", "4000000000009011"]),
    ) {
        let mut world = World::new();
        let id = world.confirmed("manual", card);
        world.post(&format!("/v1/payment_intents/{id}/capture"), &[("amount_to_capture", &captured.to_string())]);
        for (amount, seconds, key) in asked {
            let call = super::post("/v1/refunds", &[("payment_intent", &id), ("amount", &amount.to_string())]);
            let call = if key == 0 { call } else { super::with_key(call, &format!("{key}-{amount}")) };
            world.call(&call);
            world.wait(seconds);
            world.provider.advance(world.now);
            let kept = world.provider.refunds().filter(|refund| refund["status"] != "failed");
            let sum: i64 = kept.filter_map(|refund| refund["amount"].as_i64()).sum();
            prop_assert!(sum <= captured, "{sum} of {captured}");
            prop_assert!(world.provider.refunds().all(|refund| refund["amount"].as_i64().is_some_and(|part| part > 0)));
        }
    }
}
