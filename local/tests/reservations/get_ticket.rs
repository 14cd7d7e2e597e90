//! GET /reservations/{reservation_id}/tickets/{ticket_id}

use serde_json::json;

use super::NOBODY;
use crate::support::World;

#[tokio::test]
async fn one_ticket_of_a_group_is_shown() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user_with(200_000).await;
    let held = mina.hold(&id, &["A-1-1", "A-1-2"]).await.expect(201);
    let path = format!("/reservations/{}/tickets", held.reservation());
    let shown = |state: &str| json!({ "ticket_id": "A-1-2", "seat_id": "A-1-2", "price": 50_000, "state": state });
    assert_eq!(mina.get(&format!("{path}/A-1-2")).await.expect(200).body, shown("held"));
    mina.delete(&format!("{path}/A-1-1")).await.expect(200);
    assert_eq!(mina.get(&format!("{path}/A-1-1")).await.expect(200).body["state"], "cancelled");
    mina.pay(&held.reservation()).await.expect(201);
    assert_eq!(mina.get(&format!("{path}/A-1-2")).await.expect(200).body, shown("paid"));
    assert_eq!(mina.get(&format!("{path}/A-1-1")).await.expect(200).body["state"], "cancelled");
}

#[tokio::test]
async fn somebody_elses_is_not_there() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user().await, world.user().await);
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    let mut refusals = Vec::new();
    for (person, reservation, ticket) in
        [(&joon, held.as_str(), "A-1-1"), (&joon, NOBODY, "A-1-1"), (&mina, NOBODY, "A-1-1"), (&mina, &held, "A-1-2")]
    {
        let path = format!("/reservations/{reservation}/tickets/{ticket}");
        refusals.push(person.get(&path).await.expect_problem(404, "not-found").apart_from_instance());
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    mina.get(&format!("/reservations/{held}/tickets/A-1")).await.expect_invalid("ticket_id");
    mina.get("/reservations/x/tickets/A-1-1").await.expect_invalid("reservation_id");
}
