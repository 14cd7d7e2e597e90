//! The moment before an operation: a world in which it can succeed, made once and put back as often as it is needed.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex};

use jiff::Timestamp;
use local::intercept::Intercept;
use local::third_parties::payment_provider::Memory;
use onsale_platform::memory::lock;
use serde_json::{Value, json};
use uuid::Uuid;

use super::act::Outcome;
use super::case::Case;
use super::trouble::{FullCounter, Notes, Write};
use crate::events::relay_changes::{records_after, sequence};
use crate::support::cards::Started;
use crate::support::{Person, World, logs};

/// The key of every request of the matrix.
pub const KEY: Uuid = Uuid::from_u128(1);

/// Somebody, with what one case needs made before.
pub struct Scene {
    pub case: Case,
    pub world: World,
    pub user: Person,
    pub admin: Person,
    pub concert: String,
    pub hall: String,
    pub reservation: String,
    pub order: String,
    pub product: String,
    pub coupon: String,
    /// What else could be paid.
    pub other: String,
    /// The card payment that it is about, if it is about one.
    pub card: Option<Started>,
    /// Messages for a consumer, or records of the stream.
    pub told: Vec<Value>,
    /// Its writes, when nothing gets in the way, and how many calls there are.
    pub writes: Vec<Write>,
    pub calls: usize,
    pub(super) begins: Begins,
    /// Up to where the stream tells of what was before.
    pub(super) begun_at: Mutex<String>,
}

/// What the world is put back to.
#[derive(Default)]
pub(super) struct Begins {
    at: Timestamp,
    items: BTreeMap<String, Value>,
    provider: Option<Memory>,
}

/// One scene of each case, behind a lock that its tests take in turn.
type Kept = Arc<tokio::sync::Mutex<Option<Scene>>>;

static SCENES: LazyLock<Mutex<HashMap<Case, Kept>>> = LazyLock::new(Mutex::default);

impl Scene {
    /// Does `fault` to the scene of a case.
    pub fn with(case: Case, fault: impl AsyncFn(&Self)) {
        let _brief = logs::briefly();
        let kept = Arc::clone(lock(&SCENES).entry(case).or_default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let mut kept = kept.lock().await;
            let scene = match kept.take() {
                Some(scene) => scene,
                None => Box::pin(Self::make(case)).await,
            };
            scene.reset().await;
            Box::pin(fault(&scene)).await;
            let denied = scene.world.stack.access_log().denied();
            assert!(denied.is_empty(), "template.yaml does not allow {denied:#?}");
            *kept = Some(scene);
        });
    }

    /// Prepares the scene of a case, and does its operation once to note its writes.
    async fn make(case: Case) -> Self {
        let mut scene = Box::pin(Self::prepare(case)).await;
        scene.user = scene.world.with_fresh_access_token(&scene.user).await;
        scene.world.stack.relay().await.expect("relayed");
        let provider = Some(scene.world.stack.payment_provider().provider().memory());
        scene.begins = Begins { at: scene.world.at(0), items: scene.world.items(), provider };
        let notes = Arc::new(Notes::default());
        scene.intercept(Some(notes.clone()));
        scene.act().await.expect(case.success());
        (scene.writes, scene.calls) = notes.writes_and_calls();
        assert!(!scene.writes.is_empty(), "{case:?} writes nothing");
        scene
    }

    /// An empty scene, to be filled.
    pub async fn new(case: Case, world: World, user: Person) -> Self {
        let admin = world.admin().await;
        let nothing = String::new;
        Self {
            case,
            world,
            user,
            admin,
            concert: nothing(),
            hall: nothing(),
            reservation: nothing(),
            order: nothing(),
            product: nothing(),
            coupon: nothing(),
            other: nothing(),
            card: None,
            told: Vec::new(),
            writes: Vec::new(),
            calls: 0,
            begins: Begins::default(),
            begun_at: Mutex::default(),
        }
    }

    /// Has calls pass by `trouble`; but for what the scene refuses at once, which is no trouble.
    pub fn intercept(&self, trouble: Option<Arc<dyn Intercept>>) {
        let trouble = match self.case {
            Case::JoinByLease | Case::JoinRenewing => Some(FullCounter::before(trouble)),
            _ => trouble,
        };
        self.world.stack.intercept(trouble);
    }

    /// The card payment that it is about.
    pub fn card(&self) -> &Started {
        self.card.as_ref().expect("a card payment")
    }

    /// Puts table, queues, payment provider and clock back to the moment before the operation.
    pub async fn reset(&self) {
        let world = &self.world;
        self.intercept(None);
        world.clock.advance(world.clock.now().duration_until(self.begins.at));
        world.restore(&self.begins.items);
        self.forget_attempts();
        if let Some(memory) = &self.begins.provider {
            world.stack.payment_provider().provider().put_back(memory);
        }
        // What putting back has told the stream is nobody's business.
        world.stack.relay().await.expect("relayed");
        self.pass_by();
        for queue in &world.stack.template().queues {
            world.stack.sqs().call("PurgeQueue", &json!({ "QueueUrl": queue.url })).await.expect("purged");
        }
    }

    /// Deletes counts of attempts, which a dump leaves out, and which a clock that is put back would meet again.
    fn forget_attempts(&self) {
        let table = &self.world.stack.template().table.name;
        let found =
            self.world.stack.dynamodb().call("Scan", &json!({ "TableName": table })).expect("the table is read");
        for item in found["Items"].as_array().expect("items") {
            if item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("ATTEMPTS#")) {
                let key = json!({ "pk": item["pk"], "sk": item["sk"] });
                let request = json!({ "TableName": table, "Key": key });
                self.world.stack.dynamodb().call("DeleteItem", &request).expect("deleted");
            }
        }
    }

    /// From now on the stream begins here.
    fn pass_by(&self) {
        let mut begun_at = lock(&self.begun_at);
        while let Some(last) = records_after(&self.world, &begun_at).last() {
            *begun_at = sequence(last).to_owned();
        }
    }

    /// The records of the stream since the scene was put back, as the relay gets them.
    pub fn records(&self) -> Vec<Value> {
        let after = lock(&self.begun_at).clone();
        records_after(&self.world, &after)
    }

    /// An attribute of an item, as the table's JSON has it: null if it is not there.
    pub fn attribute(&self, pk: &str, sk: &str, name: &str) -> Value {
        let request = json!({
            "TableName": self.world.stack.template().table.name,
            "Key": { "pk": { "S": pk }, "sk": { "S": sk } }, "ConsistentRead": true,
        });
        let answer = self.world.stack.dynamodb().call("GetItem", &request).expect("the table is read");
        answer["Item"][name].clone()
    }

    /// The same of an item of the user's.
    pub fn own(&self, sk: &str, name: &str) -> Value {
        self.attribute(&format!("USER#{}", self.user.id), sk, name)
    }

    /// The user's money.
    pub fn balance(&self) -> i64 {
        let request = json!({
            "TableName": self.world.stack.template().table.name, "ConsistentRead": true,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :entries)", "ScanIndexForward": false, "Limit": 1,
            "ExpressionAttributeValues": {
                ":pk": { "S": format!("USER#{}", self.user.id) }, ":entries": { "S": "ENTRY#" },
            },
        });
        let answer = self.world.stack.dynamodb().call("Query", &request).expect("the ledger is read");
        let balance = answer["Items"][0]["balance_after"]["N"].as_str().expect("an entry");
        balance.parse().expect("a number")
    }

    /// Insists that the operation has had its effect `times` often.
    pub async fn expect_effects(&self, times: i64, told: &str) {
        assert_eq!(self.effects().await, times, "{:?}, {told}", self.case);
    }

    /// The same request again until it succeeds, which it must: by itself, or in the next seconds.
    pub async fn converges(&self, told: &str) -> Outcome {
        let mut outcome = self.act().await;
        if let Some(seconds) = self.case.goes_on_after_seconds() {
            for _ in 0..2 {
                self.world.wait(seconds);
                outcome = self.act().await;
            }
        }
        let done_before = outcome.status == self.case.repeated();
        assert!(outcome.succeeded() || done_before, "{:?}, {told}, again: {outcome:?}", self.case);
        self.expect_effects(1, told).await;
        outcome
    }

    /// Tells everything, and insists that each place of the queue is accounted for.
    pub async fn settle(&self) {
        if self.case.is_of_a_queue() {
            self.world.drain_and_check().await;
            return;
        }
        self.world.stack.drain_events().await.expect("settled");
        self.world.check_invariants().await;
    }

    /// Insists that nothing is left over once everything is told and every time is over.
    pub async fn at_quiet(&self) {
        if self.case.is_of_a_queue() { self.world.quiesce().await } else { self.settle().await }
    }
}
