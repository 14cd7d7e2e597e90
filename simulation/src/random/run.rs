//! One run: the loop in which the dice decide.

use std::collections::BTreeSet;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use jiff::{SignedDuration, Timestamp};
use onsale_domain::id::UserId;
use onsale_domain::queue::number_lease::LEASES;
use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::{Fixture, PLACES, QUEUE};
use crate::random::actors::{Actor, Machine, Outcome, Task, http_answer, panic_text};
use crate::random::scheduler::{Injection, Scheduler, Waiting, request_keys};
use crate::random::workload::{Action, Person, Workload};
use crate::replica::Replica;
use crate::report::{Report, Violation};
use crate::requests::{Identity, api_gateway_event};
use crate::rng::Rng;
use local::intercept::FailedItems;
use local::stack::{Options, Stack};

/// How far the clocks of machines are from the right time, in seconds.
pub const SKEW_SECONDS: i64 = 30;
/// In one of so many runs clocks jump.
pub(crate) const JUMPS_IN_ONE_OF: u64 = 4;
/// In one of so many runs people pay by card, too. The dice of the others fall as they did before there were cards.
const CARDS_IN_ONE_OF: u64 = 5;
/// In one of so many runs the counter of the queue has no room for single numbers; all people then have the same lease.
const FULL_COUNTERS_IN_ONE_OF: u64 = 3;
/// In one of so many runs, others than those, halls are taken off sale.
const DELETIONS_IN_ONE_OF: u64 = 4;
/// How far a clock jumps back, in seconds.
pub(crate) const JUMP_SECONDS: i64 = 300;
/// After how long every request has arrived, in milliseconds.
pub(crate) const LATE_MILLISECONDS_MAX: usize = 1_000;
/// Most throws for each step: a record that was made shorter may end in throws that begin nothing and let nothing go
/// on.
const THROWS_PER_STEP_MAX: u64 = 100;
/// When every run begins: some Saturday.
pub(crate) const START: &str = "2026-11-21T10:00:00Z";
/// How long holds last here: some lapse while others are paid.
pub(crate) const HOLD_SECONDS: &str = "60";
/// In one of so many runs a declined payment keeps its seats or units.
const KEPT_IN_ONE_OF: u64 = 4;
/// Most requests of one person at the same time.
const REQUESTS_MAX: usize = 2;
/// Most calls under way.
const ACTORS_MAX: usize = 6;
/// The scheduled functions.
pub(crate) const SWEEPS: [&str; 3] = ["run_expiry", "advance_queues", "rank_products"];

/// The scheduled function of card payments.
pub(crate) const CARD_SWEEP: &str = "sweep_card_payments";

/// Whether people pay by card in the run of this seed.
fn pays_by_card(seed: u64) -> bool {
    seed % CARDS_IN_ONE_OF == CARDS_IN_ONE_OF - 1
}

/// The plan of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed of ids and jitter, and of the random numbers, unless they are given.
    pub seed: u64,
    /// Calls to decide on before everything comes to rest.
    pub steps: u64,
    /// Whether anything goes wrong.
    pub faults: bool,
    /// Whether the lines of the trace are kept.
    pub trace: bool,
    /// Guards that are struck out of every request.
    pub struck: Vec<String>,
}

/// Runs it; the report, and the hash of its trace and of the table it leaves.
///
/// # Errors
/// What must never be.
pub fn run(plan: &Plan, rng: Rng) -> Result<(Report, String), Violation> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.map_err(|problem| violation(&problem.to_string()))?;
    // The SDK's jitter comes from here.
    fastrand::seed(plan.seed);
    runtime.block_on(async {
        let mut simulation = Simulation::new(plan.clone(), rng)
            .await
            .map_err(|problem| violation(&format!("cannot begin: {problem}")))?;
        let ended = simulation.run().await;
        simulation.report.guards = simulation.scheduler.guard_counts();
        let hash = simulation.report.hash(simulation.replica.digest());
        match ended {
            Ok(()) => Ok((simulation.report, hash)),
            Err(what) => {
                Err(Violation { what, trace: simulation.report.trace, record: simulation.rng.record().to_vec() })
            }
        }
    })
}

fn violation(what: &str) -> Violation {
    Violation { what: what.to_owned(), trace: Vec::new(), record: Vec::new() }
}

/// A run under way.
pub(crate) struct Simulation {
    pub(crate) plan: Plan,
    pub(crate) rng: Rng,
    pub(crate) keys: Ids,
    pub(crate) stack: Stack,
    pub(crate) clock: Clock,
    pub(crate) scheduler: Scheduler,
    pub(crate) fixture: Fixture,
    pub(crate) machines: Vec<Machine>,
    pub(crate) people: Vec<Person>,
    pub(crate) actors: Vec<Option<Actor>>,
    pub(crate) mail: Vec<(&'static str, String)>,
    /// The last record of the stream that is done with.
    pub(crate) position: Option<String>,
    pub(crate) relaying: bool,
    pub(crate) replica: Replica,
    /// How far clocks may be from the right time by now, in seconds.
    pub(crate) skew: i64,
    /// Whether nothing goes wrong any more, and nothing is under way that was begun before.
    pub(crate) resting: bool,
    /// The places of the queue.
    pub(crate) places: i64,
    /// Items of refused requests, which must not be in the table.
    pub(crate) refused: BTreeSet<(String, String)>,
    pub(crate) report: Report,
}

impl Simulation {
    async fn new(plan: Plan, rng: Rng) -> Result<Self, Box<dyn Error>> {
        let start: Timestamp = START.parse()?;
        let clock = Clock::manual(start);
        let ids = Ids::seeded(&format!("ids {}", plan.seed));
        // Declines release in three of four runs: then more follows from them.
        let releases = (plan.seed % KEPT_IN_ONE_OF != KEPT_IN_ONE_OF - 1).to_string();
        let settings = [("HOLD_SECONDS", HOLD_SECONDS), ("RELEASE_ON_DECLINE", &releases)];
        let variables = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let options = Options { clock: clock.clone(), ids: ids.clone(), variables, ..Options::default() };
        let stack = Stack::start(options).await?;
        let least = 0x0193_0000_0000_7000_8000_0000_0000_0001;
        let person = |number: u128| UserId(Uuid::from_u128(least + u128::from(LEASES) * number));
        let users = [person(1), person(2), person(3)];
        let fixture = Fixture::build(&stack, clock.clone(), ids, person(9), &users).await?;
        let mut people: Vec<Person> = users.iter().map(|user| Person::new(*user, "user")).collect();
        let mut admin = Person::new(person(9), "admin");
        admin.deletes = plan.seed % DELETIONS_IN_ONE_OF == 1;
        people.push(admin);
        people.iter_mut().for_each(|person| {
            person.workload = Workload::from_seed(plan.seed);
            person.pays_by_card = pays_by_card(plan.seed);
        });
        let machine = |(index, skew): (usize, i64)| {
            Machine::new(start, SignedDuration::from_secs(skew), format!("machine {index} of {}", plan.seed))
        };
        let machines = [0, SKEW_SECONDS, -SKEW_SECONDS].into_iter().enumerate().map(machine).collect();
        let scheduler = Scheduler::default();
        scheduler.start_intercepting(plan.struck.clone());
        scheduler.set_counter_full(plan.seed % FULL_COUNTERS_IN_ONE_OF == 2);
        stack.intercept(Some(Arc::new(scheduler.clone())));
        let replica = Replica::read(&stack)?;
        let keys = Ids::seeded(&format!("keys {}", plan.seed));
        let report = Report::new(plan.trace);
        Ok(Self {
            plan,
            rng,
            keys,
            clock,
            scheduler,
            fixture,
            machines,
            people,
            actors: Vec::new(),
            mail: Vec::new(),
            position: None,
            relaying: false,
            replica,
            skew: SKEW_SECONDS,
            resting: false,
            places: PLACES.into(),
            refused: BTreeSet::new(),
            report,
            stack,
        })
    }

    async fn run(&mut self) -> Result<(), String> {
        self.check()?;
        for _ in 0..self.plan.steps.saturating_mul(THROWS_PER_STEP_MAX) {
            if self.report.steps >= self.plan.steps {
                break;
            }
            self.run_woken_actors().await?;
            if pays_by_card(self.plan.seed) && self.rng.below(8) == 7 {
                self.act_at_provider()?;
                continue;
            }
            let waiting = self.scheduler.waiting_calls();
            match self.rng.below(20) {
                0..=13 if !waiting.is_empty() => self.decide_call(&waiting).await?,
                0..=17 => self.begin().await?,
                18 => self.deliver_late_requests(None)?,
                _ => self.pass_time().await?,
            }
        }
        self.quiesce().await
    }

    // ---------------------------------------------------------------------------------------------- what goes on

    /// Polls every woken actor until all wait.
    pub(crate) async fn run_woken_actors(&mut self) -> Result<(), String> {
        loop {
            let woken = |actor: &Option<Actor>| actor.as_ref().is_some_and(Actor::is_woken);
            let Some(index) = self.actors.iter().position(woken) else { return Ok(()) };
            self.run_actor(index).await?;
        }
    }

    /// Lets one actor run until it waits; its commit, if it makes one, is checked.
    pub(crate) async fn run_actor(&mut self, index: usize) -> Result<(), String> {
        let Some(actor) = self.actors[index].as_mut() else { return Ok(()) };
        self.scheduler.set_actor(index);
        let polled = actor.run()?;
        if let Some(done) = self.scheduler.take_finished_call() {
            self.report.add_line(&format!("  → {}", done.outcome));
            self.apply_commit(&done.touched)?;
        }
        if pays_by_card(self.plan.seed) {
            self.check_provider_orders()?;
        }
        match polled {
            Poll::Pending => Ok(()),
            Poll::Ready(outcome) => self.finish_actor(index, outcome).await,
        }
    }

    /// Copies these written items into the replica, and checks the state.
    fn apply_commit(&mut self, touched: &[Value]) -> Result<(), String> {
        if touched.is_empty() {
            return Ok(());
        }
        self.report.commits += 1;
        self.replica.refresh_items(&self.stack, touched)?;
        self.check()
    }

    /// Checks the invariants that hold in every state.
    fn check(&self) -> Result<(), String> {
        let snapshot = self.replica.snapshot(self.clock.now().as_second()).with_skew(self.skew);
        let check = || {
            snapshot.check();
            let (places, used) = (self.places, snapshot.places_in_use(QUEUE));
            assert!(used <= places, "{used} places of {places} are in use");
        };
        catch_unwind(AssertUnwindSafe(check)).map_err(|panic| panic_text(&*panic))
    }

    /// Executes late requests, whose senders gave them up: all of an actor, or the next one of any.
    pub(crate) fn deliver_late_requests(&mut self, actor: Option<usize>) -> Result<(), String> {
        while let Some(late) = self.scheduler.take_late_request(actor) {
            let answer = self.stack.dynamodb().call(&late.operation, &late.request);
            let outcome = answer.as_ref().map_or_else(ToString::to_string, |_| "ok".to_owned());
            self.report.add_line(&format!("late, of #{}: {} → {outcome}", late.actor, late.operation));
            if answer.is_ok() {
                self.apply_commit(&request_keys(&late.request))?;
            }
            if actor.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Lets one waiting call go on, with or without a fault.
    async fn decide_call(&mut self, waiting: &[Waiting]) -> Result<(), String> {
        let Some(call) = self.rng.choose(waiting).cloned() else { return Ok(()) };
        self.report.steps += 1;
        self.deliver_late_requests(Some(call.actor))?;
        let thrown = if self.plan.faults { self.rng.below(100) } else { 0 };
        let (injection, dies, name) = match thrown {
            60..=71 if call.writes || call.items > 0 => {
                (Injection::Conflict(self.choose_failed_items(call.items)), false, "in conflict")
            }
            72..=83 if call.writes => (Injection::Late, false, "late"),
            84..=86 => (Injection::Throttle(self.choose_failed_items(call.items)), false, "throttled"),
            87..=89 => (Injection::LoseRequest, false, "request lost"),
            90..=92 => (Injection::LoseAnswer, false, "answer lost"),
            93..=96 => (Injection::LoseRequest, true, "killed before"),
            97..=99 => (Injection::LoseAnswer, true, "killed after"),
            _ => (Injection::Proceed, false, "proceeds"),
        };
        self.report.count_fault(name);
        self.report.add_line(&format!("{} #{} {}: {name}", self.report.steps, call.actor, call.what));
        self.scheduler.release_call(call.ticket, injection);
        if injection != Injection::LoseRequest || !dies {
            self.run_actor(call.actor).await?;
        }
        if dies { self.kill_actor(call.actor).await } else { Ok(()) }
    }

    /// Chooses the items of a transaction that fail: mostly one, so that conditions of others are judged beside it.
    fn choose_failed_items(&mut self, items: usize) -> FailedItems {
        match self.rng.below(4) {
            0 => FailedItems::ALL,
            _ => FailedItems::at(self.rng.below(items.max(1)), items),
        }
    }

    /// Kills a process in the middle of its work, and its memory with it.
    async fn kill_actor(&mut self, index: usize) -> Result<(), String> {
        self.deliver_late_requests(Some(index))?;
        let Some(actor) = self.actors[index].take() else { return Ok(()) };
        self.machines[actor.machine].kill(actor.function);
        self.handle_outcome(actor.task, None).await
    }

    async fn finish_actor(&mut self, index: usize, outcome: Outcome) -> Result<(), String> {
        self.deliver_late_requests(Some(index))?;
        let Some(actor) = self.actors[index].take() else { return Ok(()) };
        self.handle_outcome(actor.task, Some(outcome)).await
    }

    /// Handles the outcome of a call; none, if its process was killed.
    async fn handle_outcome(&mut self, task: Task, outcome: Option<Outcome>) -> Result<(), String> {
        match task {
            Task::Action { person, action, key } => self.check_answer(person, &action, key, outcome),
            Task::Delivery { consumer, bodies } => self.finish_delivery(consumer, bodies, outcome),
            Task::Relay { records, fresh } => self.finish_relay(&records, fresh, outcome).await,
            // Tried again in a minute; when nothing goes wrong any more, it must succeed.
            Task::Sweep => match outcome {
                Some(Err(problem)) if self.resting => Err(format!("a sweep failed: {problem}")),
                _ => Ok(()),
            },
        }
    }

    fn check_answer(
        &mut self,
        index: usize,
        action: &Action,
        key: Uuid,
        outcome: Option<Outcome>,
    ) -> Result<(), String> {
        self.people[index].busy -= 1;
        let Some(outcome) = outcome else {
            self.report.add_line(&format!("  {index} hears nothing of {action:?}"));
            self.people[index].unsure.push((action.clone(), key));
            return Ok(());
        };
        let answer = http_answer(&outcome);
        self.report.add_line(&format!("  {index}: {action:?} → {} {}", answer.status, answer.code()));
        *self.report.answers.entry((action.api_call(&self.fixture).function, answer.status)).or_default() += 1;
        let user = self.people[index].id;
        if let Some(broken) = action.violation(user, key, &answer, &self.fixture, &self.replica) {
            return Err(broken);
        }
        match answer.status {
            503 => self.people[index].unsure.push((action.clone(), key)),
            400.. => self.refused.extend(action.created_item(user, key, &self.fixture)),
            _ => self.people[index].learn(action, &answer),
        }
        Ok(())
    }

    // ------------------------------------------------------------------------------------------ what is begun

    async fn begin(&mut self) -> Result<(), String> {
        if self.actors.iter().flatten().count() >= ACTORS_MAX {
            return Ok(());
        }
        match self.rng.below(10) {
            0..=5 => self.start_request(),
            6 => self.start_relay(),
            7 | 8 => self.start_delivery(),
            _ => {
                let function = if pays_by_card(self.plan.seed) && self.rng.below(3) == 0 {
                    CARD_SWEEP
                } else {
                    SWEEPS[self.rng.below(SWEEPS.len())]
                };
                let at_once = self.actors.iter().flatten().any(|actor| actor.function == function);
                self.report.count_other(if at_once { "sweeps beside the same sweep" } else { "sweeps" });
                self.start(Task::Sweep, function, json!({}))
            }
        }
    }

    pub(crate) fn start(&mut self, task: Task, function: &'static str, event: Value) -> Result<(), String> {
        let machine = self.rng.below(self.machines.len());
        let process = self.machines[machine].process(&self.stack, function).map_err(|problem| problem.to_string())?;
        let actor = Actor::new(task, machine, function, process, event);
        let index = self.actors.iter().position(Option::is_none).unwrap_or(self.actors.len());
        self.report.add_line(&format!("#{index} is {function} on {machine}"));
        if index == self.actors.len() {
            self.actors.push(Some(actor));
        } else {
            self.actors[index] = Some(actor);
        }
        Ok(())
    }

    fn start_request(&mut self) -> Result<(), String> {
        let index = self.rng.below(self.people.len());
        let person = &mut self.people[index];
        if person.busy >= REQUESTS_MAX {
            return Ok(());
        }
        let again = !person.unsure.is_empty() && self.rng.below(4) < 3;
        let (action, key) = if again {
            // The same request with the same key, at once or much later; some are given up.
            self.report.count_other("requests sent again");
            person.unsure.remove(0)
        } else {
            (person.next_action(&mut self.rng), self.keys.uuid(Timestamp::UNIX_EPOCH))
        };
        person.busy += 1;
        let call = action.api_call(&self.fixture);
        let queue_token = person.queue_token.clone();
        let caller = Identity { user: person.id, key: Some(key), queue_token: queue_token.as_deref() };
        let event = api_gateway_event(&call, caller);
        self.report.add_line(&format!("{index} wants {action:?}{}", if again { ", again" } else { "" }));
        self.start(Task::Action { person: index, action, key }, call.function, event)
    }
}
