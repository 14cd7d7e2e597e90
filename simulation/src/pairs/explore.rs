//! All executions of a pair, without those that only change the order of what nobody can tell apart.
//!
//! The search remembers nothing but the path on which it is: an execution goes along it from the beginning, and on from
//! there. Two ideas leave no state out, only further ways to the same state:
//!
//! - **Races** (Abdulla, Aronis, Jonsson, Sagonas, "Optimal dynamic partial order reduction", POPL 2014, *source sets*):
//!   at a node one of the two goes on, and the other is tried there only once an execution has shown two steps that
//!   could change places there and do not commute. What may go wrong with a step is tried with it, and everywhere that
//!   time passes.
//! - **Sleep sets** (Godefroid, "Partial-order methods for the verification of concurrent systems", 1996): each node
//!   knows what was already tried there. It is *asleep* in its siblings: it need not be tried again until something has
//!   happened that does not commute with it.

use std::collections::BTreeSet;

use super::execution::{End, Execution, Pair, Step};
use super::footprint::Footprint;
use super::world::{World, digest};

/// The executions that a search leaves out, because nobody can tell them apart from those that it tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// Nothing.
    Nothing,
    /// Steps that are asleep.
    Asleep,
    /// The same, and orders of steps that do not race.
    Unraced,
}

/// How far the search goes.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Most faults of one execution; that time passes counts as one. With none, time passes still.
    pub faults: usize,
    /// The part that is left out.
    pub left_out: LeftOut,
    /// Most executions of one pair, where not all of them are wanted.
    pub most: u64,
}

/// The counts of a search.
#[derive(Clone, Debug, Default)]
pub struct Explored {
    /// Executions that were begun, also those that turned out to be known.
    pub begun: u64,
    /// Executions to their end.
    pub executions: u64,
    /// Executions that were given up, because one of the two only waited for the other.
    pub given_up: u64,
    /// Places at which the search did not go on, for nobody could have told the difference.
    pub left_out: u64,
    /// Writes after which the books were right.
    pub commits: u64,
    /// Digests of different ends: what was answered, and the table.
    pub ends: BTreeSet<u64>,
    /// Digests of different tables, once who had heard nothing has asked again.
    pub states: BTreeSet<u64>,
    /// Answers to executions without a fault that neither order of the two, one after the other, gives.
    pub unordered: BTreeSet<String>,
}

/// A violation, and the simplest steps to it that were found.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    pub(super) what: String,
    pub(super) steps: Vec<Step>,
}

/// One node of the path.
struct Node {
    enabled: Vec<Step>,
    /// Which of them were tried, or need not be.
    tried: Vec<bool>,
    /// Where the search is in `enabled`.
    current: usize,
    /// Those whose steps are to be tried here; none stands for time.
    wanted: BTreeSet<Option<usize>>,
    asleep: Vec<(Step, Footprint)>,
    done: Vec<(Step, Footprint)>,
}

impl Node {
    /// A node at which nothing was tried yet, and the first that is worth it is to be.
    fn new(enabled: Vec<Step>, asleep: Vec<(Step, Footprint)>, left_out: LeftOut) -> Self {
        let tried = vec![false; enabled.len()];
        let mut node = Self { enabled, tried, current: 0, wanted: BTreeSet::from([None]), asleep, done: Vec::new() };
        let first = node.enabled.iter().find(|step| **step != Step::Pass && node.is_worth_trying(**step));
        let first = first.map(|step| step.actor());
        let all = node.enabled.iter().map(|step| step.actor());
        let only_first = left_out == LeftOut::Unraced;
        let wanted: Vec<Option<usize>> = if only_first { first.into_iter().collect() } else { all.collect() };
        node.wanted.extend(wanted);
        node
    }

    fn current_step(&self) -> Step {
        self.enabled[self.current]
    }

    /// The steps that were tried here before the current one, or are asleep.
    fn explored_steps(&self) -> impl Iterator<Item = &(Step, Footprint)> {
        self.asleep.iter().chain(&self.done)
    }

    /// Moves to the next step worth trying; whether there is one.
    fn advance(&mut self, extent: Extent, left_out: &mut u64) -> bool {
        while let Some(next) =
            (0..self.enabled.len()).find(|at| !self.tried[*at] && self.wanted.contains(&self.enabled[*at].actor()))
        {
            (self.tried[next], self.current) = (true, next);
            if extent.left_out == LeftOut::Nothing || self.is_worth_trying(self.current_step()) {
                return true;
            }
            *left_out += 1;
        }
        false
    }

    /// Has one of these tried here, the last if it can go on, unless one of them is.
    fn want_one_of(&mut self, actors: &[Option<usize>]) {
        let can_go_on = |actor: &&Option<usize>| self.enabled.iter().any(|step| step.actor() == **actor);
        if actors.iter().filter(can_go_on).any(|actor| self.wanted.contains(actor)) {
            return;
        }
        match actors.iter().rev().find(can_go_on) {
            Some(actor) => self.wanted.extend([*actor]),
            None => self.wanted.extend(self.enabled.iter().map(|step| step.actor())),
        }
    }

    fn is_worth_trying(&self, step: Step) -> bool {
        if self.asleep.iter().any(|(asleep, _)| *asleep == step) {
            return false;
        }
        let (Step::LoseAnswer(actor) | Step::KillAfter(actor)) = step else { return true };
        // A call that changes nothing and whose answer is lost is made again by the SDK, as if it came later. Who is
        // killed after it might as well have been killed after the last one that changed something.
        let calm = self.explored_steps().find(|(known, _)| *known == Step::Proceed(actor));
        calm.is_none_or(|(_, footprint)| footprint.has_written())
    }
}

/// The steps of a path that must come before each of its steps, because they are of the same one or do not commute with
/// it, directly or by way of others.
fn causes(path: &[(Step, Footprint)]) -> Vec<BTreeSet<usize>> {
    let mut causes: Vec<BTreeSet<usize>> = Vec::with_capacity(path.len());
    for (at, step) in path.iter().enumerate() {
        let mut of_step = BTreeSet::new();
        for before in (0..at).rev() {
            let other = &path[before];
            if !of_step.contains(&before) && (other.0.actor() == step.0.actor() || !commute(other, step)) {
                of_step.extend(causes[before].iter().copied().chain([before]));
            }
        }
        causes.push(of_step);
    }
    causes
}

/// Has each race of the steps from `new` on tried the other way round: two steps of different ones that do not commute,
/// with nothing between that must come after the first and before the second.
fn note_races(path: &mut [Node], new: usize) {
    let steps: Vec<(Step, Footprint)> = path.iter().map_while(|node| node.done.last().cloned()).collect();
    let causes = causes(&steps);
    for (later, of_later) in causes.iter().enumerate().skip(new) {
        for earlier in of_later.iter().copied() {
            let is_between = |at: &usize| causes[*at].contains(&earlier);
            if steps[earlier].0.actor() == steps[later].0.actor() || of_later.iter().any(is_between) {
                continue;
            }
            // What would come instead of the earlier step: all that needs it not, up to the later one.
            let instead = |at: &usize| *at == later || !causes[*at].contains(&earlier);
            let others: Vec<usize> = (earlier + 1..=later).filter(instead).collect();
            let is_first = |at: &&usize| !others.iter().any(|other| causes[**at].contains(other));
            let firsts: Vec<Option<usize>> = others.iter().filter(is_first).map(|at| steps[*at].0.actor()).collect();
            path[earlier].want_one_of(&firsts);
        }
    }
}

/// Whether two steps come to the same in either order.
fn commute(one: &(Step, Footprint), other: &(Step, Footprint)) -> bool {
    // There is only so much that may go wrong: one fault prevents another.
    let prevents = one.0.counts_as_fault() && other.0.counts_as_fault();
    one.0.actor() != other.0.actor() && !prevents && one.1.commutes_with(&other.1)
}

/// Simplest first: few faults, few changes from one to the other, few steps.
fn simplicity(steps: &[Step]) -> (usize, usize, usize) {
    let changes = steps.windows(2).filter(|two| two[0].actor() != two[1].actor()).count();
    (steps.iter().filter(|step| step.is_fault()).count(), changes, steps.len())
}

/// Searches all executions of a pair.
pub(super) async fn explore(world: &mut World, pair: Pair<'_>, extent: Extent) -> Result<Explored, Broken> {
    let mut explored = Explored::default();
    let mut orders = BTreeSet::new();
    let mut broken: Option<Broken> = None;
    for first in 0..2 {
        let end = run_sequentially(world, pair, first).await;
        orders.insert(end.map_err(|what| Broken { what, steps: Vec::new() })?.answers);
    }
    let mut path: Vec<Node> = Vec::new();
    loop {
        match execute(world, pair, extent, &mut path, &mut explored).await {
            Ok(Some(end))
                if !path.iter().any(|node| node.current_step().is_fault() || node.current_step() == Step::Pass) =>
            {
                if !orders.contains(&end.answers) {
                    explored.unordered.insert(format!("{:?}", end.answers));
                }
            }
            Ok(_) => {}
            Err(what) => {
                let steps: Vec<Step> = path.iter().map(Node::current_step).collect();
                if broken.as_ref().is_none_or(|found| simplicity(&steps) < simplicity(&found.steps)) {
                    broken = Some(Broken { what, steps });
                }
            }
        }
        while let Some(node) = path.last_mut() {
            if node.advance(extent, &mut explored.left_out) {
                break;
            }
            path.pop();
        }
        if path.is_empty() || explored.begun >= extent.most {
            return broken.map_or(Ok(explored), Err);
        }
    }
}

/// One execution, along the path and on from there; none, if its end would be one that is known.
async fn execute(
    world: &mut World,
    pair: Pair<'_>,
    extent: Extent,
    path: &mut Vec<Node>,
    explored: &mut Explored,
) -> Result<Option<End>, String> {
    let old = path.len();
    explored.begun += 1;
    let mut execution = Execution::new(world, pair, extent.faults, false).await?;
    for depth in 0.. {
        // Waits are no steps: along a known path one may be longer than before, and one too many.
        if execution.is_given_up {
            break;
        }
        if depth == path.len() {
            let enabled = execution.enabled_steps(extent.left_out == LeftOut::Nothing);
            if enabled.is_empty() {
                break;
            }
            let mut asleep = Vec::new();
            if let Some(parent) = path.last() {
                let (taken, before) = parent.done.split_last().ok_or("a step without a footprint")?;
                let known = parent.asleep.iter().chain(before);
                asleep.extend(known.filter(|known| commute(known, taken)).cloned());
            }
            let mut node = Node::new(enabled, asleep, extent.left_out);
            if !node.advance(extent, &mut explored.left_out) {
                note_races(path, old.saturating_sub(1));
                return Ok(None);
            }
            path.push(node);
        }
        let step = path[depth].current_step();
        let footprint = execution.execute(step).await?;
        if depth + 1 >= old {
            path[depth].done.push((step, footprint));
        }
    }
    note_races(path, old.saturating_sub(1));
    explored.executions += 1;
    explored.commits += execution.commits;
    if execution.is_given_up {
        explored.given_up += 1;
        return Ok(None);
    }
    let end = execution.end_state();
    // The same table with the same answers comes to the same end.
    if explored.ends.insert(digest(&end)) {
        explored.states.insert(execution.finish().await?);
    }
    Ok(Some(end))
}

/// The whole of one, then the whole of the other.
async fn run_sequentially(world: &mut World, pair: Pair<'_>, first: usize) -> Result<End, String> {
    let mut execution = Execution::new(world, pair, 0, false).await?;
    for actor in [first, 1 - first] {
        while execution.enabled_steps(true).contains(&Step::Proceed(actor)) {
            execution.execute(Step::Proceed(actor)).await?;
        }
    }
    Ok(execution.end_state())
}

/// The lines of one execution.
pub(super) async fn replay(world: &mut World, pair: Pair<'_>, steps: &[Step]) -> Vec<String> {
    let mut execution = match Execution::new(world, pair, usize::MAX, true).await {
        Ok(execution) => execution,
        Err(what) => return vec![what],
    };
    let mut ended = Ok(());
    for step in steps {
        ended = execution.execute(*step).await.map(|_| ());
        if ended.is_err() {
            break;
        }
    }
    if ended.is_ok() {
        ended = execution.finish().await.map(|_| ());
    }
    let mut lines = execution.title();
    lines.extend(execution.trace.take().unwrap_or_default());
    lines.extend(ended.err());
    lines
}

impl Explored {
    /// Adds what another pair came to.
    pub(super) fn add(&mut self, name: &str, other: Self) {
        self.begun += other.begun;
        self.executions += other.executions;
        self.given_up += other.given_up;
        self.left_out += other.left_out;
        self.commits += other.commits;
        self.ends.extend(other.ends);
        self.states.extend(other.states);
        self.unordered.extend(other.unordered.into_iter().map(|answers| format!("{name}: {answers}")));
    }
}
