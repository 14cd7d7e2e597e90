//! DELETE /reservations/{reservation_id}/tickets/{ticket_id}

use serde_json::json;

use super::NOBODY;
use crate::support::World;

#[tokio::test]
async fn a_seat_is_given_back_and_the_total_shrinks() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user_with(200_000).await, world.user().await);
    let held = mina.hold(&id, &["A-1-1", "A-1-2", "A-1-3"]).await.expect(201);
    let path = format!("/reservations/{}/tickets", held.reservation());
    let reply = mina.delete(&format!("{path}/A-1-2")).await.expect(200);
    let mut shown = held.body.clone();
    shown["total"] = json!(100_000);
    shown["tickets"][1]["state"] = json!("cancelled");
    assert_eq!(reply.body, shown);
    joon.hold(&id, &["A-1-2"]).await.expect(201);
    // Again the same success, and the seat is somebody else's.
    let before = world.dump();
    assert_eq!(mina.delete(&format!("{path}/A-1-2")).await.expect(200).body, shown);
    assert_eq!(world.dump(), before);
    // The rest is paid at the smaller total.
    let paid = mina.pay(&held.reservation()).await.expect(201);
    assert_eq!(paid.body["amount"], 100_000);
}

#[tokio::test]
async fn the_last_ticket_cancels_the_group() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user_with(200_000).await;
    let held = mina.hold(&id, &["A-1-1", "A-1-2"]).await.expect(201);
    let path = format!("/reservations/{}/tickets", held.reservation());
    assert_eq!(mina.delete(&format!("{path}/A-1-1")).await.expect(200).body["state"], "held");
    let last = mina.delete(&format!("{path}/A-1-2")).await.expect(200);
    assert_eq!((&last.body["state"], &last.body["total"]), (&json!("cancelled"), &json!(50_000)));
    mina.pay(&held.reservation()).await.expect_problem(409, "hold-expired");
    mina.hold(&id, &["A-1-1", "A-1-2", "A-1-3", "A-1-4"]).await.expect(201);
}

#[tokio::test]
async fn what_has_ended_stays_as_it_is() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user_with(50_000).await;
    let lapsed = mina.hold(&id, &["A-1-2"]).await.expect(201).reservation();
    world.wait(302);
    let ended = mina.delete(&format!("/reservations/{lapsed}/tickets/A-1-2")).await.expect(200);
    assert_eq!(ended.body["state"], "expired");
}

#[tokio::test]
async fn a_paid_ticket_is_given_back_at_its_price() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user_with(200_000).await, world.user_with(50_000).await);
    let held = mina.hold(&id, &["A-1-1", "A-1-2", "A-1-3", "A-1-30"]).await.expect(201).reservation();
    let path = format!("/reservations/{held}/tickets");
    mina.delete(&format!("{path}/A-1-30")).await.expect(200);
    mina.pay(&held).await.expect(201);
    mina.hold(&id, &["A-1-4", "A-1-5"]).await.expect_problem(409, "seat-limit");

    let reply = mina.delete(&format!("{path}/A-1-2")).await.expect(200);
    assert_eq!((&reply.body["state"], &reply.body["total"]), (&json!("paid"), &json!(100_000)));
    assert_eq!(reply.body["tickets"][1]["state"], "cancelled");
    assert_eq!(mina.balance().await, 100_000);
    let payment = mina.get(&format!("/payments/rsv-{held}")).await.expect(200).body;
    assert_eq!((&payment["state"], &payment["amount"]), (&json!("partly_refunded"), &json!(150_000)));
    assert_eq!(payment["refunded"], 50_000);
    let entries = mina.pages("/wallet/entries", 10).await;
    assert_eq!((&entries[0]["kind"], &entries[0]["amount"]), (&json!("refund"), &json!(50_000)));
    assert_eq!(entries[0]["ref"], format!("rsv-{held}"));
    // The seat and a place in the limit are free again.
    let taken = joon.hold(&id, &["A-1-2"]).await.expect(201).reservation();
    joon.pay(&taken).await.expect(201);
    mina.hold(&id, &["A-1-4", "A-1-5"]).await.expect(201);
    world.check_invariants().await;
    // Again the same success: also of the ticket that was given up before it was paid, for which nothing comes back.
    let before = world.dump();
    assert_eq!(mina.delete(&format!("{path}/A-1-2")).await.expect(200).body, reply.body);
    mina.delete(&format!("{path}/A-1-30")).await.expect(200);
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn the_last_paid_ticket_ends_the_group() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user_with(150_000).await;
    let held = mina.hold(&id, &["A-1-1", "A-1-2", "A-1-3"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    let path = format!("/reservations/{held}");
    for seat in ["A-1-1", "A-1-2"] {
        assert_eq!(mina.delete(&format!("{path}/tickets/{seat}")).await.expect(200).body["state"], "paid");
    }
    let last = mina.delete(&format!("{path}/tickets/A-1-3")).await.expect(200).body;
    assert_eq!((&last["state"], &last["total"]), (&json!("cancelled"), &json!(50_000)));
    assert_eq!(mina.balance().await, 150_000);
    let payment = mina.get(&format!("/payments/rsv-{held}")).await.expect(200).body;
    assert_eq!((&payment["state"], &payment["refunded"]), (&json!("refunded"), &json!(150_000)));
    let before = world.dump();
    for seat in ["A-1-1", "A-1-3"] {
        assert_eq!(mina.delete(&format!("{path}/tickets/{seat}")).await.expect(200).body, last);
    }
    assert_eq!(mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200).body, payment);
    assert_eq!(mina.delete(&path).await.expect(200).body, last);
    assert_eq!(world.dump(), before);
    assert_eq!(world.check_invariants().await.held_and_sold(), (0, 0));
}

#[tokio::test]
async fn from_the_start_of_the_concert_on_no_ticket_is_given_back() {
    let world = World::new().await;
    let change = json!({ "starts_at": world.at(500).to_string(), "sale_closes_at": world.at(400).to_string() });
    let id = world.schedule_with(change).await;
    world.admin().await.post(&format!("/schedules/{id}/seats"), json!({})).await.expect(201);
    let mina = world.user_with(150_000).await;
    let held = mina.hold(&id, &["A-1-1", "A-1-2", "A-1-3"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    let path = format!("/reservations/{held}/tickets");
    world.wait(499);
    let given_back = mina.delete(&format!("{path}/A-1-1")).await.expect(200).body;
    world.wait(1);
    let before = world.dump();
    mina.delete(&format!("{path}/A-1-2")).await.expect_problem(409, "concert-started");
    assert_eq!(mina.delete(&format!("{path}/A-1-1")).await.expect(200).body, given_back);
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn somebody_elses_is_not_there() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user().await, world.user().await);
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    let before = world.dump();
    let mut refusals = Vec::new();
    for (person, reservation, ticket) in
        [(&joon, held.as_str(), "A-1-1"), (&joon, NOBODY, "A-1-1"), (&mina, NOBODY, "A-1-1"), (&mina, &held, "A-1-2")]
    {
        let path = format!("/reservations/{reservation}/tickets/{ticket}");
        refusals.push(person.delete(&path).await.expect_problem(404, "not-found").apart_from_instance());
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert_eq!(world.dump(), before);
    mina.delete(&format!("/reservations/{held}/tickets/A-1")).await.expect_invalid("ticket_id");
    mina.delete("/reservations/x/tickets/A-1-1").await.expect_invalid("reservation_id");
}
