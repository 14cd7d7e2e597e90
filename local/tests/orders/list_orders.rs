//! GET /orders

use serde_json::{Value, json};

use crate::support::World;

#[tokio::test]
async fn ones_own_come_newest_first_page_by_page_as_they_stand() {
    let world = World::new().await;
    let product = world.product(100, 50).await;
    let (mina, joon) = (world.user_with(10_000).await, world.user().await);
    let mut placed = Vec::new();
    for _ in 0..4 {
        placed.push(mina.order(&[(&product, 1)]).await.expect(201).order());
        world.wait(1);
    }
    joon.order(&[(&product, 1)]).await.expect(201);
    placed.reverse();
    mina.pay_order(&placed[0]).await.expect(201);
    mina.delete(&format!("/orders/{}", placed[1])).await.expect(200);
    world.wait(310);
    for limit in [1, 3, 4, 100] {
        let listed = mina.pages("/orders", limit).await;
        let ids: Vec<&str> = listed.iter().map(|order| order["order_id"].as_str().expect("an id")).collect();
        assert_eq!(ids, placed, "in pages of {limit}");
        let states: Vec<&Value> = listed.iter().map(|order| &order["state"]).collect();
        assert_eq!(states, ["paid", "cancelled", "expired", "expired"]);
    }
    for item in mina.pages("/orders", 2).await {
        let path = format!("/orders/{}", item["order_id"].as_str().expect("an id"));
        assert_eq!(mina.get(&path).await.expect(200).body, item);
    }
    assert_eq!(joon.pages("/orders", 1).await.len(), 1);
    let nobodys = world.user().await.get("/orders").await.expect(200);
    assert_eq!(nobodys.body, json!({ "items": [], "next": null }));
    let joons = mina.get("/orders?limit=1").await.expect(200).text("next");
    joon.get(&format!("/orders?cursor={joons}")).await.expect_invalid("cursor");
    mina.get("/orders?limit=0").await.expect_invalid("limit");
}
