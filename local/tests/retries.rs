//! The SDK tries again by itself, but only so often: it has a quota of retries, which a process is given once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use local::intercept::{Before, Call, Intercept};
use serde_json::json;

use crate::support::{World, concurrently};

/// More calls than the quota has retries for: 500 tokens, of which a retry takes 5 at least.
const CALLS: usize = 60;

/// One function reaches the table never, another one but for its first call.
#[derive(Default)]
struct Outage(AtomicBool);

impl Intercept for Outage {
    fn before(&self, call: &Call<'_>) -> Before {
        match call.function {
            Some("get_wallet") => Before::LoseRequest,
            Some("list_wallet_entries") if !self.0.swap(true, Ordering::SeqCst) => Before::LoseRequest,
            _ => Before::Proceed,
        }
    }
}

#[tokio::test]
async fn what_one_functions_outage_uses_up_others_do_not_miss() {
    let world = World::new().await;
    let user = world.user().await;
    user.post("/wallet", json!({})).await.expect(201);
    world.stack.intercept(Some(Arc::new(Outage::default())));
    let replies = concurrently(0..CALLS, |_| {
        let user = user.clone();
        async move { user.get("/wallet").await }
    })
    .await;
    for reply in replies {
        reply.expect_problem(503, "busy");
    }
    user.get("/wallet/entries").await.expect(200);
}
