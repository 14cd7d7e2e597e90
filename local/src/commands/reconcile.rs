//! `onsale reconcile`: compares the card payments of a day with the payment provider.

use std::collections::HashMap;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use onsale_platform::store::wallet::cards::reconcile::{Reconciliation, reconcile};
use reqwest::Url;

use crate::commands::table::Place;
use crate::output::say;

/// Where table and provider are, and the day.
#[derive(Args, Debug)]
pub struct Flags {
    /// Day in UTC, e.g. 2026-12-01: the card payments that began on it are compared.
    #[arg(value_name = "DAY")]
    day: Date,
    #[command(flatten)]
    place: Place,
    /// Address of the payment provider's API: https://api.stripe.com for a table on AWS. Data that nobody serves bring
    /// their own provider.
    #[arg(long, default_value = "http://127.0.0.1:3003", value_name = "URL")]
    provider_url: Url,
    /// File with the provider's secret key; default: the data directory's.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// Compares, prints what was found, and says it in the exit status: 0 if both sides agree, 1 if they differ, 2 if there
/// is no verdict.
pub async fn run(flags: Flags) -> ExitCode {
    let status = match report(&flags).await {
        Ok(report) => {
            say(report_text(&report));
            u8::from(!report.differences.is_empty())
        }
        Err(problem) => {
            say(format_args!("no verdict: {problem}"));
            2
        }
    };
    ExitCode::from(status)
}

async fn report(flags: &Flags) -> Result<Reconciliation, Box<dyn Error>> {
    let key_file = flags.key_file.clone().unwrap_or_else(|| flags.place.data.join("card-key"));
    let variables = HashMap::from([
        ("CARD_PROVIDER_URL".to_owned(), flags.provider_url.to_string()),
        ("CARD_KEY_FILE".to_owned(), key_file.to_str().ok_or("the name of the key's file is no text")?.to_owned()),
    ]);
    let midnight = |day: Date| TimeZone::UTC.to_timestamp(day.to_datetime(Time::midnight()));
    let (from, to) = (midnight(flags.day)?, midnight(flags.day.tomorrow()?)?);
    let opened = flags.place.open(variables).await?;
    let report = reconcile(&opened.app, from, to).await;
    opened.close().await;
    Ok(report?)
}

/// The report in lines: what was compared, each difference, and last of all the answer.
fn report_text(report: &Reconciliation) -> String {
    let mut lines = vec![
        format!("{} card payments, of which {} are under way", report.payments, report.under_way),
        format!("the provider has charged {} and refunded {}, in minor units", report.charged, report.refunded),
    ];
    lines.extend(report.differences.iter().map(|(id, difference)| format!("differs: {id}: {difference}")));
    lines.push(match report.differences.len() {
        0 => "table and provider agree".to_owned(),
        1 => "table and provider differ: 1 difference".to_owned(),
        count => format!("table and provider differ: {count} differences"),
    });
    lines.join("\n")
}
