//! rank_products, every ten minutes

use serde_json::{Value, json};

use crate::support::World;

async fn rank(world: &World) -> Value {
    world.stack.run_schedule("rank_products").await.expect("ranked")
}

/// Product and units, the best first, of the last so many days.
async fn popular(world: &World, days: u8) -> Vec<(String, i64)> {
    // What a process remembers is another test's business.
    world.wait(60);
    let reply = world.anonymous().get(&format!("/products/popular?days={days}&limit=50")).await.expect(200);
    let items = reply.body["items"].as_array().expect("items").iter();
    items.map(|item| (item["product_id"].as_str().expect("an id").to_owned(), item["sold"].as_i64().unwrap())).collect()
}

async fn sell(world: &World, product: &str, units: i64) -> (crate::support::Person, String) {
    let buyer = world.user_with(100_000).await;
    let order = buyer.buy(&[(product, units)]).await.expect(201).order();
    world.stack.drain_events().await.expect("settled");
    (buyer, order)
}

#[tokio::test]
async fn today_counts_and_the_days_before_it() {
    let world = World::new().await;
    let (old, new) = (world.product(10, 100).await, world.product(10, 100).await);
    sell(&world, &old, 9).await;
    world.wait(2 * 86_400);
    sell(&world, &new, 4).await;
    assert_eq!(rank(&world).await, json!({ "days_1": 1, "days_3": 2, "days_7": 2 }));
    assert_eq!(popular(&world, 1).await, [(new.clone(), 4)]);
    assert_eq!(popular(&world, 3).await, [(old.clone(), 9), (new.clone(), 4)]);
    world.wait(86_400);
    rank(&world).await;
    assert_eq!(popular(&world, 1).await, []);
    assert_eq!(popular(&world, 3).await, [(new.clone(), 4)]);
    assert_eq!(popular(&world, 7).await, [(old, 9), (new.clone(), 4)]);
    world.wait(4 * 86_400);
    rank(&world).await;
    assert_eq!(popular(&world, 7).await, [(new, 4)]);
}

#[tokio::test]
async fn what_is_given_back_is_taken_off_the_day_it_was_paid_on() {
    let world = World::new().await;
    let (kept, given_back) = (world.product(10, 100).await, world.product(10, 100).await);
    sell(&world, &kept, 1).await;
    let (buyer, order) = sell(&world, &given_back, 5).await;
    world.wait(86_400);
    let buyer = world.with_fresh_token(&buyer).await;
    buyer.refund_order(&order).await.expect(200);
    world.stack.drain_events().await.expect("settled");
    assert_eq!(rank(&world).await, json!({ "days_1": 0, "days_3": 1, "days_7": 1 }));
    assert_eq!(popular(&world, 3).await, [(kept, 1)]);
}

#[tokio::test]
async fn only_what_is_selling_is_ranked_and_fifty_of_it_are_listed() {
    let world = World::new().await;
    let buyer = world.user_with(1_000_000).await;
    let mut ids = Vec::new();
    for number in 0..53 {
        ids.push(world.product(10, 100).await);
        buyer.buy(&[(&ids[number], 53 - i64::try_from(number).expect("few"))]).await.expect(201);
    }
    world.stack.drain_events().await.expect("settled");
    let admin = world.admin().await;
    admin.patch(&format!("/products/{}", ids[0]), json!({ "state": "stopped" })).await.expect(200);
    admin.patch(&format!("/products/{}", ids[1]), json!({ "state": "hold" })).await.expect(200);
    assert_eq!(rank(&world).await, json!({ "days_1": 51, "days_3": 51, "days_7": 51 }));
    let ranked: Vec<String> = popular(&world, 1).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ranked, ids[2..52]);
}

#[tokio::test]
async fn a_late_run_does_not_replace_a_later_one() {
    let world = World::new().await;
    let id = world.product(10, 100).await;
    sell(&world, &id, 3).await;
    rank(&world).await;
    sell(&world, &id, 1).await;
    // The clock of this run is behind.
    world.wait(-30);
    rank(&world).await;
    assert_eq!(popular(&world, 1).await, [(id, 3)]);
}
