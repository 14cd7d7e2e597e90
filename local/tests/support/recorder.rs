//! Interceptors: what calls cost, and what can go wrong with them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use local::intercept::{After, Before, Call, FailedItems, Intercept, Units, transaction_items};
use serde_json::Value;
use tokio::sync::Semaphore;

/// Adds up what the calls to the table cost.
#[derive(Default)]
pub struct Meter {
    cost: Mutex<Cost>,
}

/// What calls cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Write units.
    pub write: f64,
    /// Read units.
    pub read: f64,
    /// Calls.
    pub calls: usize,
}

impl Meter {
    /// What was spent since the last look.
    pub fn take(&self) -> Cost {
        std::mem::take(&mut self.cost.lock().expect("no panic"))
    }
}

impl Intercept for Meter {
    fn before(&self, _: &Call<'_>) -> Before {
        Before::Proceed
    }

    fn after(&self, call: &Call<'_>, response: &Value) -> After {
        if call.service == "dynamodb" {
            let mut cost = self.cost.lock().expect("no panic");
            cost.calls += 1;
            let units = Units::from_response(call, response);
            cost.write += units.write;
            cost.read += units.read;
        }
        After::Deliver
    }
}

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// F1; of a transaction one item, with each call the next.
    Throttle,
    /// F2; of a transaction one item, with each call the next.
    Conflict,
    /// F3: executed, its answer lost.
    LoseAnswer,
    /// F4: lost before it was executed.
    LoseRequest,
}

/// Disturbs the next calls of an operation, then lets all pass.
pub struct Disturb {
    operation: &'static str,
    fault: Fault,
    spared: AtomicUsize,
    left: AtomicUsize,
    done: AtomicUsize,
    /// The item of a transaction that is struck first.
    first: usize,
    /// How many items the last transaction had.
    items: AtomicUsize,
}

impl Disturb {
    /// The next `times` calls of `operation` meet `fault`.
    pub fn next(operation: &'static str, fault: Fault, times: usize) -> Self {
        Self::after(operation, fault, 0, times)
    }

    /// Of the next calls of `operation` the first `spared` pass, then `times` meet `fault`.
    pub fn after(operation: &'static str, fault: Fault, spared: usize, times: usize) -> Self {
        let (spared, left) = (AtomicUsize::new(spared), AtomicUsize::new(times));
        Self { operation, fault, spared, left, done: AtomicUsize::new(0), first: 0, items: AtomicUsize::new(0) }
    }

    /// The same, beginning with another item of a transaction.
    pub fn beginning_with(mut self, first: usize) -> Self {
        self.first = first;
        self
    }

    /// How many calls were disturbed.
    pub fn disturbed_calls(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }

    /// How many items the last transaction had that was disturbed.
    pub fn items(&self) -> usize {
        self.items.load(Ordering::SeqCst)
    }

    /// The next item of a transaction.
    fn failed_items(&self, call: &Call<'_>) -> FailedItems {
        let items = transaction_items(call.request);
        self.items.store(items, Ordering::SeqCst);
        FailedItems::at(self.disturbed_calls() + self.first - 1, items)
    }

    fn is_next(&self, call: &Call<'_>) -> bool {
        let take_one = |from: &AtomicUsize| {
            from.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
        };
        call.operation == self.operation
            && !take_one(&self.spared)
            && take_one(&self.left)
            && self.done.fetch_add(1, Ordering::SeqCst) < usize::MAX
    }
}

impl Intercept for Disturb {
    fn before(&self, call: &Call<'_>) -> Before {
        if self.fault == Fault::LoseAnswer || !self.is_next(call) {
            return Before::Proceed;
        }
        match self.fault {
            Fault::Throttle => Before::Throttle(self.failed_items(call)),
            Fault::Conflict => Before::Conflict(self.failed_items(call)),
            Fault::LoseRequest => Before::LoseRequest,
            Fault::LoseAnswer => Before::Proceed,
        }
    }

    fn after(&self, call: &Call<'_>, _: &Value) -> After {
        if self.fault == Fault::LoseAnswer && self.is_next(call) { After::LoseAnswer } else { After::Deliver }
    }
}

/// Lets the calls of one operation of one function wait until it is opened.
pub struct Gate {
    function: &'static str,
    operation: &'static str,
    /// How many calls are still to be held.
    left: AtomicUsize,
    waiting: Semaphore,
    open: Arc<Semaphore>,
}

impl Gate {
    /// A closed gate.
    pub fn before(function: &'static str, operation: &'static str) -> Self {
        let left = AtomicUsize::new(usize::MAX);
        Self { function, operation, left, waiting: Semaphore::new(0), open: Arc::new(Semaphore::new(0)) }
    }

    /// A closed gate that holds the first such call, and lets those behind it through.
    pub fn before_first(function: &'static str, operation: &'static str) -> Self {
        Self { left: AtomicUsize::new(1), ..Self::before(function, operation) }
    }

    /// Returns once a call waits.
    pub async fn reached(&self) {
        self.waiting.acquire().await.expect("never closed").forget();
    }

    /// Lets through what waits and all that comes.
    pub fn open(&self) {
        self.open.add_permits(Semaphore::MAX_PERMITS);
    }
}

impl Intercept for Gate {
    fn before(&self, call: &Call<'_>) -> Before {
        if call.function != Some(self.function) || call.operation != self.operation {
            return Before::Proceed;
        }
        let one_less = |left: usize| left.checked_sub(1);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_err() {
            return Before::Proceed;
        }
        self.waiting.add_permits(1);
        let open = Arc::clone(&self.open);
        Before::Hold(Box::pin(async move {
            drop(open.acquire().await);
            Before::Proceed
        }))
    }
}
