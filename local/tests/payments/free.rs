//! What costs nothing needs no wallet, and moves no money: neither when it is paid nor when it is given back

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::shop::order_of;
use crate::support::{Person, World};

/// A date whose section A costs nothing, and section B 100.
async fn free_hall(world: &World) -> String {
    let (schedule, admin) = (world.schedule().await, world.admin().await);
    for (section, price) in [("A", 0), ("B", 100)] {
        let rows = json!([{ "row": "1", "from": 1, "to": 9 }]);
        let seats = json!({ "section": section, "rows": rows, "price": price });
        admin.post(&format!("/schedules/{schedule}/seats"), seats).await.expect(201);
    }
    schedule
}

async fn cancel(person: &Person, payment: &str) -> Value {
    person.post(&format!("/payments/{payment}/cancel"), json!({})).await.expect(200).body
}

#[tokio::test]
async fn a_free_ticket_is_had_and_given_back_without_a_wallet() {
    let world = World::new().await;
    let schedule = free_hall(&world).await;
    let new = world.user().await;
    let held = new.hold(&schedule, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
    let (body, key) = (json!({ "reservation_id": held }), Uuid::from_u128(7));
    let paid = new.post_with_key("/payments", body.clone(), key).await.expect(201);
    assert_eq!((&paid.body["amount"], &paid.body["state"]), (&json!(0), &json!("completed")));
    let again = new.post_with_key("/payments", body, key).await.expect(201);
    assert_eq!((again.replayed(), &again.body), (true, &paid.body));
    assert_eq!(new.get(&format!("/schedules/{schedule}/seats/A-1-1")).await.expect(200).body["state"], "sold");
    world.check_invariants().await;
    // One of them, then the rest, and the same again.
    new.delete(&format!("/reservations/{held}/tickets/A-1-1")).await.expect(200);
    world.check_invariants().await;
    for _ in 0..2 {
        let back = cancel(&new, &format!("rsv-{held}")).await;
        assert_eq!((&back["refunded"], &back["state"]), (&json!(0), &json!("refunded")));
    }
    new.get("/wallet").await.expect_problem(404, "no-wallet");
    world.stack.drain_events().await.expect("settled");
    assert_eq!(world.check_invariants().await.held_and_sold(), (0, 0));
}

#[tokio::test]
async fn what_costs_something_still_needs_a_wallet() {
    let world = World::new().await;
    let schedule = free_hall(&world).await;
    let (new, product) = (world.user().await, world.product(1, 5).await);
    let held = new.hold(&schedule, &["A-1-1", "B-1-1"]).await.expect(201).reservation();
    new.pay(&held).await.expect_problem(404, "no-wallet");
    new.buy(&[(&product, 1)]).await.expect_problem(404, "no-wallet");
    // Without the seat that costs something it costs nothing.
    new.delete(&format!("/reservations/{held}/tickets/B-1-1")).await.expect(200);
    assert_eq!(new.pay(&held).await.expect(201).body["amount"], 0);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_free_seat_among_others_moves_no_money_when_it_is_given_back() {
    let world = World::new().await;
    let schedule = free_hall(&world).await;
    let mina = world.user_with(1_000).await;
    let held = mina.hold(&schedule, &["A-1-1", "B-1-1"]).await.expect(201).reservation();
    assert_eq!(mina.pay(&held).await.expect(201).body["amount"], 100);
    let before = mina.pages("/wallet/entries", 10).await;
    mina.delete(&format!("/reservations/{held}/tickets/A-1-1")).await.expect(200);
    assert_eq!(mina.pages("/wallet/entries", 10).await, before);
    assert_eq!(cancel(&mina, &format!("rsv-{held}")).await["refunded"], 100);
    let entries = mina.pages("/wallet/entries", 10).await;
    assert!(entries.iter().all(|entry| entry["amount"] != 0), "{entries:?}");
    assert_eq!((entries.len(), mina.balance().await), (before.len() + 1, 1_000));
    world.check_invariants().await;
}

#[tokio::test]
async fn a_free_product_is_ordered_paid_and_given_back_without_a_wallet() {
    let world = World::new().await;
    let product = world.product(0, 5).await;
    let new = world.user().await;
    let at_once = new.buy(&[(&product, 2)]).await.expect(201);
    assert_eq!((&at_once.body["state"], &at_once.body["total"]), (&json!("paid"), &json!(0)));
    let later = new.post("/orders", order_of(&[(&product, 1)], false)).await.expect(201).order();
    assert_eq!(new.pay_order(&later).await.expect(201).body["amount"], 0);
    assert_eq!(world.units_left(&product), 2);
    world.stack.drain_events().await.expect("settled");
    world.check_invariants().await.check_sales();
    for order in [at_once.order(), later] {
        for _ in 0..2 {
            assert_eq!(cancel(&new, &format!("ord-{order}")).await["state"], "refunded");
        }
    }
    assert_eq!(world.units_left(&product), 5);
    new.get("/wallet").await.expect_problem(404, "no-wallet");
    world.stack.drain_events().await.expect("settled");
    world.check_invariants().await.check_sales();
}

#[tokio::test]
async fn an_order_that_a_coupon_makes_free_needs_no_wallet() {
    let world = World::new().await;
    let (product, coupon) = (world.product(900, 5).await, world.coupon(5).await);
    let new = world.user().await;
    new.claim(&coupon).await.expect(201);
    let free = new.order_with(&[(&product, 1)], &coupon, true).await.expect(201);
    assert_eq!((&free.body["discount"], &free.body["total"]), (&json!(900), &json!(0)));
    assert_eq!(new.coupon_state(&coupon).await, "used");
    world.check_invariants().await;
    cancel(&new, &format!("ord-{}", free.order())).await;
    assert_eq!((new.coupon_state(&coupon).await, world.units_left(&product)), ("unused".into(), 5));
    let later = new.order_with(&[(&product, 1)], &coupon, false).await.expect(201).order();
    new.pay_order(&later).await.expect(201);
    world.check_invariants().await;
}

#[tokio::test]
async fn with_a_wallet_what_costs_nothing_leaves_it_alone() {
    let world = World::new().await;
    let (schedule, product) = (free_hall(&world).await, world.product(0, 5).await);
    let mina = world.user_with(10).await;
    let wallet = |world: &World| world.dump().into_iter().filter(|item| item.contains("ENTRY#")).collect::<Vec<_>>();
    let before = wallet(&world);
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let (body, key) = (json!({ "reservation_id": held }), Uuid::from_u128(7));
    mina.post_with_key("/payments", body, key).await.expect(201);
    mina.buy(&[(&product, 1)]).await.expect(201);
    assert_eq!((wallet(&world), mina.pages("/wallet/entries", 10).await.len()), (before, 1));
    world.check_invariants().await;
}
