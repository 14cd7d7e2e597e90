//! `simulate`: the product under every fault, in orders that seeds decide.
//!
//! `cargo run --release -p simulation --bin simulate -- --seeds 0..1000`
#![warn(clippy::print_stderr, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use local::output::say;
use simulation::{MutationReport, Plan, Run, condition_mutation, pairs, run_seeds, shrink};

#[global_allocator]
static ALLOCATOR: local::Allocator = local::Allocator;

/// Simulates the product under faults, and prints what was tried.
#[derive(Parser)]
struct Flags {
    /// Seeds to run, e.g. 0..1000. Progress is printed now and then, so that you can continue an interrupted run.
    #[arg(long, default_value = "0..100", value_parser = parse_seeds)]
    seeds: Range<u64>,
    /// Calls per run whose order and faults the seed decides.
    #[arg(long, default_value_t = 1_000)]
    steps: u64,
    /// Print the trace of each run.
    #[arg(long)]
    trace: bool,
    /// Concurrent runs.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Most runs spent on shrinking a failing one.
    #[arg(long, default_value_t = 400)]
    shrink: usize,
    /// Fail if any kind of fault was injected less often.
    #[arg(long, default_value_t = 0)]
    at_least: u64,
    /// Remove the guard of this name, or with `all` each guard in turn, and print the seed that notices. Repeatable:
    /// removes several guards together.
    #[arg(long)]
    strike: Vec<String>,
    /// File to write the table of guards to.
    #[arg(long)]
    table: Option<PathBuf>,
    /// With `--strike all` and `--table`: strike out only guards whose names contain this text, and those that the table
    /// does not have or says nobody missed; keep its other rows. Repeatable.
    #[arg(long, requires = "table")]
    only: Vec<String>,
    /// Explore all interleavings of every two operations that meet instead, in scenes whose names contain this text.
    #[arg(long, num_args = 0..=1, default_missing_value = "")]
    pairs: Option<String>,
    /// Most faults of one interleaving; the passing of time counts as one.
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
        say(format_args!("shortest failing run:\n{}\n{}", shortest.trace.join("\n"), shortest.what));
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
    let known = match &flags.table {
        Some(path) if !flags.only.is_empty() => condition_mutation::read_table(path, &flags.only),
        _ => Ok(BTreeMap::new()),
    };
    let Ok(known) = known else {
        say("the table cannot be read");
        return ExitCode::FAILURE;
    };
    let MutationReport { table, unexplained } =
        condition_mutation::mutate_all(plan, flags.seeds.clone(), flags.threads, &known);
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
    say(format_args!(
        "no seed notices the removal of these guards, and none is listed as equivalent:\n{}",
        unexplained.join("\n")
    ));
    ExitCode::FAILURE
}

fn comma_separated(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
