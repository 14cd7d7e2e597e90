//! GET /users/me/coupons

use serde_json::{Value, json};

use crate::support::World;

#[tokio::test]
async fn ones_own_are_listed_with_how_they_stand() {
    let world = World::new().await;
    let (mina, joon) = (world.user_with(10_000).await, world.user().await);
    let product = world.product(5_000, 5).await;
    let short = json!({ "valid_until": world.at(100).to_string() });
    let (used, unused, expired) = (world.coupon(5).await, world.coupon(5).await, world.coupon_with(short).await);
    for coupon in [&used, &unused, &expired] {
        mina.claim(coupon).await.expect(201);
    }
    joon.claim(&used).await.expect(201);
    let order = mina.order_with(&[(&product, 1)], &used, true).await.expect(201).order();
    world.wait(100);
    for limit in [1, 2, 100] {
        let listed = mina.pages("/users/me/coupons", limit).await;
        assert_eq!(listed.len(), 3);
        for (coupon, state) in [(&used, "used"), (&unused, "unused"), (&expired, "expired")] {
            let claim = listed.iter().find(|claim| claim["coupon_id"] == coupon.as_str()).expect("a claim");
            assert_eq!(claim["state"], state);
            let by = if state == "used" { json!(order) } else { Value::Null };
            assert_eq!(claim["order_id"], by);
        }
    }
    assert_eq!(joon.pages("/users/me/coupons", 100).await.len(), 1);
    let nobodys = world.user().await.get("/users/me/coupons").await.expect(200);
    assert_eq!(nobodys.body, json!({ "items": [], "next": null }));
    let minas = mina.get("/users/me/coupons?limit=1").await.expect(200).text("next");
    joon.get(&format!("/users/me/coupons?cursor={minas}")).await.expect_invalid("cursor");
}
