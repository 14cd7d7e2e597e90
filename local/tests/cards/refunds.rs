//! Money that goes back to the card it came from.

use local::third_parties::payment_provider::Operation;
use serde_json::json;

use crate::support::World;
use crate::support::cards::{GOOD, REFUND_FAILS, REFUND_FAILS_LATER};

#[tokio::test]
async fn what_was_bought_by_card_goes_back_to_the_card_in_parts() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let held = mina.hold(&schedule, &["A-1-1", "A-1-2", "A-1-3"]).await.expect(201).reservation();
    let started = mina.pay_by_card(&world, &held, GOOD).await;
    world.settle_cards().await;
    mina.delete(&format!("/reservations/{held}/tickets/A-1-2")).await.expect(200);
    world.check_invariants().await;
    assert_eq!(world.provider_state(&started).1, 150_000, "the outbox refunds");
    world.settle_cards().await;
    assert_eq!(world.provider_state(&started).1, 100_000);
    mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
    world.settle_cards().await;
    assert_eq!(world.provider_state(&started).1, 0);
    assert_eq!((mina.balance().await, mina.confirm_card(&started).await.body["refunded"].clone()), (0, json!(150_000)));
    world.check_invariants().await;
}

/// Given back before it was captured: nothing is charged at all.
#[tokio::test]
async fn what_is_given_back_before_its_capture_is_never_charged() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let started = mina.pay_by_card(&world, &held, GOOD).await;
    mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
    world.settle_cards().await;
    assert_eq!(world.provider_state(&started), ("canceled".to_owned(), 0));
    assert_eq!(mina.balance().await, 0);
    world.check_invariants().await;
}

/// The card takes no refund, at once or days later: the money is in the wallet, once.
#[tokio::test]
async fn a_refund_that_the_card_does_not_take_is_in_the_wallet() {
    for card in [REFUND_FAILS, REFUND_FAILS_LATER] {
        let world = World::new().await;
        let schedule = world.schedule_with_seats().await;
        let mina = world.user().await;
        let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
        let started = mina.pay_by_card(&world, &held, card).await;
        world.settle_cards().await;
        mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
        for _ in 0..3 {
            world.settle_cards().await;
            world.check_invariants().await;
            world.wait(100);
        }
        assert_eq!((mina.balance().await, world.provider_state(&started).1), (50_000, 50_000), "{card}");
    }
}

/// A refund that was made and not answered is made once, also when the provider has forgotten its key.
#[tokio::test]
async fn a_refund_that_was_not_answered_is_made_once() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let held = mina.hold(&schedule, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
    let started = mina.pay_by_card(&world, &held, GOOD).await;
    world.settle_cards().await;
    mina.delete(&format!("/reservations/{held}/tickets/A-1-2")).await.expect(200);
    world.disturb_provider(|faults| (faults.unanswered, faults.operation) = (1, Operation::Refund));
    world.stack.drain_events().await.expect("the engines");
    world.wait(25 * 3_600);
    world.settle_cards().await;
    assert_eq!(world.provider_state(&started).1, 50_000);
    world.check_invariants().await;
}
