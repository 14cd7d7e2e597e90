//! POST /wallet

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::support::recorder::{Disturb, Fault};
use crate::support::{World, concurrently};

#[tokio::test]
async fn a_wallet_is_made_once_and_empty() {
    let world = World::new().await;
    let mina = world.user().await;
    let made = mina.post("/wallet", json!({})).await.expect(201);
    assert_eq!(made.body, json!({ "balance": 0, "currency": "KRW" }));
    mina.post("/wallet", json!({})).await.expect(200);
    mina.post("/wallet/charges", json!({ "amount": 500 })).await.expect(201);
    let before = world.dump();
    let there = mina.post("/wallet", json!({})).await.expect(200);
    assert_eq!(there.body, json!({ "balance": 500, "currency": "KRW" }));
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn it_needs_no_body() {
    let world = World::new().await;
    let request = Request::post("/wallet").body(Body::empty()).expect("a request");
    world.user().await.send(request).await.expect(201);
}

#[tokio::test]
async fn at_once_one_is_made() {
    let world = World::new().await;
    let mina = world.user().await;
    let replies = concurrently(0..10, |_| {
        let mina = mina.clone();
        async move { mina.post("/wallet", json!({})).await }
    })
    .await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 9);
}

#[tokio::test]
async fn whose_answer_was_lost_is_told_that_it_is_new() {
    let world = World::new().await;
    let mina = world.user().await;
    world.stack.intercept(Some(Arc::new(Disturb::next("PutItem", Fault::LoseAnswer, 1))));
    mina.post("/wallet", json!({})).await.expect(201);
    mina.post("/wallet", json!({})).await.expect(200);
}
