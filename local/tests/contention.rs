//! The contention lab at a small size. At a large one: `cargo run --release -p simulation --bin lab -- --help`.

use simulation::contention::{Outcome, Parameters, Plan, Sale, run};

fn front_row(parameters: Parameters) -> Plan {
    let sale = Sale::Seats { seats: 10 };
    Plan { seed: 1, parameters, sale, people: 60, over_seconds: 1.0, pays_after_seconds: 2.0, bare: false }
}

fn ran(plan: &Plan) -> Outcome {
    run(plan).unwrap_or_else(|problem| panic!("{problem}"))
}

#[test]
fn without_time_locks_and_limits_it_is_the_product_on_its_engine() {
    let off = front_row(Parameters::off());
    let (layered, bare) = (ran(&off), ran(&Plan { bare: true, ..off }));
    assert_eq!(layered.digest, bare.digest);
    assert_eq!(layered.ends, bare.ends);
    assert_eq!((bare.ends["paid"], bare.unavailable), (10, 0));
}

#[test]
fn the_same_seed_is_the_same_run() {
    let plan = front_row(Parameters::warmed_to(0.0));
    let (one, again) = (ran(&plan), ran(&plan));
    assert_eq!((one.digest, &one.text), (again.digest, &again.text));
    assert_ne!(one.digest, ran(&Plan { seed: 2, ..plan }).digest);
}

/// The invariants of the table are checked in each run's end.
#[test]
fn every_kind_of_sale_is_sold_out_under_contention() {
    let seats = front_row(Parameters::warmed_to(0.0));
    assert_eq!(ran(&seats).ends["paid"], 10);
    let orders = Plan { sale: Sale::Orders { units: 20, shards: 4 }, ..seats.clone() };
    assert_eq!(ran(&orders).ends["ordered"], 20);
    let queue = Plan { sale: Sale::Queue { seats: 10, admit_per_second: 10 }, ..seats };
    assert_eq!(ran(&queue).ends["paid"], 10);
}
