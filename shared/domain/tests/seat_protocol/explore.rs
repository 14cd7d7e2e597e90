//! Looks at every state that can be reached: every order of the processes' steps, with every fault at every write.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::process::{Process, Rules, Step, Task, Told};
use crate::table::{LAST_TICK, LATE, SEATS, State, Table, Value, Write, each};

/// Most states that are looked at.
const STATES_MAX: usize = 100_000_000;

/// A message that is under way although nobody waits for it, and when it was sent.
type Stray = (Write, u8);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    now: u8,
    table: Table,
    processes: Vec<Process>,
    strays: Vec<Stray>,
    faults: u8,
}

/// Goes through all states; how many they are, or the first wrong one, with the way that leads there.
pub fn explore(table: Table, processes: Vec<Process>, faults: u8, rules: Rules) -> Result<usize, String> {
    let first = World { now: 0, table, processes, strays: Vec::new(), faults };
    // By their hashes: of a million states two have the same hash with a probability of 1 in 30 million.
    let mut seen = HashSet::from([hash(&first)]);
    // The way to the state that is looked at: on it each state, and those behind it that are still to be looked at.
    let mut way = vec![(first.clone(), String::new(), first.next(rules))];
    while let Some((_, _, ahead)) = way.last_mut() {
        let Some((step, world)) = ahead.pop() else {
            way.pop();
            continue;
        };
        if !seen.insert(hash(&world)) {
            continue;
        }
        assert!(seen.len() <= STATES_MAX, "too many states");
        let next = world.next(rules);
        let wrong = world.wrong().or_else(|| if next.is_empty() { world.wrong_at_rest() } else { None });
        if let Some(wrong) = wrong {
            let steps: Vec<&str> = way.iter().map(|(_, step, _)| step.as_str()).chain([step.as_str()]).collect();
            return Err(format!("{wrong}{}\n{:?}", steps.join("\n"), world.table));
        }
        way.push((world, step, next));
    }
    Ok(seen.len())
}

fn hash(world: &World) -> u64 {
    let mut hasher = DefaultHasher::new();
    world.hash(&mut hasher);
    hasher.finish()
}

impl World {
    fn next(&self, rules: Rules) -> Vec<(String, Self)> {
        let mut next = Vec::new();
        for index in 0..self.processes.len() {
            match self.processes[index].next(&self.table, self.now, rules) {
                Step::Wait => {}
                Step::Read(after) => {
                    next.push((format!("{}: {index} reads", self.now), self.with(index, after)));
                }
                Step::Send(write) => self.send(index, write, rules, &mut next),
            }
        }
        for (index, (write, _)) in self.strays.iter().enumerate() {
            let mut other = self.clone();
            other.strays.remove(index);
            other.table.apply(*write);
            next.push((format!("{}: late {write:?}", self.now), other));
        }
        if self.now < LAST_TICK {
            let mut other = self.clone();
            other.now += 1;
            other.strays.retain(|(_, sent)| sent + LATE >= other.now);
            other.processes.iter_mut().for_each(|process| *process = process.at_tick(other.now));
            next.push((format!("{}: a tick", self.now), other));
        }
        next
    }

    fn with(&self, index: usize, process: Process) -> Self {
        let mut other = self.clone();
        other.processes[index] = process.begun(self.now);
        other
    }

    /// A write of a process: answered; or, as a fault, its process killed before or after, its answer lost, or the
    /// message late, with its process dead or sending it again.
    fn send(&self, index: usize, write: Write, rules: Rules, next: &mut Vec<(String, Self)>) {
        let process = self.processes[index];
        let mut written = self.clone();
        let held = written.table.apply(write);
        let answered = written.with(index, process.after(write, held, &written.table, rules));
        next.push((format!("{}: {index} {write:?} {held}", self.now), answered));
        if self.faults == 0 || matches!(process.task, Task::Rival(_) | Task::Quitter(_)) {
            return;
        }
        let mut fault = |how: &str, world: &Self, process: Process, stray: bool| {
            let mut world = world.with(index, process);
            world.faults -= 1;
            if stray {
                world.strays.push((write, self.now));
                world.strays.sort_unstable();
            }
            next.push((format!("{}: {index} {write:?} {how}", self.now), world));
        };
        fault("killed before", self, process.killed(), false);
        fault("killed after", &written, process.killed(), false);
        fault("answer lost", &written, process.without_an_answer(), false);
        fault("late, killed", self, process.killed(), true);
        fault("late, again", self, process.without_an_answer(), true);
    }

    /// The first rule that this state breaks, of those that hold at any time.
    fn wrong(&self) -> Option<String> {
        for (buyer, there) in self.table.reservations.iter().enumerate() {
            let Some(there) = there else { continue };
            let has = |seat: usize| match (there.state, self.table.seats[seat]) {
                (State::Paid, value) => value == Value::Sold(buyer),
                (State::Held, value) => value.names(buyer) || there.until < self.now,
                (State::Ended | State::Refused, _) => true,
            };
            if let Some(seat) = each(there.live).find(|seat| !has(*seat)) {
                let (state, value) = (there.state, self.table.seats[seat]);
                return Some(format!("the reservation of {buyer} is {state:?}, and its seat {seat} {value:?}"));
            }
        }
        let twice = self.table.debits.iter().position(|debits| *debits > 1);
        twice.map(|buyer| format!("{buyer} has paid twice"))
    }

    /// The first rule that this state breaks, of those that hold when nothing is left to happen.
    fn wrong_at_rest(&self) -> Option<String> {
        let swept = |buyer| self.processes.iter().any(|it| it.task == Task::Sweep && it.buyer == buyer);
        for seat in 0..SEATS {
            let Value::Sold(buyer) = self.table.seats[seat] else { continue };
            let owner = self.table.reservations[buyer].filter(|there| there.state == State::Paid);
            if swept(buyer) && owner.is_none_or(|there| there.live >> seat & 1 == 0) {
                return Some(format!("{seat} is sold to {buyer}, who has not paid for it"));
            }
        }
        for buyer in (0..2).filter(|buyer| swept(*buyer)) {
            if self.table.reservations[buyer].is_some_and(|there| there.indexed || there.state == State::Held) {
                return Some(format!("the sweep is not done with {buyer}'s reservation"));
            }
        }
        for process in &self.processes {
            let paid = self.table.debits[process.buyer] > 0;
            let state = self.table.reservations[process.buyer].map(|there| there.state);
            let held = state.is_some_and(|state| state != State::Refused);
            let lie = match (process.task, process.told()) {
                (Task::Pay, Some(Told::Yes)) => !paid,
                (Task::Pay, Some(Told::No)) => paid,
                (Task::Hold(_), Some(Told::Yes)) => !held,
                _ => false,
            };
            if lie {
                return Some(format!("{process:?} was told what is not so"));
            }
        }
        None
    }
}
