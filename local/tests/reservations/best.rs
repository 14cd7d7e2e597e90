//! POST /reservations with `best`: seats that are chosen for a buyer who names none.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::capacity::within;
use crate::support::recorder::{Disturb, Fault, Meter};
use crate::support::{Person, Reply, World, concurrently};

/// A date with these sections: label, price, rows, seats of a row.
async fn hall(world: &World, sections: &[(&str, i64, u16, u16)]) -> String {
    let (admin, id) = (world.admin().await, world.schedule().await);
    for (section, price, rows, seats) in sections {
        let rows: Vec<Value> =
            (1..=*rows).map(|row| json!({ "row": row.to_string(), "from": 1, "to": seats })).collect();
        let body = json!({ "section": section, "rows": rows, "price": price });
        admin.post(&format!("/schedules/{id}/seats"), body).await.expect(201);
    }
    id
}

async fn hold_best(person: &Person, schedule: &str, best: Value) -> Reply {
    person.post("/reservations", json!({ "schedule_id": schedule, "best": best })).await
}

fn seats(reply: &Reply) -> Vec<String> {
    let tickets = reply.body["tickets"].as_array().expect("tickets");
    tickets.iter().filter_map(|ticket| Some(ticket["seat_id"].as_str()?.to_owned())).collect()
}

/// A sale that opened a day ago: hardly anybody buys at the same moment.
async fn quiet(world: &World) {
    world.wait(86_400);
}

#[tokio::test]
async fn in_a_quiet_sale_the_middle_of_the_front_row_of_the_dearest_section_is_best() {
    let world = World::new().await;
    let id = hall(&world, &[("A", 30_000, 2, 10), ("B", 90_000, 3, 10)]).await;
    quiet(&world).await;
    let mina = world.user_with(1_000_000).await;
    let held = hold_best(&mina, &id, json!({ "count": 2 })).await.expect(201);
    assert_eq!(seats(&held), ["B-1-5", "B-1-6"]);
    assert_eq!((held.body["state"].as_str(), held.body["total"].as_i64()), (Some("held"), Some(180_000)));
    mina.pay(&held.reservation()).await.expect(201);
    let joon = world.user().await;
    assert_eq!(
        seats(&hold_best(&joon, &id, json!({ "count": 2, "section": "A" })).await.expect(201)),
        ["A-1-5", "A-1-6"]
    );
    let cheap = hold_best(&joon, &id, json!({ "count": 2, "max_price": 50_000 })).await.expect(201);
    assert!(seats(&cheap).iter().all(|seat| seat.starts_with("A-")), "{:?}", seats(&cheap));
}

#[tokio::test]
async fn a_repeat_is_the_same_hold_also_when_all_seats_are_gone() {
    let world = World::new().await;
    let id = hall(&world, &[("A", 50_000, 1, 2)]).await;
    let (mina, key) = (world.user().await, Uuid::from_u128(7));
    let body = |count: u16| json!({ "schedule_id": id, "best": { "count": count } });
    let first = mina.post_with_key("/reservations", body(2), key).await.expect(201);
    let again = mina.post_with_key("/reservations", body(2), key).await.expect(201);
    assert!(again.replayed() && again.body == first.body);
    mina.post_with_key("/reservations", body(1), key).await.expect_problem(422, "idempotency-key-reused");
    world.user().await.post("/reservations", body(1)).await.expect_problem(409, "not-enough-seats");
}

#[tokio::test]
async fn seats_that_are_not_together_are_taken_apart_only_if_that_is_wanted() {
    let world = World::new().await;
    let id = hall(&world, &[("A", 50_000, 1, 5)]).await;
    world.user().await.hold(&id, &["A-1-3"]).await.expect(201);
    world.wait(1);
    let mina = world.user().await;
    hold_best(&mina, &id, json!({ "count": 4 })).await.expect_problem(409, "not-together");
    let apart = hold_best(&mina, &id, json!({ "count": 4, "apart": true })).await.expect(201);
    assert_eq!(seats(&apart), ["A-1-1", "A-1-2", "A-1-4", "A-1-5"]);
    hold_best(&world.user().await, &id, json!({ "count": 1 })).await.expect_problem(409, "not-enough-seats");
}

#[tokio::test]
async fn refusals_are_those_of_any_hold() {
    let world = World::new().await;
    let id = hall(&world, &[("A", 50_000, 1, 10)]).await;
    let mina = world.user().await;
    hold_best(&mina, &id, json!({ "count": 5 })).await.expect_problem(409, "seat-limit");
    hold_best(&mina, &id, json!({ "count": 1, "section": "Z" })).await.expect_problem(404, "seat-not-found");
    hold_best(&mina, &Uuid::nil().to_string(), json!({ "count": 1 })).await.expect_problem(404, "seat-not-found");
    let later = world.schedule_with(json!({ "sale_opens_at": world.at(60).to_string() })).await;
    hold_best(&mina, &later, json!({ "count": 1 })).await.expect_problem(409, "sale-not-open");
    for (field, best) in [
        ("best.count", json!({ "count": 0 })),
        ("best.count", json!({ "count": 51 })),
        ("best.section", json!({ "count": 1, "section": "A-1" })),
        ("best.max_price", json!({ "count": 1, "max_price": -1 })),
        ("best.count", json!({})),
        ("best", json!({ "count": 1, "nearest": true })),
    ] {
        hold_best(&mina, &id, best).await.expect_invalid(field);
    }
    let both = json!({ "schedule_id": id, "best": { "count": 1 }, "seat_ids": ["A-1-1"] });
    mina.post("/reservations", both).await.expect_invalid("seat_ids");
    mina.post("/reservations", json!({ "schedule_id": id })).await.expect_invalid("seat_ids");
    world.anonymous().post("/reservations", json!({})).await.expect(401);
}

#[tokio::test]
async fn behind_a_queue_an_admission_is_needed_and_used() {
    let world = World::new().await;
    let id = world.queued_schedule(json!({ "capacity": 2, "admit_per_second": 2 })).await;
    hold_best(&world.user().await, &id, json!({ "count": 1 })).await.expect_problem(401, "queue-token-required");
    let mina = world.admitted_user().await;
    let held = hold_best(&mina, &id, json!({ "count": 2 })).await.expect(201);
    mina.delete(&format!("/reservations/{}", held.reservation())).await.expect(200);
}

#[tokio::test]
async fn whoever_comes_second_gets_the_next_best_without_asking_again() {
    let world = World::new().await;
    let id = hall(&world, &[("A", 50_000, 1, 6)]).await;
    quiet(&world).await;
    let (mina, joon) = (world.user().await, world.user().await);
    // Joon's process remembers a hall in which all is free.
    let path = format!("/schedules/{id}/seats");
    joon.get(&path).await.expect(200);
    assert_eq!(seats(&hold_best(&mina, &id, json!({ "count": 2 })).await.expect(201)), ["A-1-3", "A-1-4"]);
    let held = seats(&hold_best(&joon, &id, json!({ "count": 2 })).await.expect(201));
    assert!(held == ["A-1-1", "A-1-2"] || held == ["A-1-5", "A-1-6"], "{held:?}");
}

#[tokio::test]
async fn a_lost_answer_holds_once() {
    let world = World::new().await;
    let id = hall(&world, &[("A", 50_000, 2, 20)]).await;
    let mina = world.user().await;
    world.stack.intercept(Some(Arc::new(Disturb::next("TransactWriteItems", Fault::LoseAnswer, 1))));
    let held = hold_best(&mina, &id, json!({ "count": 2 })).await.expect(201);
    world.stack.intercept(None);
    assert_eq!(mina.pages("/reservations", 10).await.len(), 1);
    assert_eq!(seats(&held).len(), 2);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_crowd_that_wants_the_best_pairs_fills_the_hall_and_nobody_sits_alone() {
    let world = World::new().await;
    let id = hall(&world, &[("A", 50_000, 4, 20)]).await;
    let crowd = world.users_with(60, 0).await;
    let replies = concurrently(crowd, |person| {
        let id = id.clone();
        async move { hold_best(&person, &id, json!({ "count": 2 })).await }
    })
    .await;
    let mut held: Vec<String> = Vec::new();
    for reply in &replies {
        match reply.status.as_u16() {
            201 => held.extend(seats(reply)),
            _ => assert!(
                ["not-enough-seats", "not-together", "seats-contended"].contains(&reply.text("code").as_str()),
                "{}",
                reply.body
            ),
        }
    }
    let distinct: BTreeSet<&String> = held.iter().collect();
    assert_eq!(distinct.len(), held.len());
    // Buyers who lost three times ask again.
    while held.len() < 80 {
        let again = hold_best(&world.user().await, &id, json!({ "count": 2 })).await.expect(201);
        held.extend(seats(&again));
        world.wait(1);
    }
    assert_eq!(held.iter().collect::<BTreeSet<_>>().len(), 80, "every seat is in a pair");
    world.check_invariants().await;
}

#[tokio::test]
async fn the_best_seats_cost_a_hold_and_a_look_at_their_section() {
    let world = World::new().await;
    let id = hall(&world, &[("A", 50_000, 50, 50)]).await;
    quiet(&world).await;
    let (mina, joon, sora) = (world.user().await, world.user().await, world.user().await);
    let meter = Arc::new(Meter::default());
    mina.hold(&id, &["A-50-1"]).await.expect(201);
    world.stack.intercept(Some(meter.clone()));
    mina.hold(&id, &["A-50-2"]).await.expect(201);
    let named = meter.take();
    // Its 2,500 seats, all free, are read for three units at most.
    hold_best(&joon, &id, json!({ "count": 1 })).await.expect(201);
    within("hold the best seat", meter.take(), named.write, named.read + 3.0, 10);
    // The view that the process remembers has the seat that is taken by now: one look more, and one at the section.
    hold_best(&sora, &id, json!({ "count": 1 })).await.expect(201);
    within("hold the best seat but one", meter.take(), named.write, 2.0 * named.read + 3.0, 12);
    world.stack.intercept(None);
}
