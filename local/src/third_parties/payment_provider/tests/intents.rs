use serde_json::{Value, json};

use super::{GOOD_CARD, PUBLISHABLE_KEY, World, assert_refused, confirmation, post, text};
use crate::third_parties::payment_provider::{AUTHORISATION_SECONDS, Call, Method};

#[test]
fn a_new_payment_waits_for_a_card() {
    let mut world = World::new();
    let id = world.create("manual");
    let intent = world.intent(&id);
    assert_eq!(id, "pi_t2", "the request has the first number");
    assert_eq!(intent["status"], "requires_payment_method");
    assert_eq!(intent["currency"], "krw");
    assert_eq!(intent["metadata"], json!({ "attempt_id": "attempt-1" }));
    assert_eq!(intent["payment_method_types"], json!(["card"]));
    assert_eq!(intent["created"], world.now.as_second());
    assert_eq!(intent["latest_charge"], Value::Null);
    let secret = text(&intent["client_secret"]);
    let digits = secret.strip_prefix("pi_t2_secret_").expect("the id first");
    assert!(digits.len() == 24 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()), "{secret}");
    assert_eq!(world.event_types(), ["payment_intent.created"]);
}

#[test]
fn a_manual_payment_is_authorised_then_captured() {
    let mut world = World::new();
    let id = world.confirmed("manual", GOOD_CARD);
    let authorised = world.intent(&id);
    assert_eq!(authorised["status"], "requires_capture");
    assert_eq!((&authorised["amount_capturable"], &authorised["amount_received"]), (&json!(10_000), &json!(0)));
    let captured = world.post(&format!("/v1/payment_intents/{id}/capture"), &[("amount_to_capture", "7000")]);
    assert_eq!(captured.body["status"], "succeeded");
    assert_eq!((&captured.body["amount_capturable"], &captured.body["amount_received"]), (&json!(0), &json!(7_000)));
    let expected = ["payment_intent.created", "payment_intent.amount_capturable_updated", "payment_intent.succeeded"];
    assert_eq!(world.event_types(), expected);
    assert_refused(
        &world.post(&format!("/v1/payment_intents/{id}/capture"), &[]),
        400,
        "payment_intent_unexpected_state",
    );
    assert_refused(
        &world.post(&format!("/v1/payment_intents/{id}/cancel"), &[]),
        400,
        "payment_intent_unexpected_state",
    );
}

#[test]
fn an_automatic_payment_succeeds_at_once() {
    let mut world = World::new();
    let id = world.confirmed("automatic", GOOD_CARD);
    let intent = world.intent(&id);
    assert_eq!((&intent["status"], &intent["amount_received"]), (&json!("succeeded"), &json!(10_000)));
    assert!(text(&intent["latest_charge"]).starts_with("ch_t"));
    let again = world.confirm(&id, GOOD_CARD);
    assert_refused(&again, 400, "payment_intent_unexpected_state");
    assert_eq!(again.body["error"]["payment_intent"]["status"], "succeeded");
}

#[test]
fn a_bank_pays_at_once_and_cannot_be_authorised() {
    let mut world = World::new();
    let create = |capture_method| {
        let path = "/v1/payment_intents";
        let parameters = [
            ("amount", "10000"),
            ("currency", "krw"),
            ("capture_method", capture_method),
            ("payment_method_types[]", "card"),
            ("payment_method_types[]", "test_bank"),
        ];
        post(path, &parameters)
    };
    let refused = world.call(&create("manual"));
    assert_eq!((refused.status, &refused.body["error"]["param"]), (400, &json!("capture_method")));
    let created = world.call(&create("automatic"));
    assert_eq!(created.body["payment_method_types"], json!(["card", "test_bank"]));
    let path = format!("/v1/payment_intents/{}/confirm", text(&created.body["id"]));
    let paid = world.post(&path, &[("payment_method_data[type]", "test_bank")]);
    assert_eq!(paid.body["status"], "succeeded");
    let card_only = world.create("automatic");
    let path = format!("/v1/payment_intents/{card_only}/confirm");
    let refused = world.post(&path, &[("payment_method_data[type]", "test_bank")]);
    assert_refused(&refused, 400, "payment_intent_incompatible_payment_method");
}

#[test]
fn a_payment_is_canceled_before_money_moves() {
    let mut world = World::new();
    let (new, authorised) = (world.create("manual"), world.confirmed("manual", GOOD_CARD));
    for id in [new, authorised] {
        let path = format!("/v1/payment_intents/{id}/cancel");
        assert_eq!(world.post(&path, &[("cancellation_reason", "boredom")]).status, 400);
        let canceled = world.post(&path, &[("cancellation_reason", "abandoned")]);
        assert_eq!(canceled.body["status"], "canceled");
        assert_eq!(canceled.body["cancellation_reason"], "abandoned");
        assert_eq!(canceled.body["canceled_at"], world.now.as_second());
        assert_eq!(canceled.body["amount_capturable"], 0);
        assert_refused(&world.post(&path, &[]), 400, "payment_intent_unexpected_state");
        assert_refused(&world.confirm(&id, GOOD_CARD), 400, "payment_intent_unexpected_state");
    }
}

#[test]
fn an_authorisation_lapses_after_seven_days() {
    let mut world = World::new();
    let id = world.confirmed("manual", GOOD_CARD);
    let days = i64::try_from(AUTHORISATION_SECONDS).expect("seven days");
    world.wait(days - 1);
    assert_eq!(world.intent(&id)["status"], "requires_capture");
    let end = world.now.as_second() + 1;
    world.wait(1_000);
    world.provider.advance(world.now);
    let intent = world.intent(&id);
    assert_eq!((&intent["status"], &intent["cancellation_reason"]), (&json!("canceled"), &json!("automatic")));
    assert_eq!(intent["canceled_at"], end, "it ended at its own time, not when somebody looked");
    assert_eq!(world.event_types().last().map(String::as_str), Some("payment_intent.canceled"));
}

#[test]
fn cards_are_declined_as_stripes_are() {
    let declines = [
        ("4000000000000002", "card_declined", json!("generic_decline")),
        ("4000000000009995", "card_declined", json!("insufficient_funds")),
        ("4000000000000069", "expired_card", Value::Null),
        ("4000000000000127", "incorrect_cvc", Value::Null),
        ("4000000000000119", "processing_error", Value::Null),
    ];
    let mut world = World::new();
    let id = world.create("manual");
    for (number, code, decline_code) in declines {
        let reply = world.confirm(&id, number);
        assert_refused(&reply, 402, code);
        assert_eq!(reply.body["error"]["type"], "card_error");
        assert_eq!(reply.body["error"]["decline_code"], decline_code);
        let intent = &reply.body["error"]["payment_intent"];
        assert_eq!(intent["status"], "requires_payment_method");
        assert_eq!(intent["last_payment_error"]["code"], code);
    }
    assert_eq!(world.event_types().last().map(String::as_str), Some("payment_intent.payment_failed"));
    assert_eq!(world.confirm(&id, GOOD_CARD).body["last_payment_error"], Value::Null, "a better card is taken");
}

#[test]
fn wrong_card_data_change_nothing() {
    let mut world = World::new();
    let id = world.create("manual");
    let mut refuse = |name: &str, value: &str, code: &str| {
        let mut call = confirmation(&id, GOOD_CARD);
        let path = format!("payment_method_data[card][{name}]");
        call.parameters.iter_mut().find(|(given, _)| *given == path).expect("the parameter").1 = value.to_owned();
        assert_refused(&world.call(&call), if code.starts_with("parameter") { 400 } else { 402 }, code);
    };
    refuse("number", "4242424242424241", "incorrect_number");
    refuse("number", "4242", "incorrect_number");
    refuse("number", "card", "incorrect_number");
    refuse("number", "", "parameter_missing");
    refuse("number", "4111111111111111", "card_declined");
    refuse("exp_month", "13", "invalid_expiry_month");
    refuse("exp_month", "x", "parameter_invalid_integer");
    refuse("exp_year", "2025", "invalid_expiry_year");
    refuse("exp_year", "25", "invalid_expiry_year");
    refuse("exp_year", "2090", "invalid_expiry_year");
    refuse("cvc", "12", "invalid_cvc");
    refuse("cvc", "12a", "invalid_cvc");
    assert_eq!(world.event_types(), ["payment_intent.created"]);
    assert_eq!(world.intent(&id)["last_payment_error"], Value::Null);
    // The month of today is not over.
    let mut call = confirmation(&id, "4242 4242-4242 4242");
    call.parameters[2].1 = "3".to_owned();
    call.parameters[3].1 = "26".to_owned();
    assert_eq!(world.call(&call).status, 200);
}

#[test]
fn a_capture_that_is_refused_for_good_cancels() {
    let mut world = World::new();
    let id = world.confirmed("manual", "4000000000009003");
    let refused = world.post(&format!("/v1/payment_intents/{id}/capture"), &[]);
    assert_refused(&refused, 400, "charge_expired_for_capture");
    assert_eq!(refused.body["error"]["payment_intent"]["status"], "canceled");
    assert_eq!(world.intent(&id)["cancellation_reason"], "automatic");
    assert_refused(
        &world.post(&format!("/v1/payment_intents/{id}/capture"), &[]),
        400,
        "payment_intent_unexpected_state",
    );
}

#[test]
fn late_money_comes_by_itself() {
    for (capture_method, after) in [("automatic", "succeeded"), ("manual", "requires_capture")] {
        let mut world = World::new();
        world.faults(|faults| faults.processing_seconds = 400);
        let id = world.confirmed(capture_method, "4000000000009029");
        assert_eq!(world.intent(&id)["status"], "processing");
        let cancel = world.post(&format!("/v1/payment_intents/{id}/cancel"), &[]);
        assert_refused(&cancel, 400, "payment_intent_unexpected_state");
        world.wait(399);
        assert_eq!(world.intent(&id)["status"], "processing");
        world.wait(1);
        assert_eq!(world.intent(&id)["status"], after);
    }
}

#[test]
fn a_card_that_asks_for_more_can_be_replaced() {
    let mut world = World::new();
    let id = world.confirmed("manual", "4000000000003220");
    let intent = world.intent(&id);
    assert_eq!(intent["status"], "requires_action");
    assert_eq!(intent["next_action"]["type"], "use_stripe_sdk");
    assert_eq!(world.confirm(&id, GOOD_CARD).body["status"], "requires_capture");
}

#[test]
fn amounts_and_parameters_are_checked() {
    let mut world = World::new();
    let mut refuse = |parameters: &[(&str, &str)], code: &str| {
        let reply = world.post("/v1/payment_intents", parameters);
        assert_refused(&reply, 400, code);
        assert_eq!(reply.body["error"]["type"], "invalid_request_error");
    };
    refuse(&[("currency", "krw")], "parameter_missing");
    refuse(&[("amount", "1000")], "parameter_missing");
    refuse(&[("amount", "ten"), ("currency", "krw")], "parameter_invalid_integer");
    refuse(&[("amount", "-5"), ("currency", "krw")], "parameter_invalid_integer");
    refuse(&[("amount", "1005"), ("currency", "kwd")], "parameter_invalid_integer");
    refuse(&[("amount", "49"), ("currency", "usd")], "amount_too_small");
    refuse(&[("amount", "999"), ("currency", "kwd")], "parameter_invalid_integer");
    refuse(&[("amount", "990"), ("currency", "kwd")], "amount_too_small");
    refuse(&[("amount", "100000000"), ("currency", "krw")], "amount_too_large");
    refuse(&[("amount", "1000"), ("currency", "krw"), ("colour", "red")], "parameter_unknown");
    let more = [
        [("currency", "wons"), ("amount", "1000"), ("capture_method", "manual")],
        [("currency", "krw"), ("amount", "1000"), ("capture_method", "later")],
        [("currency", "krw"), ("amount", "1000"), ("payment_method_types[]", "shells")],
        [("currency", "krw"), ("amount", "1000"), ("metadata[a]", &"x".repeat(501))],
    ];
    for parameters in more {
        assert_eq!(world.post("/v1/payment_intents", &parameters).status, 400, "{parameters:?}");
    }
    let id = world.confirmed("manual", GOOD_CARD);
    let path = format!("/v1/payment_intents/{id}/capture");
    assert_refused(&world.post(&path, &[("amount_to_capture", "10001")]), 400, "amount_too_large");
    assert_refused(&world.post(&path, &[("amount_to_capture", "0")]), 400, "parameter_invalid_integer");
}

#[test]
fn keys_decide_who_may_do_what() {
    let mut world = World::new();
    let id = world.create("manual");
    let secret = text(&world.intent(&id)["client_secret"]);
    let path = format!("/v1/payment_intents/{id}");
    let get = |key: Option<&str>, parameters: &[(&str, &str)]| Call {
        method: Method::Get,
        key: key.map(str::to_owned),
        ..post(&path, parameters)
    };
    let public = Some(PUBLISHABLE_KEY);
    assert_eq!(world.call(&get(None, &[])).status, 401);
    assert_eq!(world.call(&get(Some("sk_test_other"), &[])).status, 401);
    assert_refused(&world.call(&get(public, &[])), 400, "parameter_missing");
    assert_eq!(world.call(&get(public, &[("client_secret", "pi_t1_secret_0")])).status, 400);
    let seen = world.call(&get(public, &[("client_secret", &secret)])).body;
    assert_eq!((&seen["id"], seen.get("metadata")), (&json!(id), None), "a browser sees no metadata");
    let create = Call { key: public.map(str::to_owned), ..post("/v1/payment_intents", &[("amount", "1000")]) };
    assert_refused(&world.call(&create), 401, "secret_key_required");
    let mut confirm = Call { key: public.map(str::to_owned), ..confirmation(&id, GOOD_CARD) };
    assert_refused(&world.call(&confirm), 400, "parameter_missing");
    confirm.parameters.push(("client_secret".to_owned(), secret));
    let confirmed = world.call(&confirm).body;
    assert_eq!((&confirmed["status"], confirmed.get("metadata")), (&json!("requires_capture"), None));
}

#[test]
fn unknown_things_are_not_found() {
    let mut world = World::new();
    for path in ["/v1/payment_intents/pi_t99", "/v1/refunds/re_t99", "/v1/events/evt_t99"] {
        assert_refused(&world.get(path, &[]), 404, "resource_missing");
    }
    for action in ["confirm", "capture", "cancel"] {
        assert_refused(&world.post(&format!("/v1/payment_intents/pi_t99/{action}"), &[]), 404, "resource_missing");
    }
    assert_eq!(world.get("/v1/balance", &[]).status, 404);
    assert_eq!(world.post("/v1/payment_intents/pi_t99/explode", &[]).status, 404);
}

#[test]
fn the_same_calls_have_the_same_answers() {
    let run = || {
        let mut world = World::new();
        let id = world.confirmed("manual", GOOD_CARD);
        world.post(&format!("/v1/payment_intents/{id}/capture"), &[]);
        world.refund(&id, "4000");
        let deliveries = world.provider.due_deliveries(world.now);
        (world.provider.events().collect::<Vec<Value>>(), deliveries)
    };
    assert_eq!(run(), run());
}
