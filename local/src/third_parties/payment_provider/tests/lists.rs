use serde_json::Value;

use super::{GOOD_CARD, World, assert_refused, post, text};
use crate::third_parties::payment_provider::EVENTS_MAX;

fn ids(list: &Value) -> Vec<String> {
    list["data"].as_array().expect("a list").iter().map(|object| text(&object["id"])).collect()
}

#[test]
fn lists_have_pages_the_newest_first() {
    let mut world = World::new();
    let mut made: Vec<String> = (0..5)
        .map(|_| {
            world.wait(10);
            world.create("manual")
        })
        .collect();
    made.reverse();
    let first = world.get("/v1/payment_intents", &[("limit", "3")]).body;
    assert_eq!((ids(&first), &first["has_more"]), (made[..3].to_vec(), &Value::Bool(true)));
    assert_eq!((&first["object"], &first["url"]), (&"list".into(), &"/v1/payment_intents".into()));
    let rest = world.get("/v1/payment_intents", &[("limit", "3"), ("starting_after", &made[2])]).body;
    assert_eq!((ids(&rest), &rest["has_more"]), (made[3..].to_vec(), &Value::Bool(false)));
    let second = world.now.as_second() - 10;
    let (from, to) = ((second - 10).to_string(), second.to_string());
    let between = world.get("/v1/payment_intents", &[("created[gte]", &from), ("created[lt]", &to)]).body;
    assert_eq!(ids(&between), [made[2].clone()]);
    for (name, value) in [("limit", "0"), ("limit", "101"), ("limit", "x"), ("created[gt]", "1"), ("created", "1")] {
        assert_eq!(world.get("/v1/payment_intents", &[(name, value)]).status, 400, "{name}={value}");
    }
    assert_refused(&world.get("/v1/payment_intents", &[("starting_after", "pi_t0")]), 404, "resource_missing");
}

#[test]
fn refunds_are_listed_by_payment() {
    let mut world = World::new();
    let (one, two) = (world.confirmed("automatic", GOOD_CARD), world.confirmed("automatic", GOOD_CARD));
    let first = text(&world.refund(&one, "1").body["id"]);
    let second = text(&world.refund(&two, "2").body["id"]);
    assert_eq!(ids(&world.get("/v1/refunds", &[("payment_intent", &one)]).body), std::slice::from_ref(&first));
    assert_eq!(ids(&world.get("/v1/refunds", &[]).body), [second, first]);
}

#[test]
fn events_are_listed_and_read() {
    let mut world = World::new();
    world.confirmed("automatic", GOOD_CARD);
    let all = world.get("/v1/events", &[]).body;
    let succeeded = world.get("/v1/events", &[("type", "payment_intent.succeeded")]).body;
    assert_eq!(ids(&succeeded), ids(&all)[..1]);
    let event = world.get(&format!("/v1/events/{}", ids(&all)[0]), &[]).body;
    assert_eq!(event, all["data"][0]);
    assert_eq!(
        (&event["object"], &event["livemode"], &event["pending_webhooks"]),
        (&"event".into(), &false.into(), &1.into())
    );
    assert!(text(&event["request"]["id"]).starts_with("req_t"));
}

#[test]
fn payments_are_found_by_their_metadata() {
    let mut world = World::new();
    let id = world.create("manual");
    let odd = r"it's \ odd";
    let parameters = [("amount", "10000"), ("currency", "krw"), ("metadata[attempt_id]", odd)];
    let odd_id = text(&world.call(&post("/v1/payment_intents", &parameters)).body["id"]);
    let mut search = |query: &str| world.get("/v1/payment_intents/search", &[("query", query), ("limit", "1")]);
    let found = search("metadata['attempt_id']:'attempt-1'").body;
    assert_eq!((ids(&found), &found["object"]), (vec![id.clone()], &"search_result".into()));
    assert_eq!(ids(&search(r"metadata['attempt_id']:'it\'s \\ odd'").body), std::slice::from_ref(&odd_id));
    assert_eq!(
        ids(&search("metadata[\"attempt_id\"]:\"attempt-1\" AND status:'requires_payment_method'").body),
        std::slice::from_ref(&id)
    );
    assert!(ids(&search("metadata['attempt_id']:'attempt-1' AND status:'succeeded'").body).is_empty());
    let page = search("status:'requires_payment_method'").body;
    assert_eq!((ids(&page), &page["next_page"]), (vec![odd_id.clone()], &odd_id.clone().into()));
    for wrong in
        ["", "attempt", "metadata['a']", "metadata['a']:'b", "metadata['a']:'b' OR status:'c'", "status:'c' AND "]
    {
        assert_eq!(search(wrong).status, 400, "{wrong}");
    }
    let next = [("query", "status:'requires_payment_method'"), ("page", odd_id.as_str())];
    assert_eq!(ids(&world.get("/v1/payment_intents/search", &next).body), [id]);
}

#[test]
fn the_oldest_finished_go_when_there_are_too_many() {
    let mut world = World::new();
    let waiting = world.create("manual");
    let first_event = text(&world.provider.events().next().expect("an event")["id"]);
    // Only events that were delivered are finished.
    world.provider.delivered(&first_event, true, world.now);
    let path = format!("/v1/payment_intents/{waiting}/confirm");
    let declined: Vec<(&str, &str)> = vec![
        ("payment_method_data[type]", "card"),
        ("payment_method_data[card][number]", "4000000000000002"),
        ("payment_method_data[card][exp_month]", "1"),
        ("payment_method_data[card][exp_year]", "30"),
    ];
    for _ in 0..EVENTS_MAX - 1 {
        world.post(&path, &declined);
    }
    assert!(world.provider.object(&first_event).is_some());
    world.post(&path, &declined);
    assert!(world.provider.object(&first_event).is_none(), "the one that was delivered");
    assert_eq!(world.provider.events().count(), EVENTS_MAX);
    assert!(world.provider.object(&waiting).is_some());
}
