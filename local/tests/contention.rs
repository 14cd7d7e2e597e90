//! The contention lab at a small size. At a large one: `cargo run --release -p simulation --bin lab -- --help`.

use simulation::contention::{ISOLATED, Outcome, Parameters, Plan, Sale, run};

fn front_row(parameters: Parameters) -> Plan {
    let sale = Sale::Seats { seats: 10 };
    Plan {
        seed: 1,
        parameters,
        sale,
        people: 60,
        over_seconds: 1.0,
        pays_after_seconds: 2.0,
        polls_per_second: 0.0,
        bare: false,
    }
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
    let queue = ran(&queue);
    assert_eq!(queue.ends["paid"], 10);
    assert!(queue.text.contains("\nclaims: ") && queue.text.contains("polls answered 503: 0\n"), "{}", queue.text);
}

/// Sixty people, a seat for each, and the authorizer in front of them; 60,000 others poll.
fn storm(given: &[(&str, &str)], polls_per_second: f64) -> Plan {
    let parameters = Parameters { authorizes: true, ..Parameters::warmed_to(0.0).with(given) };
    Plan { sale: Sale::Seats { seats: 60 }, polls_per_second, ..front_row(parameters) }
}

#[test]
fn a_storm_of_polls_leaves_isolated_payments_as_they_were() {
    let (calm, stormy) = (ran(&storm(&[], 0.0)), ran(&storm(&ISOLATED, 60_000.0)));
    assert_eq!((stormy.refused_by_quotas, stormy.ends["paid"]), (0, 60), "{}", stormy.text);
    assert_eq!((stormy.digest, stormy.ends), (calm.digest, calm.ends));
    assert!(stormy.text.contains("429 rate of the route"), "{}", stormy.text);
}

#[test]
fn without_isolation_the_polls_of_a_storm_keep_buyers_out() {
    let plan = storm(&[], 60_000.0);
    let stormy = ran(&plan);
    assert!(stormy.refused_by_quotas > 0, "{}", stormy.text);
    assert_eq!(ran(&plan).text, stormy.text, "the same seed is the same storm");
    assert_eq!(ran(&storm(&[], 0.0)).refused_by_quotas, 0);
}

/// The first poll of the rarest storm comes when everybody has paid.
#[test]
fn a_storm_without_polls_is_a_sale_without_a_storm() {
    let (without, rarest) = (ran(&storm(&[], 0.0)), ran(&storm(&[], 1e-9)));
    assert_eq!((without.digest, without.ends, without.unavailable), (rarest.digest, rarest.ends, rarest.unavailable));
    let polls = "polls of the storm, each counted by the quotas and not executed, nor in the cost: 0 arrived";
    assert!(rarest.text.contains(polls) && !without.text.contains("storm"), "{}", rarest.text);
}
