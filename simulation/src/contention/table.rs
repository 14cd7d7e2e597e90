//! Adds to the embedded engine what it lacks of `DynamoDB`: time, locks of transactions, and limits of partitions.
//!
//! A call waits until it reaches its item, is judged there, is executed by the engine or refused, and waits again until
//! its answer is back. A transaction that writes prepares its items after a quarter of its time: one that another
//! transaction has prepared, or that has no units left, is refused, and with it the whole, after the items that were
//! prepared have been locked for as long as that takes. Else all of them are locked from then to their commits, which
//! come one by one. The engine executes it at the first of these: nobody can write to any of its items in between.
//!
//! Left out: that the items of one commit become visible one by one, that weak reads may be old, and splits of
//! partitions for heat, which take longer than a run.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use onsale_platform::memory::lock;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use crate::contention::bucket::Bucket;
use crate::contention::calls::{ItemKey, is_consistent, item_key, queried_partition};
use crate::contention::claims::Claims;
use crate::contention::heat::Heat;
use crate::contention::parameters::{Latency, Parameters};
use crate::contention::refusal::{Cause, REFUSED_FOR, UNMEASURED};
use crate::random::scheduler::request_keys;
use local::intercept::{After, Before, Call, FailedItems, Intercept};

/// Locks that are kept before those that have ended are dropped.
const LOCKS_KEPT_MAX: usize = 4_096;
/// Units of each item of a transaction that writes: it is written twice (Guide, "Transaction capacity").
const TRANSACTION_UNITS: f64 = 2.0;

/// The layer. Clones are the same one.
#[derive(Clone)]
pub struct Table(Arc<Mutex<State>>);

struct State {
    parameters: Parameters,
    began: Instant,
    rng: fastrand::Rng,
    /// Until when transactions hold items.
    locks: HashMap<ItemKey, Duration>,
    /// When items were last written.
    written: HashMap<ItemKey, Duration>,
    partitions: Vec<(Bucket, Bucket)>,
    table: (Bucket, Bucket),
    /// Each index by its name: an attribute of its key that writes name, and what it carries.
    indexes: HashMap<String, (String, Bucket)>,
    /// The waits of the call that is being executed, before and after it.
    passing: Option<Passing>,
    heat: HashMap<String, Heat>,
    partition_heat: Vec<Heat>,
    index_heat: HashMap<String, Heat>,
    refused: HashMap<Cause, u64>,
    claims: Claims,
}

struct Passing {
    keys: Vec<ItemKey>,
    is_write: bool,
    /// Units that were taken before it was executed.
    taken: f64,
    rest: Duration,
}

impl Table {
    /// A layer over the table whose definition (of `CreateTable`) this is.
    #[must_use]
    pub fn new(parameters: Parameters, seed: u64, definition: &Value) -> Self {
        let burst = parameters.burst_seconds;
        let pair = |writes: f64, reads: f64| (Bucket::new(writes, writes * burst), Bucket::new(reads, reads * burst));
        let count = parameters.partitions() as usize;
        let partitions = vec![pair(parameters.partition_writes, parameters.partition_reads); count];
        let index = |index: &Value| {
            let hash = index["KeySchema"].as_array()?.iter().find(|part| part["KeyType"] == "HASH")?;
            let (writes, _) = pair(parameters.table_writes, 0.0);
            Some((index["IndexName"].as_str()?.to_owned(), (hash["AttributeName"].as_str()?.to_owned(), writes)))
        };
        let indexes = definition["GlobalSecondaryIndexes"].as_array().into_iter().flatten().filter_map(index);
        Self(Arc::new(Mutex::new(State {
            began: Instant::now(),
            rng: fastrand::Rng::with_seed(seed),
            locks: HashMap::new(),
            written: HashMap::new(),
            partitions,
            table: pair(parameters.table_writes, parameters.table_reads),
            indexes: indexes.collect(),
            passing: None,
            heat: HashMap::new(),
            partition_heat: vec![Heat::default(); count],
            index_heat: HashMap::new(),
            refused: HashMap::new(),
            claims: Claims::default(),
            parameters,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }

    fn draw(&self, of: fn(&Parameters) -> Latency) -> Duration {
        let state = &mut *self.state();
        of(&state.parameters).draw(&mut state.rng)
    }

    /// The heat of each partition key.
    #[must_use]
    pub fn heat(&self) -> Vec<(String, Heat)> {
        self.state().heat.iter().map(|(key, heat)| (key.clone(), *heat)).collect()
    }

    /// The heat of each partition.
    #[must_use]
    pub fn partition_heat(&self) -> Vec<Heat> {
        self.state().partition_heat.clone()
    }

    /// The heat of each index.
    #[must_use]
    pub fn index_heat(&self) -> Vec<(String, Heat)> {
        self.state().index_heat.iter().map(|(name, heat)| (name.clone(), *heat)).collect()
    }

    /// How often calls were refused, by cause.
    #[must_use]
    pub fn refused(&self) -> Vec<(Cause, u64)> {
        self.state().refused.iter().map(|(cause, count)| (*cause, *count)).collect()
    }

    /// The claims of a queue's numbers.
    #[must_use]
    pub fn claims(&self) -> Claims {
        self.state().claims.clone()
    }

    /// A write of one item.
    async fn write(self, key: ItemKey, names: Vec<String>) -> Before {
        let latency = self.draw(|parameters| parameters.single_write);
        let reaches = latency.mul_f64(self.state().parameters.reaches_at);
        sleep(reaches).await;
        let refused = self.state().judge(&key, 1.0, &names);
        match refused {
            None => {
                self.state().pass(vec![key], true, 1.0, latency.saturating_sub(reaches));
                Before::Proceed
            }
            Some(cause) => {
                sleep(latency.saturating_sub(reaches)).await;
                self.state().refuse(cause, FailedItems::ALL)
            }
        }
    }

    /// A transaction that writes.
    async fn transaction(self, items: Vec<ItemKey>, names: Vec<String>) -> Before {
        let (latency, shares) = {
            let state = &mut *self.state();
            let more = f64::from(u32::try_from(items.len().saturating_sub(1)).unwrap_or(u32::MAX));
            let longer = 1.0 + state.parameters.transaction_item_share * more;
            let latency = state.parameters.transaction.draw(&mut state.rng).mul_f64(longer);
            let parameters = &state.parameters;
            let stalls = parameters.stalls > 0.0 && state.rng.f64() < parameters.stalls;
            let stall = Duration::from_secs_f64(if stalls { parameters.stall_seconds } else { 0.0 });
            (latency, (parameters.prepares_at, parameters.commits_from, parameters.committed_by, stall))
        };
        let (prepares_at, commits_from, committed_by, stall) = shares;
        sleep(latency.mul_f64(prepares_at)).await;
        let refused: Vec<(usize, Cause)> = {
            let state = &mut *self.state();
            let judged: Vec<_> = items.iter().map(|key| state.judge(key, TRANSACTION_UNITS, &names)).collect();
            let now = state.now();
            let committing = latency.mul_f64(commits_from - prepares_at) + stall;
            let one_by_one = latency.mul_f64(committed_by - commits_from);
            let is_refused = judged.iter().any(Option::is_some);
            for (key, _) in items.iter().zip(&judged).filter(|(_, judged)| judged.is_none()) {
                // Of a transaction that is refused the prepared items are let go when all are told.
                let share = if is_refused { 0.0 } else { state.rng.f64() };
                state.lock(key.clone(), now + committing + one_by_one.mul_f64(share));
            }
            judged.into_iter().enumerate().filter_map(|(index, cause)| Some((index, cause?))).collect()
        };
        if refused.is_empty() {
            sleep(latency.mul_f64(commits_from - prepares_at) + stall).await;
            let units = TRANSACTION_UNITS * f64::from(u32::try_from(items.len()).unwrap_or(u32::MAX));
            self.state().pass(items, true, units, latency.mul_f64(1.0 - commits_from));
            return Before::Proceed;
        }
        sleep(latency.mul_f64(1.0 - prepares_at)).await;
        // One that is throttled is told before conflicts, by the product as by this.
        let first = refused.iter().map(|(_, cause)| *cause).max().unwrap_or(Cause::Conflict);
        let struck = refused.iter().filter(|(_, cause)| (*cause == Cause::Conflict) == (first == Cause::Conflict));
        let struck = FailedItems::at_each(struck.map(|(index, _)| *index));
        let state = &mut *self.state();
        state.claims.refuse(&items, first);
        state.refuse(first, struck)
    }

    /// A read of one partition, or of some items.
    async fn read(self, items: Vec<ItemKey>, is_consistent: bool) -> Before {
        let latency = if is_consistent {
            self.draw(|parameters| parameters.strong_read)
        } else {
            self.draw(|parameters| parameters.weak_read)
        };
        let reaches = latency.mul_f64(self.state().parameters.reaches_at);
        sleep(reaches).await;
        let refused = items.iter().find_map(|(partition, _)| self.state().judge_read(partition));
        match refused {
            None => {
                self.state().pass(items, false, 0.0, latency.saturating_sub(reaches));
                Before::Proceed
            }
            Some(cause) => {
                sleep(latency.saturating_sub(reaches)).await;
                self.state().refuse(cause, FailedItems::ALL)
            }
        }
    }

    /// A transaction that reads: twice, and nothing may be in the way of either or change in between.
    async fn read_transaction(self, items: Vec<ItemKey>) -> Before {
        let latency = self.draw(|parameters| parameters.read_transaction);
        let apart = Duration::from_secs_f64(self.state().parameters.read_phases_apart / 1_000.0);
        let before = latency.saturating_sub(apart).mul_f64(0.5);
        sleep(before).await;
        let (first, mut struck) = {
            let state = self.state();
            (state.now(), state.locked_indices(&items))
        };
        sleep(apart).await;
        {
            let state = self.state();
            struck.extend(state.locked_indices(&items));
            let is_new = |key: &ItemKey| state.written.get(key).is_some_and(|written| *written > first);
            struck.extend(items.iter().enumerate().filter(|(_, key)| is_new(key)).map(|(index, _)| index));
        }
        if struck.is_empty() || !self.state().parameters.locks {
            self.state().pass(items, false, 0.0, before);
            return Before::Proceed;
        }
        sleep(before).await;
        self.state().refuse(Cause::ReadConflict, FailedItems::at_each(struck))
    }
}

impl State {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn partition_of(&self, partition: &str) -> usize {
        let digest = Sha256::digest(partition);
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        usize::try_from(u64::from_be_bytes(first) % self.partitions.len() as u64).unwrap_or(0)
    }

    /// Why an item takes no write of so many units now; takes the units if it does.
    fn judge(&mut self, key: &ItemKey, units: f64, names: &[String]) -> Option<Cause> {
        let (now, partition) = (self.now(), self.partition_of(&key.0));
        if self.parameters.throttles {
            for (attribute, index) in self.indexes.values_mut() {
                if names.contains(attribute) && !index.has(now) {
                    return Some(Cause::Index);
                }
            }
            if !self.partitions[partition].0.has(now) {
                return Some(Cause::Partition);
            }
            if !self.table.0.has(now) {
                return Some(Cause::Table);
            }
        }
        // Units are taken from whoever conflicts, too.
        self.take(key, partition, units);
        let locked = self.locks.get(key).is_some_and(|until| *until > now);
        (self.parameters.locks && locked).then_some(Cause::Conflict)
    }

    fn take(&mut self, key: &ItemKey, partition: usize, units: f64) {
        let now = self.now();
        self.partitions[partition].0.take(units);
        self.table.0.take(units);
        self.partition_heat[partition].add(now, units, 0.0);
        self.heat.entry(key.0.clone()).or_default().add(now, units, 0.0);
    }

    fn judge_read(&mut self, partition: &str) -> Option<Cause> {
        let (now, partition) = (self.now(), self.partition_of(partition));
        if !self.parameters.throttles {
            return None;
        }
        if !self.partitions[partition].1.has(now) {
            return Some(Cause::Partition);
        }
        (!self.table.1.has(now)).then_some(Cause::Table)
    }

    fn lock(&mut self, key: ItemKey, until: Duration) {
        if self.locks.len() >= LOCKS_KEPT_MAX {
            let now = self.now();
            self.locks.retain(|_, until| *until > now);
        }
        self.locks.insert(key, until);
    }

    /// The indices of those items that a transaction holds.
    fn locked_indices(&self, items: &[ItemKey]) -> Vec<usize> {
        let now = self.now();
        let is_locked = |key: &ItemKey| self.locks.get(key).is_some_and(|until| *until > now);
        items.iter().enumerate().filter(|(_, key)| is_locked(key)).map(|(index, _)| index).collect()
    }

    fn pass(&mut self, keys: Vec<ItemKey>, is_write: bool, taken: f64, rest: Duration) {
        self.passing = Some(Passing { keys, is_write, taken, rest });
    }

    fn refuse(&mut self, cause: Cause, struck: FailedItems) -> Before {
        *self.refused.entry(cause).or_default() += 1;
        let _ = REFUSED_FOR.try_with(|last| last.set(Some(cause)));
        match cause {
            Cause::Conflict | Cause::ReadConflict => Before::Conflict(struck),
            Cause::Partition | Cause::Table | Cause::Index => Before::Throttle(struck),
        }
    }

    /// Takes what an executed call consumed beyond what was taken before.
    fn charge(&mut self, passing: &Passing, response: &Value) {
        let now = self.now();
        let consumed = &response["ConsumedCapacity"];
        let tables = consumed.as_array().map_or(std::slice::from_ref(consumed), Vec::as_slice);
        let of_table: f64 = tables.iter().filter_map(|table| table["Table"]["CapacityUnits"].as_f64()).sum();
        for (name, used) in tables.iter().filter_map(|table| table["GlobalSecondaryIndexes"].as_object()).flatten() {
            let units = used["CapacityUnits"].as_f64().unwrap_or_default();
            let heat = self.index_heat.entry(name.clone()).or_default();
            if passing.is_write {
                heat.add(now, units, 0.0);
                if let Some((_, index)) = self.indexes.get_mut(name) {
                    index.take(units);
                }
            } else {
                heat.add(now, 0.0, units);
            }
        }
        let Some(key) = passing.keys.first().cloned() else { return };
        let partition = self.partition_of(&key.0);
        if passing.is_write {
            let more = of_table - passing.taken;
            if more > 0.0 {
                self.take(&key, partition, more);
            }
        } else {
            self.partitions[partition].1.take(of_table);
            self.table.1.take(of_table);
            self.partition_heat[partition].add(now, 0.0, of_table);
            self.heat.entry(key.0).or_default().add(now, 0.0, of_table);
        }
    }
}

impl Intercept for Table {
    fn before(&self, call: &Call<'_>) -> Before {
        if UNMEASURED.try_with(|()| ()).is_ok() {
            return Before::Proceed;
        }
        if call.service != "dynamodb" {
            let latency = self.draw(|parameters| parameters.single_write);
            return Before::Hold(Box::pin(async move {
                sleep(latency).await;
                Before::Proceed
            }));
        }
        let request = call.request;
        let items: Vec<ItemKey> = request_keys(request).iter().map(item_key).collect();
        let layer = self.clone();
        let held: Pin<Box<dyn Future<Output = Before> + Send>> = match call.operation {
            "PutItem" | "UpdateItem" | "DeleteItem" => {
                let key = items.into_iter().next().unwrap_or_default();
                Box::pin(layer.write(key, self.index_names(request)))
            }
            "TransactWriteItems" => {
                Box::pin(without_token(layer.transaction(items, self.index_names(request)), request.clone()))
            }
            "TransactGetItems" => Box::pin(layer.read_transaction(items)),
            "Query" => Box::pin(layer.read(vec![(queried_partition(request), String::new())], is_consistent(request))),
            _ => Box::pin(layer.read(items, is_consistent(request))),
        };
        Before::Hold(held)
    }

    fn after(&self, _: &Call<'_>, response: &Value) -> After {
        let state = &mut *self.state();
        let Some(passing) = state.passing.take() else { return After::Deliver };
        state.charge(&passing, response);
        if passing.is_write && response["__type"].is_null() {
            let now = state.now();
            state.claims.commit(&passing.keys, now);
            state.written.extend(passing.keys.iter().map(|key| (key.clone(), now)));
        }
        let rest = passing.rest;
        After::Hold(Box::pin(async move {
            sleep(rest).await;
            After::Deliver
        }))
    }
}

impl Table {
    /// The attributes of index keys that a write names.
    fn index_names(&self, request: &Value) -> Vec<String> {
        let text = request.to_string();
        let state = self.state();
        state
            .indexes
            .values()
            .map(|(attribute, _)| attribute.clone())
            .filter(|name| text.contains(name.as_str()))
            .collect()
    }
}

/// A transaction without its token: no answer is lost here, and the engine looks through all tokens at each.
async fn without_token(held: impl Future<Output = Before> + Send, mut request: Value) -> Before {
    match held.await {
        Before::Proceed => {
            if let Some(request) = request.as_object_mut() {
                request.remove("ClientRequestToken");
            }
            Before::Instead(request)
        }
        other => other,
    }
}
