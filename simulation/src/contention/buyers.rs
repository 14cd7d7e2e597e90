//! The buyers: people who want a seat, an order, or a place in a queue first.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use onsale_domain::id::UserId;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::contention::report::Figures;
use crate::contention::services::Services;
use crate::requests::{ApiAnswer, ApiCall, Identity};

/// How old the map of seats is that people choose from: a view of one second, and the time to choose.
const MAP_AGE: Duration = Duration::from_secs(2);
/// How often somebody tries again after a seat was taken.
const TRIES_MAX: u32 = 5;
/// How long somebody looks for another seat, in milliseconds.
const LOOK_MILLISECONDS: std::ops::Range<u64> = 1_000..2_000;
/// How often a client sends a request again that was answered 429 or 503.
const RETRIES_MAX: u32 = 3;
/// How long it waits before, in milliseconds.
const RETRY_MILLISECONDS: std::ops::Range<u64> = 500..2_000;
/// Polls of a queue after which somebody goes away.
const POLLS_MAX: u32 = 2_000;
/// The balance of each wallet.
const BALANCE: i64 = 1_000_000;

/// The state that all buyers share.
pub struct Crowd<'a> {
    /// The services they ask.
    pub services: &'a Services<'a>,
    /// The figures of the run.
    pub figures: RefCell<Figures>,
    /// When the sale began.
    pub began: Instant,
    /// The seats that people see free, and what was taken since.
    pub map: RefCell<SeatMap>,
    /// Dice of all of them.
    pub rng: RefCell<fastrand::Rng>,
    /// How long people take from a hold to its payment.
    pub pays_after: Duration,
}

/// The seats as people see them, which is late.
#[derive(Debug, Default)]
pub struct SeatMap {
    free: Vec<String>,
    taken: VecDeque<(Instant, String)>,
    /// Held and not paid, each with the time from which it is seen free again.
    lapsing: BTreeSet<(Instant, String)>,
}

impl SeatMap {
    /// All of these are free.
    #[must_use]
    pub fn new(free: Vec<String>) -> Self {
        Self { free, taken: VecDeque::new(), lapsing: BTreeSet::new() }
    }

    /// A seat that was held, or refused because it is: it is seen so after a while.
    fn add_taken(&mut self, now: Instant, seat: String) {
        self.taken.push_back((now + MAP_AGE, seat));
    }

    /// A seat whose hold ends then, because it was not paid.
    fn add_lapsing(&mut self, ends: Instant, seat: String) {
        self.lapsing.insert((ends + MAP_AGE, seat));
    }

    fn free_now(&mut self, now: Instant) -> &[String] {
        while let Some((_, seat)) = self.taken.pop_front_if(|(seen_at, _)| *seen_at <= now) {
            if let Some(index) = self.free.iter().position(|free| *free == seat) {
                self.free.swap_remove(index);
            }
        }
        while self.lapsing.first().is_some_and(|(seen_at, _)| *seen_at <= now) {
            let Some((_, seat)) = self.lapsing.pop_first() else { break };
            if !self.free.contains(&seat) {
                self.free.push(seat);
            }
        }
        &self.free
    }
}

/// One of them.
pub struct Person {
    /// The account.
    pub user: UserId,
    number: u64,
    requests: u64,
    queue_token: Option<String>,
}

impl Person {
    /// The person of this number.
    #[must_use]
    pub fn new(number: u64) -> Self {
        let user = UserId(Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + u128::from(number)));
        Self { user, number, requests: 0, queue_token: None }
    }

    fn identity(&self, key: Option<Uuid>) -> Identity<'_> {
        Identity { user: self.user, key, queue_token: self.queue_token.as_deref() }
    }

    /// A key that nobody else has.
    fn key(&mut self) -> Uuid {
        self.requests += 1;
        Uuid::from_u128(u128::from(self.number) << 32 | u128::from(self.requests))
    }
}

impl Crowd<'_> {
    fn random_pause(&self, range: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(self.rng.borrow_mut().u64(range))
    }

    fn count_end(&self, how: &'static str) {
        *self.figures.borrow_mut().ends.entry(how).or_default() += 1;
    }

    /// One step of somebody: a request, sent again with its key while the answer is 429 or 503.
    async fn step(&self, name: &'static str, person: &mut Person, asked: ApiCall) -> ApiAnswer {
        let (began, key) = (Instant::now(), person.key());
        let mut answer = ApiAnswer { status: 0, body: Value::Null };
        for retry in 0..=RETRIES_MAX {
            if retry > 0 {
                sleep(self.random_pause(RETRY_MILLISECONDS)).await;
            }
            let (given, why) = self.services.request(&asked, person.identity(Some(key))).await;
            let figures = &mut *self.figures.borrow_mut();
            figures.requests += 1;
            *figures.answers.entry((name, given.status, given.code().to_owned())).or_default() += 1;
            if let Some(why) = why {
                *figures.trouble.entry((name, why)).or_default() += 1;
            }
            answer = given;
            if answer.status != 429 && answer.status != 503 {
                break;
            }
        }
        let figures = &mut *self.figures.borrow_mut();
        figures.took.entry(name).or_default().push(began.elapsed());
        if (200..300).contains(&answer.status) {
            figures.done.entry(name).or_default().push(self.began.elapsed());
        }
        answer
    }

    /// Gives somebody money; nothing of that is measured.
    async fn fill_wallet(&self, person: &mut Person) -> Result<(), String> {
        let wallet =
            ApiCall { function: "create_wallet", method: "POST", path: "/wallet".to_owned(), body: Some(json!({})) };
        self.services.request_unmeasured(&wallet, person.identity(None)).await?;
        let body = Some(json!({ "amount": BALANCE }));
        let charge = ApiCall { function: "top_up", method: "POST", path: "/wallet/charges".to_owned(), body };
        let key = person.key();
        let answer = self.services.request_unmeasured(&charge, person.identity(Some(key))).await?;
        if answer.status == 201 { Ok(()) } else { Err(format!("a wallet is not filled: {}", answer.body)) }
    }

    /// Wants a seat of a date, any that the map shows free.
    ///
    /// # Errors
    /// When a wallet cannot be filled.
    pub async fn buys_a_seat(&self, mut person: Person, schedule: &str) -> Result<(), String> {
        self.wants_a_seat(&mut person, schedule).await.map(drop)
    }

    /// The same; whether something was held.
    async fn wants_a_seat(&self, person: &mut Person, schedule: &str) -> Result<bool, String> {
        for _ in 0..TRIES_MAX {
            let seat = {
                let map = &mut *self.map.borrow_mut();
                let free = map.free_now(Instant::now());
                if free.is_empty() { None } else { Some(free[self.rng.borrow_mut().usize(..free.len())].clone()) }
            };
            let Some(seat) = seat else {
                self.count_end("saw no free seat");
                return Ok(false);
            };
            let body = Some(json!({ "schedule_id": schedule, "seat_ids": [seat] }));
            let asked =
                ApiCall { function: "create_reservation", method: "POST", path: "/reservations".to_owned(), body };
            let answer = self.step("hold", person, asked).await;
            match answer.status {
                201 => {
                    let ends = Instant::now() + self.services.until(answer.text("expires_at"));
                    self.map.borrow_mut().add_taken(Instant::now(), seat.clone());
                    self.fill_wallet(person).await?;
                    sleep(self.pays_after).await;
                    if !self.pays(person, answer.text("reservation_id")).await {
                        self.map.borrow_mut().add_lapsing(ends, seat);
                    }
                    return Ok(true);
                }
                409 => {
                    self.map.borrow_mut().add_taken(Instant::now(), seat);
                    sleep(self.random_pause(LOOK_MILLISECONDS)).await;
                }
                _ => {
                    self.count_end("given up after 429 or 503");
                    return Ok(false);
                }
            }
        }
        self.count_end("refused too often");
        Ok(false)
    }

    /// Pays a reservation; whether that is certain.
    async fn pays(&self, person: &mut Person, reservation: &str) -> bool {
        let body = Some(json!({ "reservation_id": reservation }));
        let asked = ApiCall { function: "pay", method: "POST", path: "/payments".to_owned(), body };
        let answer = self.step("pay", person, asked).await;
        let is_paid = answer.status == 201;
        self.count_end(if is_paid { "paid" } else { "held and not paid" });
        is_paid
    }

    /// Orders one unit of a product and pays it at once.
    ///
    /// # Errors
    /// When a wallet cannot be filled.
    pub async fn orders(&self, mut person: Person, product: &str) -> Result<(), String> {
        self.fill_wallet(&mut person).await?;
        let body = Some(json!({ "items": [{ "product_id": product, "quantity": 1 }], "pay": true }));
        let asked = ApiCall { function: "place_order", method: "POST", path: "/orders".to_owned(), body };
        let answer = self.step("order", &mut person, asked).await;
        self.count_end(match answer.status {
            201 => "ordered",
            409 => "refused",
            _ => "given up after 429 or 503",
        });
        Ok(())
    }

    /// Joins a queue, waits to be admitted, and then buys a seat, or leaves if there is none.
    ///
    /// # Errors
    /// When a wallet cannot be filled.
    pub async fn queues(&self, mut person: Person, queue: &str, schedule: &str) -> Result<(), String> {
        let path = format!("/queues/{queue}/tokens");
        let join = ApiCall { function: "join_queue", method: "POST", path: path.clone(), body: None };
        let mut answer = self.step("join", &mut person, join).await;
        let path = format!("{path}/me");
        self.figures.borrow_mut().positions.extend(answer.body["position"].as_u64());
        for _ in 0..POLLS_MAX {
            if answer.status >= 300 {
                self.count_end("lost the queue");
                return Ok(());
            }
            person.queue_token = answer.body["token"].as_str().map(str::to_owned).or(person.queue_token.take());
            match answer.text("state") {
                "admitted" => {
                    self.figures.borrow_mut().done.entry("admitted").or_default().push(self.began.elapsed());
                    if !self.wants_a_seat(&mut person, schedule).await? {
                        let leave =
                            ApiCall { function: "leave_queue", method: "DELETE", path: path.clone(), body: None };
                        self.step("leave", &mut person, leave).await;
                    }
                    return Ok(());
                }
                "waiting" => {}
                _ => break,
            }
            // Without a time to ask again there is nothing to wait for.
            let Some(pause) = answer.body["retry_after_ms"].as_u64() else {
                self.count_end(if answer.text("queue_state") == "over" {
                    "told it is over"
                } else {
                    "told it is sold out"
                });
                return Ok(());
            };
            sleep(Duration::from_millis(pause)).await;
            let poll = ApiCall { function: "get_queue_entry", method: "GET", path: path.clone(), body: None };
            answer = self.step("poll", &mut person, poll).await;
        }
        self.count_end("was not admitted");
        Ok(())
    }
}
