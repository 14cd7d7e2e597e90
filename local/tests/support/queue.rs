//! Waiting queues: what tests do with them, and an independent look at their books.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Person, Reply, World};

/// The queue of most tests.
pub const QUEUE: &str = "spring";

impl World {
    /// Makes or changes the queue.
    pub async fn queue(&self, settings: Value) {
        let mut body = json!({ "capacity": 2, "admit_per_second": 1, "active_minutes": 10 });
        for (name, value) in settings.as_object().expect("an object") {
            body[name] = value.clone();
        }
        let reply = self.admin().await.call(Method::PUT, &format!("/queues/{QUEUE}"), Some(body), None).await;
        assert!(reply.status.is_success(), "{}", reply.body);
    }

    /// A hall of fifty seats whose sale the queue guards; its schedule.
    pub async fn queued_hall(&self, settings: Value) -> String {
        self.queue(settings).await;
        let concert = json!({ "name": "Concert", "description": "", "queue_id": QUEUE });
        let schedule = self.schedule_of(concert, json!({})).await;
        self.admin().await.post(&format!("/schedules/{schedule}/seats"), json!({})).await.expect(201);
        schedule
    }

    /// Lets a second pass and the queue move on, as somebody else's poll would make it.
    pub async fn tick(&self) {
        self.wait(1);
        self.stack.run_schedule("advance_queues").await.expect("advanced");
    }

    /// A user with money who has joined the queue.
    pub async fn joined(&self) -> Person {
        let mut user = self.user_with(1_000_000).await;
        user.join().await.expect(201);
        user
    }

    /// A user with money who may buy.
    pub async fn admitted(&self) -> Person {
        let mut user = self.joined().await;
        for _ in 0..SECONDS_MAX {
            self.tick().await;
            if user.poll().await.expect(200).body["state"] == "admitted" {
                return user;
            }
        }
        panic!("nobody is admitted");
    }
}

/// How long a test waits for an admission at most.
const SECONDS_MAX: usize = 200;

impl Person {
    /// Joins the queue and keeps the token.
    pub async fn join(&mut self) -> Reply {
        let reply = self.post(&format!("/queues/{QUEUE}/tokens"), Value::Null).await;
        self.keep_token(reply)
    }

    /// Asks for the place and keeps the token.
    pub async fn poll(&mut self) -> Reply {
        let reply = self.get(&format!("/queues/{QUEUE}/tokens/me")).await;
        self.keep_token(reply)
    }

    /// Leaves the queue.
    pub async fn leave(&self) -> Reply {
        self.delete(&format!("/queues/{QUEUE}/tokens/me")).await
    }

    fn keep_token(&mut self, reply: Reply) -> Reply {
        if let Some(token) = reply.body["token"].as_str() {
            self.queue_token = Some(token.to_owned());
        }
        reply
    }
}

/// What everybody may see of the queue.
pub async fn public(world: &World) -> Value {
    world.anybody().get(&format!("/queues/{QUEUE}")).await.expect(200).body
}
