//! A hook between the SDK clients and the engines, so that tests can make happen what the engines never do:
//! throttling, conflicts, lost requests and lost answers; and can read what a call cost.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::Value;

/// One call of an SDK client, as it goes over the wire.
#[derive(Debug)]
pub struct Call<'a> {
    /// The function that calls; none for whoever looks in from outside.
    pub function: Option<&'a str>,
    /// `dynamodb`, `sqs` or `ses`.
    pub service: &'static str,
    /// The operation, e.g. `TransactWriteItems`.
    pub operation: &'a str,
    /// The request's body.
    pub request: &'a Value,
}

/// The items of a transaction that a fault hits, each as a bit: item 0 is the lowest. Conditions of the others are
/// judged all the same, as `DynamoDB` does, so one answer may have a failed condition beside a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FailedItems(u128);

impl FailedItems {
    /// Every item.
    pub const ALL: Self = Self(u128::MAX);

    /// The item at this index, counted round: of three items index 4 is the second.
    #[must_use]
    pub fn at(index: usize, items: usize) -> Self {
        Self(1 << (index % items.clamp(1, 128)))
    }

    /// The items at these indices, each below 128.
    #[must_use]
    pub fn at_each(indices: impl IntoIterator<Item = usize>) -> Self {
        Self(indices.into_iter().fold(0, |bits, index| bits | 1_u128 << index))
    }

    /// Whether the item at this index is hit.
    #[must_use]
    pub fn contains(self, index: usize) -> bool {
        index < 128 && self.0 & (1 << index) != 0
    }
}

/// How many items the transaction `request` has; 0 for a call that is none.
#[must_use]
pub fn transaction_items(request: &Value) -> usize {
    request["TransactItems"].as_array().map_or(0, Vec::len)
}

/// The decision on a call before its engine sees it.
pub enum Before {
    /// The engine executes it.
    Proceed,
    /// It is refused for too much traffic. A transaction is cancelled, the struck items with `ThrottlingError`, which
    /// the SDK does not try again; any other call is refused with an error that it does try again.
    Throttle(FailedItems),
    /// A transaction is cancelled, the struck items with `TransactionConflict`; a single write is refused for a
    /// transaction that works on its item; any other call proceeds.
    Conflict(FailedItems),
    /// The engine executes this request in its place.
    Instead(Value),
    /// It is lost on the way: not executed, and its caller sees a time-out.
    LoseRequest,
    /// It waits for this future, which then decides.
    Hold(Pin<Box<dyn Future<Output = Before> + Send>>),
}

/// The decision on the answer of a call that was executed.
pub enum After {
    /// The caller gets it.
    Deliver,
    /// It is lost on the way: executed, but its caller sees a time-out.
    LoseAnswer,
    /// It waits for this future, which then decides.
    Hold(Pin<Box<dyn Future<Output = After> + Send>>),
}

/// Sees every call of the in-process clients. Each try of the SDK is a call of its own.
///
/// While one is installed, requests to the table ask for `ReturnConsumedCapacity: INDEXES`, so that `after` can
/// add up what they cost.
pub trait Intercept: Send + Sync {
    /// Decides before the call.
    fn before(&self, call: &Call<'_>) -> Before;

    /// Decides after it; `response` is the body of the answer, of a success or of an error. Delivers it, unless it is
    /// said otherwise.
    fn after(&self, _call: &Call<'_>, _response: &Value) -> After {
        After::Deliver
    }
}

/// Operations whose capacity is of writes.
const WRITES: [&str; 5] = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"];

/// The cost of one call of the table, in capacity units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Units {
    /// Of writes.
    pub write: f64,
    /// Of reads.
    pub read: f64,
}

impl Units {
    /// The units that an answer names; none, if it names none.
    #[must_use]
    pub fn from_response(call: &Call<'_>, response: &Value) -> Self {
        let consumed = &response["ConsumedCapacity"];
        let tables = consumed.as_array().map_or(std::slice::from_ref(consumed), Vec::as_slice);
        let units = tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum();
        if WRITES.contains(&call.operation) {
            Self { write: units, read: 0.0 }
        } else {
            Self { write: 0.0, read: units }
        }
    }
}

/// The place where an [`Intercept`] can be installed while the stack runs.
#[derive(Clone, Default)]
pub struct Slot(Arc<RwLock<Option<Arc<dyn Intercept>>>>);

impl Slot {
    /// Installs `intercept`, or removes what is there.
    pub fn set(&self, intercept: Option<Arc<dyn Intercept>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = intercept;
    }

    /// The interceptor that is installed now.
    #[must_use]
    pub fn get(&self) -> Option<Arc<dyn Intercept>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
