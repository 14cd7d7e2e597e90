//! What gets in the way of calls, beyond what one call may meet.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::intercept::{After, Before, Call, Intercept, Struck};
use serde_json::Value;
use tokio::sync::{Barrier, Notify};

/// Calls that change something.
const WRITES: [&str; 6] =
    ["TransactWriteItems", "UpdateItem", "PutItem", "DeleteItem", "BatchWriteItem", "SendMessageBatch"];

fn writes(call: &Call<'_>) -> bool {
    call.function.is_some() && WRITES.contains(&call.operation)
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
    pub fn taken(&self) -> (Vec<Write>, usize) {
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
            if conflicts { Before::Conflict(Struck::ALL) } else { Before::Proceed }
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
    pub fn of(callers: usize) -> Arc<Self> {
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

/// F17: no queue can be reached.
pub struct NoQueues;

impl Intercept for NoQueues {
    fn before(&self, call: &Call<'_>) -> Before {
        if call.service == "sqs" { Before::LoseRequest } else { Before::Proceed }
    }
}
