//! `lab`: a sale in virtual time, over a table that conflicts and throttles as AWS's does.
//!
//! `cargo run --release -p simulation --bin lab -- seats --people 10000 --seats 25 --over 5`
#![warn(clippy::print_stderr, clippy::print_stdout)]

use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use local::output::{complain, say};
use simulation::contention::{Parameters, Plan, Sale, run};

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
    let flags = Flags::parse();
    let (sale, people) = match flags.sale {
        Sold::Seats { seats, people } => (Sale::Seats { seats }, people),
        Sold::Orders { units, shards, people } => (Sale::Orders { units, shards }, people),
        Sold::Queue { seats, admit, people } => (Sale::Queue { seats, admit_per_second: admit }, people),
    };
    let parameters = Parameters::warmed_to(people.warm);
    let parameters = if people.without_limits { parameters.without_limits() } else { parameters };
    let plan = Plan {
        seed: people.seed,
        parameters,
        sale,
        people: people.people,
        over_seconds: people.over,
        pays_after_seconds: people.pays_after,
        bare: false,
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
