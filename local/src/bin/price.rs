//! `price`: what bookings cost on AWS, and a month in which nobody comes.
//!
//! `cargo run -p local --bin price`
#![warn(clippy::print_stderr, clippy::print_stdout)]

use std::process::ExitCode;

use clap::Parser;
use local::client::ClientError;
use local::output::{complain, say};
use local::price::{self, Journey, Prices, Usage};

/// Measures the usage of bookings on the local stack, and prints its price on AWS.
#[derive(Parser)]
struct Flags {
    /// Bookings to price.
    #[arg(long, default_value_t = 1_000_000)]
    bookings: u64,
    /// Bookings to measure.
    #[arg(long, default_value_t = 50)]
    measured: usize,
    /// Requests for the seat list per booking.
    #[arg(long, default_value_t = 3)]
    looks: u32,
    /// Billed milliseconds per invocation of a function. An assumption: this machine is not as far from its table as a
    /// function is.
    #[arg(long, default_value_t = 20.0)]
    milliseconds: f64,
    /// Bytes logged per invocation of a function. An assumption as well.
    #[arg(long, default_value_t = 1_500.0)]
    logged_bytes: f64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match print(&Flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            complain(format_args!("{problem}"));
            ExitCode::FAILURE
        }
    }
}

async fn print(flags: &Flags) -> Result<(), ClientError> {
    let prices = Prices::load()?;
    let Flags { bookings, looks, milliseconds, logged_bytes, measured } = *flags;
    let journey = Journey { looks, milliseconds, logged_bytes };
    say(format_args!("List prices of {} in {}, without the free tier.", prices.region, prices.currency));
    say(format_args!(
        "Assumed: {milliseconds} ms and {logged_bytes} bytes of logs per invocation. The rest is measured."
    ));
    let booking = price::booking(journey, measured).await?;
    say(format_args!(
        "\n{bookings} sequential bookings of one seat, each with a log-in and {looks} requests for the seat list:"
    ));
    print_bill(&prices, &booking.scaled(bookings as f64));
    say(format_args!("\nA month without traffic:"));
    print_bill(&prices, &price::month_without_anybody(journey).await?);
    Ok(())
}

fn print_bill(prices: &Prices, usage: &Usage) {
    say(format_args!("\n| Item | Amount | Cost | Price as of |\n|---|--:|--:|---|"));
    let lines = prices.bill(usage);
    for line in &lines {
        say(format_args!(
            "| {} | {} | {:.2} | {} |",
            line.price.what,
            rounded(line.amount),
            line.cost,
            line.price.as_of
        ));
    }
    say(format_args!("| **Total** | | **{:.2}** | |", lines.iter().map(|line| line.cost).sum::<f64>()));
}

fn rounded(amount: f64) -> String {
    if amount < 100.0 { format!("{amount:.2}") } else { format!("{amount:.0}") }
}
