//! The workload: people, their actions and what they have learnt.

use onsale_domain::id::UserId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::{self, Fixture, PLACES, QUEUE, SEATS};
use crate::random::organise::Organise;
use crate::requests::{ApiAnswer, ApiCall};
use crate::rng::Rng;

/// Something somebody wants, once.
#[derive(Clone, Debug)]
pub enum Action {
    /// Seats of the hall, or of the one behind the queue.
    Hold { queued: bool, seats: Vec<&'static str> },
    /// The best seats of one of them, so many.
    HoldBest { queued: bool, count: u16 },
    /// To pay a reservation or order.
    Pay(PurchaseId),
    /// To give a reservation up that is not paid.
    Cancel(PurchaseId),
    /// To give one ticket back, paid or not.
    CancelTicket(String, &'static str),
    /// To get a new code for a ticket.
    Reissue(String, &'static str),
    /// To have the money back.
    Refund(PurchaseId),
    /// To put money in.
    TopUp(i64),
    /// To take money out.
    Spend(i64),
    /// To pay a reservation or order by card.
    StartCard(PurchaseId),
    /// To put money in by card.
    StartCardTopUp(i64),
    /// To come back from the provider's window.
    ConfirmCard(String),
    /// To have money back on the cards by which it came in.
    PayOut(i64),
    /// Units of products, with the coupon or without, paid at once or later.
    Order { lines: Vec<(usize, i64)>, coupon: bool, pay: bool },
    /// A coupon.
    Claim,
    /// A place in the queue.
    Join,
    /// To know one's place, or to be let in.
    Poll,
    /// To give one's place up.
    Leave,
    /// An administrator's: money for a user.
    Credit { user: usize, amount: i64 },
    /// An administrator's: more or fewer units.
    Adjust { product: usize, delta: i64 },
    /// An administrator's: another price.
    Reprice { product: usize, price: i64 },
    /// An administrator's: to pause the queue, or to let it go on.
    Pause(bool),
    /// An administrator's: to take a hall off sale, the one behind the queue or the other, if nobody has a seat in it.
    DeleteSchedule { queued: bool },
    /// An administrator's: something before a sale.
    Organise(Organise),
}

/// The id of a reservation or an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PurchaseId {
    /// A reservation.
    Reservation(String),
    /// An order.
    Order(String),
}

impl PurchaseId {
    /// The name of its item: see [`Replica::find`].
    pub(crate) fn item_name(&self) -> String {
        match self {
            Self::Reservation(id) => format!("RSV#{id}"),
            Self::Order(id) => format!("ORDER#{id}"),
        }
    }

    /// The body of a request that is about it.
    fn body(&self) -> Value {
        match self {
            Self::Reservation(id) => json!({ "reservation_id": id }),
            Self::Order(id) => json!({ "order_id": id }),
        }
    }

    fn payment_id(&self) -> String {
        match self {
            Self::Reservation(id) => format!("rsv-{id}"),
            Self::Order(id) => format!("ord-{id}"),
        }
    }
}

/// The goods that people want in a run: where all want few things, more goes on between two calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// A bit of everything.
    Anything,
    /// Seats, and their money back.
    Seats,
    /// Products and coupons.
    Goods,
    /// To be let into the hall behind the queue.
    Queue,
}

impl Workload {
    /// The workload of a seed: each as often as the others, whatever else depends on the seed modulo four.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        [Self::Anything, Self::Seats, Self::Goods, Self::Queue][usize::try_from(seed / 4 % 4).unwrap_or(0)]
    }

    /// Draws an action of this workload, as one of the twenty numbers of [`Person::next_action`].
    fn draw(self, rng: &mut Rng) -> usize {
        let sides: &[usize] = match self {
            Self::Anything => &[],
            Self::Seats => &[0, 1, 4, 5, 8, 9, 10],
            Self::Goods => &[4, 5, 8, 10, 14, 15, 16, 17],
            Self::Queue => &[2, 5, 8, 18, 18, 19, 19],
        };
        if sides.is_empty() || rng.below(4) == 3 { rng.below(20) } else { sides[rng.below(sides.len())] }
    }
}

/// Somebody, and what they know.
#[derive(Clone, Debug)]
pub struct Person {
    /// The user's id.
    pub id: UserId,
    /// `user` or `admin`.
    pub role: &'static str,
    /// Requests under way.
    pub busy: usize,
    /// Wishes whose outcome is unknown, to be sent again with their keys.
    pub unsure: Vec<(Action, Uuid)>,
    pub(crate) things: Vec<PurchaseId>,
    /// The last queue token that was given.
    pub queue_token: Option<String>,
    /// Whether halls are taken off sale too.
    pub deletes: bool,
    /// The workload of the run.
    pub workload: Workload,
    /// Whether cards are used, too.
    pub pays_by_card: bool,
    /// Card payments that were begun: their ids and the provider's secrets.
    pub cards: Vec<(String, String)>,
}

/// Most things that somebody remembers; what is older is forgotten.
const THINGS_MAX: usize = 6;

impl Person {
    /// Somebody who knows nothing yet.
    #[must_use]
    pub fn new(id: UserId, role: &'static str) -> Self {
        Self {
            id,
            role,
            busy: 0,
            unsure: Vec::new(),
            things: Vec::new(),
            queue_token: None,
            deletes: false,
            workload: Workload::Anything,
            pays_by_card: false,
            cards: Vec::new(),
        }
    }

    /// Draws this person's next action.
    pub fn next_action(&self, rng: &mut Rng) -> Action {
        if self.role == "admin" {
            let product = rng.below(2);
            return match rng.below(if self.deletes { 6 } else { 5 }) {
                0 => Action::Adjust { product, delta: 1 },
                1 => Action::Adjust { product, delta: -1 },
                2 => Action::Pause(product == 1),
                4 => Action::Credit { user: product, amount: [10_000, 7][rng.below(2)] },
                5 => Action::DeleteSchedule { queued: product == 1 },
                _ => Action::Reprice { product, price: [0, 500, 700, 1_000][rng.below(4)] },
            };
        }
        if self.pays_by_card && rng.below(3) == 0 {
            return self.next_card_action(rng);
        }
        // Mostly the last one: what is still under way is where one is in one's own way.
        let latest = self.things.last().filter(|_| rng.below(2) == 1);
        let thing = latest.or_else(|| rng.choose(&self.things)).cloned();
        match (self.workload.draw(rng), thing) {
            (0..=3, _) | (4..=11, None) => {
                let mut seats = vec![SEATS[rng.below(SEATS.len())]];
                if rng.below(3) == 2 {
                    seats.push(SEATS[rng.below(SEATS.len())]);
                    seats.sort_unstable();
                    seats.dedup();
                }
                let queued = self.queue_token.is_some() && (self.workload == Workload::Queue || rng.below(2) == 1);
                match rng.below(4) {
                    3 => Action::HoldBest { queued, count: if seats.len() == 1 { 1 } else { 2 } },
                    _ => Action::Hold { queued, seats },
                }
            }
            (4..=7, Some(thing)) => Action::Pay(thing),
            (8, Some(thing)) => Action::Cancel(thing),
            (9, Some(PurchaseId::Reservation(id))) => {
                let seat = SEATS[rng.below(SEATS.len())];
                if rng.below(2) == 0 { Action::CancelTicket(id, seat) } else { Action::Reissue(id, seat) }
            }
            (9..=11, Some(thing)) => Action::Refund(thing),
            (12, _) => Action::TopUp([10_000, 40_000, 7][rng.below(3)]),
            (13, _) => Action::Spend([5_000, 60_000][rng.below(2)]),
            (14..=16, _) => {
                let lines = (0..=rng.below(2)).map(|_| (rng.below(2), 1 + i64::from(rng.below(3) == 2))).collect();
                Action::Order { lines, coupon: rng.below(3) == 2, pay: rng.below(2) == 0 }
            }
            (17, _) => Action::Claim,
            (18, _) if self.queue_token.is_some() => [Action::Poll, Action::Poll, Action::Leave][rng.below(3)].clone(),
            (18, _) => Action::Join,
            _ => [Action::Join, Action::Poll][usize::from(self.queue_token.is_some())].clone(),
        }
    }

    /// Remembers the ids and tokens of an answer.
    pub fn learn(&mut self, action: &Action, answer: &ApiAnswer) {
        if !(200..300).contains(&answer.status) {
            return;
        }
        let thing = match action {
            Action::Hold { .. } | Action::HoldBest { .. } => {
                Some(PurchaseId::Reservation(answer.text("reservation_id").to_owned()))
            }
            Action::Order { .. } => Some(PurchaseId::Order(answer.text("order_id").to_owned())),
            Action::StartCard(_) | Action::StartCardTopUp(_) => {
                let begun = (answer.text("card_payment_id").to_owned(), answer.text("client_secret").to_owned());
                if !self.cards.contains(&begun) {
                    self.cards.push(begun);
                    self.cards.drain(..self.cards.len().saturating_sub(THINGS_MAX));
                }
                None
            }
            Action::Join | Action::Poll => {
                self.queue_token = answer.body["token"].as_str().map(str::to_owned).or(self.queue_token.take());
                None
            }
            _ => None,
        };
        if let Some(thing) = thing.filter(|thing| !self.things.contains(thing)) {
            self.things.push(thing);
            self.things.drain(..self.things.len().saturating_sub(THINGS_MAX));
        }
    }
}

impl Action {
    /// The function that its request calls.
    #[must_use]
    pub fn function(&self) -> &'static str {
        match self {
            Self::Hold { .. } | Self::HoldBest { .. } => "create_reservation",
            Self::Pay(_) => "pay",
            Self::Cancel(PurchaseId::Reservation(_)) => "cancel_reservation",
            Self::Cancel(PurchaseId::Order(_)) => "cancel_order",
            Self::CancelTicket(..) => "cancel_ticket",
            Self::Reissue(..) => "reissue_ticket_code",
            Self::Refund(_) => "cancel_payment",
            Self::TopUp(_) => "top_up",
            Self::Spend(_) => "spend",
            Self::StartCard(_) | Self::StartCardTopUp(_) => "start_card_payment",
            Self::ConfirmCard(_) => "confirm_card_payment",
            Self::PayOut(_) => "pay_out",
            Self::Order { .. } => "place_order",
            Self::Claim => "claim_coupon",
            Self::Join => "join_queue",
            Self::Poll => "get_queue_entry",
            Self::Leave => "leave_queue",
            Self::Credit { .. } => "credit_wallet",
            Self::Adjust { .. } => "adjust_stock",
            Self::Reprice { .. } => "update_product",
            Self::Pause(_) => "put_queue",
            Self::DeleteSchedule { .. } => "delete_schedule",
            Self::Organise(wanted) => wanted.function(),
        }
    }

    /// The call of the API for it.
    #[must_use]
    pub fn api_call(&self, fixture: &Fixture) -> ApiCall {
        let asked = |method, path: String, body| ApiCall { function: self.function(), method, path, body };
        match self {
            Self::Hold { queued, seats } => {
                let body = json!({ "schedule_id": fixture.schedules[usize::from(*queued)], "seat_ids": seats });
                asked("POST", "/reservations".into(), Some(body))
            }
            Self::HoldBest { queued, count } => {
                let schedule = &fixture.schedules[usize::from(*queued)];
                let body = json!({ "schedule_id": schedule, "best": { "count": count, "apart": true } });
                asked("POST", "/reservations".into(), Some(body))
            }
            Self::Pay(thing) => asked("POST", "/payments".into(), Some(thing.body())),
            Self::StartCard(thing) => asked("POST", "/card-payments".into(), Some(thing.body())),
            Self::StartCardTopUp(amount) => asked("POST", "/card-payments".into(), Some(json!({ "top_up": amount }))),
            Self::ConfirmCard(id) => asked("POST", format!("/card-payments/{id}/confirmation"), Some(json!({}))),
            Self::PayOut(amount) => asked("POST", "/wallet/payouts".into(), Some(json!({ "amount": amount }))),
            Self::Cancel(PurchaseId::Reservation(id)) => asked("DELETE", format!("/reservations/{id}"), None),
            Self::Cancel(PurchaseId::Order(id)) => asked("DELETE", format!("/orders/{id}"), None),
            Self::CancelTicket(id, seat) => asked("DELETE", format!("/reservations/{id}/tickets/{seat}"), None),
            Self::Reissue(id, seat) => asked("POST", format!("/reservations/{id}/tickets/{seat}/code"), None),
            Self::Refund(thing) => asked("POST", format!("/payments/{}/cancel", thing.payment_id()), None),
            Self::TopUp(amount) => asked("POST", "/wallet/charges".into(), Some(json!({ "amount": amount }))),
            Self::Spend(amount) => {
                let body = json!({ "amount": amount, "memo": "a poster" });
                asked("POST", "/wallet/payments".into(), Some(body))
            }
            Self::Order { lines, coupon, pay } => {
                let line = |(product, quantity): &(usize, i64)| {
                    let id = &fixture.products[*product];
                    json!({ "product_id": id, "quantity": quantity })
                };
                let mut body = json!({ "items": lines.iter().map(line).collect::<Vec<_>>(), "pay": pay });
                if *coupon {
                    body["coupon_id"] = fixture.coupon.clone().into();
                }
                asked("POST", "/orders".into(), Some(body))
            }
            Self::Claim => asked("POST", format!("/coupons/{}/claims", fixture.coupon), None),
            Self::Join => asked("POST", format!("/queues/{QUEUE}/tokens"), None),
            Self::Poll => asked("GET", format!("/queues/{QUEUE}/tokens/me"), None),
            Self::Leave => asked("DELETE", format!("/queues/{QUEUE}/tokens/me"), None),
            Self::Credit { user, amount } => {
                let path = format!("/users/{}/credits", fixture.users[*user]);
                asked("POST", path, Some(json!({ "amount": amount, "reason": "rain" })))
            }
            Self::Adjust { product, delta } => {
                let path = format!("/products/{}/stock", fixture.products[*product]);
                asked("POST", path, Some(json!({ "delta": delta })))
            }
            Self::Reprice { product, price } => {
                let path = format!("/products/{}", fixture.products[*product]);
                asked("PATCH", path, Some(json!({ "price": price })))
            }
            Self::Pause(paused) => {
                let mut call = fixture::put_queue_call(PLACES);
                if let Some(body) = &mut call.body {
                    body["paused"] = (*paused).into();
                }
                call
            }
            Self::DeleteSchedule { queued } => {
                let index = usize::from(*queued);
                let path = format!("/concerts/{}/schedules/{}", fixture.concerts[index], fixture.schedules[index]);
                asked("DELETE", path, None)
            }
            Self::Organise(wanted) => wanted.api_call(),
        }
    }
}
