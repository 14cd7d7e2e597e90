//! Queue `cards`

use local::third_parties::payment_provider::{Down, Operation};

use crate::support::World;
use crate::support::cards::{CAPTURE_REFUSED, GOOD};

/// The provider captured and did not answer: the next delivery finds it done.
#[tokio::test]
async fn a_capture_that_was_not_answered_is_found_done() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let started = mina.pay_by_card(&world, &held, GOOD).await;
    world.disturb_provider(|faults| (faults.unanswered, faults.operation) = (1, Operation::Capture));
    world.stack.drain_events().await.expect("the engines");
    assert_eq!(world.provider_state(&started), ("succeeded".to_owned(), 50_000));
    world.wait(400);
    world.settle_cards().await;
    let mina = world.with_fresh_token(&mina).await;
    assert_eq!(mina.confirm_card(&started).await.expect(200).body["state"], "captured");
    world.check_invariants().await;
}

/// The bank refuses the capture for good: the seats are free again, the money was never there, and the ledger says so.
#[tokio::test]
async fn a_capture_that_is_refused_for_good_undoes_the_sale() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let (mina, joon) = (world.user().await, world.user_with(50_000).await);
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let started = mina.pay_by_card(&world, &held, CAPTURE_REFUSED).await;
    assert_eq!(mina.get(&format!("/reservations/{held}")).await.expect(200).body["state"], "paid");
    world.settle_cards().await;
    assert_eq!(world.provider_state(&started), ("canceled".to_owned(), 0));
    assert_eq!(mina.confirm_card(&started).await.expect(200).body["state"], "reversed");
    assert_eq!(mina.get(&format!("/reservations/{held}")).await.expect(200).body["state"], "cancelled");
    assert_eq!(mina.balance().await, 0);
    joon.hold(&schedule, &["A-1-1"]).await.expect(201);
    world.check_invariants().await;
}

/// The provider is down for an hour: what was sold stays sold, and is captured when it is back.
#[tokio::test]
async fn an_hour_without_the_provider_loses_nothing() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let started = mina.pay_by_card(&world, &held, GOOD).await;
    world.disturb_provider(|faults| faults.down = Down::Drops);
    for _ in 0..12 {
        world.wait(300);
        world.settle_cards().await;
    }
    world.disturb_provider(|faults| faults.down = Down::No);
    assert_eq!(world.provider_state(&started), ("requires_capture".to_owned(), 0));
    world.check_invariants().await;
    world.wait(700);
    world.settle_cards().await;
    assert_eq!(world.provider_state(&started), ("succeeded".to_owned(), 50_000));
    world.check_invariants().await;
}
