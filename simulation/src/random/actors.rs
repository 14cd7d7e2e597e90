//! Actors: calls of functions, polled by hand one at a time, so that nothing happens but what the random numbers say.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use jiff::{SignedDuration, Timestamp};
use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use onsale_platform::lambda;
use serde_json::Value;
use uuid::Uuid;

use crate::random::workload::Action;
use crate::requests::ApiAnswer;
use local::aws::lambda::Entry;
use local::stack::{Error, Stack};

/// The purpose of a call, which says how its answer is handled.
#[derive(Clone, Debug)]
pub enum Task {
    /// A person's action, under this key.
    Action { person: usize, action: Action, key: Uuid },
    /// Messages for a consumer.
    Delivery { consumer: &'static str, bodies: Vec<String> },
    /// Records of the stream; whether they are new ones.
    Relay { records: Vec<Value>, fresh: bool },
    /// A scheduled run.
    Sweep,
}

/// The result of a call.
pub type Outcome = Result<Value, String>;

/// A call under way.
pub struct Actor {
    /// The purpose of the call.
    pub task: Task,
    /// The machine it runs on.
    pub machine: usize,
    /// The function it calls.
    pub function: &'static str,
    future: Pin<Box<dyn Future<Output = Outcome>>>,
    woken: Arc<Flag>,
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Actor {
    /// A call of `process` with `event`, which has not begun.
    #[must_use]
    pub fn new(task: Task, machine: usize, function: &'static str, process: &Entry, event: Value) -> Self {
        let (code, app) = (process.code, process.app.clone());
        let future = Box::pin(async move {
            let answer = lambda::invoke(&code, app, event).await;
            answer.map_err(|problem| problem.to_string())
        });
        Self { task, machine, function, future, woken: Arc::new(Flag(AtomicBool::new(true))) }
    }

    /// Whether there is something for it to do.
    #[must_use]
    pub fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::SeqCst)
    }

    /// Lets it run until it waits, or is done.
    ///
    /// # Errors
    /// What it said when it panicked.
    pub fn run(&mut self) -> Result<Poll<Outcome>, String> {
        self.woken.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&self.woken));
        let polled = catch_unwind(AssertUnwindSafe(|| self.future.as_mut().poll(&mut Context::from_waker(&waker))));
        polled.map_err(|panic| format!("{} panicked: {}", self.function, panic_text(&*panic)))
    }
}

/// The text of a panic.
#[must_use]
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_else(|| "no text".to_owned())
}

/// A machine on which processes of functions live; its clock is not quite right.
pub struct Machine {
    clock: Clock,
    seed: String,
    made: u64,
    processes: BTreeMap<&'static str, Entry>,
    jumped: bool,
}

impl Machine {
    /// A machine whose clock is `skew` away from `now`, and whose ids follow from `seed`.
    #[must_use]
    pub fn new(now: Timestamp, skew: SignedDuration, seed: String) -> Self {
        Self { clock: Clock::manual(now + skew), seed, made: 0, processes: BTreeMap::new(), jumped: false }
    }

    /// How often its clock was read.
    pub fn clock_reads(&self) -> u64 {
        self.clock.reads()
    }

    /// Lets time pass.
    pub fn advance(&self, by: SignedDuration) {
        self.clock.advance(by);
    }

    /// Sets the clock back by so much, or forth again if it was set back; gives whether it went back.
    pub fn jump(&mut self, by: SignedDuration) -> bool {
        self.clock.advance(if self.jumped { by } else { -by });
        self.jumped = !self.jumped;
        self.jumped
    }

    /// Whether the clock was set back.
    #[must_use]
    pub fn has_jumped(&self) -> bool {
        self.jumped
    }

    /// The process of a function, a new one if there is none.
    ///
    /// # Errors
    /// When there is no such function.
    pub fn process(&mut self, stack: &Stack, function: &'static str) -> Result<&Entry, Error> {
        if !self.processes.contains_key(function) {
            self.made += 1;
            let ids = Ids::seeded(&format!("{} {function} {}", self.seed, self.made));
            self.processes.insert(function, stack.process(function, self.clock.clone(), ids)?);
        }
        Ok(&self.processes[function])
    }

    /// Ends the process of a function, and with it all that it remembered.
    pub fn kill(&mut self, function: &'static str) {
        self.processes.remove(function);
    }
}

/// The HTTP answer of an outcome; an error is a 500.
#[must_use]
pub fn http_answer(outcome: &Outcome) -> ApiAnswer {
    match outcome {
        Ok(given) => ApiAnswer::parse(given),
        Err(problem) => ApiAnswer { status: 500, body: Value::from(problem.as_str()) },
    }
}
