//! record_sales, from the queue of sales

use std::sync::Arc;

use serde_json::{Value, json};

use super::{batch, put, queue, receive_all};
use crate::support::World;
use crate::support::recorder::{Disturb, Fault};

/// The events that wait on the queue, taken off it.
async fn events(world: &World) -> Vec<String> {
    world.stack.relay().await.expect("relayed");
    receive_all(world, &queue(world, "Sales")).await
}

async fn record(world: &World, bodies: &[&str]) -> Value {
    world.stack.invoke("record_sales", batch(bodies)).await.expect("an answer")
}

/// What is counted of a product on a day.
fn units_sold(world: &World, day: &str, product: &str) -> i64 {
    let key = json!({ "pk": { "S": format!("SALES#{day}") }, "sk": { "S": format!("PRODUCT#{product}") } });
    let request = json!({ "TableName": world.stack.template().table.name, "Key": key });
    let item = world.stack.dynamodb().call("GetItem", &request).expect("an answer");
    item["Item"]["sold"]["N"].as_str().map_or(0, |sold| sold.parse().expect("a number"))
}

const TODAY: &str = "2026-11-21";

#[tokio::test]
async fn paid_orders_of_both_ways_are_told_and_reservations_are_not() {
    let world = World::new().await;
    let (schedule, product) = (world.schedule_with_seats().await, world.product(1_000, 50).await);
    let mina = world.user_with(100_000).await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    let at_once = mina.buy(&[(&product, 2)]).await.expect(201).order();
    let later = mina.order(&[(&product, 3)]).await.expect(201).order();
    mina.pay_order(&later).await.expect(201);
    mina.order(&[(&product, 4)]).await.expect(201);
    let events = events(&world).await;
    assert_eq!(events.len(), 2, "{events:?}");
    let event: Value = serde_json::from_str(&events[1]).expect("JSON");
    let expected = json!({
        "specversion": "1.0",
        "id": format!("{}/ORDER#{later}/2", mina.id),
        "source": "/onsale",
        "type": "payment.completed",
        "time": event["time"].as_str().expect("a time"),
        "data": {
            "user_id": mina.id.0, "order_id": later, "lines": [{ "product_id": product, "quantity": 3 }],
            "total": 3_000, "refunded": 0, "version": 2, "paid_on": TODAY,
        },
    });
    assert_eq!(event, expected);
    assert!(events[0].contains(&format!("ORDER#{at_once}/1")));
    let bodies: Vec<&str> = events.iter().map(String::as_str).collect();
    assert_eq!(record(&world, &bodies).await, json!({ "batchItemFailures": [] }));
    assert_eq!(units_sold(&world, TODAY, &product), 5);
}

#[tokio::test]
async fn an_event_counts_once_however_often_and_in_whatever_order_it_comes() {
    let world = World::new().await;
    let (one, two) = (world.product(10, 100).await, world.product(10, 100).await);
    let buyer = world.user_with(100_000).await;
    let mut orders = Vec::new();
    for units in 1..=6 {
        orders.push(buyer.buy(&[(&one, units), (&two, 1)]).await.expect(201).order());
    }
    // Two are given back the next day; what they sold was sold on the day before.
    world.wait(86_400);
    let buyer = world.with_fresh_token(&buyer).await;
    for order in &orders[4..] {
        buyer.refund_order(order).await.expect(200);
    }
    let events = events(&world).await;
    assert_eq!(events.len(), 8);
    let backwards: Vec<&str> = events.iter().rev().map(String::as_str).collect();
    // The cancellations come first, everything comes twice in one batch, and then all of it again and again.
    record(&world, &backwards[..3]).await;
    let doubled: Vec<&str> = backwards.iter().chain(&backwards).copied().collect();
    for _ in 0..3 {
        assert_eq!(record(&world, &doubled).await, json!({ "batchItemFailures": [] }));
        assert_eq!((units_sold(&world, TODAY, &one), units_sold(&world, TODAY, &two)), (1 + 2 + 3 + 4, 4));
    }
    assert_eq!(units_sold(&world, "2026-11-22", &one), 0);
}

#[tokio::test]
async fn a_lost_answer_or_a_collision_counts_nothing_twice() {
    for fault in [Fault::LoseAnswer, Fault::LoseRequest, Fault::Conflict] {
        for times in [1, 3] {
            let world = World::new().await;
            let product = world.product(10, 100).await;
            let buyer = world.user_with(1_000).await;
            for _ in 0..3 {
                buyer.buy(&[(&product, 2)]).await.expect(201);
            }
            let events = events(&world).await;
            let bodies: Vec<&str> = events.iter().map(String::as_str).collect();
            let disturb = Arc::new(Disturb::next("TransactWriteItems", fault, times));
            world.stack.intercept(Some(disturb.clone()));
            assert_eq!(record(&world, &bodies).await, json!({ "batchItemFailures": [] }), "{fault:?} × {times}");
            world.stack.intercept(None);
            assert_eq!(
                (disturb.disturbed_calls(), units_sold(&world, TODAY, &product)),
                (times, 6),
                "{fault:?} × {times}"
            );
        }
    }
}

#[tokio::test]
async fn many_orders_of_many_lines_are_counted_in_as_many_transactions_as_they_need() {
    let world = World::new().await;
    let mut products = Vec::new();
    for _ in 0..40 {
        products.push(world.product(1, 1_000).await);
    }
    let buyer = world.user_with(10_000).await;
    for order in 0..30 {
        let lines: Vec<(&str, i64)> = (0..20).map(|line| (products[(order + 2 * line) % 40].as_str(), 1)).collect();
        buyer.buy(&lines).await.expect(201);
    }
    let events = events(&world).await;
    let bodies: Vec<&str> = events.iter().map(String::as_str).collect();
    for _ in 0..2 {
        assert_eq!(record(&world, &bodies).await, json!({ "batchItemFailures": [] }));
        let counted: i64 = products.iter().map(|product| units_sold(&world, TODAY, product)).sum();
        assert_eq!(counted, 30 * 20);
    }
}

#[tokio::test]
async fn what_the_table_refuses_is_delivered_again_and_garbage_fails_alone() {
    let world = World::new().await;
    let product = world.product(10, 100).await;
    let buyer = world.user_with(1_000).await;
    buyer.buy(&[(&product, 2)]).await.expect(201);
    world.stack.relay().await.expect("relayed");
    put(&world, &queue(&world, "Sales"), "garbage").await;
    world.stack.intercept(Some(Arc::new(Disturb::next("TransactWriteItems", Fault::Throttle, 1_000))));
    assert_eq!(world.stack.deliver().await.expect("delivered"), 0);
    world.stack.intercept(None);
    assert_eq!(units_sold(&world, TODAY, &product), 0);
    assert_eq!(world.stack.deliver().await.expect("delivered"), 1);
    assert_eq!(units_sold(&world, TODAY, &product), 2);
    for _ in 0..10 {
        world.stack.deliver().await.expect("delivered");
    }
    assert_eq!(receive_all(&world, &queue(&world, "SalesDeadLetter")).await, ["garbage"]);
}

#[tokio::test]
async fn an_event_of_another_kind_is_done_with() {
    let world = World::new().await;
    let product = world.product(10, 100).await;
    let buyer = world.user_with(1_000).await;
    buyer.buy(&[(&product, 2)]).await.expect(201);
    let of: Value = serde_json::from_str(&events(&world).await[0]).expect("JSON");
    let before = world.dump();
    for kind in ["order.placed", "order.expired", "order.cancelled", "payment.declined"] {
        let mut event = of.clone();
        event["type"] = json!(kind);
        assert_eq!(record(&world, &[&event.to_string()]).await, json!({ "batchItemFailures": [] }));
    }
    assert_eq!(world.dump(), before);
}
