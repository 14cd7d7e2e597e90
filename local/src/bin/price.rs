//! `price`: what bookings cost on AWS, and a month in which nobody comes.
//!
//! `cargo run -p local --bin price`
#![warn(clippy::print_stderr, clippy::print_stdout)]

use std::process::ExitCode;

use clap::Parser;
use local::client::ClientError;
use local::output::{complain, say};
use local::price::{self, Journey, Prices, Usage};

/// Counts what bookings use on the local stack, and prints what that costs on AWS.
#[derive(Parser)]
struct Flags {
    /// Bookings to pay for.
    #[arg(long, default_value_t = 1_000_000)]
    bookings: u64,
    /// Bookings to count.
    #[arg(long, default_value_t = 50)]
    measured: usize,
    /// How often a buyer looks at the seats.
    #[arg(long, default_value_t = 3)]
    looks: u32,
    /// Milliseconds that AWS charges for each call of a function. An assumption: nothing on this machine is as far from
    /// the table as a function is.
    #[arg(long, default_value_t = 20.0)]
    milliseconds: f64,
    /// Bytes that each call of a function logs. An assumption as well.
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
        "Assumed: {milliseconds} ms and {logged_bytes} bytes of logs for each call of a function. All else is counted."
    ));
    let booking = price::booking(journey, measured).await?;
    say(format_args!(
        "\n{bookings} bookings of one seat, each with a log-in and {looks} looks at the seats, one after the other:"
    ));
    print_bill(&prices, &booking.scaled(bookings as f64));
    say(format_args!("\nA month in which nobody comes:"));
    print_bill(&prices, &price::month_without_anybody(journey).await?);
    Ok(())
}

fn print_bill(prices: &Prices, usage: &Usage) {
    say(format_args!("\n| What | How much | Cost | Price of |\n|---|--:|--:|---|"));
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
    say(format_args!("| **Together** | | **{:.2}** | |", lines.iter().map(|line| line.cost).sum::<f64>()));
}

fn rounded(amount: f64) -> String {
    if amount < 100.0 { format!("{amount:.2}") } else { format!("{amount:.0}") }
}
