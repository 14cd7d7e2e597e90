//! POST /card-payments, while the same request was faster

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use crate::support::World;
use crate::support::cards::{GOOD, Started};
use crate::support::recorder::Gate;

#[tokio::test]
async fn a_request_that_stood_still_does_not_begin_anew_what_has_paid() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let (body, key) = (json!({ "reservation_id": held }), Uuid::from_u128(0x11));
    // It has seen that there is no card payment of this key, and is about to write one.
    let gate = Arc::new(Gate::before_first("start_card_payment", "PutItem"));
    world.stack.intercept(Some(gate.clone()));
    let late = tokio::spawn({
        let (mina, body) = (mina.clone(), body.clone());
        async move { mina.post_with_key("/card-payments", body, key).await }
    });
    gate.reached().await;
    let started = Started::of(&mina.post_with_key("/card-payments", body, key).await.expect(201));
    assert_eq!(world.authorise(&started, GOOD).status, 200);
    mina.confirm_card(&started).await.expect(200);
    gate.open();
    late.await.expect("no panic").expect_problem(409, "card-payment-ended");
    world.stack.intercept(None);
    world.settle_cards().await;
    let paid = mina.get(&format!("/reservations/{held}")).await.expect(200);
    assert_eq!(paid.body["state"], "paid");
    assert_eq!(world.provider_state(&started), ("succeeded".to_owned(), 50_000));
    world.check_invariants().await;
}
