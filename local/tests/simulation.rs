//! The product under every fault, in orders that seeds decide: a few short runs. Many long ones:
//! `cargo run --release -p simulation --bin simulate`. And two scenes of the pairs that meet; all: the same with
//! `--pairs`.

use simulation::pairs::{Explored, Extent, LeftOut, Search, search};
use simulation::rng::Rng;
use simulation::{Plan, run};

use crate::repository::{files, read};

fn plan(seed: u64, steps: u64) -> Plan {
    Plan { seed, steps, faults: true, trace: false, struck: Vec::new() }
}

#[test]
fn nothing_breaks_in_a_few_runs() {
    let (mut steps, mut commits) = (0, 0);
    for seed in 0..6 {
        let (report, _) =
            run(&plan(seed, 300), Rng::from_seed(seed)).unwrap_or_else(|broken| panic!("{seed}: {broken}"));
        steps += report.steps;
        commits += report.commits;
    }
    assert_eq!(steps, 6 * 300);
    assert!(commits > 150, "{commits} commits in {steps} steps");
}

#[test]
fn the_same_seed_is_the_same_run_and_so_is_its_record() {
    let hash = |seed: u64| run(&plan(seed, 200), Rng::from_seed(seed)).expect("nothing breaks").1;
    assert_eq!(hash(7), hash(7));
    assert_ne!(hash(7), hash(8));
}

#[test]
fn a_run_in_which_nothing_goes_wrong_is_a_run_too() {
    let calm = Plan { faults: false, ..plan(1, 200) };
    let (report, _) = run(&calm, Rng::from_seed(1)).expect("nothing breaks");
    assert_eq!(report.faults.keys().copied().collect::<Vec<_>>(), ["proceeds"]);
    assert_eq!(report.answers.keys().filter(|(_, status)| *status >= 500 && *status != 503).count(), 0);
}

fn search_scene(scenes: &str, pairs: Option<usize>, extent: Extent) -> Explored {
    let scenes = scenes.to_owned();
    let wanted = Search { scenes, pairs, function: None, struck: Vec::new(), tells: false, extent, threads: 2 };
    let found = search(&wanted).unwrap_or_else(|lines| panic!("{}", lines.join("\n")));
    let [(_, searched)] = found.into_iter().collect::<Vec<_>>().try_into().expect("one scene");
    searched.explored
}

#[test]
fn nothing_breaks_in_any_order_of_two_operations() {
    let extent = Extent { faults: 1, left_out: LeftOut::Unraced, most: u64::MAX };
    for (scene, pairs, least) in [
        ("the last coupon", 6, 50),
        ("a wallet that is nearly full", 6, 50),
        // A payment that is sent twice.
        ("an admission that ends with a hold", 2, 10),
    ] {
        let explored = search_scene(scene, Some(pairs), extent);
        assert!(explored.executions > least, "{scene}: {explored:?}");
    }
}

#[test]
fn what_is_left_out_of_the_search_leads_nowhere_else() {
    let search =
        |scene: &str, pairs, left_out| search_scene(scene, pairs, Extent { faults: 1, left_out, most: u64::MAX });
    for (scene, pairs) in [("a wallet that is nearly full", 2), ("a pending order with the coupon", 1)] {
        let [short, long] = [LeftOut::Unraced, LeftOut::Nothing].map(|left_out| search(scene, Some(pairs), left_out));
        assert_eq!((short.ends, short.states), (long.ends, long.states), "{scene}");
        assert!(short.executions * 3 < long.executions, "{} of {}", short.executions, long.executions);
    }
    // Too many orders to try them all: a sweep of many calls, while time passes.
    let scene = "an admission that ends with a hold";
    let [short, long] = [LeftOut::Unraced, LeftOut::Asleep].map(|left_out| search(scene, None, left_out));
    assert_eq!((short.ends, short.states), (long.ends, long.states), "{scene}");
    assert_eq!(short.executions, long.executions, "{scene}");
    assert!(short.begun * 3 < long.begun * 2, "{} of {}", short.begun, long.begun);
}

#[test]
fn every_seeded_bug_fits_the_code() {
    let patches = files("simulation/mutants", ".patch");
    assert!(!patches.is_empty());
    for path in patches {
        let patch = read(&path);
        let mut changed = "";
        let mut hunks: Vec<(&str, String)> = Vec::new();
        for line in patch.lines() {
            match (line.strip_prefix("--- a/"), line.split_at_checked(1)) {
                (Some(file), _) => changed = file,
                (None, Some(("@", _))) => hunks.push((changed, String::new())),
                (None, Some((" " | "-", text))) if !line.starts_with("--- ") => {
                    if let Some((_, hunk)) = hunks.last_mut() {
                        hunk.push_str(text);
                        hunk.push('\n');
                    }
                }
                (None, None) => hunks.iter_mut().last().into_iter().for_each(|(_, hunk)| hunk.push('\n')),
                _ => {}
            }
        }
        assert!(!hunks.is_empty(), "{path} changes nothing");
        for (file, hunk) in hunks {
            assert!(read(file).contains(&hunk), "{path} does not fit {file}:\n{hunk}");
        }
    }
}
