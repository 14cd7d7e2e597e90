//! DELETE /reservations/{reservation_id}/tickets/{ticket_id}

use serde_json::json;

use super::NOBODY;
use crate::support::World;

#[tokio::test]
async fn a_seat_is_given_back_and_the_total_shrinks() {
    let world = World::new().await;
    let id = world.hall().await;
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
    let id = world.hall().await;
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
async fn what_is_paid_or_ended_stays_as_it_is() {
    let world = World::new().await;
    let id = world.hall().await;
    let mina = world.user_with(50_000).await;
    let paid = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&paid).await.expect(201);
    mina.delete(&format!("/reservations/{paid}/tickets/A-1-1")).await.expect_problem(409, "already-paid");
    let lapsed = mina.hold(&id, &["A-1-2"]).await.expect(201).reservation();
    world.wait(302);
    let ended = mina.delete(&format!("/reservations/{lapsed}/tickets/A-1-2")).await.expect(200);
    assert_eq!(ended.body["state"], "expired");
}

#[tokio::test]
async fn somebody_elses_is_not_there() {
    let world = World::new().await;
    let id = world.hall().await;
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
    mina.delete("/reservations/x/tickets/A-1-1").await.expect_invalid("path");
}
