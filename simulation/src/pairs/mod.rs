//! Every pair of operations that meet, in every order of their calls, with a kill or a lost answer at each.
//!
//! A [scene](scenes) is a small prepared world and what may happen in it. Two operations of a scene run side by side,
//! their calls in an order that is given; the [search](explore) tries all orders, with at most so many faults in each.
//! After every commit the books are checked, after every answer what it promises. Afterwards whoever has heard nothing
//! asks again with the same key, and when everything has come to rest nothing may be left over.

mod execution;
mod explore;
mod footprint;
mod scenes;
mod world;

use local::output::{complain, say};
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

pub use explore::{Explored, Extent, LeftOut};

use execution::Pair;
use scenes::{Operation, Scene, operation_key};
use world::World;

/// The scenes to search, and how.
#[derive(Clone, Debug)]
pub struct Search {
    /// Only scenes whose names have this in them; all, if it is empty.
    pub scenes: String,
    /// Only these pairs of each scene, if it says which.
    pub pairs: Option<usize>,
    /// Only pairs in which this function runs.
    pub function: Option<String>,
    /// Guards that are struck out of every request.
    pub struck: Vec<String>,
    /// Whether it says how far it has come.
    pub tells: bool,
    /// How far.
    pub extent: Extent,
    /// Searches at the same time.
    pub threads: usize,
}

/// The result of searching one scene.
#[derive(Clone, Debug, Default)]
pub struct Searched {
    /// Pairs of operations, each with keys of their own or with the same.
    pub pairs: u64,
    /// All of them together.
    pub explored: Explored,
}

/// The numbers of the keys of operations; those below are of the preparation.
const KEYS: usize = 100;
/// The numbers of the keys of operations that meet themselves.
const OTHER_KEYS: usize = 200;

/// The pairs of a scene: each operation with each, itself included, and with itself under the same key too. If the
/// clocks of the machines differ, it matters who is where. Two sweeps, each of many calls, are not made to meet while
/// time passes as well: they do where it has passed. Nor are they where they end deletions, in many more.
fn pairs_of(scene: &Scene) -> Vec<Pair<'_>> {
    let sided = scene.skew[0] != scene.skew[1];
    let all = scene.operations.len();
    let mut pairs = Vec::new();
    let key = |range: usize, operation: usize| match scene.repeats {
        Some((again, step)) if again == operation => operation_key(step),
        _ => operation_key(range + operation),
    };
    for first in 0..all {
        let one = key(KEYS, first);
        let alone = scene.passes.is_some() || scene.patience < scenes::PATIENCE;
        if alone && matches!(scene.operations[first], Operation::Sweep(_)) {
            continue;
        }
        pairs.push(Pair { scene, operations: [first, first], keys: [one, one] });
        // Only a request has a key.
        let keyless = !matches!(scene.operations[first], Operation::Request(..));
        let begin = first + usize::from(keyless);
        for second in if sided { 0 } else { begin }..all {
            let other = key(if second == first { OTHER_KEYS } else { KEYS }, second);
            // The many calls of a sweep come last: then fewest ways are begun that turn out to be known.
            pairs.push(match scene.operations[first] {
                Operation::Sweep(_) if !sided => Pair { scene, operations: [second, first], keys: [other, one] },
                _ => Pair { scene, operations: [first, second], keys: [one, other] },
            });
        }
    }
    pairs
}

/// Searches them.
///
/// # Errors
/// What must never be, with the steps that lead there.
pub fn search(wanted: &Search) -> Result<BTreeMap<&'static str, Searched>, Vec<String>> {
    let scenes: Vec<Scene> =
        scenes::all_scenes().into_iter().filter(|scene| scene.name.contains(&wanted.scenes)).collect();
    let most = wanted.pairs.unwrap_or(usize::MAX);
    let runs = |pair: &Pair<'_>| wanted.function.as_ref().is_none_or(|function| pair.calls_function(function));
    let pairs_of = |scene| pairs_of(scene).into_iter().take(most).filter(runs);
    let work: Vec<Pair<'_>> = scenes.iter().flat_map(pairs_of).collect();
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (found, broken) = (Mutex::new(BTreeMap::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..wanted.threads.max(1) {
            scope.spawn(|| {
                let mut prepared: Option<(&str, Desk)> = None;
                while !stop.load(Ordering::SeqCst) {
                    let Some(pair) = work.get(next.fetch_add(1, Ordering::SeqCst)).copied() else { return };
                    let scene = pair.scene;
                    if prepared.as_ref().is_none_or(|(name, _)| *name != scene.name) {
                        prepared = Some((scene.name, Desk::new(scene, &wanted.struck)));
                    }
                    let Some((_, desk)) = prepared.as_mut() else { return };
                    match desk.search(pair, wanted.extent) {
                        Ok(explored) => {
                            if wanted.tells {
                                complain(format_args!(
                                    "{}: {} of {} executions",
                                    pair.name(),
                                    explored.executions,
                                    explored.begun
                                ));
                            }
                            let mut found = found.lock().expect("no panic");
                            let all: &mut Searched = found.entry(scene.name).or_default();
                            all.pairs += 1;
                            all.explored.add(&pair.name(), explored);
                        }
                        Err(lines) => {
                            stop.store(true, Ordering::SeqCst);
                            broken.lock().expect("no panic").push(lines);
                        }
                    }
                }
            });
        }
    });
    match broken.into_inner().expect("no panic").into_iter().next() {
        Some(lines) => Err(lines),
        None => Ok(found.into_inner().expect("no panic")),
    }
}

/// Where one thread works: a prepared world, and the runtime whose time it moves.
struct Desk {
    runtime: tokio::runtime::Runtime,
    world: Result<World, String>,
}

impl Desk {
    fn new(scene: &Scene, struck: &[String]) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let runtime = runtime.expect("a runtime of one thread");
        let world = runtime.block_on(async {
            let mut world = World::new(struck).await.map_err(|problem| problem.to_string())?;
            world.prepare(scene).await?;
            Ok(world)
        });
        let world = world.map_err(|problem: String| format!("{}: {problem}", scene.name));
        Self { runtime, world }
    }

    fn search(&mut self, pair: Pair<'_>, extent: Extent) -> Result<Explored, Vec<String>> {
        let world = self.world.as_mut().map_err(|problem| vec![problem.clone()])?;
        // Without Tokio's budget: it runs out after so many operations, whatever they belong to, and an operation of ours
        // would then stop at a place that depends on the executions before.
        self.runtime.block_on(tokio::task::unconstrained(async {
            match explore::explore(world, pair, extent).await {
                Ok(explored) => Ok(explored),
                Err(broken) => {
                    let mut lines = explore::replay(world, pair, &broken.steps).await;
                    lines.push(broken.what);
                    Err(lines)
                }
            }
        }))
    }
}

/// Searches scenes, without the guards that are struck out, and prints what it came to.
#[must_use]
pub fn search_and_print(scenes: &str, faults: usize, threads: usize, struck: &[String]) -> ExitCode {
    let extent = Extent { faults, left_out: LeftOut::Unraced, most: u64::MAX };
    let wanted = Search {
        scenes: scenes.to_owned(),
        pairs: None,
        function: struck.first().and_then(|guard| Some(guard.split_once(" · ")?.0.to_owned())),
        struck: struck.to_vec(),
        tells: true,
        extent,
        threads,
    };
    match search(&wanted) {
        Ok(found) => {
            let mut total = (0, 0);
            for (name, Searched { pairs, explored }) in &found {
                say(format_args!(
                    "{name}: {pairs} pairs, {} executions, {} of them given up, {} places left out, {} ends, {} states, {} \
                     commits checked",
                    explored.executions,
                    explored.given_up,
                    explored.left_out,
                    explored.ends.len(),
                    explored.states.len(),
                    explored.commits,
                ));
                for answers in &explored.unordered {
                    say(format_args!("  in neither order: {answers}"));
                }
                total = (total.0 + pairs, total.1 + explored.executions);
            }
            say(format_args!("{} pairs, {} executions, no violation", total.0, total.1));
            ExitCode::SUCCESS
        }
        Err(lines) => {
            say(format_args!("{}", lines.join("\n")));
            ExitCode::FAILURE
        }
    }
}
