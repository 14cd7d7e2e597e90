//! `simulate`: the product under every fault, in orders that seeds decide.
//!
//! `cargo run --release -p local --bin simulate -- --seeds 0..1000`

use std::ops::Range;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use local::simulation::dice::Dice;
use local::simulation::{Plan, Report, Violation, pairs, run, shrink};

/// Runs the product in simulations, and prints what was tried.
#[derive(Parser)]
struct Flags {
    /// Which seeds, e.g. 0..1000; a run can be gone on with at any later one.
    #[arg(long, default_value = "0..100", value_parser = seeds)]
    seeds: Range<u64>,
    /// Calls of each run that the dice decide on.
    #[arg(long, default_value_t = 1_000)]
    steps: u64,
    /// Prints the trace of each run.
    #[arg(long)]
    trace: bool,
    /// Runs at the same time.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Runs that may be made to shorten one that fails.
    #[arg(long, default_value_t = 400)]
    shrink: usize,
    /// Instead, all orders of every two operations that meet, in the scenes with this in their names.
    #[arg(long, num_args = 0..=1, default_missing_value = "")]
    pairs: Option<String>,
    /// Most faults of one such order.
    #[arg(long, default_value_t = 1)]
    faults: usize,
}

fn seeds(given: &str) -> Result<Range<u64>, String> {
    let (from, to) = given.split_once("..").ok_or("must be two numbers, as in 0..1000")?;
    let number = |text: &str| text.parse::<u64>().map_err(|problem| problem.to_string());
    Ok(number(from)?..number(to)?)
}

fn main() -> ExitCode {
    // A violation is told once, below.
    std::panic::set_hook(Box::new(|_| {}));
    let flags = Flags::parse();
    if let Some(scenes) = flags.pairs {
        return pairs::print(&scenes, flags.faults, flags.threads);
    }
    let (next, total) = (AtomicU64::new(flags.seeds.start), Mutex::new(Report::default()));
    let failed: Mutex<Vec<(Plan, Violation)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..flags.threads.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= flags.seeds.end || failed.lock().is_ok_and(|failed| !failed.is_empty()) {
                        return;
                    }
                    let plan = Plan { seed, steps: flags.steps, faults: true, trace: flags.trace };
                    match run(plan, Dice::of_seed(seed)) {
                        Ok((report, hash)) => {
                            if flags.trace {
                                println!("{}\nseed {seed}: {hash}", report.trace.join("\n"));
                            }
                            total.lock().expect("no panic").add(&report);
                        }
                        Err(violation) => failed.lock().expect("no panic").push((plan, violation)),
                    }
                }
            });
        }
    });
    let total = total.into_inner().expect("no panic");
    println!("{} steps, {} commits, each checked", total.steps, total.commits);
    println!("calls: {}", list(total.faults.iter().map(|(name, count)| format!("{count} {name}"))));
    println!(
        "answers: {}",
        list(total.answers.iter().map(|((name, status), count)| format!("{count} {name} {status}")))
    );
    let Some((plan, violation)) = failed.into_inner().expect("no panic").into_iter().next() else {
        println!("no violation in seeds {}..{}", flags.seeds.start, flags.seeds.end);
        return ExitCode::SUCCESS;
    };
    println!("seed {} fails: {violation}", plan.seed);
    let shortest = shrink::shortest(plan, violation, flags.shrink);
    println!("its shortest form:\n{}\n{}", shortest.trace.join("\n"), shortest.what);
    ExitCode::FAILURE
}

fn list(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
