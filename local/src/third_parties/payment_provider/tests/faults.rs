use serde_json::json;

use super::{GOOD_CARD, World, assert_refused, confirmation, post, text, with_key};
use crate::third_parties::payment_provider::{Down, Faults, Operation, REMEMBERED_HOURS};

const NEW: [(&str, &str); 2] = [("amount", "10000"), ("currency", "krw")];
const HOUR: i64 = 3_600;

#[test]
fn a_key_repeats_the_first_answer_for_a_day() {
    let mut world = World::new();
    let call = with_key(post("/v1/payment_intents", &NEW), "k-1");
    let first = world.call(&call);
    world.wait(REMEMBERED_HOURS * HOUR - 1);
    let again = world.call(&call);
    assert!(!first.replayed && again.replayed);
    assert_eq!((again.status, &again.body, &again.request_id), (first.status, &first.body, &first.request_id));
    world.wait(1);
    let forgotten = world.call(&call);
    assert!(!forgotten.replayed);
    assert_ne!(forgotten.body["id"], first.body["id"]);
}

#[test]
fn the_order_of_parameters_does_not_matter_and_their_values_do() {
    let mut world = World::new();
    world.call(&with_key(post("/v1/payment_intents", &NEW), "k-1"));
    let turned = [NEW[1], NEW[0]];
    assert!(world.call(&with_key(post("/v1/payment_intents", &turned), "k-1")).replayed);
    let other = world.call(&with_key(post("/v1/payment_intents", &[("amount", "9000"), NEW[1]]), "k-1"));
    assert_eq!((other.status, &other.body["error"]["type"]), (400, &json!("idempotency_error")));
    let elsewhere = world.call(&with_key(post("/v1/refunds", &NEW), "k-1"));
    assert_eq!(elsewhere.body["error"]["type"], "idempotency_error");
    assert_eq!(world.call(&with_key(post("/v1/payment_intents", &NEW), &"k".repeat(256))).status, 400);
}

#[test]
fn a_refusal_is_repeated_once_the_operation_has_begun() {
    let mut world = World::new();
    let id = world.create("manual");
    let declined = with_key(confirmation(&id, "4000000000000002"), "k-1");
    let first = world.call(&declined);
    assert_refused(&first, 402, "card_declined");
    assert_eq!(world.call(&declined).body, first.body);
    assert_eq!(world.event_types().len(), 2, "one decline");
    // Wrong parameters are found before.
    let wrong = with_key(post("/v1/payment_intents", &[("currency", "krw")]), "k-2");
    assert_refused(&world.call(&wrong), 400, "parameter_missing");
    assert_eq!(world.call(&with_key(post("/v1/payment_intents", &NEW), "k-2")).status, 200);
}

#[test]
fn an_unanswered_call_has_acted() {
    let mut world = World::new();
    world.faults(|faults| {
        faults.unanswered = 2;
        faults.operation = Operation::Capture;
    });
    let id = world.confirmed("manual", GOOD_CARD);
    let call = with_key(post(&format!("/v1/payment_intents/{id}/capture"), &[]), "capture-1");
    let lost = world.call(&call);
    assert!(lost.unanswered && !lost.replayed);
    assert_eq!(world.intent(&id)["status"], "succeeded");
    let lost_again = world.call(&call);
    assert!(lost_again.unanswered && lost_again.replayed, "the answer may be lost more than once");
    let answered = world.call(&call);
    assert!(!answered.unanswered && answered.replayed);
    assert_eq!(answered.body["status"], "succeeded");
    assert_eq!(world.event_types().iter().filter(|kind| *kind == "payment_intent.succeeded").count(), 1);
}

#[test]
fn each_operation_can_stay_unanswered() {
    let mut world = World::new();
    let paid = world.confirmed("automatic", GOOD_CARD);
    let (new, other) = (world.create("manual"), world.create("manual"));
    let calls = [
        (Operation::Create, post("/v1/payment_intents", &NEW)),
        (Operation::Confirm, confirmation(&new, GOOD_CARD)),
        (Operation::Capture, post(&format!("/v1/payment_intents/{new}/capture"), &[])),
        (Operation::Cancel, post(&format!("/v1/payment_intents/{other}/cancel"), &[])),
        (Operation::Refund, post("/v1/refunds", &[("payment_intent", &paid)])),
    ];
    for (operation, call) in &calls {
        world.faults(|faults| (faults.unanswered, faults.operation) = (1, *operation));
        assert!(!world.get("/v1/events", &[]).unanswered, "a read changes nothing");
        let lost = world.call(call);
        assert!(lost.unanswered && lost.status == 200, "{operation:?} {}", lost.body);
        assert_eq!(world.provider.faults().unanswered, 0);
    }
    world.faults(|faults| (faults.unanswered, faults.operation) = (1, Operation::Any));
    assert!(world.call(&calls[0].1).unanswered);
}

#[test]
fn a_provider_that_is_down_does_nothing() {
    let mut world = World::new();
    let call = with_key(post("/v1/payment_intents", &NEW), "k-1");
    for (down, dropped) in [(Down::Answers, false), (Down::Drops, true)] {
        world.faults(|faults| faults.down = down);
        let reply = world.call(&call);
        assert_eq!((reply.status, reply.dropped, &reply.body["error"]["type"]), (503, dropped, &json!("api_error")));
    }
    world.faults(|faults| faults.down = Down::No);
    let reply = world.call(&call);
    assert!(reply.status == 200 && !reply.replayed, "the key remembers nothing of it");
    assert_eq!(world.provider.payment_intents().count(), 1);
}

#[test]
fn too_many_requests_do_nothing() {
    let mut world = World::new();
    world.faults(|faults| faults.rate_limited = 1);
    let call = with_key(post("/v1/payment_intents", &NEW), "k-1");
    assert_refused(&world.call(&call), 429, "rate_limit");
    assert!(!world.call(&call).replayed);
}

#[test]
fn confirmations_captures_and_refunds_can_be_refused() {
    let mut world = World::new();
    world.faults(|faults| (faults.declines, faults.captures_refused, faults.refunds_refused) = (1, 1, 1));
    let id = world.create("manual");
    assert_refused(&world.confirm(&id, GOOD_CARD), 402, "card_declined");
    assert_eq!(world.confirm(&id, GOOD_CARD).status, 200);
    assert_refused(&world.post(&format!("/v1/payment_intents/{id}/capture"), &[]), 400, "charge_expired_for_capture");
    assert_eq!(world.intent(&id)["status"], "canceled");
    let paid = world.confirmed("automatic", GOOD_CARD);
    assert_refused(&world.refund(&paid, "1"), 400, "charge_not_refundable");
    assert_eq!(world.refund(&paid, "1").status, 200);
    assert_eq!(*world.provider.faults(), Faults::default(), "all used up");
}

#[test]
fn the_search_can_be_behind() {
    let mut world = World::new();
    world.faults(|faults| faults.search_delay_seconds = 60);
    let id = world.create("manual");
    let query = [("query", "metadata['attempt_id']:'attempt-1'")];
    let found = |world: &mut World| {
        let data = world.get("/v1/payment_intents/search", &query).body["data"].clone();
        data.as_array().expect("a list").iter().map(|intent| text(&intent["id"])).collect::<Vec<String>>()
    };
    assert!(found(&mut world).is_empty());
    world.wait(60);
    assert_eq!(found(&mut world), [id]);
}

#[test]
fn faults_are_bounded_and_strict() {
    let mut world = World::new();
    let too_long = Faults { delay_milliseconds: 60_001, ..Faults::default() };
    let error = world.provider.set_faults(too_long).expect_err("too long");
    assert_eq!(error.to_string(), "delay_milliseconds must be at most 60000");
    assert!(serde_json::from_value::<Faults>(json!({ "colour": "red" })).is_err());
    let read: Faults =
        serde_json::from_value(json!({ "webhooks": "wrong_signature", "operation": "any" })).expect("faults");
    assert_eq!(serde_json::from_str::<Faults>(&serde_json::to_string(&read).expect("JSON")).expect("faults"), read);
}
