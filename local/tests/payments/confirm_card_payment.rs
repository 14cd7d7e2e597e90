//! POST /card-payments/{card_payment_id}/confirmation

use serde_json::json;

use super::NOBODY;
use crate::support::World;
use crate::support::cards::{DECLINED, GOOD, Started};

#[tokio::test]
async fn an_authorised_card_pays_for_the_seats_and_is_captured_after_that() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let held = mina.hold(&schedule, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
    let started = Started::of(&mina.start_card(json!({ "reservation_id": held })).await.expect(201));
    let waiting = mina.confirm_card(&started).await.expect(200);
    assert_eq!(waiting.body["state"], "open", "nothing is authorised yet");
    assert_eq!(world.authorise(&started, GOOD).status, 200);
    assert_eq!(world.provider_state(&started), ("requires_capture".to_owned(), 0));
    let sold = mina.confirm_card(&started).await.expect(200);
    assert_eq!((&sold.body["state"], &sold.body["in_wallet"]), (&json!("committed"), &json!(false)));
    assert_eq!(mina.get(&format!("/reservations/{held}")).await.expect(200).body["state"], "paid");
    assert_eq!(world.provider_state(&started), ("requires_capture".to_owned(), 0), "the outbox captures");
    world.check_invariants().await;
    world.stack.drain_events().await.expect("the engines");
    assert_eq!(world.provider_state(&started), ("succeeded".to_owned(), 100_000));
    assert_eq!(mina.confirm_card(&started).await.expect(200).body["state"], "captured");
    // The money went through the ledger, of a wallet that was opened for it.
    let entries = mina.pages("/wallet/entries", 10).await;
    let shown: Vec<_> = entries.iter().map(|entry| (entry["kind"].clone(), entry["amount"].clone())).collect();
    assert_eq!(shown, [(json!("payment"), json!(-100_000)), (json!("card_charge"), json!(100_000))]);
    assert_eq!(mina.balance().await, 0);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_card_pays_for_an_order() {
    let world = World::new().await;
    let product = world.product(5_000, 5).await;
    let mina = world.user_with(700).await;
    let order = mina.order(&[(&product, 3)]).await.expect(201).order();
    let started = Started::of(&mina.start_card(json!({ "order_id": order })).await.expect(201));
    world.authorise(&started, GOOD);
    assert_eq!(mina.confirm_card(&started).await.expect(200).body["state"], "committed");
    assert_eq!((mina.order_state(&order).await, mina.balance().await), ("paid".to_owned(), 700));
    world.settle_cards().await;
    assert_eq!(world.provider_state(&started), ("succeeded".to_owned(), 15_000));
    world.check_invariants().await;
}

#[tokio::test]
async fn a_top_up_by_card_is_in_the_wallet_at_once() {
    let world = World::new().await;
    let mina = world.user().await;
    let started = mina.top_up_by_card(&world, 30_000, GOOD).await;
    let shown = mina.confirm_card(&started).await.expect(200);
    assert_eq!((&shown.body["state"], &shown.body["in_wallet"]), (&json!("captured"), &json!(true)));
    assert_eq!(mina.balance().await, 30_000);
    world.settle_cards().await;
    assert_eq!(mina.balance().await, 30_000, "once");
    assert_eq!(world.provider_state(&started), ("succeeded".to_owned(), 30_000));
    world.check_invariants().await;
}

#[tokio::test]
async fn a_declined_card_leaves_the_hold_for_another_try() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let started = Started::of(&mina.start_card(json!({ "reservation_id": held })).await.expect(201));
    assert_eq!(world.authorise(&started, DECLINED).status, 402);
    assert_eq!(mina.confirm_card(&started).await.expect(200).body["state"], "open");
    assert_eq!(mina.get(&format!("/reservations/{held}")).await.expect(200).body["state"], "held");
    assert_eq!(world.authorise(&started, GOOD).status, 200);
    assert_eq!(mina.confirm_card(&started).await.expect(200).body["state"], "committed");
    world.settle_cards().await;
    world.check_invariants().await;
}

/// A card that is authorised in time and confirmed too late: nothing is charged.
#[tokio::test]
async fn a_hold_that_ran_out_is_not_paid_and_the_authorisation_is_given_up() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let (mina, joon) = (world.user().await, world.user_with(50_000).await);
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let started = Started::of(&mina.start_card(json!({ "reservation_id": held })).await.expect(201));
    world.authorise(&started, GOOD);
    world.wait(301);
    let other = joon.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    joon.pay(&other).await.expect(201);
    assert_eq!(mina.confirm_card(&started).await.expect(200).body["state"], "abandoned");
    world.stack.drain_events().await.expect("the engines");
    assert_eq!(world.provider_state(&started), ("canceled".to_owned(), 0));
    assert_eq!(mina.confirm_card(&started).await.expect(200).body["state"], "void");
    world.check_invariants().await;
}

/// Two windows, two cards, one purchase: one is charged.
#[tokio::test]
async fn a_purchase_is_paid_once_however_many_cards_are_authorised() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let mut started = Vec::new();
    for _ in 0..3 {
        let one = Started::of(&mina.start_card(json!({ "reservation_id": held })).await.expect(201));
        assert_eq!(world.authorise(&one, GOOD).status, 200);
        started.push(one);
    }
    let confirmations = started.iter().map(|one| mina.confirm_card(one));
    let confirmed = futures_util::future::join_all(confirmations).await;
    let states: Vec<String> = confirmed.into_iter().map(|reply| reply.expect(200).text("state")).collect();
    assert_eq!(states.iter().filter(|state| *state == "committed").count(), 1, "{states:?}");
    world.settle_cards().await;
    let charged: i64 = started.iter().map(|one| world.provider_state(one).1).sum();
    assert_eq!(charged, 50_000);
    world.check_invariants().await;
}

/// A ticket was given up between beginning and paying: the amount that was authorised is another.
#[tokio::test]
async fn another_amount_than_was_authorised_is_not_paid() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let held = mina.hold(&schedule, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
    let started = Started::of(&mina.start_card(json!({ "reservation_id": held })).await.expect(201));
    world.authorise(&started, GOOD);
    mina.delete(&format!("/reservations/{held}/tickets/A-1-2")).await.expect(200);
    assert_eq!(mina.confirm_card(&started).await.expect(200).body["state"], "abandoned");
    let second = mina.pay_by_card(&world, &held, GOOD).await;
    world.settle_cards().await;
    assert_eq!((world.provider_state(&started).1, world.provider_state(&second).1), (0, 50_000));
    world.check_invariants().await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new().await;
    let mina = world.user().await;
    let nothing = Started { id: NOBODY.to_string(), secret: String::new() };
    mina.confirm_card(&nothing).await.expect_problem(404, "not-found");
}
