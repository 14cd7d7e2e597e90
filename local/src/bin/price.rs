//! `price`: the price on AWS of bookings, of a month in which nobody comes, of polls, and of a wait.
//!
//! `cargo run -p local --bin price`
#![warn(clippy::print_stderr, clippy::print_stdout)]

use std::process::ExitCode;

use clap::Parser;
use local::client::ClientError;
use local::output::{complain, say};
use local::price::{self, Journey, PaidBy, Prices, Usage};

/// Measures the usage of bookings, polls and an empty month on the local stack, and prints its price on AWS.
#[derive(Parser)]
struct Flags {
    /// Region whose prices count: us-east-1 or ap-northeast-2.
    #[arg(long, default_value = price::REGION)]
    region: String,
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
    /// Billed milliseconds of a poll, nine of ten of which call no table. An assumption as well.
    #[arg(long, default_value_t = 5.0)]
    poll_milliseconds: f64,
    /// Polls to price.
    #[arg(long, default_value_t = 1_000_000)]
    polls: u64,
    /// Polls to measure.
    #[arg(long, default_value_t = 1_000)]
    measured_polls: usize,
    /// People who wait.
    #[arg(long, default_value_t = 1_000_000)]
    people: u64,
    /// Minutes that each of them waits.
    #[arg(long, default_value_t = 40)]
    wait_minutes: u32,
    /// People who are admitted in a second meanwhile.
    #[arg(long, default_value_t = 460)]
    admit_per_second: u32,
}

/// Visits of the page that are measured.
const VISITS_MEASURED: usize = 100;

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
    let prices = Prices::load(&flags.region)?;
    let Flags { bookings, looks, milliseconds, poll_milliseconds, measured, polls, people, .. } = *flags;
    let (minutes, rate) = (flags.wait_minutes, flags.admit_per_second);
    let journey = Journey { looks, milliseconds, poll_milliseconds, mails: false };
    say(format_args!("List prices of {} in {}, without the free tier.", prices.region, prices.currency));
    say(format_args!(
        "Assumed: {milliseconds} ms per invocation, {poll_milliseconds} ms per poll. The rest is measured."
    ));
    let booking = price::booking(journey, PaidBy::Wallet, measured).await?;
    say(format_args!(
        "\n{bookings} sequential bookings of one seat, each with a log-in and {looks} requests for the seat list:"
    ));
    print_bill(&prices, &booking.scaled(bookings as f64));
    let by_card = price::booking(journey, PaidBy::Card, measured).await?;
    say(format_args!("\nThe same bookings paid by card, without the payment provider's own fees:"));
    print_bill(&prices, &by_card.scaled(bookings as f64));
    let with_mail = price::booking(Journey { mails: true, ..journey }, PaidBy::Wallet, measured).await?;
    say(format_args!("\nThe first bookings, with a mail for each:"));
    print_bill(&prices, &with_mail.scaled(bookings as f64));
    say(format_args!("\nA month without traffic:"));
    print_bill(&prices, &price::month_without_anybody(journey).await?);
    let visit = price::visit(journey, VISITS_MEASURED).await?;
    say(format_args!(
        "\n{people} first visits of the page: the concerts, one of them, and what a browser loads for them:"
    ));
    print_bill(&prices, &visit.scaled(people as f64));
    let poll = price::poll(journey, flags.measured_polls).await?;
    say(format_args!("\n{polls} polls of a queue entry that waits:"));
    print_bill(&prices, &poll.scaled(polls as f64));
    let of_a_wait = price::polls_of_a_wait(minutes.saturating_mul(60), rate);
    say(format_args!(
        "\n{people} people who each wait for {minutes} minutes while {rate} a second are admitted, {of_a_wait} polls each:"
    ));
    print_bill(&prices, &poll.scaled(of_a_wait as f64 * people as f64));
    Ok(())
}

fn print_bill(prices: &Prices, usage: &Usage) {
    say(format_args!("\n| Item | Amount | Cost | Price as of |\n|---|--:|--:|---|"));
    for line in prices.bill(usage) {
        say(format_args!(
            "| {} | {} | {:.2} | {} |",
            line.price.what,
            rounded(line.amount),
            line.cost,
            line.price.as_of
        ));
    }
    say(format_args!("| **Total** | | **{:.2}** | |", prices.cost(usage)));
}

fn rounded(amount: f64) -> String {
    if amount < 100.0 { format!("{amount:.2}") } else { format!("{amount:.0}") }
}
