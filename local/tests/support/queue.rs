//! Waiting queues: what tests do with them, and an independent look at their books.

use axum::Router;
use axum::http::Method;
use onsale_domain::queue::QueueId;
use onsale_platform::auth::queue_token;
use onsale_platform::ids::Ids;
use serde_json::{Value, json};
use simulation::invariants::Snapshot;

use super::{Person, Reply, World};

/// The queue of most tests.
pub const QUEUE: &str = "spring";

impl World {
    /// Makes or changes the queue.
    pub async fn queue(&self, settings: Value) {
        self.put_queue(QUEUE, settings).await;
    }

    /// Makes or changes any queue.
    pub async fn put_queue(&self, queue: &str, settings: Value) {
        let mut body = json!({ "capacity": 2, "admit_per_second": 1, "active_minutes": 10, "claim_seconds": 60 });
        for (name, value) in settings.as_object().expect("an object") {
            body[name] = value.clone();
        }
        let reply = self.admin().await.call(Method::PUT, &format!("/queues/{queue}"), Some(body), None).await;
        assert!(reply.status.is_success(), "{}", reply.body);
    }

    /// A hall of fifty seats whose sale the queue guards; its schedule.
    pub async fn queued_schedule(&self, settings: Value) -> String {
        self.queue(settings).await;
        let concert = json!({ "name": "Concert", "description": "", "queue_id": QUEUE });
        let schedule = self.schedule_of(concert, json!({})).await;
        self.admin().await.post(&format!("/schedules/{schedule}/seats"), json!({})).await.expect(201);
        schedule
    }

    /// Lets a second pass and the queue move on, as somebody else's poll would make it.
    pub async fn tick(&self) {
        self.wait(1);
        // Nobody of the queue's own: a number that is never called, signed as ours are.
        let mut bystander = self.with_fresh_token(&self.anonymous()).await;
        let queue = QueueId::parse(QUEUE).expect("an id");
        let token = queue_token::sign(self.stack.app(), bystander.id, &queue, BYSTANDER, None).await;
        bystander.queue_token = Some(token.expect("a token"));
        bystander.poll().await.expect(200);
    }

    /// The same several times.
    pub async fn ticks(&self, seconds: usize) {
        for _ in 0..seconds {
            self.tick().await;
        }
    }

    /// Somebody whose number was called and is closed now comes back, and is away at the second call too.
    pub async fn miss_second_call(&self, person: &mut Person) {
        let missed = person.poll().await.expect(200).body;
        assert_eq!((&missed["state"], &missed["position"]), (&json!("waiting"), &json!(1)), "{missed}");
        self.ticks(2).await;
        self.wait(90);
        self.tick().await;
        assert_eq!(person.poll().await.expect(200).body["state"], "expired");
    }

    /// Until every number has been called, every claim window is over, every admission has ended, and every event is
    /// told. Nobody may be inside then, whatever went wrong before.
    pub async fn quiesce(&self) {
        for _ in 0..ROUNDS_MAX {
            self.stack.drain_events().await.expect("settled");
            let books = self.check_invariants().await;
            if books.places_in_use(QUEUE) == 0 && books.serving(QUEUE) == books.issued(QUEUE) {
                return books.check_every_place(QUEUE);
            }
            self.wait(700);
            self.stack.run_schedule("advance_queues").await.expect("advanced");
        }
        panic!("a place has leaked: {}", public(self).await);
    }

    /// Tells all events, and insists that every place in use is accounted for.
    pub async fn drain_and_check(&self) -> Snapshot {
        self.stack.drain_events().await.expect("settled");
        let books = self.check_invariants().await;
        books.check_every_place(QUEUE);
        books
    }

    /// The token of somebody, as the table has it.
    pub fn entry_of(&self, person: &Person) -> Value {
        let key = json!({ "pk": { "S": format!("USER#{}", person.id) }, "sk": { "S": format!("TOKEN#{QUEUE}") } });
        let request = json!({ "TableName": self.stack.template().table.name, "Key": key, "ConsistentRead": true });
        self.stack.dynamodb().call("GetItem", &request).expect("the table is read")["Item"].clone()
    }

    /// The state of somebody's token, as the table has it.
    pub fn state_of(&self, person: &Person) -> String {
        self.entry_of(person)["state"]["S"].as_str().unwrap_or("none").to_owned()
    }

    /// The same person with a new access token: they end after a quarter of an hour.
    pub async fn with_fresh_access_token(&self, person: &Person) -> Person {
        Person { queue_token: person.queue_token.clone(), ..self.with_fresh_token(person).await }
    }

    /// Other instances of every function, with memories of their own.
    pub fn other_instances(&self) -> Router {
        self.stack.gateway_with_ids(Ids::Random).expect("a gateway")
    }

    /// Users without money who have all joined the queue, in this order.
    pub async fn joined_users(&self, count: usize) -> Vec<Person> {
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            let mut user = self.user().await;
            user.join().await.expect(201);
            all.push(user);
        }
        all
    }

    /// A user with money who has joined the queue.
    pub async fn joined_user(&self) -> Person {
        let mut user = self.user_with(1_000_000).await;
        user.join().await.expect(201);
        user
    }

    /// A user with money who may buy.
    pub async fn admitted_user(&self) -> Person {
        let mut user = self.joined_user().await;
        self.until_admitted(&mut user).await;
        user
    }

    /// Lets seconds pass until somebody is called and has claimed.
    pub async fn until_admitted(&self, person: &mut Person) {
        for _ in 0..SECONDS_MAX {
            self.tick().await;
            if person.poll().await.expect(200).body["state"] == "admitted" {
                return;
            }
        }
        panic!("nobody is admitted: {}", public(self).await);
    }
}

/// A number that no test calls.
const BYSTANDER: u64 = 1_000_000_000;
/// How long a test waits for an admission at most.
const SECONDS_MAX: usize = 200;
/// How many claim windows a test lets pass at most until everybody is out.
const ROUNDS_MAX: usize = 100;

impl Person {
    /// Joins the queue and keeps the token.
    pub async fn join(&mut self) -> Reply {
        let reply = self.post(&format!("/queues/{QUEUE}/tokens"), Value::Null).await;
        self.keep_token(reply)
    }

    /// Asks for the place with the queue token alone, and keeps the token.
    pub async fn poll(&mut self) -> Reply {
        let without_access_token = Self { token: None, ..self.clone() };
        let reply = without_access_token.get(&format!("/queues/{QUEUE}/tokens/me")).await;
        self.keep_token(reply)
    }

    /// Leaves the queue.
    pub async fn leave(&self) -> Reply {
        self.delete(&format!("/queues/{QUEUE}/tokens/me")).await
    }

    /// Asks for the place with an older token, and keeps what there is.
    pub async fn poll_with(&self, token: &str) -> Reply {
        Self { queue_token: Some(token.to_owned()), ..self.clone() }.poll().await
    }

    /// The same person with another queue token, or with none.
    pub fn with_queue_token(&self, token: Option<&str>) -> Self {
        Self { queue_token: token.map(str::to_owned), ..self.clone() }
    }

    /// The same person, served by other instances.
    pub fn at(&self, instances: &Router) -> Self {
        Self { gateway: instances.clone(), ..self.clone() }
    }

    /// The queue token, which there must be.
    #[track_caller]
    pub fn own_token(&self) -> String {
        self.queue_token.clone().expect("a queue token")
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
    world.anonymous().get(&format!("/queues/{QUEUE}")).await.expect(200).body
}

/// Somebody whose numbers come from the same lease, or from another one.
pub async fn user_by_lease(world: &World, of: &Person, same: bool) -> Person {
    let part = |person: &Person| person.id.0.as_bytes()[15] % 16;
    for _ in 0..1_000 {
        let user = world.user().await;
        if (part(&user) == part(of)) == same {
            return user;
        }
    }
    panic!("a thousand users, and none");
}
