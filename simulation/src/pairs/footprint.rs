//! The reads and writes of a step, which say which steps commute.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use onsale_platform::memory::lock;
use serde_json::Value;

use crate::invariants::Item;
use crate::random::scheduler::{FullCounter, Scheduler, request_keys};
use crate::replica::Replica;
use local::intercept::{After, Before, Call, Intercept};

/// Something that one step may write and another read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Location {
    /// An item, by its keys.
    Item(String, String),
    /// All items of one partition of an index, or of the table, whose index has no name.
    Partition(String, String),
    /// The whole table.
    Table,
    /// A queue, by its URL.
    Queue(String),
    /// The payment provider.
    Provider,
    /// The clock.
    Clock,
}

/// The indexes of the table, and the attribute by which each is partitioned.
const INDEXES: [(&str, &str); 3] = [("", "pk"), ("expiry", "expiry_shard"), ("by_time", "owner")];

/// The reads and writes of one step.
#[derive(Clone, Debug, Default)]
pub(super) struct Footprint {
    reads: BTreeSet<Location>,
    writes: BTreeSet<Location>,
}

impl Footprint {
    /// Whether something is different after the step.
    pub(super) fn has_written(&self) -> bool {
        !self.writes.is_empty()
    }

    /// Whether the two come to the same in either order: neither writes what the other reads. What is written counts as
    /// read, so that two writes of one item are not the same in either order.
    pub(super) fn commutes_with(&self, other: &Self) -> bool {
        self.writes.is_disjoint(&other.reads) && other.writes.is_disjoint(&self.reads)
    }

    /// Adds a look at the clock.
    pub(super) fn add_clock_read(&mut self) {
        self.reads.insert(Location::Clock);
    }

    /// Adds a call of the payment provider, which may change something there.
    pub(super) fn add_provider_call(&mut self) {
        self.reads.insert(Location::Provider);
        self.writes.insert(Location::Provider);
    }

    /// The footprint of time that passes.
    pub(super) fn of_time() -> Self {
        Self { reads: BTreeSet::new(), writes: BTreeSet::from([Location::Clock]) }
    }

    /// Adds the reads of all items of one user: an answer is compared with them.
    pub(super) fn add_partition_read(&mut self, pk: String) {
        self.reads.insert(Location::Partition(String::new(), pk));
    }

    /// Adds the reads of a call.
    pub(super) fn add_reads(&mut self, call: &ExecutedCall) {
        if call.service == "sqs" {
            let url = Location::Queue(call.request["QueueUrl"].as_str().unwrap_or_default().to_owned());
            self.reads.insert(url.clone());
            self.writes.insert(url);
            return;
        }
        match call.operation.as_str() {
            "Query" => {
                let index = call.request["IndexName"].as_str().unwrap_or_default();
                // One of the values is the partition's; the others do no harm.
                for value in call.request["ExpressionAttributeValues"].as_object().into_iter().flatten() {
                    if let Some(text) = value.1["S"].as_str() {
                        self.reads.insert(Location::Partition(index.to_owned(), text.to_owned()));
                    }
                }
            }
            "GetItem" | "BatchGetItem" | "TransactGetItems" | "PutItem" | "UpdateItem" | "DeleteItem"
            | "TransactWriteItems" => {
                let items = request_keys(&call.request).into_iter().map(|key| item_location(&key));
                self.reads.extend(items);
            }
            _ => {
                self.reads.insert(Location::Table);
            }
        }
    }

    /// Adds these items that were changed, as a copy of the table has them: the one from before, then the one from
    /// after.
    pub(super) fn add_writes(&mut self, touched: &[Value], replica: &Replica) {
        for key in touched {
            let location = item_location(key);
            if let Location::Item(pk, sk) = &location {
                let item = replica.get(pk, sk);
                self.writes.extend(item.into_iter().flat_map(partitions));
            }
            self.reads.insert(location.clone());
            self.writes.extend([location, Location::Table]);
        }
    }
}

fn item_location(key: &Value) -> Location {
    let part = |name: &str| key[name]["S"].as_str().unwrap_or_default().to_owned();
    Location::Item(part("pk"), part("sk"))
}

fn partitions(item: &Item) -> impl Iterator<Item = Location> {
    INDEXES.into_iter().filter_map(|(index, attribute)| {
        let value = item.get(attribute)?.as_s().ok()?;
        Some(Location::Partition(index.to_owned(), value.clone()))
    })
}

/// A call that came or was carried out.
#[derive(Clone, Debug)]
pub(super) struct ExecutedCall {
    service: &'static str,
    operation: String,
    request: Value,
}

impl ExecutedCall {
    fn new(call: &Call<'_>) -> Self {
        Self { service: call.service, operation: call.operation.to_owned(), request: call.request.clone() }
    }

    /// Whether it queries an expiry partition in which nothing can ever expire.
    pub(super) fn finds_nothing_at_any_time(&self, replica: &Replica) -> bool {
        let (mut asked, mut there) = (Footprint::default(), BTreeSet::new());
        asked.add_reads(self);
        there.extend(replica.iter().flat_map(|(_, item)| partitions(item)));
        self.request["IndexName"] == "expiry" && asked.reads.is_disjoint(&there)
    }
}

/// A scheduler at which calls are written down as they come and pass.
#[derive(Clone, Default)]
pub(super) struct Gate {
    pub(super) scheduler: Scheduler,
    /// Calls that are refused at once, and are no step.
    pub(super) refused: Option<FullCounter>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    come: Option<ExecutedCall>,
    passed: Option<ExecutedCall>,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    /// The last call that arrived since the last time this was asked.
    pub(super) fn take_arrived(&self) -> Option<ExecutedCall> {
        self.lock().come.take()
    }

    /// The call that was executed since the last time this was asked.
    pub(super) fn take_executed(&self) -> Option<ExecutedCall> {
        self.lock().passed.take()
    }
}

impl Intercept for Gate {
    fn before(&self, call: &Call<'_>) -> Before {
        if let Some(refused @ Before::Throttle(_)) = self.refused.map(|full| full.before(call)) {
            return refused;
        }
        self.lock().come = Some(ExecutedCall::new(call));
        self.scheduler.before(call)
    }

    fn after(&self, call: &Call<'_>, response: &Value) -> After {
        self.lock().passed = Some(ExecutedCall::new(call));
        self.scheduler.after(call, response)
    }
}
