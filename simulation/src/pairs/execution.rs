//! One execution of two operations: their calls one by one, in an order that is given.

use std::collections::BTreeSet;
use std::task::Poll;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};
use uuid::Uuid;

use super::footprint::{ExecutedCall, Footprint};
use super::scenes::{CARRIED_ON, Operation, Scene};
use super::world::World;
use crate::random::actors::{Actor, Machine, Outcome, Task, http_answer};
use crate::random::scheduler::Injection;
use crate::requests::ApiAnswer;

/// A step of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Step {
    /// The next call of this one is carried out and answered.
    Proceed(usize),
    /// The time of the scene passes.
    Pass,
    /// This one is killed before its next call.
    KillBefore(usize),
    /// Its next call is carried out, and the answer is lost.
    LoseAnswer(usize),
    /// It is killed after its next call.
    KillAfter(usize),
}

impl Step {
    /// The operation whose step it is; none when time passes.
    pub(super) fn actor(self) -> Option<usize> {
        match self {
            Self::Proceed(actor) | Self::KillBefore(actor) | Self::LoseAnswer(actor) | Self::KillAfter(actor) => {
                Some(actor)
            }
            Self::Pass => None,
        }
    }

    /// Whether something goes wrong.
    pub(super) fn is_fault(self) -> bool {
        !matches!(self, Self::Proceed(_) | Self::Pass)
    }

    /// Whether it counts as a fault, of which an execution has only so many. With time passing beside faults there would
    /// be as many executions again as of all else.
    pub(super) fn counts_as_fault(self) -> bool {
        self.is_fault() || self == Self::Pass
    }

    fn trace_suffix(self) -> &'static str {
        match self {
            Self::Proceed(_) => "",
            Self::Pass => "time passes",
            Self::KillBefore(_) => " — killed before",
            Self::LoseAnswer(_) => " — answer lost",
            Self::KillAfter(_) => " — killed after",
        }
    }
}

/// One of the two.
struct Side {
    operation: Operation,
    key: Uuid,
    machine: Machine,
    actor: Option<Actor>,
    calls: usize,
    outcome: Option<Outcome>,
}

/// The subject of an execution: a scene, and two of its operations with their keys.
#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub(super) scene: &'a Scene,
    pub(super) operations: [usize; 2],
    pub(super) keys: [Uuid; 2],
}

impl Pair<'_> {
    /// Whether one of the two is a call of this function.
    pub(super) fn calls_function(&self, function: &str) -> bool {
        self.operations.iter().any(|index| self.scene.operations[*index].function() == function)
    }

    /// The name of the pair, for traces.
    pub(super) fn name(&self) -> String {
        let [one, other] = self.operations.map(|index| self.scene.operations[index].function());
        let again = if self.keys[0] == self.keys[1] { ", the same key" } else { "" };
        format!("{}: {one} with {other}{again}", self.scene.name)
    }
}

/// The end of two operations, before anything is requested again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct End {
    /// The answer to each; none if it was killed.
    pub(super) answers: [Option<(u16, String)>; 2],
    /// A digest of the table and the time.
    pub(super) state: u64,
}

/// An execution under way.
pub(super) struct Execution<'a> {
    world: &'a mut World,
    pair: Pair<'a>,
    sides: [Side; 2],
    faults_left: usize,
    /// Whether nothing is to go wrong at all.
    is_calm: bool,
    passes: Option<i64>,
    /// Whether the last step was one of a sweep that has found nothing, and looks next where nothing is.
    is_idle: bool,
    waited: u64,
    /// Whether one waited for the other for so long that nothing was learnt.
    pub(super) is_given_up: bool,
    refused: BTreeSet<(String, String)>,
    made: BTreeSet<(String, String)>,
    /// Writes that were committed.
    pub(super) commits: u64,
    /// The lines of the trace, if they are wanted.
    pub(super) trace: Option<Vec<String>>,
}

impl<'a> Execution<'a> {
    /// Begins both operations; each waits at its first call.
    pub(super) async fn new(world: &'a mut World, pair: Pair<'a>, faults: usize, trace: bool) -> Result<Self, String> {
        world.restore_snapshot().await?;
        // The SDK's jitter comes from here: the same steps must take the same time.
        fastrand::seed(1);
        let side = |actor: usize, world: &World| -> Result<Side, String> {
            let operation = pair.scene.operations[pair.operations[actor]].clone();
            let key = pair.keys[actor];
            let skew = SignedDuration::from_secs(pair.scene.skew[actor]);
            let mut machine = Machine::new(world.clock.now(), skew, format!("machine {actor}"));
            let (function, event) = world.request(&operation, key)?;
            let process = machine.process(&world.stack, function).map_err(|problem| problem.to_string())?;
            let actor = Some(Actor::new(Task::Sweep, actor, function, process, event));
            Ok(Side { operation, key, machine, actor, calls: 0, outcome: None })
        };
        let sides = [side(0, world)?, side(1, world)?];
        world.start_intercepting();
        let (passes, trace) = (pair.scene.passes, trace.then(Vec::new));
        let (refused, made) = (BTreeSet::new(), BTreeSet::new());
        let mut execution = Self {
            world,
            pair,
            sides,
            faults_left: faults,
            is_calm: faults == 0,
            passes,
            is_idle: false,
            waited: 0,
            is_given_up: false,
            refused,
            made,
            commits: 0,
            trace,
        };
        for actor in 0..2 {
            execution.run_until_turn(actor, &mut Footprint::default()).await?;
        }
        Ok(execution)
    }

    /// The steps that can come next: that time passes, then all of one operation, then all of the other; so what one
    /// does is asleep while the other goes its way, with all that can go wrong with it, and time is while nobody looks at
    /// the clock. Nobody is killed before a call that is not the first: nothing else can tell that from being killed
    /// after the one before. Time does not pass while a sweep goes from one empty partition to the next: it might as
    /// well have passed before.
    pub(super) fn enabled_steps(&self, everything: bool) -> Vec<Step> {
        let mut steps = Vec::new();
        for (actor, side) in self.sides.iter().enumerate().filter(|(_, side)| side.actor.is_some()) {
            steps.push(Step::Proceed(actor));
            if self.faults_left > 0 {
                if everything || side.calls == 0 {
                    steps.push(Step::KillBefore(actor));
                }
                steps.extend([Step::LoseAnswer(actor), Step::KillAfter(actor)]);
            }
        }
        let may_pass = self.passes.is_some() && (self.faults_left > 0 || self.is_calm);
        if may_pass && !steps.is_empty() && (everything || !self.is_idle) {
            steps.insert(0, Step::Pass);
        }
        steps
    }

    /// Carries a step out, and gives its reads and writes.
    pub(super) async fn execute(&mut self, step: Step) -> Result<Footprint, String> {
        self.faults_left = self.faults_left.saturating_sub(usize::from(step.counts_as_fault()));
        self.is_idle = false;
        let mut footprint = Footprint::default();
        let Some(actor) = step.actor() else {
            let by = SignedDuration::from_secs(self.passes.take().unwrap_or_default());
            self.world.clock.advance(by);
            self.sides.iter().for_each(|side| side.machine.advance(by));
            self.add_line(|| step.trace_suffix().to_owned());
            self.world.check()?;
            return Ok(Footprint::of_time());
        };
        let looks = self.sides[actor].machine.clock_reads();
        let provider_calls = self.world.stack.payment_provider().calls();
        let scheduler = self.world.gate.scheduler.clone();
        let waiting = scheduler.waiting_calls().into_iter().find(|call| call.actor == actor).ok_or("nobody waits")?;
        self.add_line(|| format!("#{actor} {}{}", waiting.what, step.trace_suffix()));
        if matches!(step, Step::KillBefore(_)) {
            self.sides[actor].actor = None;
            return Ok(footprint);
        }
        self.sides[actor].calls += 1;
        let lost = !matches!(step, Step::Proceed(_));
        scheduler.release_call(waiting.ticket, if lost { Injection::LoseAnswer } else { Injection::Proceed });
        self.run_actor(actor, &mut footprint)?;
        if matches!(step, Step::KillAfter(_)) {
            let side = &mut self.sides[actor];
            (side.actor, side.outcome) = (None, None);
        } else {
            self.run_until_turn(actor, &mut footprint).await?;
        }
        if self.sides[actor].machine.clock_reads() > looks {
            footprint.add_clock_read();
        }
        if self.world.stack.payment_provider().calls() > provider_calls {
            footprint.add_provider_call();
            self.world.check()?;
        }
        Ok(footprint)
    }

    /// Lets one operation run until it waits for its turn, or is done. A wait for the next try is no step: it concerns
    /// nobody else, and the call after it may wait as long as it likes.
    async fn run_until_turn(&mut self, actor: usize, footprint: &mut Footprint) -> Result<(), String> {
        while let Some(running) = self.sides[actor].actor.as_ref() {
            if running.is_woken() {
                self.run_actor(actor, footprint)?;
            } else if self.world.gate.scheduler.waiting_calls().iter().any(|call| call.actor == actor) {
                return Ok(());
            } else {
                self.waited += 1;
                if self.waited > self.pair.scene.patience {
                    // It tries again and again while the other stands still: the same, longer, is nothing new.
                    self.sides.iter_mut().for_each(|side| side.actor = None);
                    self.is_given_up = true;
                    return Ok(());
                }
                tokio::time::advance(Duration::from_millis(1)).await;
            }
        }
        if self.sides[actor].outcome.is_some() {
            self.check_answer(actor, footprint)?;
        }
        Ok(())
    }

    /// Lets one operation run until it waits; its commits are checked.
    fn run_actor(&mut self, actor: usize, footprint: &mut Footprint) -> Result<(), String> {
        let Some(running) = self.sides[actor].actor.as_mut() else { return Ok(()) };
        self.world.gate.scheduler.set_actor(actor);
        self.world.gate.take_arrived();
        let polled = running.run()?;
        if let Some(done) = self.world.gate.scheduler.take_finished_call() {
            let calls = [self.world.gate.take_executed(), self.world.gate.take_arrived()];
            calls[0].iter().for_each(|passed| footprint.add_reads(passed));
            let nothing = |call: &ExecutedCall| call.finds_nothing_at_any_time(&self.world.memory.replica);
            self.is_idle = self.passes.is_some() && calls.iter().all(|call| call.as_ref().is_some_and(nothing));
            self.add_line(|| format!("  → {}", done.outcome));
            if !done.touched.is_empty() {
                self.commits += 1;
                let before = self.world.memory.replica.clone();
                let changed = self.world.refresh_items(&done.touched)?;
                footprint.add_writes(&changed, &before);
                footprint.add_writes(&changed, &self.world.memory.replica);
                self.world.check()?;
            }
        }
        if let Poll::Ready(outcome) = polled {
            self.sides[actor].actor = None;
            self.sides[actor].outcome = Some(outcome);
        }
        Ok(())
    }

    /// Compares an answer with the table.
    fn check_answer(&mut self, actor: usize, footprint: &mut Footprint) -> Result<(), String> {
        let (operation, key) = (self.sides[actor].operation.clone(), self.sides[actor].key);
        let Some(outcome) = self.sides[actor].outcome.clone() else { return Ok(()) };
        let Operation::Request(person, action) = operation else {
            self.add_line(|| format!("#{actor} is done: {outcome:?}"));
            // A sweep or a consumer that fails as a whole is called again.
            return Ok(());
        };
        let (answer, user) = (http_answer(&outcome), self.world.memory.people[person].id);
        self.add_line(|| format!("#{actor} is answered {} {}", answer.status, answer.code()));
        footprint.add_partition_read(format!("USER#{user}"));
        if let Some(broken) = action.violation(user, key, &answer, &self.world.fixture, &self.world.memory.replica) {
            return Err(broken);
        }
        self.note_answer(actor, &answer);
        Ok(())
    }

    /// Notes an answer. A refused item must not be there in the end, unless the same request and key had a success.
    fn note_answer(&mut self, actor: usize, answer: &ApiAnswer) {
        let Operation::Request(person, action) = &self.sides[actor].operation else { return };
        let made =
            action.created_item(self.world.memory.people[*person].id, self.sides[actor].key, &self.world.fixture);
        match answer.status {
            200..300 => self.made.extend(made),
            400..500 => self.refused.extend(made),
            _ => {}
        }
    }

    /// The end of both operations, once both have ended.
    pub(super) fn end_state(&self) -> End {
        let answer = |side: &Side| {
            let outcome = side.outcome.as_ref()?;
            Some(match (&side.operation, outcome) {
                (Operation::Request(..) | Operation::Places(_), outcome) => {
                    let answer = http_answer(outcome);
                    (answer.status, answer.code().to_owned())
                }
                (_, Ok(_)) => (0, String::new()),
                (_, Err(problem)) => (1, problem.clone()),
            })
        };
        End { answers: [answer(&self.sides[0]), answer(&self.sides[1])], state: self.world.state_digest() }
    }

    /// Repeats a request without an answer under the same key; then everything comes to rest, and nothing may be left
    /// over.
    pub(super) async fn finish(&mut self) -> Result<u64, String> {
        self.world.stop_intercepting();
        for actor in 0..2 {
            let side = &self.sides[actor];
            let Operation::Request(person, action) = side.operation.clone() else { continue };
            let status = side.outcome.as_ref().map(|outcome| http_answer(outcome).status);
            if status.is_some_and(|status| status < 500) {
                continue;
            }
            let key = side.key;
            let mut answer = self.world.send(person, &action, key).await?;
            if answer.status == 503 {
                // For five minutes a deletion is left to the request that began it, and everybody else is told to wait.
                self.world.advance_clock(CARRIED_ON);
                answer = self.world.send(person, &action, key).await?;
            }
            self.add_line(|| format!("#{actor}, again, is answered {} {}", answer.status, answer.code()));
            if answer.status >= 500 {
                return Err(format!("{action:?}, again and undisturbed, was answered {}", answer.status));
            }
            self.note_answer(actor, &answer);
        }
        let state = self.world.state_digest();
        let refused: BTreeSet<(String, String)> = self.refused.difference(&self.made).cloned().collect();
        // From the same table everything comes to rest in the same way, whatever led there.
        if self.world.rested.insert((state, refused.clone())) {
            self.world.quiesce(&refused).await?;
        }
        Ok(state)
    }

    /// The name of the pair, and what the two want.
    pub(super) fn title(&self) -> Vec<String> {
        let wanted = self.pair.operations.map(|index| format!("{:?}", self.pair.scene.operations[index]));
        [self.pair.name()].into_iter().chain(wanted).collect()
    }

    fn add_line(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(line());
        }
    }
}

impl World {
    /// The function that an operation calls, and its event.
    fn request(&self, operation: &Operation, key: Uuid) -> Result<(&'static str, Value), String> {
        Ok(match operation {
            Operation::Request(person, action) => self.event(*person, action, key),
            Operation::Sweep(function) => (function, json!({})),
            Operation::Relay => ("relay_changes", self.unrelayed_records()?),
            Operation::Deliver(consumer) => (consumer, self.queued_messages(consumer)),
            Operation::Places(places) => self.put_queue_event(*places),
        })
    }
}
