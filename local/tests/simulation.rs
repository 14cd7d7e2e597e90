//! The product under every fault, in orders that seeds decide: a few short runs. Many long ones:
//! `cargo run --release -p local --bin simulate`.

use local::simulation::dice::Dice;
use local::simulation::{Plan, run};

fn plan(seed: u64, steps: u64) -> Plan {
    Plan { seed, steps, faults: true, trace: false, struck: None }
}

#[test]
fn nothing_breaks_in_a_few_runs() {
    let (mut steps, mut commits) = (0, 0);
    for seed in 0..6 {
        let (report, _) =
            run(&plan(seed, 300), Dice::of_seed(seed)).unwrap_or_else(|broken| panic!("{seed}: {broken}"));
        steps += report.steps;
        commits += report.commits;
    }
    assert_eq!(steps, 6 * 300);
    assert!(commits > 150, "{commits} commits in {steps} steps");
}

#[test]
fn the_same_seed_is_the_same_run_and_so_is_its_record() {
    let hash = |seed: u64| run(&plan(seed, 200), Dice::of_seed(seed)).expect("nothing breaks").1;
    assert_eq!(hash(7), hash(7));
    assert_ne!(hash(7), hash(8));
}

#[test]
fn a_run_in_which_nothing_goes_wrong_is_a_run_too() {
    let calm = Plan { faults: false, ..plan(1, 200) };
    let (report, _) = run(&calm, Dice::of_seed(1)).expect("nothing breaks");
    assert_eq!(report.faults.keys().copied().collect::<Vec<_>>(), ["proceeds"]);
    assert_eq!(report.answers.keys().filter(|(_, status)| *status >= 500 && *status != 503).count(), 0);
}
