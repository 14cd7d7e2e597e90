//! `onsale audit`: the audit as a command, of a running stack, of its data directory, or of a table on AWS.

use std::collections::HashMap;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use onsale_domain::audit::{Account, Outcome};
use onsale_platform::store::audit::{self, Limits, Report};

use crate::commands::table::Place;
use crate::output::say;

/// The exit status of each outcome: the ledgers agree, they differ, or there is no verdict.
const STATUSES: [(Outcome, u8); 3] = [(Outcome::Agree, 0), (Outcome::Differ, 1), (Outcome::NoVerdict, 2)];

/// Where the table is.
#[derive(Args, Debug)]
pub struct Flags {
    #[command(flatten)]
    place: Place,
}

/// Audits, prints what was found, and says it in the exit status.
pub async fn run(flags: Flags) -> ExitCode {
    let status = match report(flags).await {
        Ok(report) => {
            say(report_text(&report).trim_end());
            STATUSES.iter().find(|(outcome, _)| *outcome == report.verdict.outcome).map_or(2, |(_, status)| *status)
        }
        Err(problem) => {
            say(format_args!("no verdict: {problem}"));
            2
        }
    };
    ExitCode::from(status)
}

async fn report(flags: Flags) -> Result<Report, Box<dyn Error>> {
    // An operator waits for the end.
    let limits = Limits { time: Duration::MAX, ..Limits::default() };
    let opened = flags.place.open(HashMap::new()).await?;
    let report = audit::run(&opened.app, &limits).await;
    opened.close().await;
    Ok(report)
}

/// The report in lines: what was read, the trial balance, each difference, and last of all the answer.
#[must_use]
pub fn report_text(report: &Report) -> String {
    let (verdict, counts) = (&report.verdict, &report.counts);
    let passes = if verdict.passes == 1 { "pass" } else { "passes" };
    let mut lines = vec![
        format!("{} items in {} {passes}:", counts.items, verdict.passes),
        format!("  {} users, {} entries, {} receipts", counts.users, counts.entries, counts.receipts),
        format!("  {} reservations, {} orders, {} claims", counts.reservations, counts.orders, counts.claims),
        format!("  {} seats, {} products, {} coupons", counts.seats, counts.products, counts.coupons),
        format!("  {} queues, {} card payments", counts.queues, counts.card_payments),
        format!("{:<14}{:>20}{:>20}", "account", "ledger", "counter side"),
    ];
    for account in Account::ALL {
        let (ledger, counter) = (report.balance.ledger_side(account), report.balance.counter_side(account));
        lines.push(format!("{:<14}{ledger:>20}{counter:>20}", account.as_str()));
    }
    let (sources, uses) = report.balance.totals();
    lines.push(format!("cash-in and refunds {sources}, spends, sales and wallets {uses}"));
    lines.extend(verdict.confirmed.iter().map(|difference| format!("differs: {difference}")));
    lines.extend(verdict.moving.iter().map(|difference| format!("moving, not judged: {difference}")));
    if verdict.left_out > 0 {
        lines.push(format!("and {} more", verdict.left_out));
    }
    lines.extend(report.not_judged.iter().map(|reason| format!("not judged: {reason}")));
    lines.push(match verdict.outcome {
        Outcome::Agree => "the books agree".to_owned(),
        Outcome::Differ => format!("the books differ: {}", differences_text(verdict.confirmed.len())),
        Outcome::NoVerdict => {
            let moving = format!("{}, otherwise in each pass", differences_text(verdict.moving.len()));
            format!("no verdict: {}", report.not_judged.first().unwrap_or(&moving))
        }
    });
    lines.join("\n") + "\n"
}

fn differences_text(count: usize) -> String {
    if count == 1 { "1 difference".to_owned() } else { format!("{count} differences") }
}
