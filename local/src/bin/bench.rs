//! Complete hold → pay flows on the local stack, all in this process: how many a second, how long each took, and
//! what memory the process came to. Only flows that ended paid count.
//!
//! `cargo run --release -p local --bin bench -- --flows 20000 --buyers 64`
#![warn(clippy::print_stderr, clippy::print_stdout)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use clap::Parser;
use local::client::{Client, ClientError};
use local::data_directory::Data;
use local::output::say;
use local::stack::{Mode, Options, Stack};
use onsale_domain::accounts::account::{Password, Role};
use onsale_platform::auth::{access_token, passwords};
use serde_json::{Value, json};

/// Seats of a section that are sold before the next is opened.
const SECTION_SEATS: usize = 2_500;
/// A password for measuring; nobody has it.
const PASSWORD: &str = "seventeen violet harbours";
/// Log-ins that are measured.
const ACCOUNT_ROUNDS: usize = 200;
/// Seats that one user may have.
const SEATS_PER_USER: u32 = 50;

#[derive(Parser)]
#[command(about = "Sells seats on the local stack as fast as possible, and prints the measurements.")]
struct Arguments {
    /// Complete flows to run, each a hold and a payment.
    #[arg(long, default_value_t = 5_000)]
    flows: usize,
    /// Concurrent buyers.
    #[arg(long, default_value_t = 32)]
    buyers: usize,
    /// Keep the table in a file, as `cargo run` does, instead of in memory.
    #[arg(long)]
    file: bool,
}

#[tokio::main]
async fn main() -> Result<(), ClientError> {
    let arguments = Arguments::parse();
    let directory = tempfile::tempdir()?;
    let data = if arguments.file { Data::Directory(directory.path().to_owned()) } else { Data::Memory };
    let stack = Stack::start(Options { data, triggers: Mode::Running, ..Options::default() }).await?;
    let hall = Arc::new(Hall::open_sale(&stack, arguments.flows).await?);
    let buyers = Arc::new(buyers(&stack, arguments.flows).await?);

    let (next, started) = (Arc::new(AtomicUsize::new(0)), now());
    let tasks: Vec<_> = (0..arguments.buyers)
        .map(|_| tokio::spawn(buy(Arc::clone(&hall), Arc::clone(&buyers), Arc::clone(&next))))
        .collect();
    let mut flows = Vec::new();
    for task in tasks {
        flows.extend(task.await??);
    }
    report(&arguments, &mut flows, started.elapsed());
    report_accounts(&stack).await?;
    stack.shutdown().await;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the machine's time")]
fn now() -> Instant {
    Instant::now()
}

/// How long the two halves of one flow took.
struct Flow {
    hold: Duration,
    pay: Duration,
}

/// A schedule with enough seats.
struct Hall {
    schedule: String,
}

impl Hall {
    async fn open_sale(stack: &Stack, flows: usize) -> Result<Self, ClientError> {
        let now = stack.app().now();
        let admin = Client::new(stack, Role::Admin, now).await?;
        let schedule = admin.open_schedule(now, SEATS_PER_USER).await?;
        for section in 0..flows.div_ceil(SECTION_SEATS) {
            let rows: Vec<Value> =
                (1..=100).map(|row| json!({ "row": row.to_string(), "from": 1, "to": 25 })).collect();
            let seats = json!({ "section": format!("S{section}"), "rows": rows, "price": 1 });
            admin.post(&format!("/schedules/{schedule}/seats"), seats).await?;
        }
        Ok(Self { schedule })
    }

    /// The seat of a flow: neighbours in time are in different rows, as buyers who choose are.
    fn seat_of_flow(flow: usize) -> String {
        let (section, seat) = (flow / SECTION_SEATS, flow % SECTION_SEATS);
        format!("S{section}-{}-{}", seat % 100 + 1, seat / 100 + 1)
    }
}

/// A user with money for every flow: people buy once, so no two flows meet in one wallet.
async fn buyers(stack: &Stack, flows: usize) -> Result<Vec<Client>, ClientError> {
    let mut buyers = Vec::with_capacity(flows);
    for _ in 0..flows {
        let buyer = Client::new(stack, Role::User, stack.app().now()).await?;
        buyer.post("/wallet", json!({})).await?;
        buyer.post("/wallet/charges", json!({ "amount": 1 })).await?;
        buyers.push(buyer);
    }
    Ok(buyers)
}

/// Runs flows until none is left.
async fn buy(hall: Arc<Hall>, buyers: Arc<Vec<Client>>, next: Arc<AtomicUsize>) -> Result<Vec<Flow>, ClientError> {
    let mut flows = Vec::new();
    loop {
        let flow = next.fetch_add(1, Ordering::Relaxed);
        let Some(buyer) = buyers.get(flow) else { return Ok(flows) };
        let started = now();
        let wanted = json!({ "schedule_id": hall.schedule, "seat_ids": [Hall::seat_of_flow(flow)] });
        let held = buyer.post("/reservations", wanted).await?;
        let hold = started.elapsed();
        buyer.post("/payments", json!({ "reservation_id": held["reservation_id"] })).await?;
        flows.push(Flow { hold, pay: started.elapsed() - hold });
    }
}

fn report(arguments: &Arguments, flows: &mut [Flow], took: Duration) {
    let table = if arguments.file { "in a file" } else { "in memory" };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let rate = flows.len() as f64 / took.as_secs_f64();
    say(format_args!(
        "complete hold → pay flows: {} with {} buyers at once, table {table}, {cores} cores",
        flows.len(),
        arguments.buyers
    ));
    say(format_args!("flows per second: {rate:.0}"));
    print_times("hold", flows.iter().map(|flow| flow.hold).collect());
    print_times("pay", flows.iter().map(|flow| flow.pay).collect());
    print_times("flow", flows.iter().map(|flow| flow.hold + flow.pay).collect());
    match peak_memory_mebibytes() {
        Some(peak) => say(format_args!("peak memory of the process, engines included: {peak} MiB")),
        None => say(format_args!("peak memory of the process: unknown on this system")),
    };
}

/// Log-ins one after the other, how much of each is the hash, and what the authorizer takes.
async fn report_accounts(stack: &Stack) -> Result<(), ClientError> {
    let caller = Client::new(stack, Role::User, stack.app().now()).await?;
    let credentials = json!({ "email": "bench@onsale.local", "password": PASSWORD });
    let user = json!({ "email": "bench@onsale.local", "password": PASSWORD, "name": "Bench" });
    caller.post("/users", user).await?;
    let (mut log_ins, mut hashes, mut verifications) = (Vec::new(), Vec::new(), Vec::new());
    // One kind after the other: memory that one has just given back would make the next faster.
    for _ in 0..ACCOUNT_ROUNDS {
        let started = now();
        caller.send(Method::POST, "/sessions", Some(credentials.clone()), StatusCode::OK).await?;
        log_ins.push(started.elapsed());
    }
    for _ in 0..ACCOUNT_ROUNDS {
        let started = now();
        passwords::verify(Password::parse(PASSWORD)?, None).await?;
        hashes.push(started.elapsed());
    }
    for _ in 0..ACCOUNT_ROUNDS {
        let started = now();
        access_token::verify(stack.app(), &caller.token).await?;
        verifications.push(started.elapsed());
    }
    let share = 100.0 * hashes.iter().sum::<Duration>().as_secs_f64() / log_ins.iter().sum::<Duration>().as_secs_f64();
    print_times("log in", log_ins);
    print_times("its hash", hashes);
    say(format_args!("share of the hash in a log-in: {share:.0} %"));
    print_times("authorize", verifications);
    Ok(())
}

fn print_times(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| {
        let index = (times.len() as f64 * share) as usize;
        times.get(index.min(times.len().saturating_sub(1))).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
    };
    say(format_args!(
        "{what}: p50 {:.2} ms, p90 {:.2} ms, p99 {:.2} ms, slowest {:.2} ms",
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    ));
}

/// The high-water mark of resident memory, where Linux tells it.
fn peak_memory_mebibytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes / 1_024)
}
