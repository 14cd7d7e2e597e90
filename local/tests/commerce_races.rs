//! Many at once for the same units, coupons and money. Whatever the order, the books agree afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use crate::races::statuses;
use crate::support::shop::order_of;
use crate::support::{Reply, World, concurrently};

/// How many replies have each code; successes by their status.
fn codes(replies: &[Reply]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for reply in replies {
        let code = reply.body["code"].as_str().map_or_else(|| reply.status.as_u16().to_string(), str::to_owned);
        *counts.entry(code).or_default() += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_hundred_orders_at_once_are_right_to_the_unit() {
    let world = World::new().await;
    // More is wanted than there is, in one shard and in four; some pay at once, some later, some give it back.
    let one = world.product(1_000, 60).await;
    let four = world.product_with(json!({ "price": 700, "stock": 50, "stock_shards": 4 })).await;
    let coupon = world.coupon(30).await;
    let users = world.users_with(100, 10_000).await;
    for user in &users[..30] {
        user.claim(&coupon).await.expect(201);
    }
    let replies = concurrently(users.into_iter().enumerate(), |(number, user)| {
        let (one, four, coupon) = (one.clone(), four.clone(), coupon.clone());
        async move {
            let mut body = order_of(&[(&one, 1), (&four, 1)], number % 2 == 0);
            if number < 30 {
                body["coupon_id"] = json!(coupon);
            }
            let key = user.key();
            let placed = user.post_until_answered("/orders", body, key).await;
            if placed.status != 201 {
                return (placed, user);
            }
            let order = placed.order();
            if number % 2 == 1 {
                user.post_until_answered("/payments", json!({ "order_id": order }), key).await.expect(201);
            }
            if number % 5 == 0 {
                user.post_until_answered(&format!("/payments/ord-{order}/cancel"), json!({}), key).await.expect(200);
            }
            (placed, user)
        }
    })
    .await;
    let (replies, users): (Vec<Reply>, Vec<_>) = replies.into_iter().unzip();
    let counts = codes(&replies);
    assert_eq!(counts.values().sum::<usize>(), 100);
    assert!(counts.keys().all(|code| code == "201" || code == "out-of-stock"), "{counts:?}");
    world.check_invariants().await;
    let (mut bought, mut spent) = (0, 0);
    for user in &users {
        for order in user.pages("/orders", 100).await {
            if order["state"] == "paid" {
                bought += 1;
                spent += order["total"].as_i64().expect("a total");
            }
        }
        spent -= 10_000 - user.balance().await;
    }
    assert_eq!(spent, 0, "what was paid is what is gone from the wallets");
    assert_eq!((world.units_left(&one), world.units_left(&four)), (60 - bought, 50 - bought));
    println!("100 orders at once: {counts:?}, {bought} stay bought");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_unit_the_only_coupon_and_the_last_money_at_once() {
    let world = World::new().await;
    let mut outcomes = BTreeMap::new();
    for round in 0..15 {
        let shards = 1 + round % 3;
        let product = world.product_with(json!({ "price": 5_000, "stock": 1, "stock_shards": shards })).await;
        let other = world.product(5_000, 5).await;
        let coupon = world.coupon(1).await;
        // Enough for one order with the coupon, of either product, from any of her three devices.
        let (mina, joon) = (world.user_with(4_000).await, world.user_with(5_000).await);
        mina.claim(&coupon).await.expect(201);
        let replies = concurrently(0..4, |device| {
            let (mina, joon) = (mina.clone(), joon.clone());
            let (product, other, coupon) = (product.clone(), other.clone(), coupon.clone());
            async move {
                match device {
                    0 | 1 => mina.order_with(&[(&product, 1)], &coupon, true).await,
                    2 => mina.order_with(&[(&other, 1)], &coupon, true).await,
                    _ => joon.buy(&[(&product, 1)]).await,
                }
            }
        })
        .await;
        let minas = replies[..3].iter().filter(|reply| reply.status == 201).count();
        let last = [0, 1, 3].iter().filter(|device| replies[**device].status == 201).count();
        assert_eq!((minas, last), (1, 1), "{:?}", codes(&replies));
        *outcomes.entry(codes(&replies)).or_insert(0) += 1;
        assert_eq!((mina.balance().await, world.units_left(&product)), (0, 0));
        world.check_invariants().await;
    }
    println!("last unit, coupon and money: {outcomes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_order_sent_ten_times_at_once_is_one() {
    let world = World::new().await;
    let product = world.product_with(json!({ "stock": 50, "stock_shards": 3 })).await;
    for pay in [true, false] {
        let mina = world.user_with(100_000).await;
        let body = order_of(&[(&product, 2)], pay);
        let replies = concurrently(0..10, |_| {
            let (mina, body) = (mina.clone(), body.clone());
            async move { mina.post_with_key("/orders", body, Uuid::from_u128(9)).await }
        })
        .await;
        assert_eq!(statuses(&replies), [(201, 10)].into());
        assert!(replies.iter().all(|reply| reply.body == replies[0].body));
        assert_eq!(mina.pages("/orders", 100).await.len(), 1);
    }
    assert_eq!(world.units_left(&product), 46);
    world.check_invariants().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn paying_meets_the_end_of_the_order() {
    let world = Arc::new(World::new().await);
    let product = world.product(1_000, 20).await;
    let mut outcomes = BTreeMap::new();
    for round in 0..20 {
        let user = world.user_with(1_000).await;
        let before = world.units_left(&product);
        let order = user.order(&[(&product, 1)]).await.expect(201).order();
        // The last second: the payment and the sweep see the clock on either side of the end.
        world.wait(300);
        let (payer, paying, sweeping) = (user.clone(), order.clone(), Arc::clone(&world));
        let (paid, ()) = tokio::join!(tokio::spawn(async move { payer.pay_order(&paying).await }), async move {
            // Now the one is a little earlier, now the other.
            for _ in 0..round * 4 {
                tokio::task::yield_now().await;
            }
            sweeping.wait(2);
            sweeping.stack.run_schedule("run_expiry").await.expect("swept");
        });
        let paid = paid.expect("no panic");
        let state = user.order_state(&order).await;
        match paid.status.as_u16() {
            201 => assert_eq!((state.as_str(), world.units_left(&product)), ("paid", before - 1)),
            409 => {
                assert_eq!((paid.text("code").as_str(), state.as_str()), ("hold-expired", "expired"));
                assert_eq!(world.units_left(&product), before);
            }
            _ => panic!("{paid:?}"),
        }
        *outcomes.entry(state).or_insert(0) += 1;
        world.check_invariants().await;
    }
    println!("pay against the sweep: {outcomes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cancelling_an_order_meets_paying_it() {
    let world = World::new().await;
    let (product, coupon) = (world.product(2_000, 5).await, world.coupon(30).await);
    let mut outcomes = BTreeMap::new();
    for _ in 0..20 {
        let user = world.user_with(1_000).await;
        user.claim(&coupon).await.expect(201);
        let order = user.order_with(&[(&product, 1)], &coupon, false).await.expect(201).order();
        let replies = concurrently([0, 1, 1], |part| {
            let (user, order) = (user.clone(), order.clone());
            async move {
                if part == 0 { user.pay_order(&order).await } else { user.delete(&format!("/orders/{order}")).await }
            }
        })
        .await;
        let outcome = codes(&replies);
        match replies[0].status.as_u16() {
            201 => assert_eq!(outcome, [("201".into(), 1), ("already-paid".into(), 2)].into()),
            409 => assert_eq!(outcome, [("hold-expired".into(), 1), ("200".into(), 2)].into()),
            _ => panic!("{replies:?}"),
        }
        if replies[0].status == 201 {
            user.refund_order(&order).await.expect(200);
        }
        assert_eq!((user.balance().await, world.units_left(&product)), (1_000, 5));
        assert_eq!(user.coupon_state(&coupon).await, "unused");
        *outcomes.entry(outcome).or_insert(0) += 1;
        world.check_invariants().await;
    }
    println!("pay against two cancellations: {outcomes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_payment_given_back_ten_times_at_once_is_given_back_once() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let product = world.product_with(json!({ "stock": 10, "stock_shards": 2 })).await;
    for round in 0..5 {
        let user = world.user_with(100_000).await;
        let order = user.buy(&[(&product, 8)]).await.expect(201).order();
        let seats = [format!("A-1-{}", 2 + round), format!("A-1-{}", 30 + round)];
        let held = user.hold(&schedule, &[&seats[0], &seats[1]]).await;
        let payment = match held.status.as_u16() {
            201 if round % 2 == 1 => {
                // What is left after the order pays one seat only.
                user.post("/wallet/charges", json!({ "amount": 8_000 })).await.expect(201);
                user.pay(&held.reservation()).await.expect(201);
                format!("rsv-{}", held.reservation())
            }
            _ => format!("ord-{order}"),
        };
        let before = user.balance().await;
        let replies = concurrently(0..10, |_| {
            let (user, path) = (user.clone(), format!("/payments/{payment}/cancel"));
            async move { user.post(&path, json!({})).await }
        })
        .await;
        assert_eq!(statuses(&replies), [(200, 10)].into());
        assert!(replies.iter().all(|reply| reply.body == replies[0].body));
        let amount = replies[0].body["amount"].as_i64().expect("an amount");
        assert_eq!(user.balance().await, before + amount);
        user.refund_order(&order).await.expect(200);
        assert_eq!(world.units_left(&product), 10);
        world.check_invariants().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_of_stock_meet_orders() {
    let world = World::new().await;
    let admin = world.admin().await;
    for shards in [1, 4] {
        let product = world.product_with(json!({ "price": 10, "stock": 20, "stock_shards": shards })).await;
        let users = world.users_with(40, 1_000).await;
        let replies = concurrently(users.into_iter().enumerate(), |(number, user)| {
            let (admin, product) = (admin.clone(), product.clone());
            async move {
                let key = user.key();
                match number % 4 {
                    0 => {
                        let delta = if number % 8 == 0 { 3 } else { -4 };
                        admin
                            .post_until_answered(&format!("/products/{product}/stock"), json!({ "delta": delta }), key)
                            .await
                    }
                    1 => user.post_until_answered("/orders", order_of(&[(&product, 2)], false), key).await,
                    _ => user.post_until_answered("/orders", order_of(&[(&product, 1)], true), key).await,
                }
            }
        })
        .await;
        let counts = codes(&replies);
        assert!(counts.keys().all(|code| code == "201" || code == "out-of-stock"), "{counts:?}");
        world.check_invariants().await;
        println!("orders against changes of stock, {shards} shards: {counts:?}, {} left", world.units_left(&product));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_price_meets_orders() {
    let world = World::new().await;
    let admin = world.admin().await;
    for round in 0..5 {
        let product =
            world.product_with(json!({ "price": 100, "stock": 60, "stock_shards": 1 + 3 * (round % 2) })).await;
        let users = world.users_with(30, 1_000).await;
        let replies = concurrently(users.into_iter().enumerate(), |(number, user)| {
            let (admin, product) = (admin.clone(), product.clone());
            async move {
                match number {
                    10 => admin.patch(&format!("/products/{product}"), json!({ "price": 300 })).await,
                    20 => admin.patch(&format!("/products/{product}"), json!({ "name": "Lamp" })).await,
                    25 => admin.post(&format!("/products/{product}/stock"), json!({ "delta": 5 })).await,
                    _ => user.post_until_answered("/orders", order_of(&[(&product, 2)], true), user.key()).await,
                }
            }
        })
        .await;
        for (number, reply) in replies.iter().enumerate() {
            match (number, reply.status.as_u16()) {
                (10 | 20, 200) | (25, 201) => {}
                (10 | 20 | 25, _) => panic!("{reply:?}"),
                (_, 201) => assert!([200, 600].contains(&reply.body["total"].as_i64().expect("a total")), "{reply:?}"),
                (_, 409) => assert_eq!(reply.text("code"), "price-changed"),
                _ => panic!("{reply:?}"),
            }
        }
        let shown = admin.get(&format!("/products/{product}")).await.expect(200).body;
        assert_eq!((&shown["name"], &shown["price"]), (&json!("Lamp"), &json!(300)), "no change was lost");
        let late = world.user_with(1_000).await.buy(&[(&product, 1)]).await.expect(201);
        assert_eq!(late.body["total"], 300);
        world.check_invariants().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_meets_the_end_of_its_sale() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mut outcomes = BTreeMap::new();
    for _ in 0..10 {
        let product = world.product(100, 5).await;
        let user = world.user_with(1_000).await;
        let replies = concurrently([true, false], |stops| {
            let (admin, user, product) = (admin.clone(), user.clone(), product.clone());
            async move {
                if stops {
                    admin.patch(&format!("/products/{product}"), json!({ "state": "stopped" })).await
                } else {
                    user.buy(&[(&product, 1)]).await
                }
            }
        })
        .await;
        assert!(matches!((replies[0].status.as_u16(), replies[1].status.as_u16()), (200, 201 | 409)), "{replies:?}");
        user.buy(&[(&product, 1)]).await.expect_problem(409, "not-selling");
        *outcomes.entry(codes(&replies)).or_insert(0) += 1;
        world.check_invariants().await;
    }
    println!("an order against the end of its sale: {outcomes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_hundred_users_want_forty_coupons() {
    let world = World::new().await;
    for shards in [1, 8] {
        let coupon = world.coupon_with(json!({ "quantity": 40, "shards": shards })).await;
        let users = world.users_with(100, 0).await;
        // Each with two devices.
        let callers: Vec<_> = users.iter().cloned().chain(users.iter().cloned()).collect();
        let replies = concurrently(callers, |user| {
            let coupon = coupon.clone();
            let key = user.key();
            async move { user.post_until_answered(&format!("/coupons/{coupon}/claims"), json!({}), key).await }
        })
        .await;
        let counts = codes(&replies);
        assert_eq!((counts["201"], counts["200"], counts["coupon-exhausted"]), (40, 40, 120), "{counts:?}");
        assert_eq!(world.units_left(&coupon), 0);
        world.check_invariants().await;
    }
}
