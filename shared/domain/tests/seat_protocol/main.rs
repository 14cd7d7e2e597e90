//! A model of a protocol that the product does not use yet: seats are held and paid for outside of transactions, by a
//! plain conditional write of each seat and one of the buyer's own reservation. The model goes through every state that
//! one buyer, a rival and the sweep can reach, with every fault at every write: a process that dies, an answer that is
//! lost, a message that comes late or twice. Nobody is sold what another has paid for, what is told stays true, and in
//! the end every seat is free or paid for. Without any one of the protocol's rules the model finds what goes wrong.
//!
//! With `ONSALE_SCALE=full`, and better with `--release`, two faults meet in one run; else at most one.

mod explore;
mod process;
mod table;

use crate::explore::explore;
use crate::process::{GiveBack, Process, Rules, Task};
use crate::table::{BUYER, RIVAL, Reservation, SEATS, Seats, State, Table, Value};

const BOTH: Seats = 0b11;
const FIRST: Seats = 0b01;
const HOLD: Task = Task::Hold(BOTH);

fn empty() -> Table {
    Table { seats: [Value::Free; SEATS], reservations: [None; 2], debits: [0; 2] }
}

/// Both seats are held by the buyer, through the next tick.
fn held() -> Table {
    let there = Reservation { state: State::Held, until: 1, version: 1, live: BOTH, freeing: 0, indexed: true };
    Table { seats: [Value::Held(BUYER, 1, 0); SEATS], reservations: [Some(there), None], debits: [0; 2] }
}

/// Goes through all that these tasks of the buyer, the rival's, and the sweep can come to.
fn run(table: Table, tasks: &[Task], rival: Task, faults: u8, rules: Rules) -> Result<usize, String> {
    let mut processes: Vec<Process> =
        tasks.iter().enumerate().map(|(by, task)| Process::new(*task, BUYER, by)).collect();
    processes.push(Process::new(rival, RIVAL, 0));
    processes.push(Process::new(Task::Sweep, BUYER, 0));
    explore(table, processes, faults, rules)
}

/// Insists that nothing goes wrong, with so many faults, or with two in a full run.
#[track_caller]
fn holds(table: Table, tasks: &[Task], rival: Task, faults: u8) {
    let is_full = std::env::var("ONSALE_SCALE").is_ok_and(|scale| scale == "full");
    let faults = if is_full { 2 } else { faults };
    match run(table, tasks, rival, faults, Rules::ALL) {
        Ok(states) => println!("{tasks:?}, {faults} faults: {states} states"),
        Err(wrong) => panic!("{wrong}"),
    }
}

/// Insists that this goes wrong.
#[track_caller]
fn fails(table: Table, tasks: &[Task], rival: Task, rules: Rules, expected: &str) {
    // Without a fault, if that is enough.
    let wrong = (0..=1).find_map(|faults| run(table.clone(), tasks, rival, faults, rules).err());
    let wrong = wrong.expect("it goes wrong");
    assert!(wrong.contains(expected), "{wrong}");
}

#[test]
fn a_hold_is_paid_for() {
    holds(empty(), &[HOLD, Task::Pay], Task::Rival(1), 1);
}

#[test]
fn a_hold_that_is_sent_twice_is_one() {
    holds(empty(), &[HOLD, HOLD], Task::Quitter(1), 0);
}

#[test]
fn a_hold_is_paid_for_and_given_up() {
    holds(empty(), &[HOLD, Task::Pay, Task::Cancel(BOTH)], Task::Rival(0), 0);
}

#[test]
fn two_payments_are_one() {
    holds(held(), &[Task::Pay, Task::Pay], Task::Rival(0), 0);
}

#[test]
fn a_payment_meets_a_cancellation() {
    holds(held(), &[Task::Pay, Task::Cancel(BOTH)], Task::Rival(0), 0);
}

#[test]
fn a_payment_meets_the_giving_up_of_one_seat() {
    holds(held(), &[Task::Pay, Task::Cancel(FIRST)], Task::Rival(0), 0);
}

#[test]
fn a_payment_that_takes_its_marks_back_takes_them_from_another() {
    let rules = Rules { no_undo: false, ..Rules::ALL };
    fails(held(), &[Task::Pay, Task::Pay], Task::Rival(0), rules, "is Paid, and its seat 0 Held");
}

#[test]
fn a_payment_that_is_refused_without_an_end_is_told_what_may_change() {
    let rules = Rules { fence: false, ..Rules::ALL };
    fails(held(), &[Task::Pay, Task::Pay], Task::Rival(0), rules, "was told what is not so");
}

#[test]
fn seats_that_are_given_up_without_a_note_stay_marked() {
    let rules = Rules { noted: false, ..Rules::ALL };
    fails(held(), &[Task::Pay, Task::Cancel(FIRST)], Task::Rival(0), rules, "who has not paid for it");
}

#[test]
fn what_leaves_the_index_too_early_stays_marked() {
    let rules = Rules { late_leave: false, ..Rules::ALL };
    let tasks = [HOLD, Task::Pay, Task::Cancel(BOTH)];
    fails(empty(), &tasks, Task::Rival(0), rules, "who has not paid for it");
}

/// No value of a seat prevents this. A refusal must take the number of the reservation first, so that no other try of the
/// same request can reserve the seats that are given back.
#[test]
fn a_try_that_gives_back_before_its_number_is_taken_takes_seats_from_another_try() {
    for give_back in [GiveBack::Owner, GiveBack::End, GiveBack::Try] {
        let rules = Rules { give_back, ..Rules::ALL };
        fails(empty(), &[HOLD, HOLD], Task::Quitter(1), rules, "is Held, and its seat 0 Free");
    }
}
