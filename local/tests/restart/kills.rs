//! Killed again and again while several users hold, pay, order, top up, cancel and stand in line at once.
//!
//! `cargo test` kills it three times, `ONSALE_SCALE=full cargo test --test suite kills -- --nocapture` fifty
//! times.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::buyer::{Buyer, Told};
use super::{Api, Program};
use crate::support::program::onsale;

const KILLS_FULL: usize = 50;
const KILLS: usize = 3;
const BUYERS: usize = 6;
const QUEUES: usize = 2;
/// The most requests, or answers, after which the program is killed.
const SEEN_MAX: usize = 120;
/// What decides who asks for what, and after how many answers the program dies. The machine decides the rest.
const SEED: u64 = 9;

/// What is on sale in one round, made by the administrator while nobody kills.
#[derive(Clone, Debug)]
pub struct Market {
    pub schedule: String,
    pub product: String,
    pub coupon: String,
    pub queues: Vec<String>,
}

/// Counts what all buyers have sent and been answered, and lets the test wait for a count.
#[derive(Clone)]
pub struct Watch(watch::Sender<(usize, usize)>);

impl Watch {
    pub fn sent(&self) {
        self.0.send_modify(|(sent, _)| *sent += 1);
    }

    pub fn answered(&self) {
        self.0.send_modify(|(_, answered)| *answered += 1);
    }
}

/// When to kill: in half of the rounds with a request just sent, in the others with an answer just there.
fn moment(dice: &mut fastrand::Rng) -> impl Fn(&(usize, usize)) -> bool + use<> {
    let (count, by_requests) = (dice.usize(BUYERS..SEEN_MAX), dice.bool());
    move |(sent, answered)| if by_requests { *sent >= count } else { *answered >= count }
}

async fn make(api: &Api, method: Method, path: &str, token: &str, body: Value) -> Value {
    let (status, answer) = api.call(method, path, token, Some(body)).await.expect("an answer");
    assert!(status.is_success(), "{path}: {status} {answer}");
    answer
}

async fn open_market(api: &Api, round: usize) -> Market {
    let admin = api.log_in_with(local::demo::ADMIN_EMAIL, local::demo::ADMIN_PASSWORD).await;
    let text = |value: &Value, name: &str| value[name].as_str().expect("a text").to_owned();
    let (health, _) = api.call(Method::GET, "/health", "", None).await.expect("an answer");
    assert!(health.is_success());
    let concert = make(api, Method::POST, "/concerts", &admin, json!({ "name": "Round", "description": "" })).await;
    let began: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
    let plan = json!({
        "place": "Hall", "sale_opens_at": began, "sale_closes_at": began + SignedDuration::from_hours(24 * 365 * 40),
        "starts_at": began + SignedDuration::from_hours(24 * 365 * 41), "max_seats_per_user": 50,
    });
    let path = format!("/concerts/{}/schedules", text(&concert, "concert_id"));
    let schedule = text(&make(api, Method::POST, &path, &admin, plan).await, "schedule_id");
    let rows = json!({ "section": "A", "rows": [{ "row": "1", "from": 1, "to": 50 }], "price": 1_000 });
    make(api, Method::POST, &format!("/schedules/{schedule}/seats"), &admin, rows).await;
    let product = json!({ "name": "Light stick", "price": 500, "stock": 10_000, "stock_shards": 2 });
    let product = text(&make(api, Method::POST, "/products", &admin, product).await, "product_id");
    let coupon = json!({
        "name": "100 off", "discount": { "kind": "amount", "value": 100 }, "quantity": 100,
        "valid_from": began, "valid_until": began + SignedDuration::from_hours(24 * 365 * 40),
    });
    let coupon = text(&make(api, Method::POST, "/coupons", &admin, coupon).await, "coupon_id");
    let mut queues = Vec::new();
    for number in 0..QUEUES {
        let queue = format!("round-{round}-{number}");
        // Nobody polls in time, so a call would be missed; a day is long enough for all rounds.
        let settings = json!({ "capacity": 1, "admit_per_second": 1, "active_minutes": 60, "claim_seconds": 300 });
        make(api, Method::PUT, &format!("/queues/{queue}"), &admin, settings).await;
        queues.push(queue);
    }
    Market { schedule, product, coupon, queues }
}

async fn sign_up(api: &Api) -> Vec<Buyer> {
    let mut buyers = Vec::new();
    for number in 0..BUYERS {
        let email = format!("buyer-{number}@onsale.local");
        let user = json!({ "email": email, "password": local::demo::USER_PASSWORD, "name": "Buyer" });
        make(api, Method::POST, "/users", "", user).await;
        let token = api.log_in(&email).await;
        make(api, Method::POST, "/wallet", &token, json!({})).await;
        let charge = json!({ "amount": 5_000_000 });
        make(api, Method::POST, "/wallet/charges", &token, charge).await;
        buyers.push(Buyer::new(&email, SEED + number as u64));
    }
    buyers
}

/// The product's own audit of the directory, which nobody uses now.
fn audit(data: &std::path::Path) {
    let output = onsale().arg("audit").arg("--data").arg(data).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}

/// One life of the program: looks back, buys, and is killed.
async fn round(program: Program, buyers: Vec<Buyer>, market: Market, dice: &mut fastrand::Rng) -> Vec<Buyer> {
    let (counts, mut seen) = watch::channel((0, 0));
    let load: Vec<_> = buyers
        .into_iter()
        .map(|buyer| tokio::spawn(buyer.buy(program.api.clone(), market.clone(), Watch(counts.clone()))))
        .collect();
    // Not for a time: for the load.
    seen.wait_for(moment(dice)).await.expect("a count");
    program.kill();
    let mut back = Vec::new();
    for buyer in load {
        back.push(buyer.await.expect("no panic"));
    }
    back
}

async fn look_back(api: &Api, buyers: Vec<Buyer>, everything: bool) -> Vec<Buyer> {
    let looking: Vec<_> = buyers
        .into_iter()
        .map(|mut buyer| {
            let api = api.clone();
            tokio::spawn(async move {
                buyer.token = api.log_in(&buyer.email).await;
                buyer.look_back(&api, everything).await;
                buyer
            })
        })
        .collect();
    let mut back = Vec::new();
    for buyer in looking {
        back.push(buyer.await.expect("what was answered is there"));
    }
    back
}

fn report(kills: usize, buyers: &[Buyer]) -> Told {
    let mut all = Told::default();
    for told in buyers.iter().map(|buyer| &buyer.told) {
        for (kind, count) in &told.acknowledged {
            *all.acknowledged.entry(*kind).or_default() += count;
        }
        all.refused += told.refused;
        all.lost += told.lost;
        all.committed += told.committed;
        all.looked_at += told.looked_at;
    }
    let acknowledged: usize = all.acknowledged.values().sum();
    println!("kills: {kills}; audits of the directory after them: {kills}, all agree");
    println!("acknowledged writes: {acknowledged} {:?}; refused: {}", all.acknowledged, all.refused);
    println!("looks at acknowledged writes: {}, all found", all.looked_at);
    println!("answers lost: {}, of those found committed: {}", all.lost, all.committed);
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_kill_9() {
    let kills = if std::env::var("ONSALE_SCALE").as_deref() == Ok("full") { KILLS_FULL } else { KILLS };
    let directory = tempfile::tempdir().expect("a directory");
    let mut dice = fastrand::Rng::with_seed(SEED);
    let mut program = Program::start(directory.path());
    let mut buyers = sign_up(&program.api).await;
    for killed in 0..kills {
        buyers = look_back(&program.api, buyers, false).await;
        let market = open_market(&program.api, killed).await;
        buyers = round(program, buyers, market, &mut dice).await;
        audit(directory.path());
        program = Program::start(directory.path());
    }
    buyers = look_back(&program.api, buyers, true).await;
    program.kill();
    audit(directory.path());
    let told = report(kills, &buyers);
    assert!(told.lost > 0, "each kill came between two requests");
    let kinds: BTreeMap<_, _> = told.acknowledged;
    assert!(kills < KILLS_FULL || kinds.len() == 11, "not every kind of write was acknowledged: {kinds:?}");
}
