//! GET /ticket-keys

use axum::http::header;
use serde_json::json;

use super::{bought, code};
use crate::support::World;

#[tokio::test]
async fn anybody_may_know_the_keys() {
    let world = World::new().await;
    let anybody = world.anonymous();
    assert_eq!(anybody.get("/ticket-keys").await.expect(200).body, json!({ "keys": [] }), "nothing was signed yet");
    let (_, mina, held) = bought(&world, &["A-1-1"]).await;
    let signed_at = world.clock.now().to_string();
    code(&mina, &held, "A-1-1").await;
    let listed = anybody.get("/ticket-keys").await.expect(200);
    let public = listed.body["keys"][0]["public_key"].clone();
    assert_eq!(public.as_str().map(str::len), Some(43), "32 bytes");
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": public, "kid": "1" });
    let key = json!({ "number": 1, "algorithm": "Ed25519", "public_key": public, "signs_from": signed_at, "jwk": jwk });
    assert_eq!(listed.body, json!({ "keys": [key] }));
    assert_eq!(listed.headers[header::CACHE_CONTROL], "public, max-age=300");
    let tag = listed.headers[header::ETAG].to_str().expect("a tag").to_owned();
    anybody.get_with("/ticket-keys", "if-none-match", &tag).await.expect(304);
    // It is another key than that of log-ins, and stays when that one is replaced.
    world.stack.invoke("rotate_keys", json!({})).await.expect("rotated");
    assert_eq!(anybody.get("/ticket-keys").await.expect(200).body, listed.body);
    let others = world.items().into_values().filter(|item| item["public"]["S"] == public);
    assert_eq!(others.count(), 1);
}
