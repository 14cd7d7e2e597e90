//! Links that a mail brings, so that each call of those that make and follow them is seen.

use std::sync::Arc;

use serde_json::json;

use crate::recovery;
use crate::support::World;
use crate::support::recorder::{Disturb, Fault};

/// Followed once, too often, and where the table's answers get lost.
pub async fn recovering(world: &World) {
    let mut haru = world.anonymous();
    let body = json!({ "email": "haru@example.com", "password": "correct horse battery", "name": "Haru" });
    haru.post("/users", body).await.expect(201);
    let credentials = json!({ "email": "haru@example.com", "password": "correct horse battery" });
    haru.token = Some(haru.post("/sessions", credentials).await.expect(200).text("access_token"));
    haru.post("/users/me/address-proof", json!({})).await.expect(202);
    haru.post("/password-resets", json!({ "email": "haru@example.com" })).await.expect(202);
    let proofs = recovery::links(world, "address_proof").await;
    let lost = || world.stack.intercept(Some(Arc::new(Disturb::next("TransactWriteItems", Fault::LoseAnswer, 3))));
    lost();
    haru.post("/address-proofs", json!({ "token": proofs.last() })).await.expect(204);
    world.stack.intercept(None);
    haru.post("/address-proofs", json!({ "token": proofs.last() })).await.expect(409);
    let reset = recovery::links(world, "password_reset").await.pop().expect("a link");
    lost();
    let body = json!({ "token": reset, "password": "another battery staple" });
    haru.post("/password-resets/confirmation", body.clone()).await.expect(200);
    world.stack.intercept(None);
    haru.post("/password-resets/confirmation", body).await.expect(409);
}
