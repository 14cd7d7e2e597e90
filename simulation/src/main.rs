//! `simulate`: the product under every fault, in orders that seeds decide.
//!
//! `cargo run --release -p simulation -- --seeds 0..1000`
#![warn(clippy::print_stderr, clippy::print_stdout)]

use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use local::output::say;
use simulation::{MutationReport, Plan, Run, condition_mutation, pairs, run_seeds, shrink};

/// Runs the product in simulations, and prints what was tried.
#[derive(Parser)]
struct Flags {
    /// The seeds, e.g. 0..1000. Progress is printed now and then: a run that was broken off goes on from there.
    #[arg(long, default_value = "0..100", value_parser = parse_seeds)]
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
    /// Fails if a fault was made less often.
    #[arg(long, default_value_t = 0)]
    at_least: u64,
    /// Strikes out a guard, by its name, or with `all` each of those that are sent, one after the other; says which
    /// seed notices. Several together if it is given several times.
    #[arg(long)]
    strike: Vec<String>,
    /// Where to keep the table of guards.
    #[arg(long)]
    table: Option<PathBuf>,
    /// Instead, all orders of every two operations that meet, in the scenes with this in their names.
    #[arg(long, num_args = 0..=1, default_missing_value = "")]
    pairs: Option<String>,
    /// Most faults of one such order; that time passes is one.
    #[arg(long, default_value_t = 1)]
    faults: usize,
}

fn parse_seeds(given: &str) -> Result<Range<u64>, String> {
    let (from, to) = given.split_once("..").ok_or("must be two numbers, as in 0..1000")?;
    let number = |text: &str| text.parse::<u64>().map_err(|problem| problem.to_string());
    Ok(number(from)?..number(to)?)
}

fn main() -> ExitCode {
    // A violation is told once, below.
    std::panic::set_hook(Box::new(|_| {}));
    let flags = Flags::parse();
    if let Some(scenes) = &flags.pairs {
        return pairs::search_and_print(scenes, flags.faults, flags.threads, &flags.strike);
    }
    let plan = Plan { seed: 0, steps: flags.steps, faults: true, trace: flags.trace, struck: Vec::new() };
    match flags.strike.as_slice() {
        [all] if all == "all" => mutate_conditions(&flags, &plan),
        struck => run_random(&flags, &Plan { struck: struck.to_vec(), ..plan }),
    }
}

fn run_random(flags: &Flags, plan: &Plan) -> ExitCode {
    let Run { total, failed } = run_seeds(plan, flags.seeds.clone(), flags.threads, &|seed, report, hash| {
        if flags.trace {
            say(format_args!("{}\nseed {seed}: {hash}", report.trace.join("\n")));
        }
    });
    say(format_args!("{} steps, {} commits, each checked", total.steps, total.commits));
    say(format_args!("calls: {}", comma_separated(total.faults.iter().map(|(name, count)| format!("{count} {name}")))));
    say(format_args!(
        "besides: {}",
        comma_separated(total.others.iter().map(|(name, count)| format!("{count} {name}")))
    ));
    say(format_args!(
        "answers: {}",
        comma_separated(total.answers.iter().map(|((name, status), count)| format!("{count} {name} {status}")))
    ));
    if let Some((seed, violation)) = failed {
        say(format_args!("seed {seed} fails: {violation}"));
        let shortest = shrink::shortest(&Plan { seed, ..plan.clone() }, violation, flags.shrink);
        say(format_args!("its shortest form:\n{}\n{}", shortest.trace.join("\n"), shortest.what));
        return ExitCode::FAILURE;
    }
    say(format_args!("no violation in seeds {}..{}", flags.seeds.start, flags.seeds.end));
    let rare = total.faults.iter().filter(|(_, count)| **count < flags.at_least);
    let rare = comma_separated(rare.map(|(name, count)| format!("{count} {name}")));
    if rare.is_empty() {
        return ExitCode::SUCCESS;
    }
    say(format_args!("fewer than {}: {rare}", flags.at_least));
    ExitCode::FAILURE
}

fn mutate_conditions(flags: &Flags, plan: &Plan) -> ExitCode {
    let MutationReport { table, unexplained } =
        condition_mutation::mutate_all(plan, flags.seeds.clone(), flags.threads);
    match &flags.table {
        Some(path) => {
            if let Err(problem) = condition_mutation::write_table(path, &table) {
                say(format_args!("{}: {problem}", path.display()));
                return ExitCode::FAILURE;
            }
        }
        None => {
            say(table);
        }
    }
    if unexplained.is_empty() {
        return ExitCode::SUCCESS;
    }
    say(format_args!("nobody notices that these are missing, and nothing says why:\n{}", unexplained.join("\n")));
    ExitCode::FAILURE
}

fn comma_separated(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
