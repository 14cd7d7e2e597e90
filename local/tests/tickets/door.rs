//! The list at the door: each way in which a code ends puts it there, in the same transaction; and a scan ends all ways.

use serde_json::{Value, json};

use super::{bought, code, door, path, reissue, scan};
use crate::support::World;
use crate::support::cards::{CAPTURE_REFUSED, GOOD};

#[tokio::test]
async fn what_is_given_back_is_on_the_list_from_that_moment_on() {
    let world = World::new().await;
    let (schedule, mina, held) = bought(&world, &["A-1-1", "A-1-2", "A-1-3"]).await;
    assert_eq!(door(&world, &schedule, &held), Value::Null, "no code has died");
    mina.delete(&format!("/reservations/{held}/tickets/A-1-2")).await.expect(200);
    let dead = |world: &World| {
        let item = door(world, &schedule, &held);
        [1, 2, 3].map(|ordinal| item[format!("d{ordinal}")]["N"].as_str().unwrap_or("-").to_owned())
    };
    // One more than the code that there was: none of a later generation will ever be made.
    assert_eq!(dead(&world), ["-", "2", "-"]);
    mina.delete(&format!("/reservations/{held}/tickets/A-1-2")).await.expect(200);
    assert_eq!(dead(&world), ["-", "2", "-"], "once");
    reissue(&mina, &held, "A-1-3").await.expect(201);
    mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
    assert_eq!(dead(&world), ["2", "2", "3"]);
    mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
    assert_eq!(dead(&world), ["2", "2", "3"], "once");
    world.check_invariants().await;
}

#[tokio::test]
async fn what_was_never_sold_is_on_no_list() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user_with(500_000).await;
    let held = mina.hold(&schedule, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
    mina.delete(&format!("/reservations/{held}/tickets/A-1-1")).await.expect(200);
    mina.delete(&format!("/reservations/{held}")).await.expect(200);
    assert_eq!(door(&world, &schedule, &held), Value::Null);
    world.check_invariants().await;
}

#[tokio::test]
async fn what_a_card_did_not_pay_after_all_is_on_the_list() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let refunded = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    mina.pay_by_card(&world, &refunded, GOOD).await;
    world.settle_cards().await;
    mina.delete(&format!("/reservations/{refunded}/tickets/A-1-1")).await.expect(200);
    assert_eq!(door(&world, &schedule, &refunded)["d1"]["N"], "2");
    let undone = mina.hold(&schedule, &["A-1-2"]).await.expect(201).reservation();
    mina.pay_by_card(&world, &undone, CAPTURE_REFUSED).await;
    // Somebody came in meanwhile: the money never came, so the seat goes back all the same.
    scan(&world, &schedule, &undone, 1);
    world.settle_cards().await;
    mina.get(&path(&undone, "A-1-2")).await.expect_problem(409, "ticket-cancelled");
    assert_eq!(door(&world, &schedule, &undone)["d1"]["N"], "2");
    world.check_invariants().await;
}

#[tokio::test]
async fn a_ticket_that_was_scanned_is_not_given_back_and_gets_no_new_code() {
    let world = World::new().await;
    let (schedule, mina, held) = bought(&world, &["A-1-1", "A-1-2", "A-1-3"]).await;
    let shown = code(&mina, &held, "A-1-1").await;
    scan(&world, &schedule, &held, 1);
    let before = world.dump();
    mina.delete(&format!("/reservations/{held}/tickets/A-1-1")).await.expect_problem(409, "ticket-scanned");
    mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect_problem(409, "ticket-scanned");
    reissue(&mina, &held, "A-1-1").await.expect_problem(409, "ticket-scanned");
    assert_eq!(world.dump(), before);
    assert_eq!(code(&mina, &held, "A-1-1").await, shown, "it may still be looked at");
    // The others are free to go.
    reissue(&mina, &held, "A-1-3").await.expect(201);
    mina.delete(&format!("/reservations/{held}/tickets/A-1-2")).await.expect(200);
    let listed = door(&world, &schedule, &held);
    assert_eq!((&listed["d1"], &listed["d2"]["N"], &listed["d3"]["N"]), (&Value::Null, &json!("2"), &json!("1")));
    assert_eq!(listed["s1"]["S"], "a scan");
    world.check_invariants().await;
}

#[tokio::test]
async fn fifty_tickets_end_in_one_transaction() {
    let world = World::new().await;
    let schedule = world.schedule_with(json!({ "max_seats_per_user": 50 })).await;
    // Each in a block of its own.
    let rows: Vec<Value> = (1..=50).map(|row| json!({ "row": row.to_string(), "from": 1, "to": 1 })).collect();
    let path = format!("/schedules/{schedule}/seats");
    world.admin().await.post(&path, json!({ "section": "A", "rows": rows, "price": 1_000 })).await.expect(201);
    let mina = world.user().await;
    let seats: Vec<String> = (1..=50).map(|row| format!("A-{row}-1")).collect();
    let held =
        mina.hold(&schedule, &seats.iter().map(String::as_str).collect::<Vec<_>>()).await.expect(201).reservation();
    mina.pay_by_card(&world, &held, GOOD).await;
    world.settle_cards().await;
    mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
    let listed = door(&world, &schedule, &held);
    assert!((1..=50).all(|ordinal| listed[format!("d{ordinal}")]["N"] == "2"), "{listed}");
    world.check_invariants().await;
}
