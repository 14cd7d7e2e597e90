//! GET /health

use std::sync::Arc;

use serde_json::json;

use crate::support::World;
use crate::support::recorder::{Disturb, Fault};

#[tokio::test]
async fn it_is_well_after_one_cheap_read() {
    let world = World::new().await;
    let health = world.anonymous().get("/health").await.expect(200);
    assert_eq!(health.body, json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }));
    assert_eq!(health.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn without_the_table_it_is_not() {
    let world = World::new().await;
    for fault in [Fault::Throttle, Fault::LoseRequest, Fault::LoseAnswer] {
        world.stack.intercept(Some(Arc::new(Disturb::next("GetItem", fault, 1_000))));
        let sick = world.anonymous().get("/health").await.expect_problem(503, "busy");
        assert!(sick.headers.contains_key("retry-after"));
    }
    world.stack.intercept(None);
    world.anonymous().get("/health").await.expect(200);
}
