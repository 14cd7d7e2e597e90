//! Where every call to the table and the queues stops until the simulation lets it on.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use onsale_platform::memory::lock;
use serde_json::Value;

use crate::mutants::conditions;
use local::intercept::{After, Before, Call, FailedItems, Intercept, transaction_items};

/// A counter of a queue that has no room for single numbers, so that everybody takes them from leases.
#[derive(Clone, Copy, Debug)]
pub struct FullCounter;

impl Intercept for FullCounter {
    fn before(&self, call: &Call<'_>) -> Before {
        let is_counter = call.request["Key"]["sk"]["S"] == "ISSUED" && call.operation == "UpdateItem";
        if is_counter && call.request["ExpressionAttributeValues"][":issued"]["N"] == "1" {
            Before::Throttle(FailedItems::ALL)
        } else {
            Before::Proceed
        }
    }
}

/// The decision on one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Injection {
    /// It is carried out and answered.
    Proceed,
    /// It is refused for too much traffic; of a transaction these items are.
    Throttle(FailedItems),
    /// It is cancelled for a conflict with another transaction, which these items have.
    Conflict(FailedItems),
    /// It is never carried out, and its caller hears nothing.
    LoseRequest,
    /// It is carried out, and its caller hears nothing.
    LoseAnswer,
    /// Its caller hears nothing, and it is carried out later, but before the caller's next one.
    Late,
}

/// A call that waits.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The number of the call among all calls so far.
    pub ticket: u64,
    /// The actor whose call it is.
    pub actor: usize,
    /// The operation and its keys, for traces.
    pub what: String,
    /// Whether it writes to the table.
    pub writes: bool,
    /// How many items it has, if it is a transaction.
    pub items: usize,
}

/// A request to the table that is still on its way when its caller has given it up.
#[derive(Clone, Debug)]
pub struct LateRequest {
    /// The actor that sent it.
    pub actor: usize,
    /// The operation that is called.
    pub operation: String,
    /// With what.
    pub request: Value,
}

/// A call that was carried out.
#[derive(Clone, Debug)]
pub struct Done {
    /// The keys of what it may have changed, as the table's JSON has them.
    pub touched: Vec<Value>,
    /// `ok`, or the name of the error.
    pub outcome: String,
}

/// The place where calls wait. Only one actor runs at a time, and says so beforehand.
#[derive(Clone, Default)]
pub struct Scheduler(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    closed: bool,
    current: usize,
    tickets: u64,
    waiting: BTreeMap<u64, (Waiting, LateRequest, Option<Waker>)>,
    late: Vec<LateRequest>,
    decided: BTreeMap<u64, Injection>,
    /// The injection of the call that is being carried out.
    passing: Option<Injection>,
    done: Option<Done>,
    /// Calls that are refused at once, and are no step.
    refused: Option<FullCounter>,
    /// The guards that no request has.
    struck: Vec<String>,
    /// How often each guard was sent.
    guards: BTreeMap<String, u64>,
}

impl Scheduler {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }

    /// From now on calls wait, and are sent without the guards in `struck`.
    pub fn start_intercepting(&self, struck: Vec<String>) {
        let mut state = self.lock();
        (state.closed, state.struck) = (true, struck);
    }

    /// From now on the counter of a queue is full, or not.
    pub fn set_counter_full(&self, is_full: bool) {
        self.lock().refused = is_full.then_some(FullCounter);
    }

    /// The guards that were sent so far, with their counts.
    #[must_use]
    pub fn guard_counts(&self) -> BTreeMap<String, u64> {
        self.lock().guards.clone()
    }

    /// Whether a request is still on its way.
    #[must_use]
    pub fn has_late_request(&self) -> bool {
        !self.lock().late.is_empty()
    }

    /// The next request that is still on its way, of this actor or of any.
    #[must_use]
    pub fn take_late_request(&self, actor: Option<usize>) -> Option<LateRequest> {
        let late = &mut self.lock().late;
        let index = late.iter().position(|late| actor.is_none_or(|actor| late.actor == actor))?;
        Some(late.remove(index))
    }

    /// The calls of this actor come next.
    pub fn set_actor(&self, actor: usize) {
        self.lock().current = actor;
    }

    /// The calls that wait, in the order in which they came.
    #[must_use]
    pub fn waiting_calls(&self) -> Vec<Waiting> {
        self.lock().waiting.values().map(|(waiting, ..)| waiting.clone()).collect()
    }

    /// Lets a call go on. Its actor is woken.
    pub fn release_call(&self, ticket: u64, injection: Injection) {
        let mut state = self.lock();
        state.decided.insert(ticket, injection);
        if let Some((.., Some(waker))) = state.waiting.get(&ticket) {
            waker.wake_by_ref();
        }
    }

    /// The call that was executed since this was last asked: one call at most is let on at a time.
    #[must_use]
    pub fn take_finished_call(&self) -> Option<Done> {
        self.lock().done.take()
    }
}

/// One call's wait.
struct Wait {
    scheduler: Scheduler,
    ticket: u64,
    /// The request that is sent in place of the original.
    instead: Option<Value>,
}

impl Future for Wait {
    type Output = Before;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Before> {
        let scheduler = self.scheduler.clone();
        let mut state = scheduler.lock();
        let Some(injection) = state.decided.remove(&self.ticket) else {
            if let Some((.., waker)) = state.waiting.get_mut(&self.ticket) {
                *waker = Some(context.waker().clone());
            }
            return Poll::Pending;
        };
        state.passing = Some(injection);
        Poll::Ready(match injection {
            Injection::Proceed | Injection::LoseAnswer => self.instead.take().map_or(Before::Proceed, Before::Instead),
            Injection::Throttle(struck) => Before::Throttle(struck),
            Injection::Conflict(struck) => Before::Conflict(struck),
            Injection::LoseRequest => Before::LoseRequest,
            Injection::Late => {
                let sent = state.waiting.get(&self.ticket).map(|(_, sent, _)| sent.clone());
                state.late.extend(sent);
                Before::LoseRequest
            }
        })
    }
}

impl Drop for Wait {
    /// Also runs when its caller has given up, or was killed.
    fn drop(&mut self) {
        let mut state = self.scheduler.lock();
        state.waiting.remove(&self.ticket);
        state.decided.remove(&self.ticket);
    }
}

impl Intercept for Scheduler {
    fn before(&self, call: &Call<'_>) -> Before {
        let mut state = self.lock();
        if !state.closed {
            return Before::Proceed;
        }
        if let Some(refused @ Before::Throttle(_)) = state.refused.map(|full| full.before(call)) {
            return refused;
        }
        state.tickets += 1;
        let ticket = state.tickets;
        let function = call.function.unwrap_or("nobody");
        let keys: Vec<String> = request_keys(call.request).iter().map(key_text).collect();
        let what = format!("{function}: {} {}", call.operation, keys.join(", "));
        for guard in conditions::condition_names(function, call.request) {
            *state.guards.entry(guard).or_default() += 1;
        }
        let instead = conditions::without_conditions(function, call.request, &state.struck);
        let request = instead.clone().unwrap_or_else(|| call.request.clone());
        let sent = LateRequest { actor: state.current, operation: call.operation.to_owned(), request };
        let writes = call.service == "dynamodb" && WRITES.contains(&call.operation);
        let waiting = Waiting { ticket, actor: state.current, what, writes, items: transaction_items(call.request) };
        state.waiting.insert(ticket, (waiting, sent, None));
        Before::Hold(Box::pin(Wait { scheduler: self.clone(), ticket, instead }))
    }

    fn after(&self, call: &Call<'_>, response: &Value) -> After {
        let mut state = self.lock();
        if !state.closed {
            return After::Deliver;
        }
        let problem = response["__type"].as_str().and_then(|name| name.rsplit('#').next());
        let touched =
            if problem.is_none() && WRITES.contains(&call.operation) { request_keys(call.request) } else { Vec::new() };
        state.done = Some(Done { touched, outcome: problem.unwrap_or("ok").to_owned() });
        if state.passing.take() == Some(Injection::LoseAnswer) { After::LoseAnswer } else { After::Deliver }
    }
}

const WRITES: [&str; 4] = ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"];

/// The keys that a request names.
pub(crate) fn request_keys(request: &Value) -> Vec<Value> {
    let key = |item: &Value| {
        let of = if item["Key"].is_object() { &item["Key"] } else { &item["Item"] };
        of["pk"].is_object().then(|| serde_json::json!({ "pk": of["pk"], "sk": of["sk"] }))
    };
    let transaction = request["TransactItems"].as_array().into_iter().flatten();
    let members = transaction.filter_map(|item| item.as_object()?.values().next().and_then(key));
    let batch = request["RequestItems"].as_object().into_iter().flat_map(|tables| tables.values());
    let batch = batch.flat_map(|table| table["Keys"].as_array().into_iter().flatten().cloned());
    key(request).into_iter().chain(members).chain(batch).collect()
}

fn key_text(key: &Value) -> String {
    format!("{}/{}", key["pk"]["S"].as_str().unwrap_or_default(), key["sk"]["S"].as_str().unwrap_or_default())
}
