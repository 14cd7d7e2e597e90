//! The currency of a shop: every answer with amounts names it, and messages show amounts in it.

use serde_json::{Value, json};

use crate::support::World;
use crate::support::shop::order_of;

async fn shop_with(currency: &str) -> World {
    World::with_options(|options| drop(options.variables.insert("CURRENCY".into(), currency.into()))).await
}

#[tokio::test]
async fn every_answer_with_amounts_names_the_currency_of_the_shop() {
    let world = shop_with("USD").await;
    let (schedule, product) = (world.schedule_with_seats().await, world.product(1_250, 9).await);
    let (coupon, admin) = (world.coupon(5).await, world.admin().await);
    let (mina, anybody) = (world.user_with(200_000).await, world.anonymous());
    let mut answers = Vec::new();
    let mut keep = |answer: Value| answers.push(answer);
    for body in [json!({ "amount": 5, "memo": "tea" }), json!({ "amount": 5 })] {
        let path = if body["memo"].is_null() { "/wallet/charges" } else { "/wallet/payments" };
        keep(mina.post(path, body).await.expect(201).body);
    }
    let credit = json!({ "amount": 1, "reason": "a gift" });
    keep(admin.post(&format!("/users/{}/credits", mina.id), credit).await.expect(201).body);
    keep(mina.get("/wallet").await.expect(200).body);
    keep(mina.claim(&coupon).await.expect(201).body);
    keep(anybody.get(&format!("/coupons/{coupon}")).await.expect(200).body);
    keep(mina.get("/users/me/coupons").await.expect(200).body["items"][0].clone());
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201);
    let reservation = held.reservation();
    keep(held.body.clone());
    keep(mina.pay(&reservation).await.expect(201).body);
    keep(mina.get(&format!("/payments/rsv-{reservation}")).await.expect(200).body);
    keep(mina.get("/reservations").await.expect(200).body["items"][0].clone());
    keep(mina.post("/orders", order_of(&[(&product, 2)], true)).await.expect(201).body);
    keep(mina.get("/orders").await.expect(200).body["items"][0].clone());
    keep(anybody.get(&format!("/products/{product}")).await.expect(200).body);
    keep(anybody.get("/products").await.expect(200).body["items"][0].clone());
    keep(anybody.get(&format!("/schedules/{schedule}")).await.expect(200).body);
    keep(anybody.get(&format!("/schedules/{schedule}/seats")).await.expect(200).body);
    let concert = anybody.get(&format!("/schedules/{schedule}")).await.expect(200).text("concert_id");
    keep(anybody.get(&format!("/concerts/{concert}")).await.expect(200).body["schedules"][0].clone());
    keep(anybody.get(&format!("/concerts/{concert}/schedules")).await.expect(200).body["items"][0].clone());
    world.stack.drain_events().await.expect("counted");
    world.stack.run_schedule("rank_products").await.expect("ranked");
    keep(anybody.get("/products/popular").await.expect(200).body["items"][0].clone());
    assert_eq!(answers.len(), 20);
    for answer in answers {
        assert_eq!(answer["currency"], "USD", "{answer}");
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn messages_show_amounts_in_the_currency_of_the_shop() {
    for (currency, most) in [("KRW", "₩10,000,000"), ("USD", "US$100,000.00"), ("KWD", "KWD\u{a0}10,000.000")] {
        let world = shop_with(currency).await;
        let mina = world.user_with(10_000_000).await;
        let refused = mina.post("/wallet/charges", json!({ "amount": 1 })).await.expect_problem(409, "balance-cap");
        let expected = format!("Your balance may be at most {most} after a top-up. Top up less.");
        assert_eq!(refused.text("detail"), expected);
    }
}
