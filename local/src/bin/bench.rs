//! Complete hold → pay flows on the local stack, or orders that are placed and paid in one request, all in this
//! process: how many a second, in each tenth of the run too, how long each took, and what processor time and memory
//! they needed. Only flows that ended paid count.
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
use onsale_domain::accounts::account::Password;
use onsale_domain::id::UserId;
use onsale_platform::auth::{access_token, passwords};
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: local::Allocator = local::Allocator;

/// Seats of a section that are sold before the next is opened.
const SECTION_SEATS: usize = 2_500;
/// Most flows of a run: a schedule has at most a hundred sections.
const FLOWS_MAX: usize = 100 * SECTION_SEATS;
/// Shards that the stock of the one product is spread over: the most there are.
const STOCK_SHARDS: usize = 16;
/// A password for measuring; nobody has it.
const PASSWORD: &str = "seventeen violet harbours";
/// Log-ins that are measured.
const ACCOUNT_ROUNDS: usize = 200;
/// Seats that one user may have.
const SEATS_PER_USER: u32 = 50;
/// Parts of a run whose rates are told one by one: a stack that decays is slower in each.
const PARTS: usize = 10;
/// Ticks of a second in which Linux tells the time of a processor.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(Parser)]
#[command(about = "Sells seats on the local stack as fast as possible, and prints the measurements.")]
struct Arguments {
    /// Complete flows to run, each a hold and a payment, or an order.
    #[arg(long, default_value_t = 5_000)]
    flows: usize,
    /// Concurrent buyers.
    #[arg(long, default_value_t = 32)]
    buyers: usize,
    /// Keep the table in a file, as `cargo run` does, instead of in memory.
    #[arg(long)]
    file: bool,
    /// Place orders of one product, each paid at once, instead of selling seats.
    #[arg(long)]
    orders: bool,
}

#[tokio::main]
async fn main() -> Result<(), ClientError> {
    let arguments = Arguments::parse();
    if arguments.flows > FLOWS_MAX {
        return Err(format!("--flows: at most {FLOWS_MAX}").into());
    }
    let directory = tempfile::tempdir()?;
    let data = if arguments.file { Data::Directory(directory.path().to_owned()) } else { Data::Memory };
    let stack = Stack::start(Options { data, triggers: Mode::Running, ..Options::default() }).await?;
    let sale = Sale::open(&stack, &arguments).await?;
    let sale = Arc::new(Running { users: open_wallets(&stack, &arguments).await?, stack, sale });

    let (next, started, used) = (Arc::new(AtomicUsize::new(0)), now(), processor_time());
    let tasks: Vec<_> =
        (0..arguments.buyers).map(|_| tokio::spawn(buy(Arc::clone(&sale), Arc::clone(&next), started))).collect();
    let mut flows = Vec::with_capacity(arguments.flows);
    for task in tasks {
        flows.extend(task.await??);
    }
    let took = started.elapsed();
    let used = processor_time().zip(used).map(|(after, before)| after.saturating_sub(before));
    report(&arguments, &mut flows, took, used);
    let Some(Running { stack, .. }) = Arc::into_inner(sale) else { return Ok(()) };
    report_accounts(&stack).await?;
    stack.shutdown().await;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the machine's time")]
fn now() -> Instant {
    Instant::now()
}

/// How long the two halves of one flow took, and when it was done. An order has one half.
struct Flow {
    first: Duration,
    second: Duration,
    done: Duration,
}

/// What is sold.
enum Sale {
    /// Seats of this schedule, which has enough of them.
    Seats { schedule: String },
    /// Units of this product, of which there are enough.
    Units { product: String },
}

impl Sale {
    async fn open(stack: &Stack, arguments: &Arguments) -> Result<Self, ClientError> {
        let now = stack.app().now();
        let admin = Client::new_admin(stack, now).await?;
        if arguments.orders {
            let stock = arguments.flows * 2;
            let product = json!({ "name": "Measured", "price": 1, "stock": stock, "stock_shards": STOCK_SHARDS });
            let product = admin.post("/products", product).await?;
            return Ok(Self::Units { product: product["product_id"].as_str().unwrap_or_default().to_owned() });
        }
        let schedule = admin.open_schedule(now, SEATS_PER_USER).await?;
        for section in 0..arguments.flows.div_ceil(SECTION_SEATS) {
            let rows: Vec<Value> =
                (1..=100).map(|row| json!({ "row": row.to_string(), "from": 1, "to": 25 })).collect();
            let seats = json!({ "section": format!("S{section}"), "rows": rows, "price": 1 });
            admin.post(&format!("/schedules/{schedule}/seats"), seats).await?;
        }
        Ok(Self::Seats { schedule })
    }

    /// Buys once; the time of each half.
    async fn sell(&self, flow: usize, buyer: &Client) -> Result<(Duration, Duration), ClientError> {
        let started = now();
        match self {
            Self::Seats { schedule } => {
                let wanted = json!({ "schedule_id": schedule, "seat_ids": [seat_of_flow(flow)] });
                let held = buyer.post("/reservations", wanted).await?;
                let first = started.elapsed();
                buyer.post("/payments", json!({ "reservation_id": held["reservation_id"] })).await?;
                Ok((first, started.elapsed() - first))
            }
            Self::Units { product } => {
                let items = json!([{ "product_id": product, "quantity": 1 }]);
                buyer.post("/orders", json!({ "items": items, "pay": true })).await?;
                Ok((started.elapsed(), Duration::ZERO))
            }
        }
    }
}

/// The seat of a flow: neighbours in time are in different rows, as buyers who choose are.
fn seat_of_flow(flow: usize) -> String {
    let (section, seat) = (flow / SECTION_SEATS, flow % SECTION_SEATS);
    format!("S{section}-{}-{}", seat % 100 + 1, seat / 100 + 1)
}

/// A sale that is on, and who comes.
struct Running {
    stack: Stack,
    sale: Sale,
    users: Vec<UserId>,
}

/// A user with money for every flow: people buy once, so no two flows meet in one wallet. Only their ids are kept: so
/// many tokens would be most of the memory that is measured.
async fn open_wallets(stack: &Stack, arguments: &Arguments) -> Result<Vec<UserId>, ClientError> {
    let at = stack.app().now();
    let users: Vec<UserId> = (0..arguments.flows).map(|_| UserId(stack.app().ids().uuid(at))).collect();
    let share = users.len().div_ceil(arguments.buyers.max(1)).max(1);
    let opened = users.chunks(share).map(|users| async move {
        for user in users {
            let buyer = Client::for_user(stack, *user).await?;
            buyer.post("/wallet", json!({})).await?;
            buyer.post("/wallet/charges", json!({ "amount": 1 })).await?;
        }
        Ok::<_, ClientError>(())
    });
    for opened in futures_util::future::join_all(opened).await {
        opened?;
    }
    Ok(users)
}

/// Runs flows until none is left.
async fn buy(sale: Arc<Running>, next: Arc<AtomicUsize>, started: Instant) -> Result<Vec<Flow>, ClientError> {
    let mut flows = Vec::new();
    loop {
        let flow = next.fetch_add(1, Ordering::Relaxed);
        let Some(user) = sale.users.get(flow) else { return Ok(flows) };
        let buyer = Client::for_user(&sale.stack, *user).await?;
        let (first, second) = sale.sale.sell(flow, &buyer).await?;
        flows.push(Flow { first, second, done: started.elapsed() });
    }
}

fn report(arguments: &Arguments, flows: &mut [Flow], took: Duration, used: Option<Duration>) {
    let table = if arguments.file { "in a file" } else { "in memory" };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let (many, what) = if arguments.orders {
        ("orders", "orders of one product, paid at once")
    } else {
        ("flows", "complete hold → pay flows")
    };
    let (count, buyers) = (flows.len(), arguments.buyers);
    say(format_args!("{what}: {count} with {buyers} buyers at once, table {table}, {cores} cores"));
    say(format_args!("{many} per second: {:.0}", count as f64 / took.as_secs_f64()));
    flows.sort_unstable_by_key(|flow| flow.done);
    say(format_args!("{many} per second by tenth of the run: {}", rates(flows).join(", ")));
    if let Some(used) = used {
        let each = used.as_secs_f64() * 1_000.0 / count.max(1) as f64;
        let busy = used.as_secs_f64() / took.as_secs_f64();
        say(format_args!("processor time of each: {each:.2} ms, {busy:.2} cores busy"));
    }
    if !arguments.orders {
        print_times("hold", flows.iter().map(|flow| flow.first).collect());
        print_times("pay", flows.iter().map(|flow| flow.second).collect());
    }
    let one = if arguments.orders { "order" } else { "flow" };
    print_times(one, flows.iter().map(|flow| flow.first + flow.second).collect());
    for (what, name) in [("peak memory", "VmHWM:"), ("memory at the end", "VmRSS:")] {
        match memory_mebibytes(name) {
            Some(memory) => say(format_args!("{what} of the process, engines included: {memory} MiB")),
            None => say(format_args!("{what} of the process: unknown on this system")),
        };
    }
}

/// How many flows were done a second in each part of the run, by flows that are in order of their ends.
fn rates(flows: &[Flow]) -> Vec<String> {
    let mut before = Duration::ZERO;
    let parts = flows.chunks(flows.len().div_ceil(PARTS).max(1));
    let rates = parts.filter_map(|part| {
        let took = part.last()?.done - before;
        before += took;
        Some(format!("{:.0}", part.len() as f64 / took.as_secs_f64()))
    });
    rates.collect()
}

/// Log-ins one after the other, how much of each is the hash, and what the authorizer takes.
async fn report_accounts(stack: &Stack) -> Result<(), ClientError> {
    let caller = Client::new(stack, stack.app().now()).await?;
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

/// A line of what Linux tells of the process's memory: `VmHWM:` is the most that was resident, `VmRSS:` what is now.
fn memory_mebibytes(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes / 1_024)
}

/// The time that processors have spent on this process, its own and the system's, where Linux tells it. On a machine
/// that others use too it says more than the rate.
fn processor_time() -> Option<Duration> {
    let line = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name before it may have blanks in it. The next field is the third.
    let fields: Vec<&str> = line.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_secs_f64(ticks as f64 / TICKS_PER_SECOND))
}
