//! `onsale audit`: the audit as a command, of a running stack, of its data directory, or of a table on AWS.
//!
//! A running stack holds the lock of its data directory, so nobody else can open the data; but it serves the table on a
//! port, and has written into the directory which. Without a lock nothing runs, not even after `kill -9`: the directory
//! is opened here, and nothing in it is started.

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use aws_config::{BehaviorVersion, ConfigLoader, Region};
use aws_sdk_dynamodb::config::Credentials;
use clap::Args;
use onsale_domain::audit::{Account, Outcome};
use onsale_platform::app::{App, Parts, sdk_settings};
use onsale_platform::clock::Clock;
use onsale_platform::config::Config;
use onsale_platform::ids::Ids;
use onsale_platform::store::audit::{self, Limits, Report};
use onsale_platform::telemetry::metrics::Meter;
use onsale_platform::telemetry::trace::Tracer;

use crate::aws::cloudformation::{REGION, Template};
use crate::data_directory::private_file;
use crate::data_directory::{Data, DirectoryError};
use crate::output::say;
use crate::stack::{Error as StackError, Options, Stack};

/// The file of a data directory that says where its running stack serves the table.
const ADDRESS_FILE: &str = "dynamodb-address";
/// The exit status of each outcome: the ledgers agree, they differ, or there is no verdict.
const STATUSES: [(Outcome, u8); 3] = [(Outcome::Agree, 0), (Outcome::Differ, 1), (Outcome::NoVerdict, 2)];

/// Where the table is.
#[derive(Args, Debug)]
pub struct Flags {
    /// Data directory, whether its stack is running or not.
    #[arg(long, default_value = ".onsale", value_name = "DIRECTORY")]
    data: PathBuf,
    /// DynamoDB endpoint to read instead, such as that of a stack in memory.
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    dynamodb_endpoint: Option<String>,
    /// Table name. Without an endpoint, a table on AWS, with the region and credentials of the AWS SDK.
    #[arg(long, value_name = "NAME", conflicts_with = "data")]
    table: Option<String>,
}

/// Says in the data directory where its stack serves the table.
///
/// # Errors
/// When the file cannot be written.
pub fn write_address(stack: &Stack, address: &str) -> std::io::Result<()> {
    private_file::replace(&stack.directory().join(ADDRESS_FILE), address.as_bytes())
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
    let of_stack = Template::load()?.table.name;
    match (flags.dynamodb_endpoint, flags.table) {
        (Some(address), table) => {
            Ok(audit::run(&app_at_address(&address, table.unwrap_or(of_stack)).await?, &limits).await)
        }
        (None, Some(table)) => {
            Ok(audit::run(&app(aws_config::defaults(BehaviorVersion::latest()), table).await?, &limits).await)
        }
        (None, None) => match open_data(&flags.data).await {
            Ok(stack) => {
                let report = audit::run(stack.app(), &limits).await;
                stack.shutdown().await;
                Ok(report)
            }
            Err(StackError::Directory(DirectoryError::InUse(_))) => {
                let address = fs::read_to_string(flags.data.join(ADDRESS_FILE))?;
                Ok(audit::run(&app_at_address(&address, of_stack).await?, &limits).await)
            }
            Err(problem) => Err(problem.into()),
        },
    }
}

/// The data of a stack that does not run; it is not made if it is not there.
async fn open_data(data: &Path) -> Result<Stack, StackError> {
    if !data.join("table.sqlite").exists() {
        return Err(DirectoryError::Unusable(data.to_owned(), ErrorKind::NotFound.into()).into());
    }
    Stack::start(Options { data: Data::Directory(data.to_owned()), ..Options::default() }).await
}

/// A table that is served at an address, which asks for no credentials.
async fn app_at_address(address: &str, table: String) -> Result<App, Box<dyn Error>> {
    let local = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(address)
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"));
    app(local, table).await
}

async fn app(settings: ConfigLoader, table: String) -> Result<App, Box<dyn Error>> {
    let settings = sdk_settings(settings).load().await;
    Ok(App::new(Parts {
        config: Config::from_variables(&HashMap::from([("TABLE_NAME".to_owned(), table)]))?,
        dynamodb: aws_sdk_dynamodb::Client::new(&settings),
        sqs: aws_sdk_sqs::Client::new(&settings),
        secrets: None,
        clock: Clock::System,
        ids: Ids::Random,
        card_transport: None,
        function: "audit".to_owned(),
        meter: Meter::off(),
        tracer: Tracer::off(),
    }))
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
