//! The log of a user's reservations: numbers, its length, and time to live.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Person, Reply, World, concurrently};

/// Seconds of the 90 days for which what ended unpaid is kept.
const KEPT_SECONDS: i64 = 90 * 86_400;

fn sort_key(number: u32) -> String {
    format!("RSV#{number:010}")
}

/// The items of a person's log, oldest first.
fn log(world: &World, person: &Person) -> Vec<Value> {
    let pk = format!("USER#{}", person.id);
    let items = world.dump().into_iter().map(|item| serde_json::from_str::<Value>(&item).expect("JSON"));
    let own = |item: &Value| item["pk"]["S"] == pk && item["sk"]["S"].as_str().is_some_and(|sk| sk.starts_with("RSV#"));
    let mut own: Vec<Value> = items.filter(own).collect();
    own.sort_by_key(|item| item["sk"]["S"].to_string());
    own
}

fn numbers(world: &World, person: &Person) -> Vec<String> {
    log(world, person).iter().map(|item| item["sk"]["S"].as_str().expect("a key").to_owned()).collect()
}

fn put(world: &World, item: &Value) {
    let request = json!({ "TableName": world.stack.template().table.name, "Item": item });
    world.stack.dynamodb().call("PutItem", &request).expect("put");
}

async fn hold((person, schedule, seat): (Person, String, &'static str)) -> Reply {
    person.hold(&schedule, &[seat]).await
}

/// What time to live would do: takes an item away once its time has come.
fn expire(world: &World, item: &Value, now: i64) -> bool {
    let due = item["delete_at"]["N"].as_str().and_then(|at| at.parse::<i64>().ok()).is_some_and(|at| at < now);
    if due {
        let key = json!({ "pk": item["pk"], "sk": item["sk"] });
        let request = json!({ "TableName": world.stack.template().table.name, "Key": key });
        world.stack.dynamodb().call("DeleteItem", &request).expect("deleted");
    }
    due
}

#[tokio::test]
async fn holds_of_one_user_at_once_get_one_number_each() {
    let world = World::new().await;
    let (first, second) = (world.schedule_with_seats().await, world.schedule_with_seats().await);
    let mina = world.user().await;
    let wanted = [(&first, "A-1-1"), (&first, "A-1-9"), (&second, "A-1-1"), (&second, "A-1-2")];
    let wanted = wanted.map(|(schedule, seat)| (mina.clone(), schedule.clone(), seat));
    for reply in concurrently(wanted, hold).await {
        reply.expect(201);
    }
    assert_eq!(numbers(&world, &mina), (1..=4).map(sort_key).collect::<Vec<_>>());
    world.check_invariants().await;
}

#[tokio::test]
async fn devices_of_one_user_stay_within_the_limit_together() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let seats = ["A-1-1", "A-1-2", "A-1-3", "A-1-4", "A-1-5", "A-1-30"];
    let wanted = seats.map(|seat| (mina.clone(), schedule.clone(), seat));
    let replies = concurrently(wanted, hold).await;
    let held = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(held, 4, "four seats a person");
    for refused in replies.into_iter().filter(|reply| reply.status != 201) {
        refused.expect_problem(409, "seat-limit");
    }
    world.check_invariants().await;
}

/// The newest number must not become free while somebody who has read it is about to take the next.
#[tokio::test]
async fn time_to_live_never_frees_the_newest_number_beneath_a_hold() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    for seat in ["A-1-1", "A-1-2"] {
        let held = mina.hold(&schedule, &[seat]).await.expect(201).reservation();
        mina.delete(&format!("/reservations/{held}")).await.expect(200);
    }
    world.wait(KEPT_SECONDS - 80_000);
    let mina = world.with_fresh_token(&mina).await;
    let later = world.schedule_with_seats().await;
    let held = mina.hold(&later, &["A-1-1"]).await.expect(201).reservation();
    mina.delete(&format!("/reservations/{held}")).await.expect(200);
    let there = log(&world, &mina);
    let until = |item: &Value| item["delete_at"]["N"].as_str().expect("a time").parse::<i64>().expect("a second");
    let now = world.at(0).as_second();
    assert!(until(&there[0]) < now + 86_400, "the older one goes when its time comes");
    assert!(until(&there[1]) >= now + 86_400, "the newest was kept for longer");
    assert!(there[1].get("change").is_none(), "and tells nobody anything: {}", there[1]);
    // A day later time to live has come, and the numbers go on.
    world.wait(90_000);
    assert!(expire(&world, &there[0], world.at(0).as_second()));
    assert!(!expire(&world, &log(&world, &mina)[0], world.at(0).as_second()));
    let mina = world.with_fresh_token(&mina).await;
    mina.hold(&later, &["A-1-2"]).await.expect(201);
    assert_eq!(numbers(&world, &mina), (2..=4).map(sort_key).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_log_of_a_thousand_takes_no_more_and_is_still_read() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user_with(100_000).await;
    let first = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    mina.delete(&format!("/reservations/{first}")).await.expect(200);
    let mut ended = log(&world, &mina).remove(0);
    for number in 2..=999 {
        ended["sk"] = json!({ "S": sort_key(number) });
        ended["id"] = json!({ "S": Uuid::from_u128(number.into()) });
        put(&world, &ended);
    }
    let key = Uuid::from_u128(7);
    let body = json!({ "schedule_id": schedule, "seat_ids": ["A-1-1"] });
    let last = mina.post_with_key("/reservations", body.clone(), key).await.expect(201).reservation();
    mina.hold(&schedule, &["A-1-2"]).await.expect_problem(429, "too-many-reservations");
    // What is there is found, repeated, paid, listed and given back as before.
    assert_eq!(mina.post_with_key("/reservations", body, key).await.expect(201).reservation(), last);
    assert_eq!(mina.get(&format!("/reservations/{first}")).await.expect(200).text("state"), "cancelled");
    mina.pay(&last).await.expect(201);
    assert_eq!(mina.pages("/reservations", 100).await.len(), 1_000);
    mina.post(&format!("/payments/rsv-{last}/cancel"), json!({})).await.expect(200);
    mina.get(&format!("/reservations/{}", super::NOBODY)).await.expect_problem(404, "not-found");
}
