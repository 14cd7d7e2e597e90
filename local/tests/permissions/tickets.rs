//! Codes of tickets, so that each call of those that make, end and verify them is seen.

use std::sync::Arc;

use uuid::Uuid;

use crate::support::World;
use crate::support::recorder::{Disturb, Fault};
use crate::tickets::put_keys;

/// A code is shown, ended, ended again where the table's answer gets lost, and not ended by a repeat.
pub async fn showing(world: &World) {
    let schedule = world.schedule_with_seats().await;
    let mina = world.buyer("sora@example.com", 100_000).await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    // The mail is the first that has a code.
    world.stack.drain_events().await.expect("settled");
    // The first that signs with a new key publishes it.
    put_keys(world, |old| format!("1:{old} 2:{}", "x".repeat(64)));
    let path = format!("/reservations/{held}/tickets/A-1-1/code");
    mina.get(&path).await.expect(200);
    world.anonymous().get("/ticket-keys").await.expect(200);
    let key = Uuid::from_u128(0x0193_0000_0000_7000_a000_0000_0000_0077);
    world.stack.intercept(Some(Arc::new(Disturb::next("TransactWriteItems", Fault::LoseAnswer, 3))));
    mina.post_with_key(&path, serde_json::json!({}), key).await.expect(201);
    world.stack.intercept(None);
    mina.post_with_key(&path, serde_json::json!({}), key).await.expect(201);
}
