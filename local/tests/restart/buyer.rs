//! One of several users at once: what it asks for next, what it was told, and whether that is still so.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::kills::{Market, Watch};
use super::wanted::{Kind, Said, Wanted, order_of};
use super::{Answer, Api};

/// Somebody who buys, one request after the other, so that at most one is in doubt.
pub struct Buyer {
    pub email: String,
    pub token: String,
    dice: fastrand::Rng,
    /// The request whose answer has not come.
    open: Option<Wanted>,
    /// What was told: a path that shows it, and the state that it must have there.
    facts: BTreeMap<String, &'static str>,
    /// Facts of earlier rounds that were looked at once and have not changed since.
    seen: BTreeSet<String>,
    /// What the ledger must have: `kind ref`.
    entries: BTreeSet<String>,
    /// Coupons that were claimed, and whether they are used now.
    coupons: BTreeMap<String, bool>,
    /// The coupons of orders that are not cancelled.
    used_by: BTreeMap<String, String>,
    /// Places: the number and the token by queue.
    places: BTreeMap<String, (i64, String)>,
    /// Those that were left.
    gone: BTreeSet<String>,
    /// Those that were joined or left since the last look.
    new_places: BTreeSet<String>,
    pub told: Told,
}

/// What came of a buyer's requests.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub acknowledged: BTreeMap<Kind, usize>,
    pub refused: usize,
    pub lost: usize,
    /// Of those whose answer was lost, how many had been carried out.
    pub committed: usize,
    pub looked_at: usize,
}

impl Buyer {
    pub fn new(email: &str, seed: u64) -> Self {
        Self {
            email: email.to_owned(),
            token: String::new(),
            dice: fastrand::Rng::with_seed(seed),
            open: None,
            facts: BTreeMap::new(),
            seen: BTreeSet::new(),
            entries: BTreeSet::new(),
            coupons: BTreeMap::new(),
            used_by: BTreeMap::new(),
            places: BTreeMap::new(),
            gone: BTreeSet::new(),
            new_places: BTreeSet::new(),
            told: Told::default(),
        }
    }

    /// Asks for one thing after the other until an answer does not come.
    pub async fn buy(mut self, api: Api, market: Market, watch: Watch) -> Self {
        loop {
            let wanted = match self.open.take() {
                Some(again) => again,
                None => self.choose(&market),
            };
            watch.sent();
            self.open = Some(wanted.clone());
            let Some(answer) = wanted.send(&api, &self.token).await else {
                self.told.lost += 1;
                return self;
            };
            watch.answered();
            match wanted.said(&answer) {
                Said::Again => continue,
                Said::Refused => self.told.refused += 1,
                Said::Done => self.learn(&wanted, &answer),
            }
            self.open = None;
        }
    }

    /// After a restart: first what was told must be there, then what was in doubt is asked for again.
    pub async fn look_back(&mut self, api: &Api, everything: bool) {
        self.check_facts(api, everything).await;
        if let Some(wanted) = self.open.take() {
            self.ask_again(api, &wanted).await;
        }
        self.check_ledger(api).await;
        self.check_coupons(api).await;
    }

    async fn ask_again(&mut self, api: &Api, wanted: &Wanted) {
        let mut committed = None;
        if let Some((path, state)) = wanted.shows() {
            committed = Some(self.get(api, &path).await["state"] == state);
        }
        if wanted.kind == Kind::Leave {
            let path = format!("/queues/{}/tokens", wanted.about);
            let joined = api.call(Method::POST, &path, &self.token, None).await.expect("nobody kills it now");
            committed = Some(joined.0 == 429);
        }
        for _ in 0..super::LOOKS_MAX {
            let answer = wanted.send(api, &self.token).await.expect("nobody kills it now");
            match wanted.said(&answer) {
                Said::Again => continue,
                Said::Refused => self.told.refused += 1,
                Said::Done => {
                    let committed = committed.or_else(|| wanted.was_committed(&answer));
                    self.told.committed += usize::from(committed == Some(true));
                    self.learn(wanted, &answer);
                }
            }
            return;
        }
        panic!("always busy: {wanted:?}");
    }

    /// Everything new, and at the end all of it, by its own path.
    async fn check_facts(&mut self, api: &Api, everything: bool) {
        let doubted = self.open.as_ref().map_or("nothing", |open| open.about.as_str()).to_owned();
        let facts: Vec<_> = self.facts.iter().map(|(path, state)| (path.clone(), *state)).collect();
        for (path, state) in facts {
            if path.contains(&doubted) || (!everything && self.seen.contains(&path)) {
                continue;
            }
            let shown = self.get(api, &path).await;
            assert_eq!(shown["state"], state, "{} was told so of {path}, which is {shown}", self.email);
            self.told.looked_at += 1;
            self.seen.insert(path);
        }
        self.check_places(api, &doubted).await;
    }

    /// Who joins again is given the same place, and who left within `claim_seconds` none; a poll would not do, because
    /// it reads nothing before its number is called. Only what is new: places end by the clock.
    async fn check_places(&mut self, api: &Api, doubted: &str) {
        for queue in std::mem::take(&mut self.new_places) {
            if queue == doubted {
                self.new_places.insert(queue);
                continue;
            }
            let path = format!("/queues/{queue}/tokens");
            let (status, shown) = api.call(Method::POST, &path, &self.token, None).await.expect("nobody kills it now");
            if self.gone.contains(&queue) {
                assert_eq!(status, 429, "{} left {queue}: {shown}", self.email);
            } else {
                assert_eq!((status.as_u16(), &shown["number"]), (200, &json!(self.places[&queue].0)), "{shown}");
            }
            self.told.looked_at += 1;
        }
    }

    /// Numbered without gaps, each balance the one before and the amount, and each thing in it once.
    async fn check_ledger(&mut self, api: &Api) {
        let entries = self.pages(api, "/wallet/entries?limit=100").await;
        let (mut balance, mut explained) = (0, BTreeMap::new());
        for (place, entry) in entries.iter().rev().enumerate() {
            assert_eq!(entry["seq"], place + 1, "{} has a gap in the ledger: {entry}", self.email);
            balance += entry["amount"].as_i64().expect("an amount");
            assert_eq!(entry["balance_after"], balance, "{entry}");
            let name = format!("{} {}", entry["kind"].as_str().unwrap_or("?"), entry["ref"].as_str().unwrap_or("?"));
            *explained.entry(name).or_insert(0) += 1;
        }
        let wallet = self.get(api, "/wallet").await;
        assert_eq!(wallet["balance"], balance, "{}", self.email);
        for name in &self.entries {
            assert_eq!(explained.get(name), Some(&1), "{} was told of {name}", self.email);
        }
        self.told.looked_at += self.entries.len();
    }

    async fn check_coupons(&mut self, api: &Api) {
        let claims = self.pages(api, "/users/me/coupons?limit=100").await;
        for (coupon, used) in &self.coupons {
            let claim = claims.iter().find(|claim| claim["coupon_id"] == *coupon).expect("a claim that was told of");
            assert_eq!(claim["state"], if *used { "used" } else { "unused" }, "{claim}");
        }
        self.told.looked_at += self.coupons.len();
    }

    async fn get(&self, api: &Api, path: &str) -> Value {
        let (status, body) = api.call(Method::GET, path, &self.token, None).await.expect("nobody kills it now");
        assert_eq!(status, 200, "{} asks for {path}: {body}", self.email);
        body
    }

    async fn pages(&self, api: &Api, path: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(api, &format!("{path}{cursor}")).await;
            items.extend(page["items"].as_array().expect("items").iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }

    fn choose(&mut self, market: &Market) -> Wanted {
        let key = Uuid::from_u128(self.dice.u128(..));
        match self.dice.usize(0..12) {
            0 => {
                let amount = self.dice.i64(1..100);
                Wanted::post(Kind::TopUp, "/wallet/charges", json!({ "amount": amount })).with_key(key)
            }
            1..=3 => self.pay_something(key).unwrap_or_else(|| self.hold(market, key)),
            4 => self.cancel_something().unwrap_or_else(|| self.hold(market, key)),
            5 => self.stand_in_line(market).unwrap_or_else(|| self.hold(market, key)),
            6..=8 => self.order(market, key),
            _ => self.hold(market, key),
        }
    }

    fn hold(&mut self, market: &Market, key: Uuid) -> Wanted {
        let first = self.dice.u32(1..50);
        let seats: Vec<String> = (first..=first + self.dice.u32(0..2)).map(|seat| format!("A-1-{seat}")).collect();
        let body = json!({ "schedule_id": market.schedule, "seat_ids": seats });
        Wanted::post(Kind::Hold, "/reservations", body).with_key(key)
    }

    fn order(&mut self, market: &Market, key: Uuid) -> Wanted {
        if !self.coupons.contains_key(&market.coupon) {
            let path = format!("/coupons/{}/claims", market.coupon);
            return Wanted::new(Kind::Claim, Method::POST, path, None).about(&market.coupon);
        }
        let unused = self.coupons.iter().find(|(_, used)| !**used).map(|(coupon, _)| coupon.clone());
        let body = order_of(&market.product, unused.as_deref(), self.dice.bool());
        Wanted::post(Kind::Order, "/orders", body).with_key(key)
    }

    /// The id of something that is in a state, from the path that shows it.
    fn any(&mut self, prefix: &str, state: &str) -> Option<String> {
        let such = self.facts.iter().filter(|(path, is)| path.starts_with(prefix) && **is == state);
        let such: Vec<String> = such.map(|(path, _)| path[prefix.len()..].to_owned()).collect();
        self.dice.choice(such)
    }

    fn pay_something(&mut self, key: Uuid) -> Option<Wanted> {
        if let Some(id) = self.any("/reservations/", "held") {
            let body = json!({ "reservation_id": id });
            return Some(Wanted::post(Kind::PayHold, "/payments", body).about(&id).with_key(key));
        }
        let id = self.any("/orders/", "pending")?;
        Some(Wanted::post(Kind::PayOrder, "/payments", json!({ "order_id": id })).about(&id).with_key(key))
    }

    fn cancel_something(&mut self) -> Option<Wanted> {
        let delete =
            |kind, path: &str, id: &str| Wanted::new(kind, Method::DELETE, format!("{path}{id}"), None).about(id);
        match self.dice.usize(0..3) {
            0 => self.any("/reservations/", "held").map(|id| delete(Kind::CancelHold, "/reservations/", &id)),
            1 => self.any("/orders/", "pending").map(|id| delete(Kind::CancelOrder, "/orders/", &id)),
            _ => self.any("/payments/", "completed").map(|id| {
                let path = format!("/payments/{id}/cancel");
                Wanted::new(Kind::Refund, Method::POST, path, None).about(&id["rsv-".len()..])
            }),
        }
    }

    fn stand_in_line(&mut self, market: &Market) -> Option<Wanted> {
        let queue = self.dice.choice(&market.queues)?;
        let path = format!("/queues/{queue}/tokens");
        match self.places.get(queue) {
            None => Some(Wanted::new(Kind::Join, Method::POST, path, None).about(queue)),
            Some((_, token)) if !self.gone.contains(queue) => {
                let leave = Wanted::new(Kind::Leave, Method::DELETE, format!("{path}/me"), None);
                Some(leave.about(queue).with_queue_token(token))
            }
            Some(_) => None,
        }
    }

    fn fact(&mut self, path: String, state: &'static str) {
        self.seen.remove(&path);
        self.facts.insert(path, state);
    }

    /// Keeps what an answer said: from now on it must be so.
    fn learn(&mut self, wanted: &Wanted, answer: &Answer) {
        *self.told.acknowledged.entry(wanted.kind).or_default() += 1;
        let text = |name: &str| answer.body[name].as_str().unwrap_or_else(|| panic!("{}", answer.body)).to_owned();
        let id = &wanted.about;
        match wanted.kind {
            Kind::TopUp => drop(self.entries.insert(format!("charge {}", text("charge_id")))),
            Kind::Hold => self.fact(format!("/reservations/{}", text("reservation_id")), "held"),
            Kind::PayHold => {
                self.fact(format!("/reservations/{id}"), "paid");
                self.learn_payment(format!("rsv-{id}"));
            }
            Kind::CancelHold => self.fact(format!("/reservations/{id}"), "cancelled"),
            Kind::Order => self.learn_order(wanted, &text("order_id"), &text("state")),
            Kind::PayOrder => {
                self.fact(format!("/orders/{id}"), "paid");
                self.learn_payment(format!("ord-{id}"));
            }
            Kind::CancelOrder => self.order_is_gone(id),
            Kind::Refund => {
                let payment = text("payment_id");
                self.fact(format!("/payments/{payment}"), "refunded");
                if payment.starts_with("ord-") {
                    self.order_is_gone(id)
                } else {
                    self.fact(format!("/reservations/{id}"), "cancelled")
                }
                self.entries.insert(format!("refund {payment}"));
            }
            Kind::Claim => drop(self.coupons.insert(id.clone(), false)),
            Kind::Join => {
                let number = answer.body["number"].as_i64().expect("a number");
                self.places.insert(id.clone(), (number, text("token")));
                self.new_places.insert(id.clone());
            }
            Kind::Leave => {
                self.gone.insert(id.clone());
                self.new_places.insert(id.clone());
            }
        }
    }

    fn learn_payment(&mut self, payment: String) {
        self.fact(format!("/payments/{payment}"), "completed");
        self.entries.insert(format!("payment {payment}"));
    }

    fn learn_order(&mut self, wanted: &Wanted, order: &str, state: &str) {
        let body = wanted.body.as_ref().expect("an order has a body");
        if let Some(coupon) = body["coupon_id"].as_str() {
            self.coupons.insert(coupon.to_owned(), true);
            self.used_by.insert(order.to_owned(), coupon.to_owned());
        }
        match state {
            "paid" => {
                self.fact(format!("/orders/{order}"), "paid");
                self.learn_payment(format!("ord-{order}"));
            }
            _ => self.fact(format!("/orders/{order}"), "pending"),
        }
    }

    fn order_is_gone(&mut self, order: &str) {
        self.fact(format!("/orders/{order}"), "cancelled");
        if let Some(coupon) = self.used_by.remove(order) {
            self.coupons.insert(coupon, false);
        }
    }
}
