//! GET /products/popular

use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn the_last_count_is_shown_with_its_time() {
    let world = World::new().await;
    let (anybody, mina) = (world.anonymous(), world.user_with(1_000_000).await);
    let none = anybody.get("/products/popular").await.expect(200);
    assert_eq!(none.body, json!({ "as_of": null, "days": 3, "items": [] }));
    let mut ids = Vec::new();
    for units in 1..=7 {
        let id = world.product_with(json!({ "name": format!("Sold {units}"), "stock": 10, "price": 100 })).await;
        mina.buy(&[(&id, units)]).await.expect(201);
        ids.push(id);
    }
    world.stack.drain_events().await.expect("settled");
    world.stack.run_schedule("rank_products").await.expect("ranked");
    let reply = anybody.get("/products/popular").await.expect(200);
    assert_eq!(reply.headers["cache-control"], "public, max-age=5");
    assert_eq!((&reply.body["as_of"], &reply.body["days"]), (&json!("2026-11-21T10:00:00.5Z"), &json!(3)));
    let items = reply.body["items"].as_array().expect("items");
    let best = json!({ "product_id": ids[6], "name": "Sold 7", "price": 100, "currency": "KRW", "sold": 7 });
    assert_eq!((items.len(), &items[0]), (5, &best), "five, unless more are asked for");
    for days in [1, 3, 7] {
        let all = anybody.get(&format!("/products/popular?days={days}&limit=50")).await.expect(200).body;
        let sold: Vec<i64> =
            all["items"].as_array().expect("items").iter().filter_map(|item| item["sold"].as_i64()).collect();
        assert_eq!(sold, [7, 6, 5, 4, 3, 2, 1], "{days} days");
    }
    let tag = reply.headers["etag"].to_str().expect("text");
    anybody.get_with("/products/popular", "if-none-match", tag).await.expect(304);
}

#[tokio::test]
async fn its_count_is_remembered_for_a_minute() {
    let world = World::new().await;
    let (anybody, mina) = (world.anonymous(), world.user_with(1_000_000).await);
    let id = world.product(100, 10).await;
    let sold = async || {
        anybody.get("/products/popular").await.expect(200).body["items"][0]["sold"].as_i64().expect("a number")
    };
    for _ in 0..2 {
        mina.buy(&[(&id, 1)]).await.expect(201);
        world.stack.drain_events().await.expect("settled");
        world.stack.run_schedule("rank_products").await.expect("ranked");
        assert_eq!(sold().await, 1);
    }
    world.wait(60);
    assert_eq!(sold().await, 2);
}

#[tokio::test]
async fn what_is_not_selling_any_more_leaves_it_within_ten_seconds_and_others_take_its_place() {
    let world = World::new().await;
    let (anybody, mina, admin) = (world.anonymous(), world.user_with(1_000_000).await, world.admin().await);
    let mut ids = Vec::new();
    for units in (1..=7).rev() {
        ids.push(world.product_with(json!({ "name": format!("Sold {units}"), "stock": 10, "price": 100 })).await);
        mina.buy(&[(ids.last().expect("one"), units)]).await.expect(201);
    }
    world.stack.drain_events().await.expect("settled");
    world.stack.run_schedule("rank_products").await.expect("ranked");
    let popular = async |query: &str| {
        let reply = anybody.get(&format!("/products/popular{query}")).await.expect(200);
        let items = reply.body["items"].as_array().expect("items").clone();
        items.iter().map(|item| item["product_id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(popular("").await, ids[..5]);
    admin.patch(&format!("/products/{}", ids[0]), json!({ "state": "stopped" })).await.expect(200);
    admin.patch(&format!("/products/{}", ids[2]), json!({ "state": "hold" })).await.expect(200);
    let changed = json!({ "name": "Renamed", "price": 90 });
    admin.patch(&format!("/products/{}", ids[1]), changed).await.expect(200);
    // Five seconds in the process; five more may lie in a cache on the way.
    world.wait(5);
    let left = [1, 3, 4, 5, 6].map(|place: usize| ids[place].clone());
    assert_eq!(popular("").await, left);
    assert_eq!(popular("?limit=1").await, left[..1]);
    let first = &anybody.get("/products/popular").await.expect(200).body["items"][0];
    assert_eq!((&first["name"], &first["price"]), (&json!("Renamed"), &json!(90)));
    admin.patch(&format!("/products/{}", ids[0]), json!({ "state": "selling" })).await.expect(200);
    world.wait(5);
    assert_eq!(popular("").await, ids[..1].iter().chain(&left[..4]).cloned().collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_out_of_range_is_refused() {
    let world = World::new().await;
    for (query, field) in [
        ("days=0", "days"),
        ("days=2", "days"),
        ("days=30", "days"),
        ("days=x", "days"),
        ("days=-1", "days"),
        ("limit=0", "limit"),
        ("limit=51", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.5", "limit"),
    ] {
        world.anonymous().get(&format!("/products/popular?{query}")).await.expect_invalid(field);
    }
}
