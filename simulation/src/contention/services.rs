//! Lambda and API Gateway: processes that serve one call at a time, and quotas.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use onsale_platform::lambda;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::contention::bucket::Bucket;
use crate::contention::parameters::{Latency, Parameters};
use crate::contention::refusal::{Cause, REFUSED_FOR, UNMEASURED};
use crate::requests::{ApiAnswer, ApiCall, Identity, api_gateway_event};
use local::aws::lambda::Entry;
use local::stack::Stack;

/// Lambda's and the gateway's account: all functions of the stack.
pub struct Services<'a> {
    stack: &'a Stack,
    clock: Clock,
    seed: u64,
    parameters: Parameters,
    began: Instant,
    state: RefCell<State>,
}

struct State {
    rng: fastrand::Rng,
    functions: BTreeMap<String, Function>,
    running: u32,
    most_running: u32,
    made: u64,
    calls: Bucket,
    requests: Bucket,
    used: BTreeMap<String, Used>,
}

struct Function {
    idle: Vec<Entry>,
    new: Bucket,
}

/// The calls of a function: how many, and how long.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used {
    /// How many.
    pub calls: u64,
    /// How long, in all.
    pub time: Duration,
    /// Its memory in the template, in MiB.
    pub memory: u64,
}

/// Why there was no answer of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unserved {
    /// The account ran as many calls as it may.
    Concurrency,
    /// The account made as many calls a second as it may.
    Calls,
    /// The function got as many new processes as it may.
    Growth,
    /// It took longer than its time-out.
    TimedOut,
    /// It failed.
    Failed,
}

/// Why an answer was 429 or 5xx.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The gateway's quota.
    Gateway,
    /// Lambda's quotas, or a function that gave no answer.
    Function(Unserved),
    /// The table refused the function's last try.
    Table(Cause),
    /// The function said so by itself.
    Product,
}

impl Why {
    /// Its name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway's quota",
            Self::Function(Unserved::Concurrency) => "concurrency",
            Self::Function(Unserved::Calls) => "calls a second",
            Self::Function(Unserved::Growth) => "new processes",
            Self::Function(Unserved::TimedOut) => "timed out",
            Self::Function(Unserved::Failed) => "failed",
            Self::Table(cause) => cause.as_str(),
            Self::Product => "the product's own",
        }
    }
}

impl<'a> Services<'a> {
    /// An account with the quotas of `parameters`.
    #[must_use]
    pub fn new(stack: &'a Stack, clock: Clock, parameters: Parameters, seed: u64) -> Self {
        let calls = f64::from(parameters.concurrency) * parameters.calls_by_concurrency;
        let state = State {
            rng: fastrand::Rng::with_seed(seed ^ 0x5eed),
            functions: BTreeMap::new(),
            running: 0,
            most_running: 0,
            made: 0,
            calls: if parameters.throttles { Bucket::new(calls, calls) } else { Bucket::new(f64::INFINITY, 1.0) },
            requests: Bucket::new(parameters.gateway_requests, parameters.gateway_burst),
            used: BTreeMap::new(),
        };
        Self { stack, clock, seed, parameters, began: Instant::now(), state: RefCell::new(state) }
    }

    /// Most calls that ran at the same time.
    #[must_use]
    pub fn most_running(&self) -> u32 {
        self.state.borrow().most_running
    }

    /// The usage of each function.
    #[must_use]
    pub fn used(&self) -> BTreeMap<String, Used> {
        self.state.borrow().used.clone()
    }

    /// Asks the API, and waits for its answer; and why, if it is 429 or 5xx.
    pub async fn request(&self, asked: &ApiCall, caller: Identity<'_>) -> (ApiAnswer, Option<Why>) {
        self.wait(|parameters| parameters.gateway).await;
        let now = self.began.elapsed();
        if !self.state.borrow_mut().requests.takes_one(now) {
            return (ApiAnswer { status: 429, body: json!({ "message": "Too Many Requests" }) }, Some(Why::Gateway));
        }
        let refused_for = Cell::new(None);
        let (answer, last) = REFUSED_FOR
            .scope(refused_for, async {
                let answer = self.call(asked.function, api_gateway_event(asked, caller)).await;
                (answer, REFUSED_FOR.with(Cell::get))
            })
            .await;
        match answer {
            Ok(given) => {
                let answer = ApiAnswer::parse(&given);
                let is_trouble = answer.status == 429 || answer.status >= 500;
                let why = is_trouble.then(|| last.map_or(Why::Product, Why::Table));
                (answer, why)
            }
            Err(unserved) => {
                let status = if unserved == Unserved::Failed { 500 } else { 503 };
                (ApiAnswer { status, body: json!({ "message": "Service Unavailable" }) }, Some(Why::Function(unserved)))
            }
        }
    }

    /// Calls a function and waits for it.
    ///
    /// # Errors
    /// When there is no process for it, or it gives no answer.
    pub async fn call(&self, function: &str, event: Value) -> Result<Value, Unserved> {
        let (process, is_new) = self.take_process(function)?;
        let began = Instant::now();
        if is_new {
            self.wait(|parameters| parameters.cold_start).await;
        }
        self.wait(|parameters| parameters.function).await;
        let work = lambda::invoke(&process.code, process.app.clone(), event);
        let answer = timeout(process.declaration.timeout, work).await;
        let state = &mut *self.state.borrow_mut();
        state.running -= 1;
        let used = state.used.entry(function.to_owned()).or_default();
        used.calls += 1;
        used.time += began.elapsed();
        used.memory = self.stack.template().function(function).map_or(0, |function| function.memory);
        if let Some(of) = state.functions.get_mut(function) {
            of.idle.push(process);
        }
        match answer {
            Ok(Ok(given)) => Ok(given),
            Ok(Err(_)) => Err(Unserved::Failed),
            Err(_) => Err(Unserved::TimedOut),
        }
    }

    /// Calls a function in no time, past all quotas and locks: what is not a part of what is measured.
    ///
    /// # Errors
    /// When it gives no answer.
    pub async fn request_unmeasured(&self, asked: &ApiCall, caller: Identity<'_>) -> Result<ApiAnswer, String> {
        let process = self.stack.process(asked.function, self.clock.clone(), self.new_ids(asked.function));
        let process = process.map_err(|problem| problem.to_string())?;
        let given = lambda::invoke(&process.code, process.app, api_gateway_event(asked, caller));
        let given = UNMEASURED.scope((), given).await.map_err(|problem| problem.to_string())?;
        Ok(ApiAnswer::parse(&given))
    }

    async fn wait(&self, of: fn(&Parameters) -> Latency) {
        let passes = of(&self.parameters).draw(&mut self.state.borrow_mut().rng);
        sleep(passes).await;
    }

    fn new_ids(&self, function: &str) -> Ids {
        let state = &mut *self.state.borrow_mut();
        state.made += 1;
        Ids::seeded(&format!("{function} {} of {}", state.made, self.seed))
    }

    /// A process for a call, and whether it has to be started.
    fn take_process(&self, function: &str) -> Result<(Entry, bool), Unserved> {
        let now = self.began.elapsed();
        let burst = self.parameters.processes_in_ten_seconds;
        {
            let state = &mut *self.state.borrow_mut();
            if !state.calls.takes_one(now) {
                return Err(Unserved::Calls);
            }
            if state.running >= self.parameters.concurrency {
                return Err(Unserved::Concurrency);
            }
            let new = || Function { idle: Vec::new(), new: Bucket::new(burst / 10.0, burst) };
            let of = state.functions.entry(function.to_owned()).or_insert_with(new);
            let idle = of.idle.pop();
            if idle.is_none() && !of.new.takes_one(now) {
                return Err(Unserved::Growth);
            }
            state.running += 1;
            state.most_running = state.most_running.max(state.running);
            if let Some(process) = idle {
                return Ok((process, false));
            }
        }
        let process = self.stack.process(function, self.clock.clone(), self.new_ids(function));
        process.map(|process| (process, true)).map_err(|_| Unserved::Failed)
    }
}
