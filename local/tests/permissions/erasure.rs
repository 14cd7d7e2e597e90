//! Somebody looks at all there is of an account and has it erased, so that each call of both is seen.

use axum::http::Method;
use serde_json::json;

use crate::support::shop::order_of;
use crate::support::{Person, World};

const PASSWORD: &str = "correct horse battery";

async fn erase(person: &Person, password: &str) -> u16 {
    let body = json!({ "password": password });
    person.call(Method::DELETE, "/users/me", Some(body), None).await.status.as_u16()
}

/// With a wrong password, from a queue, with what has lapsed, and twice.
pub async fn leaving_for_good(world: &World) {
    let mut nari = world.anonymous();
    let body = json!({ "email": "nari@example.com", "password": PASSWORD, "name": "Nari" });
    nari.id = nari.post("/users", body).await.expect(201).text("user_id").parse().expect("an id");
    let body = json!({ "email": "nari@example.com", "password": PASSWORD });
    nari.token = Some(nari.post("/sessions", body).await.expect(200).text("access_token"));
    nari.get("/users/me/data").await.expect(200);
    assert_eq!(erase(&nari, "wrong horse battery").await, 401);
    let schedule = world.schedule_with_seats().await;
    let (product, free) = (world.product(1_000, 10).await, world.product(0, 10).await);
    nari.post("/orders", order_of(&[(&free, 1)], true)).await.expect(201);
    let queue = json!({ "capacity": 1, "admit_per_second": 1, "active_minutes": 5, "paused": true });
    world.admin().await.call(Method::PUT, "/queues/leaving", Some(queue), None).await.expect(201);
    let joined = nari.post("/queues/leaving/tokens", json!({})).await.expect(201);
    assert_eq!(erase(&nari, PASSWORD).await, 409);
    nari.queue_token = Some(joined.text("token"));
    nari.delete("/queues/leaving/tokens/me").await.expect(204);
    nari.queue_token = None;
    nari.hold(&schedule, &["A-1-7"]).await.expect(201);
    nari.order(&[(&product, 1)]).await.expect(201);
    world.wait(400);
    assert_eq!(erase(&nari, PASSWORD).await, 204);
    assert_eq!(erase(&nari, PASSWORD).await, 204);
}
