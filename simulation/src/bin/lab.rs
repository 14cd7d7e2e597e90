//! `lab`: a sale in virtual time, over a table that conflicts and throttles as AWS's does.
//!
//! `cargo run --release -p simulation --bin lab -- seats --people 10000 --seats 25 --over 5`
#![warn(clippy::print_stderr, clippy::print_stdout)]

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use local::output::{complain, say};
use simulation::contention::{ISOLATED, Parameters, Plan, Sale, run};

#[global_allocator]
static ALLOCATOR: local::Allocator = local::Allocator;

/// Lets people come to a sale in virtual time, and prints what they got and what it took.
#[derive(Parser)]
struct Flags {
    #[command(subcommand)]
    sale: Sold,
}

#[derive(Subcommand)]
enum Sold {
    /// Seats of one date, in sections of 2,500.
    Seats {
        /// How many seats.
        #[arg(long, default_value_t = 2_500)]
        seats: u32,
        #[command(flatten)]
        people: People,
    },
    /// Units of one product, an order each.
    Orders {
        /// How many units.
        #[arg(long, default_value_t = 10_000)]
        units: u32,
        /// Over how many items the stock is spread.
        #[arg(long, default_value_t = 16)]
        shards: u8,
        #[command(flatten)]
        people: People,
    },
    /// Seats behind a waiting queue.
    Queue {
        /// How many seats.
        #[arg(long, default_value_t = 10_000)]
        seats: u32,
        /// Most who are admitted in a second.
        #[arg(long, default_value_t = 400)]
        admit: u32,
        #[command(flatten)]
        people: People,
    },
    /// Seats of one date, whose buyers call the authorizer, too, while others poll a queue: these polls are counted by
    /// the quotas of API Gateway and Lambda, not executed.
    Storm {
        /// How many seats.
        #[arg(long, default_value_t = 2_500)]
        seats: u32,
        /// Polls a second, half of the public number and half of a token.
        #[arg(long, default_value_t = 60_000.0)]
        polls: f64,
        /// With executions reserved for buyers and a lower rate of polls, instead of template.yaml's defaults.
        #[arg(long)]
        isolated: bool,
        /// A parameter of template.yaml and its value, as NAME=VALUE; it comes before that of --isolated.
        #[arg(long)]
        set: Vec<String>,
        #[command(flatten)]
        people: People,
    },
}

#[derive(Args)]
struct People {
    /// How many people come.
    #[arg(long, default_value_t = 10_000)]
    people: u32,
    /// In how many seconds, evenly.
    #[arg(long, default_value_t = 10.0)]
    over: f64,
    /// Seconds from a hold to its payment.
    #[arg(long, default_value_t = 5.0)]
    pays_after: f64,
    /// Write units a second that the table was warmed to; a new one carries 4,000.
    #[arg(long, default_value_t = 4_000.0)]
    warm: f64,
    /// The seed of all random numbers.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Without locks, throttles and quotas: only the time that calls take.
    #[arg(long)]
    without_limits: bool,
}

fn main() -> ExitCode {
    let plan = match plan(Flags::parse().sale) {
        Ok(plan) => plan,
        Err(problem) => {
            complain(problem);
            return ExitCode::FAILURE;
        }
    };
    match run(&plan) {
        Ok(outcome) => {
            say(outcome.text);
            ExitCode::SUCCESS
        }
        Err(problem) => {
            complain(problem);
            ExitCode::FAILURE
        }
    }
}

fn plan(sold: Sold) -> Result<Plan, String> {
    let (mut polls_per_second, mut authorizes, mut given) = (0.0, false, Vec::new());
    let (sale, people) = match sold {
        Sold::Seats { seats, people } => (Sale::Seats { seats }, people),
        Sold::Orders { units, shards, people } => (Sale::Orders { units, shards }, people),
        Sold::Queue { seats, admit, people } => (Sale::Queue { seats, admit_per_second: admit }, people),
        Sold::Storm { seats, polls, isolated, set, people } => {
            (polls_per_second, authorizes) = (polls, true);
            given = template_parameters(&set, isolated)?;
            (Sale::Seats { seats }, people)
        }
    };
    let parameters = Parameters { authorizes, given, ..Parameters::warmed_to(people.warm) };
    Ok(Plan {
        seed: people.seed,
        parameters: if people.without_limits { parameters.without_limits() } else { parameters },
        sale,
        people: people.people,
        over_seconds: people.over,
        pays_after_seconds: people.pays_after,
        polls_per_second,
        bare: false,
    })
}

/// Those that are set, and those of an isolated deployment that are not.
fn template_parameters(set: &[String], isolated: bool) -> Result<Vec<(String, String)>, String> {
    let pair = |text: &String| text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let given: Option<Vec<(String, String)>> = set.iter().map(pair).collect();
    let mut given = given.ok_or("--set wants NAME=VALUE")?;
    let others = ISOLATED.into_iter().filter(|_| isolated).map(|(name, value)| (name.to_owned(), value.to_owned()));
    let others: Vec<_> = others.filter(|(name, _)| given.iter().all(|(set, _)| set != name)).collect();
    given.extend(others);
    Ok(given)
}
