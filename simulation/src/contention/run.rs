//! One run: a sale is opened, people come, and in the end the books are looked through.

use std::cell::RefCell;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use onsale_domain::id::UserId;
use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use serde_json::{Value, json};
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::contention::buyers::{Crowd, Person, SeatMap};
use crate::contention::deliveries;
use crate::contention::parameters::Parameters;
use crate::contention::report::Figures;
use crate::contention::services::Services;
use crate::contention::table::Table;
use crate::random::actors::panic_text;
use crate::random::run::START;
use crate::replica::Replica;
use crate::requests::{ApiCall, Identity};
use local::stack::{Options, Stack};

/// Seats of a row: one block of the table.
const ROW: u32 = 25;
/// Seats of a section.
const SECTION: u32 = 2_500;
/// The queue of a sale that has one.
const QUEUE: &str = "rush";

/// The kind of sale.
#[derive(Clone, Copy, Debug)]
pub enum Sale {
    /// Seats of one date, in sections of 2,500.
    Seats {
        /// How many.
        seats: u32,
    },
    /// A product.
    Orders {
        /// Units of it.
        units: u32,
        /// Over how many items its stock is spread.
        shards: u8,
    },
    /// Seats behind a queue.
    Queue {
        /// How many.
        seats: u32,
        /// Most who are admitted in a second.
        admit_per_second: u32,
    },
}

impl Sale {
    /// Most who are admitted in a second; 0 without a queue.
    fn admit_per_second(self) -> u32 {
        if let Self::Queue { admit_per_second, .. } = self { admit_per_second } else { 0 }
    }
}

/// The plan of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed of all random numbers.
    pub seed: u64,
    /// The assumptions about AWS.
    pub parameters: Parameters,
    /// The kind of sale.
    pub sale: Sale,
    /// How many people come.
    pub people: u32,
    /// In how many seconds all of them have come, evenly.
    pub over_seconds: f64,
    /// How many seconds people take from a hold to its payment.
    pub pays_after_seconds: f64,
    /// Polls of a storm that arrive in a second for as long as people buy; counted, not executed.
    pub polls_per_second: f64,
    /// Nothing stands between functions and table: with [`Parameters::off`] the layer must make no difference to that.
    pub bare: bool,
}

/// The outcome of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The figures, as text.
    pub text: String,
    /// Digest of the table that it left.
    pub digest: [u8; 32],
    /// How people ended.
    pub ends: std::collections::BTreeMap<&'static str, u64>,
    /// Answers of 503.
    pub unavailable: u64,
    /// Answers to buyers of 429, 500 and 503 for a quota of the gateway or of Lambda.
    pub refused_by_quotas: u64,
}

/// Runs it.
///
/// # Errors
/// When it cannot begin, or the table says in the end what must never be.
pub fn run(plan: &Plan) -> Result<Outcome, Box<dyn Error>> {
    let clock = Clock::manual(START.parse::<Timestamp>()?);
    let runtime = {
        let (clock, began) = (clock.clone(), RefCell::new(None::<(Instant, Timestamp)>));
        let following = std::sync::Mutex::new(began);
        // The product's clock follows the runtime's, which moves on when everybody waits.
        let follow = move || {
            let now = Instant::now();
            let began = onsale_platform::memory::lock(&following);
            let (first, start) = *began.borrow_mut().get_or_insert((now, clock.now()));
            let passed = SignedDuration::try_from(now.duration_since(first)).unwrap_or_default();
            clock.advance(clock.now().duration_until(start + passed));
        };
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().start_paused(true).on_thread_unpark(follow).build()?
    };
    // The SDK's jitter comes from here.
    fastrand::seed(plan.seed);
    LocalSet::new().block_on(&runtime, simulate(plan.clone(), clock))
}

async fn simulate(plan: Plan, clock: Clock) -> Result<Outcome, Box<dyn Error>> {
    let ids = Ids::seeded(&format!("lab {}", plan.seed));
    let options = Options { clock: clock.clone(), ids, ..Options::default() };
    // For as long as the program runs: tasks have it.
    let stack: &'static Stack = Box::leak(Box::new(Stack::start(options).await?));
    stack.put_grant(ADMIN, "admin")?;
    let services = Services::new(stack, clock.clone(), plan.parameters.clone(), plan.polls_per_second, plan.seed)?;
    let services: &'static Services<'static> = Box::leak(Box::new(services));
    let opened = open(services, &clock, &plan).await?;
    let table = Table::new(plan.parameters.clone(), plan.seed, &stack.template().table.definition);
    if !plan.bare {
        stack.intercept(Some(Arc::new(table.clone())));
    }

    let crowd = Rc::new(Crowd {
        services,
        figures: RefCell::new(Figures { admit_per_second: plan.sale.admit_per_second(), ..Figures::default() }),
        began: Instant::now(),
        map: RefCell::new(SeatMap::new(opened.seats)),
        rng: RefCell::new(fastrand::Rng::with_seed(plan.seed)),
        pays_after: Duration::from_secs_f64(plan.pays_after_seconds),
    });
    let (parameters, seed) = (plan.parameters.clone(), plan.seed);
    let relay = tokio::task::spawn_local(async move { deliveries::relay(services, stack, &parameters, seed).await });
    let swept = clock.clone();
    let sweep = tokio::task::spawn_local(async move { deliveries::sweep(services, &swept).await });
    run_buyers(&plan, &crowd, opened.of).await?;
    sweep.abort();
    if relay.is_finished() {
        relay.await??;
    } else {
        relay.abort();
    }
    stack.intercept(None);

    let replica = Replica::read(stack)?;
    let books = replica.snapshot(clock.now().as_second());
    catch_unwind(AssertUnwindSafe(|| books.check())).map_err(|panic| panic_text(&*panic))?;
    let figures = crowd.figures.borrow();
    let wanted = match plan.sale {
        Sale::Seats { seats } | Sale::Queue { seats, .. } => seats.min(plan.people),
        Sale::Orders { units, .. } => units.min(plan.people),
    };
    let unavailable = figures.answers.iter().filter(|((_, status, _), _)| *status == 503).map(|(_, count)| count).sum();
    let refused_by_quotas = figures.trouble.iter().filter(|((_, why), _)| why.is_quota()).map(|(_, count)| count).sum();
    let text = figures.text(&table, services, wanted as usize);
    Ok(Outcome { text, digest: replica.digest(), ends: figures.ends.clone(), unavailable, refused_by_quotas })
}

/// Everybody comes, evenly, and goes.
async fn run_buyers(plan: &Plan, crowd: &Rc<Crowd<'static>>, of: String) -> Result<(), Box<dyn Error>> {
    let of: Rc<str> = of.into();
    let apart = plan.over_seconds / f64::from(plan.people.max(1));
    let mut people = Vec::new();
    for number in 0..plan.people {
        let (crowd, of, sale) = (Rc::clone(crowd), Rc::clone(&of), plan.sale);
        let comes = Duration::from_secs_f64(apart * f64::from(number));
        people.push(tokio::task::spawn_local(async move {
            sleep(comes).await;
            let person = Person::new(number.into());
            match sale {
                Sale::Seats { .. } => crowd.buys_a_seat(person, &of).await,
                Sale::Orders { .. } => crowd.orders(person, &of).await,
                Sale::Queue { .. } => crowd.queues(person, QUEUE, &of).await,
            }
        }));
    }
    for person in people {
        person.await??;
    }
    Ok(())
}

/// The sale that was opened: the id of the date or product, and the seats.
struct Opened {
    of: String,
    seats: Vec<String>,
}

/// Opens the sale as an administrator; that takes no time.
async fn open(services: &Services<'_>, clock: &Clock, plan: &Plan) -> Result<Opened, Box<dyn Error>> {
    let admin = Admin { services };
    match plan.sale {
        Sale::Seats { seats } => admin.date(clock, seats, false).await,
        Sale::Orders { units, shards } => {
            let body = json!({ "name": "Poster", "price": 1_000, "stock": units, "stock_shards": shards });
            let product = admin.send("create_product", "POST", "/products", body).await?;
            Ok(Opened { of: product["product_id"].as_str().unwrap_or_default().to_owned(), seats: Vec::new() })
        }
        Sale::Queue { seats, admit_per_second } => {
            let capacity = admit_per_second.saturating_mul(60).clamp(1, 100_000);
            let body = json!({ "capacity": capacity, "admit_per_second": admit_per_second, "active_minutes": 10 });
            admin.send("put_queue", "PUT", &format!("/queues/{QUEUE}"), body).await?;
            admin.date(clock, seats, true).await
        }
    }
}

/// The administrator who opens the sale.
const ADMIN: UserId = UserId(Uuid::from_u128(1));

struct Admin<'a> {
    services: &'a Services<'a>,
}

impl Admin<'_> {
    async fn send(
        &self,
        function: &'static str,
        method: &'static str,
        path: &str,
        body: Value,
    ) -> Result<Value, Box<dyn Error>> {
        let asked = ApiCall { function, method, path: path.to_owned(), body: Some(body) };
        let caller = Identity { user: ADMIN, key: None, queue_token: None };
        let answer = self.services.request_unmeasured(&asked, caller).await?;
        if answer.status >= 300 {
            return Err(format!("{function}: {} {}", answer.status, answer.body).into());
        }
        Ok(answer.body)
    }

    async fn date(&self, clock: &Clock, seats: u32, has_queue: bool) -> Result<Opened, Box<dyn Error>> {
        let at = |hours: i64| clock.now() + SignedDuration::from_hours(hours);
        let mut concert = json!({ "name": "Rush", "description": "" });
        if has_queue {
            concert["queue_id"] = QUEUE.into();
        }
        let concert = self.send("create_concert", "POST", "/concerts", concert).await?;
        let date = json!({
            "place": "Hall", "starts_at": at(48), "sale_opens_at": at(-1), "sale_closes_at": at(47),
            "max_seats_per_user": 4,
        });
        let path = format!("/concerts/{}/schedules", concert["concert_id"].as_str().unwrap_or_default());
        let date = self.send("create_schedule", "POST", &path, date).await?;
        let schedule = date["schedule_id"].as_str().unwrap_or_default().to_owned();
        let mut names = Vec::new();
        for section in 0..seats.div_ceil(SECTION) {
            let here = (seats - section * SECTION).min(SECTION);
            let row = |row: u32| json!({ "row": (row + 1).to_string(), "from": 1, "to": (here - row * ROW).min(ROW) });
            let rows: Vec<Value> = (0..here.div_ceil(ROW)).map(row).collect();
            let body = json!({ "section": format!("S{section}"), "rows": rows, "price": 50_000 });
            self.send("create_seats", "POST", &format!("/schedules/{schedule}/seats"), body).await?;
            names.extend((0..here).map(|seat| format!("S{section}-{}-{}", seat / ROW + 1, seat % ROW + 1)));
        }
        Ok(Opened { of: schedule, seats: names })
    }
}
