//! No log line of the whole suite holds a secret: see `support/logs.rs`, which reads them all.

use serde_json::json;

use crate::support::{World, logs};

#[tokio::test]
async fn lines_are_read_and_secrets_would_be_found() {
    let world = World::new().await;
    let before = logs::lines_read();
    // A refusal that is logged: a queue message that is no event.
    let message = json!({ "messageId": "1", "body": "garbage", "eventSource": "aws:sqs" });
    world.stack.invoke("release_declined_payment", json!({ "Records": [message] })).await.expect("an answer");
    assert!(logs::lines_read() > before, "nothing was read");
    logs::keep_secret("0193a000-0000-7000-8000-00000000cafe");
    for secret in ["Bearer eyJhbGciOi", "rt1.AAAA", "mina@example.com", "0193a000-0000-7000-8000-00000000cafe"] {
        assert!(logs::secret_in(&format!("a line with {secret} in it")).is_some(), "{secret}");
    }
    assert_eq!(logs::secret_in("a line without"), None);
}
