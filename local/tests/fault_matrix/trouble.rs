//! What gets in the way of calls, beyond what one call may meet.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::aws::engine::dynamodb::DynamoDb;
use local::intercept::{After, Before, Call, FailedItems, Intercept, transaction_items};
use serde_json::{Value, json};
use tokio::sync::{Barrier, Notify};

use super::scene::Scene;

/// Calls that change something.
const WRITES: [&str; 6] =
    ["TransactWriteItems", "UpdateItem", "PutItem", "DeleteItem", "BatchWriteItem", "SendMessageBatch"];

/// Whether a call writes something of an operation. Attempts at a password are counted before it, as for a log-in.
fn writes(call: &Call<'_>) -> bool {
    let key = |name: &str| call.request[name]["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("ATTEMPTS#"));
    call.function.is_some() && WRITES.contains(&call.operation) && !key("Key") && !key("Item")
}

/// A write of a call: its operation, and how many of that operation come before it.
pub type Write = (&'static str, usize);

/// Notes what is written, and how many calls there are.
#[derive(Default)]
pub struct Notes {
    writes: Mutex<Vec<Write>>,
    calls: AtomicUsize,
}

impl Notes {
    pub fn writes_and_calls(&self) -> (Vec<Write>, usize) {
        (self.writes.lock().expect("no panic").clone(), self.calls.load(Ordering::SeqCst))
    }
}

impl Intercept for Notes {
    fn before(&self, call: &Call<'_>) -> Before {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if let Some(operation) = WRITES.into_iter().find(|operation| writes(call) && *operation == call.operation) {
            let mut writes = self.writes.lock().expect("no panic");
            let before = writes.iter().filter(|(other, _)| *other == operation).count();
            writes.push((operation, before));
        }
        Before::Proceed
    }
}

/// A queue's counter that has no room for single numbers, so that they come from leases.
pub struct FullCounter {
    others: Option<Arc<dyn Intercept>>,
}

impl FullCounter {
    /// In front of what else is in the way.
    pub fn before(others: Option<Arc<dyn Intercept>>) -> Arc<dyn Intercept> {
        Arc::new(Self { others })
    }
}

impl Intercept for FullCounter {
    fn before(&self, call: &Call<'_>) -> Before {
        let is_counter = call.operation == "UpdateItem" && call.request["Key"]["sk"]["S"] == "ISSUED";
        if is_counter && call.request["ExpressionAttributeValues"][":issued"]["N"] == "1" {
            return Before::Throttle(FailedItems::ALL);
        }
        self.others.as_ref().map_or(Before::Proceed, |others| others.before(call))
    }

    fn after(&self, call: &Call<'_>, response: &Value) -> After {
        self.others.as_ref().map_or(After::Deliver, |others| others.after(call, response))
    }
}

/// When a process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dies {
    /// F5: its write is never sent.
    Before,
    /// F6: its write is carried out, and it does not live to hear of it.
    After,
}

/// Kills a process at one of its writes. Nothing that it calls from then on is ever sent.
pub struct Death {
    when: Dies,
    spared: AtomicUsize,
    dead: AtomicBool,
    pub died: Notify,
}

impl Death {
    pub fn at(write: usize, when: Dies) -> Arc<Self> {
        let (spared, dead) = (AtomicUsize::new(write), AtomicBool::new(false));
        Arc::new(Self { when, spared, dead, died: Notify::new() })
    }

    /// Whether this write is the one; then the process is dead.
    fn strikes(&self) -> bool {
        let spared = self.spared.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        let strikes = spared.is_err() && !self.dead.swap(true, Ordering::SeqCst);
        if strikes {
            self.died.notify_one();
        }
        strikes
    }
}

impl Intercept for Death {
    fn before(&self, call: &Call<'_>) -> Before {
        let dies = self.when == Dies::Before && writes(call) && self.strikes();
        if dies || self.dead.load(Ordering::SeqCst) {
            return Before::Hold(Box::pin(std::future::pending()));
        }
        Before::Proceed
    }

    fn after(&self, call: &Call<'_>, _: &Value) -> After {
        if self.when == Dies::After && writes(call) && self.strikes() { After::LoseAnswer } else { After::Deliver }
    }
}

/// From a call on nothing is answered any more, nor carried out.
pub struct Silence {
    spared: AtomicUsize,
}

impl Silence {
    pub fn from(call: usize) -> Arc<Self> {
        Arc::new(Self { spared: AtomicUsize::new(call) })
    }
}

impl Intercept for Silence {
    fn before(&self, _: &Call<'_>) -> Before {
        match self.spared.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(_) => Before::Proceed,
            Err(_) => Before::Hold(Box::pin(std::future::pending())),
        }
    }
}

/// Every call takes as long as one try of it may take at most, and transactions may meet others on top of that.
pub struct Slow {
    pub each: Duration,
    pub conflicts: bool,
}

impl Intercept for Slow {
    fn before(&self, call: &Call<'_>) -> Before {
        let (each, conflicts) = (self.each, self.conflicts && call.operation == "TransactWriteItems");
        Before::Hold(Box::pin(async move {
            tokio::time::sleep(each).await;
            if conflicts { Before::Conflict(FailedItems::ALL) } else { Before::Proceed }
        }))
    }
}

/// How long who is early waits for the others; they may have nothing to write. Shorter than one try of a call.
const MEETING_MAX: Duration = Duration::from_millis(400);

/// Lets several meet: each waits before its first write until all are there, and so all decide from the same state.
pub struct Meeting {
    all: Arc<Barrier>,
    missing: AtomicUsize,
}

impl Meeting {
    pub fn new(callers: usize) -> Arc<Self> {
        Arc::new(Self { all: Arc::new(Barrier::new(callers)), missing: AtomicUsize::new(callers) })
    }
}

impl Intercept for Meeting {
    fn before(&self, call: &Call<'_>) -> Before {
        let missing = |missing: usize| missing.checked_sub(1);
        if !writes(call) || self.missing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, missing).is_err() {
            return Before::Proceed;
        }
        let all = Arc::clone(&self.all);
        Before::Hold(Box::pin(async move {
            let _ = tokio::time::timeout(MEETING_MAX, all.wait()).await;
            Before::Proceed
        }))
    }
}

/// Which items of a transaction are written when it is left half committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// This one.
    Only,
    /// All but this one.
    AllBut,
}

/// F22: a transaction is half committed and its process dead. Whoever touches its other items meets a conflict, as they
/// are locked, until somebody has met so many; then it is ended, as `DynamoDB` ends what a coordinator has left.
pub struct HalfCommitted {
    table: DynamoDb,
    spared: AtomicUsize,
    half: (Half, usize),
    conflicts_left: AtomicUsize,
    items: AtomicUsize,
    /// The other half, and the keys of its items.
    other: Mutex<Option<(Value, Vec<Value>)>>,
    pub died: Notify,
}

impl HalfCommitted {
    /// Of the next transactions `spared` pass; of the one after them a half is written.
    pub fn new(scene: &Scene, spared: usize, half: (Half, usize), conflicts: usize) -> Self {
        Self {
            table: scene.world.stack.dynamodb().clone(),
            spared: AtomicUsize::new(spared),
            half,
            conflicts_left: AtomicUsize::new(conflicts),
            items: AtomicUsize::new(0),
            other: Mutex::default(),
            died: Notify::new(),
        }
    }

    /// How many items the transaction has.
    pub fn items(&self) -> usize {
        self.items.load(Ordering::SeqCst)
    }

    /// Writes the other half, if that has not been done.
    pub fn end(&self) {
        if let Some((other, _)) = self.other.lock().expect("no panic").take() {
            self.write(&other);
        }
    }

    fn write(&self, half: &Value) {
        if transaction_items(half) > 0 {
            self.table.call("TransactWriteItems", half).expect("a half is written");
        }
    }

    /// Whether all conditions of a transaction hold. One that never holds is asked beside them, so that nothing is
    /// written.
    fn would_commit(&self, request: &Value) -> bool {
        let mut asked = json!({ "TransactItems": request["TransactItems"] });
        let table = request["TransactItems"][0].as_object().and_then(|item| item.values().next());
        let never = json!({ "ConditionCheck": {
            "TableName": table.map(|write| write["TableName"].clone()),
            "Key": { "pk": { "S": "nobody" }, "sk": { "S": "nobody" } },
            "ConditionExpression": "attribute_exists(pk)",
        } });
        asked["TransactItems"].as_array_mut().expect("items").push(never);
        let refused = self.table.call("TransactWriteItems", &asked).expect_err("a condition that never holds");
        refused.to_string().matches("ConditionalCheckFailed").count() == 1
    }

    /// Writes one half of a transaction and locks the other.
    fn begin(&self, request: &Value) {
        let items = request["TransactItems"].as_array().expect("items");
        self.items.store(items.len(), Ordering::SeqCst);
        let (half, item) = self.half;
        let is_first = |place: usize| (place == item) == (half == Half::Only);
        let with = |first: bool| {
            let some = items.iter().enumerate().filter(|(place, _)| is_first(*place) == first);
            json!({ "TransactItems": some.map(|(_, item)| item.clone()).collect::<Vec<Value>>() })
        };
        self.write(&with(true));
        let other = with(false);
        let locked = keys(&other);
        *self.other.lock().expect("no panic") = Some((other, locked));
        self.died.notify_one();
    }

    /// The items of a call that are locked.
    fn locked(&self, call: &Call<'_>) -> Vec<usize> {
        let other = self.other.lock().expect("no panic");
        let Some((_, locked)) = other.as_ref() else { return Vec::new() };
        keys(call.request).iter().enumerate().filter(|(_, key)| locked.contains(key)).map(|(place, _)| place).collect()
    }
}

impl Intercept for HalfCommitted {
    fn before(&self, call: &Call<'_>) -> Before {
        let less = |left: usize| left.checked_sub(1);
        if call.operation == "TransactWriteItems" && self.items() == 0 && self.would_commit(call.request) {
            if self.spared.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
                return Before::Proceed;
            }
            self.begin(call.request);
            return Before::Hold(Box::pin(std::future::pending()));
        }
        let locked = self.locked(call);
        let waits = call.operation.starts_with("Transact") || writes(call);
        if locked.is_empty() || !waits {
            return Before::Proceed;
        }
        if self.conflicts_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_err() {
            self.end();
            return Before::Proceed;
        }
        Before::Conflict(FailedItems::at_each(locked))
    }
}

/// The keys of the items of a call, in their order.
fn keys(request: &Value) -> Vec<Value> {
    let key = |of: &Value| json!([of["pk"], of["sk"]]);
    let of_write = |write: &Value| key(if write["Key"].is_object() { &write["Key"] } else { &write["Item"] });
    match request["TransactItems"].as_array() {
        Some(items) => items.iter().filter_map(|item| Some(of_write(item.as_object()?.values().next()?))).collect(),
        None => vec![of_write(request)],
    }
}

/// F17: no queue can be reached.
pub struct NoQueues;

impl Intercept for NoQueues {
    fn before(&self, call: &Call<'_>) -> Before {
        if call.service == "sqs" { Before::LoseRequest } else { Before::Proceed }
    }
}
