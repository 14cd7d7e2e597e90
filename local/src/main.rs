//! `onsale`: the whole product on this machine, for trying it and for developing against it.
#![warn(clippy::print_stderr, clippy::print_stdout)]

use std::collections::HashMap;
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use local::aws::cloudformation::Template;
use local::commands::audit;
use local::commands::health;
use local::commands::reconcile;
use local::commands::seed;
use local::commands::table;
use local::data_directory::Data;
use local::demo::{self, Demo, USER_PASSWORD, USERS};
use local::output::{complain, say};
use local::server::openapi_page::PATH;
use local::server::ports::{Ports, host_name};
use local::stack::{Mode, Options, Stack};
use local::telemetry::span_export::Collectors;
use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use reqwest::Url;
use serde_json::json;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// The address that mail comes from, unless a variable names another. It is sent nowhere.
const MAIL_FROM: &str = "tickets@onsale.example";

/// Settings that no function has: whether schedules fire, and the origins whose pages may call the API.
const OF_THE_STACK: [&str; 2] = ["SWEEP", "ALLOWED_ORIGINS"];

#[global_allocator]
static ALLOCATOR: local::Allocator = local::Allocator;

/// Runs Onsale on this machine: every function, the table and the queues.
///
/// Environment variables override the settings of template.yaml, e.g. HOLD_SECONDS=30; SWEEP=off stops the sweeps.
#[derive(Parser)]
#[command(name = "onsale", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Subcommand)]
enum Command {
    /// Audits the books of a table without writing to it. Exit status: 0 if they agree, 1 if they differ, 2 if there is
    /// no verdict. The stack may be running.
    Audit(audit::Flags),
    /// Compares the card payments of a day with the payment provider, without writing anything. Exit status: 0 if both
    /// agree, 1 if they differ, 2 if there is no verdict. The stack may be running.
    Reconcile(reconcile::Flags),
    /// Creates the concerts, products and coupons of a file through a running API. A second run creates nothing twice.
    Seed(seed::Flags),
    /// Checks the health of a running stack. Exit status: 0 if it is healthy, 1 otherwise.
    Health(health::Flags),
}

#[derive(Args)]
struct Flags {
    /// Address that all ports listen on; 0.0.0.0 for every address of this machine. Anyone who can reach it has full
    /// access.
    #[arg(long, default_value_t = Ipv4Addr::LOCALHOST.into(), value_name = "ADDRESS")]
    host: IpAddr,
    /// Host name of this machine besides its addresses and localhost; * for any. Repeatable. Requests for other hosts
    /// are refused, because a web page may have sent them.
    #[arg(long, value_name = "NAME", value_parser = host_name)]
    allow_host: Vec<String>,
    /// Port of the API; 0 picks a free port, as for the ports below.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Port of the Lambda Invoke API.
    #[arg(long, default_value_t = 3001)]
    lambda_port: u16,
    /// Port of the DynamoDB API.
    #[arg(long, default_value_t = 8000)]
    dynamodb_port: u16,
    /// Port of the SQS API.
    #[arg(long, default_value_t = 9324)]
    sqs_port: u16,
    /// Port of the webhook receiver that stands in for the data platform.
    #[arg(long, default_value_t = 3002)]
    data_platform_port: u16,
    /// Port of the payment provider that stands in for Stripe.
    #[arg(long, default_value_t = 3003)]
    payment_provider_port: u16,
    /// Port of the mailbox that shows every mail.
    #[arg(long, default_value_t = 3004)]
    mailbox_port: u16,
    /// Port of the metrics for Prometheus.
    #[arg(long, default_value_t = 9464)]
    metrics_port: u16,
    /// OTLP collector that accepts JSON over HTTP, e.g. http://127.0.0.1:4318; default: OTEL_EXPORTER_OTLP_ENDPOINT.
    #[arg(long, value_name = "URL")]
    otlp_endpoint: Option<String>,
    /// Zipkin collector, e.g. http://127.0.0.1:9411/api/v2/spans; default: OTEL_EXPORTER_ZIPKIN_ENDPOINT.
    #[arg(long, value_name = "URL")]
    zipkin_endpoint: Option<String>,
    /// Data directory.
    #[arg(long, default_value = ".onsale", value_name = "DIRECTORY")]
    data: PathBuf,
    /// Keep the data only until the process ends.
    #[arg(long, conflicts_with = "data")]
    in_memory: bool,
    /// Create the administrator, but no demo data.
    #[arg(long)]
    empty: bool,
    /// Serve /faults beside the Lambda Invoke API, for injecting faults into the running stack.
    #[arg(long)]
    drill: bool,
    /// Password of the administrator; takes effect on the first start only.
    #[arg(long, default_value = demo::ADMIN_PASSWORD, value_name = "PASSWORD")]
    admin_password: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    let level = std::env::var("LOG_LEVEL").ok().filter(|level| !level.is_empty()).unwrap_or_else(|| "info".to_owned());
    // The filter would take another word for the name of a module.
    let Ok(level) = level.parse::<LevelFilter>() else {
        complain("onsale: LOG_LEVEL must be off, error, warn, info, debug or trace");
        return ExitCode::FAILURE;
    };
    let filter = EnvFilter::new(format!("{level},dynoxide=error"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        // Else a line that nobody reads any more ends the task that logged it.
        .log_internal_errors(false)
        .init();
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Audit(flags)) => audit::run(flags).await,
        Some(Command::Health(flags)) => health::run(flags).await,
        Some(Command::Reconcile(flags)) => reconcile::run(flags).await,
        Some(Command::Seed(flags)) => seed::run(flags).await,
        None => match run(arguments.flags).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(problem) => {
                complain(format_args!("onsale: {problem}"));
                ExitCode::FAILURE
            }
        },
    }
}

async fn run(flags: Flags) -> Result<(), Box<dyn Error>> {
    let Flags { port, lambda_port, dynamodb_port, sqs_port, data_platform_port, .. } = flags;
    let (provider_port, mailbox_port, metrics_port) =
        (flags.payment_provider_port, flags.mailbox_port, flags.metrics_port);
    let ports =
        [port, lambda_port, dynamodb_port, sqs_port, data_platform_port, provider_port, mailbox_port, metrics_port];
    let ports = Ports::bind(flags.host, ports).await?;
    let stack = Stack::start(Options {
        data: if flags.in_memory { Data::Memory } else { Data::Directory(flags.data) },
        variables: settings(&ports.api.url())?,
        clock: Clock::System,
        ids: Ids::Random,
        triggers: Mode::Running,
        data_platform: Some(format!("{}/events", ports.data_platform.url())),
        payment_provider: Some(ports.payment_provider.url()),
        mail_from: Some(MAIL_FROM.to_owned()),
        metrics: true,
        logs: None,
        collectors: Collectors {
            otlp: address("--otlp-endpoint", flags.otlp_endpoint, "OTEL_EXPORTER_OTLP_ENDPOINT")?,
            zipkin: address("--zipkin-endpoint", flags.zipkin_endpoint, "OTEL_EXPORTER_ZIPKIN_ENDPOINT")?,
        },
        reading: local::aws::iam::Reading::default(),
        twin: None,
    })
    .await?;
    let demo = demo::ensure(&stack, &flags.admin_password, flags.empty).await?;
    let password = flags.admin_password;
    // Only the administrator's own password is shown as such.
    let password = demo::is_admin_password(&stack, &password).await?.then_some(password);
    let api = ports.api.url();
    let ready = json!({
        "api": api,
        "lambda": ports.lambda.url(),
        "dynamodb": ports.dynamodb.url(),
        "sqs": ports.sqs.url(),
        "data_platform": ports.data_platform.url(),
        "payment_provider": ports.payment_provider.url(),
        "mailbox": ports.mailbox.url(),
        "metrics": ports.metrics.url(),
        "admin": { "email": demo::ADMIN_EMAIL, "password": password },
    });
    table::write_address(&stack, &ports.dynamodb.url())?;
    let serving = ports.serve(&stack, &flags.allow_host, flags.drill);
    // Nobody would learn where it is, if nobody reads this line.
    if say(ready) {
        print_instructions(&api, &demo);
        stop_signal().await?;
        complain("onsale: stopping");
    }
    serving.stop().await;
    stack.shutdown().await;
    Ok(())
}

/// The address of a collector: what a flag says, or else the variable that OpenTelemetry has for it.
fn address(flag: &str, given: Option<String>, variable: &str) -> Result<Option<String>, String> {
    let Some(text) = given.or_else(|| std::env::var(variable).ok()).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    match Url::parse(&text) {
        Ok(url) if ["http", "https"].contains(&url.scheme()) => Ok(Some(text)),
        _ => Err(format!("{flag} or {variable} must be a URL that begins with http:// or https://")),
    }
}

/// The settings of the template that this process's environment has, and those of [`OF_THE_STACK`]. The page is where
/// the API is, unless they say otherwise.
fn settings(api: &str) -> Result<HashMap<String, String>, Box<dyn Error>> {
    let given = [("DataPlatformUrl", "http://localhost/"), ("MailFrom", MAIL_FROM)];
    let template = Template::load_with(&given)?;
    let known = template.variables()?;
    // Names of the table and of queues are no settings: those are made here, under the template's names.
    let resources: Vec<&str> =
        template.queues.iter().map(|queue| queue.url.as_str()).chain([template.table.name.as_str()]).collect();
    let is_setting = |name: &str| known.get(name).is_some_and(|value| !resources.contains(&value.as_str()));
    let page = [("PUBLIC_URL".to_owned(), api.to_owned())];
    let given = std::env::vars().filter(|(name, _)| OF_THE_STACK.contains(&name.as_str()) || is_setting(name));
    Ok(page.into_iter().chain(given).collect())
}

/// Says how to try it, in three requests that can be pasted.
fn print_instructions(api: &str, demo: &Demo) {
    let Some(schedule_id) = &demo.schedule_id else {
        complain("Onsale is running without demo data. Press Ctrl-C to stop it.");
        return;
    };
    let (email, _) = USERS[0];
    complain(format_args!(
        r#"Onsale is running. Buy a ticket at {api}/ as {email}, password {USER_PASSWORD}. Or log in and keep the
token, hold two seats, pay for them:

  TOKEN=$(curl -s {api}/sessions -H 'content-type: application/json' -d '{{"email":"{email}","password":"{USER_PASSWORD}"}}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

  RESERVATION=$(curl -s {api}/reservations -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{{"schedule_id":"{schedule_id}","seat_ids":["A-1-1","A-1-2"]}}' | tee /dev/stderr | sed 's/.*"reservation_id":"\([^"]*\)".*/\1/')

  curl -s {api}/payments -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d "{{\"reservation_id\":\"$RESERVATION\"}}"

API documentation: {api}{PATH}. Press Ctrl-C to stop."#
    ));
}

/// Waits for Ctrl-C or a polite kill.
async fn stop_signal() -> std::io::Result<()> {
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
    }
}
