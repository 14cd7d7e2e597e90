//! GET /payments/{payment_id}

use super::NOBODY;
use crate::support::World;

#[tokio::test]
async fn a_payment_is_shown_as_it_was_answered() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user_with(200_000).await;
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    let paid = mina.pay(&held).await.expect(201);
    let shown = mina.get(&format!("/payments/{}", paid.text("payment_id"))).await.expect(200);
    assert_eq!(shown.body, paid.body);
}

#[tokio::test]
async fn somebody_elses_is_not_there() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user_with(200_000).await, world.user().await);
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    let unpaid = mina.hold(&id, &["A-1-2"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    let mut refusals = Vec::new();
    for (person, reservation) in [(&joon, held.as_str()), (&joon, NOBODY), (&mina, NOBODY), (&mina, &unpaid)] {
        let reply = person.get(&format!("/payments/rsv-{reservation}")).await.expect_problem(404, "not-found");
        refusals.push(reply.apart_from_instance());
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
}

#[tokio::test]
async fn what_is_no_payment_id_is_a_bad_request() {
    let world = World::new().await;
    let mina = world.user().await;
    for id in ["x", "rsv-", "rsv-x", NOBODY, &format!("RSV-{NOBODY}"), &format!("rsv--{NOBODY}"), "%00"] {
        mina.get(&format!("/payments/{id}")).await.expect_invalid("payment_id");
    }
}
