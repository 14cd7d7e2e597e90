//! Lambda and API Gateway: processes that serve one call at a time, and quotas.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use onsale_domain::id::UserId;
use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use onsale_platform::lambda;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::contention::parameters::{Latency, Parameters};
use crate::contention::quotas::Quotas;
use crate::contention::refusal::{REFUSED_FOR, UNMEASURED, Unserved, Why};
use crate::contention::storm::Storm;
use crate::requests::{ApiAnswer, ApiCall, Identity, api_gateway_event};
use local::aws::cloudformation::{Event, Template};
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
    quotas: Quotas,
    storm: Option<Storm>,
    /// Processes that have no call, by function.
    idle: BTreeMap<String, Vec<Entry>>,
    made: u64,
    used: BTreeMap<String, Used>,
    /// When the authorizer last let each user pass.
    authorized: HashMap<UserId, Duration>,
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

impl<'a> Services<'a> {
    /// An account with the quotas of `parameters`, at which so many polls a second arrive.
    ///
    /// # Errors
    /// When AWS would refuse its reservations, or the template has no such parameters.
    pub fn new(
        stack: &'a Stack,
        clock: Clock,
        parameters: Parameters,
        polls_per_second: f64,
        seed: u64,
    ) -> Result<Self, String> {
        let given: Vec<(&str, &str)> = parameters.given.iter().map(|(name, value)| (&**name, &**value)).collect();
        let template = Template::load_with(&given).map_err(|problem| problem.to_string())?;
        let state = State {
            rng: fastrand::Rng::with_seed(seed ^ 0x5eed),
            quotas: Quotas::new(&parameters, &template)?,
            storm: Storm::new(polls_per_second, &parameters, seed),
            idle: BTreeMap::new(),
            made: 0,
            used: BTreeMap::new(),
            authorized: HashMap::new(),
        };
        Ok(Self { stack, clock, seed, parameters, began: Instant::now(), state: RefCell::new(state) })
    }

    /// Most calls that ran at the same time.
    #[must_use]
    pub fn most_running(&self) -> u32 {
        self.state.borrow().quotas.most_running()
    }

    /// The parameters of the template that were given, and the polls of the storm, if there are any, as lines.
    #[must_use]
    pub fn isolation(&self) -> Vec<String> {
        let given = self.parameters.given.iter().map(|(name, value)| format!("{name} {value}"));
        let given: Vec<String> = given.collect();
        let given = (!given.is_empty()).then(|| format!("parameters of template.yaml: {}", given.join(", ")));
        given.into_iter().chain(self.state.borrow().storm.as_ref().map(Storm::text)).collect()
    }

    /// The usage of each function.
    #[must_use]
    pub fn used(&self) -> BTreeMap<String, Used> {
        self.state.borrow().used.clone()
    }

    /// Asks the API, and waits for its answer; and why, if it is 429 or 5xx.
    pub async fn request(&self, asked: &ApiCall, caller: Identity<'_>) -> (ApiAnswer, Option<Why>) {
        self.wait(|parameters| parameters.gateway).await;
        if let Err(why) = self.with_quotas(|quotas, now| quotas.pass(asked.function, now)) {
            return (ApiAnswer { status: 429, body: json!({ "message": "Too Many Requests" }) }, Some(why));
        }
        if let Err(unserved) = self.authorize(asked.function, caller.user).await {
            let body = json!({ "message": "Internal Server Error" });
            return (ApiAnswer { status: 500, body }, Some(Why::Authorizer(unserved)));
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
        let is_new = self.with_quotas(|quotas, now| quotas.begin(function, now))?;
        let began = Instant::now();
        let process = self.take_process(function);
        if is_new {
            self.wait(|parameters| parameters.cold_start).await;
        }
        self.wait(|parameters| parameters.function).await;
        let Some(process) = process else {
            self.end(function, began);
            return Err(Unserved::Failed);
        };
        let work = lambda::invoke(&process.code, process.app.clone(), event);
        let answer = timeout(process.declaration.timeout, work).await;
        self.end(function, began);
        self.state.borrow_mut().idle.entry(function.to_owned()).or_default().push(process);
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

    /// How long it is until a time that the API has told; none if it is past, or no time.
    #[must_use]
    pub fn until(&self, time: &str) -> Duration {
        let time = time.parse::<Timestamp>().unwrap_or(Timestamp::MIN);
        Duration::try_from(self.clock.now().duration_until(time)).unwrap_or_default()
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

    /// Asks the quotas at a moment of the storm, whose earlier polls have come before.
    fn with_quotas<T>(&self, ask: impl FnOnce(&mut Quotas, Duration) -> T) -> T {
        let now = self.began.elapsed();
        let State { quotas, storm, .. } = &mut *self.state.borrow_mut();
        let Some(storm) = storm else { return ask(quotas, now) };
        let moment = storm.moment_before(now);
        storm.advance(quotas, moment);
        ask(quotas, moment)
    }

    /// Lets the authorizer look at a user's token, if the route wants that and it has not for a while. That call is
    /// counted like a poll of the storm: it takes an execution for its time, and its handler does not run.
    async fn authorize(&self, function: &str, user: UserId) -> Result<(), Unserved> {
        let template = self.stack.template();
        let asks = |event: &Event| matches!(event, Event::Http { authorized: true, .. });
        let wants = template.function(function).is_some_and(|function| function.events.iter().any(asks));
        let Some(authorizer) = template.api.authorizer.as_ref().filter(|_| wants && self.parameters.authorizes) else {
            return Ok(());
        };
        let now = self.began.elapsed();
        if self.state.borrow().authorized.get(&user).is_some_and(|at| now.saturating_sub(*at) < authorizer.cache) {
            return Ok(());
        }
        let is_new = self.with_quotas(|quotas, now| quotas.begin(&authorizer.function, now))?;
        let began = Instant::now();
        if is_new {
            self.wait(|parameters| parameters.cold_start).await;
        }
        self.wait(|parameters| parameters.function).await;
        self.end(&authorizer.function, began);
        self.state.borrow_mut().authorized.insert(user, now);
        Ok(())
    }

    /// Ends a call that began then.
    fn end(&self, function: &str, began: Instant) {
        self.with_quotas(|quotas, _| quotas.end(function));
        let state = &mut *self.state.borrow_mut();
        let used = state.used.entry(function.to_owned()).or_default();
        used.calls += 1;
        used.time += began.elapsed();
        used.memory = self.stack.template().function(function).map_or(0, |function| function.memory);
    }

    /// A process for a call; none if it cannot be made.
    fn take_process(&self, function: &str) -> Option<Entry> {
        let idle = self.state.borrow_mut().idle.get_mut(function).and_then(Vec::pop);
        idle.or_else(|| self.stack.process(function, self.clock.clone(), self.new_ids(function)).ok())
    }
}
