//! Everything that the provider knows.

use std::collections::BTreeSet;

use aws_lc_rs::hmac;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::third_parties::payment_provider::call::Parameters;
use crate::third_parties::payment_provider::error::ApiError;
use crate::third_parties::payment_provider::faults::Faults;
use crate::third_parties::payment_provider::idempotency::{Remembered, hex};
use crate::third_parties::payment_provider::kept::{Change, Kept, Object};
use crate::third_parties::payment_provider::objects::{Cause, Delivered, Event};
use crate::third_parties::payment_provider::objects::{PaymentIntent, Refund};

/// Most payment intents that are kept.
pub const INTENTS_MAX: usize = 20_000;
/// Most refunds that are kept.
pub const REFUNDS_MAX: usize = 20_000;
/// Most events that are kept.
pub const EVENTS_MAX: usize = 50_000;
/// Most idempotency keys that are kept.
pub const IDEMPOTENCY_KEYS_MAX: usize = 20_000;
/// Digits of a client secret after the id.
const CLIENT_SECRET_DIGITS: usize = 24;
/// The kind of the one row of the file that is no object.
const NUMBERS: &str = "numbers";

/// The provider's keys, and the prefix of its ids.
#[derive(Clone)]
pub struct Settings {
    /// The part of an id before its number, such as `local` in `pi_local12`.
    pub prefix: String,
    /// The key of the shop's server.
    pub secret_key: String,
    /// The key of the shop's page.
    pub publishable_key: String,
    /// The secrets that sign events: one, or two while one replaces the other.
    pub signing_secrets: Vec<String>,
}

/// A row of the file that cannot be understood.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("no object: {0}")]
    NoObject(#[from] serde_json::Error),
    #[error("no known kind: {0}")]
    UnknownKind(String),
}

/// The counter that ids are made from.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Numbers {
    last: u64,
}

/// A call that is being executed.
pub(crate) struct Request<'a> {
    pub parameters: Parameters<'a>,
    pub now: Timestamp,
    /// Whether it comes from the shop's server, not from a browser.
    pub is_secret: bool,
    pub cause: Cause,
}

/// The state of the provider.
#[derive(Clone)]
pub(crate) struct State {
    pub settings: Settings,
    pub faults: Faults,
    pub intents: Kept<PaymentIntent>,
    pub refunds: Kept<Refund>,
    pub events: Kept<Event>,
    pub keys: Kept<Remembered>,
    numbers: Numbers,
    /// Payments and refunds to which something happens by itself, by the time.
    timers: BTreeSet<(Timestamp, u64)>,
    /// Events that wait for their delivery, by the time.
    outbox: BTreeSet<(Timestamp, u64)>,
}

impl State {
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            faults: Faults::default(),
            intents: Kept::new(INTENTS_MAX),
            refunds: Kept::new(REFUNDS_MAX),
            events: Kept::new(EVENTS_MAX),
            keys: Kept::new(IDEMPOTENCY_KEYS_MAX),
            numbers: Numbers::default(),
            timers: BTreeSet::new(),
            outbox: BTreeSet::new(),
        }
    }

    /// The next number, and the id that it makes.
    pub fn next_id(&mut self, kind: &str) -> (u64, String) {
        self.numbers.last += 1;
        (self.numbers.last, format!("{kind}_{}{}", self.settings.prefix, self.numbers.last))
    }

    /// The secret that lets a browser confirm this payment.
    pub fn client_secret(&self, id: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.settings.secret_key.as_bytes());
        let digits = hex(hmac::sign(&key, id.as_bytes()).as_ref());
        format!("{id}_secret_{}", digits.get(..CLIENT_SECRET_DIGITS).unwrap_or_default())
    }

    /// The payment intent that a path or a parameter names.
    pub fn intent(&self, id: &str, param: &str) -> Result<PaymentIntent, ApiError> {
        self.intents.get(id).cloned().ok_or_else(|| ApiError::no_such("payment_intent", id, param))
    }

    /// Keeps an intent, and remembers when something happens to it by itself.
    pub fn put_intent(&mut self, intent: PaymentIntent) {
        let before = self.intents.numbered(intent.number).and_then(|before| before.due);
        self.set_timer(intent.number, before, intent.due);
        if let Some(gone) = self.intents.put(intent) {
            self.set_timer(gone.number, gone.due, None);
        }
    }

    /// Keeps a refund, and remembers when it changes by itself.
    pub fn put_refund(&mut self, refund: Refund) {
        let before = self.refunds.numbered(refund.number).and_then(|before| before.due);
        self.set_timer(refund.number, before.map(|(at, _)| at), refund.due.map(|(at, _)| at));
        if let Some(gone) = self.refunds.put(refund) {
            self.set_timer(gone.number, gone.due.map(|(at, _)| at), None);
        }
    }

    fn set_timer(&mut self, number: u64, before: Option<Timestamp>, after: Option<Timestamp>) {
        if let Some(before) = before {
            self.timers.remove(&(before, number));
        }
        if let Some(after) = after {
            self.timers.insert((after, number));
        }
    }

    /// The earliest thing that happens by itself.
    pub fn next_timer(&self) -> Option<(Timestamp, u64)> {
        self.timers.first().copied()
    }

    /// Makes an event about `object`.
    pub fn emit(&mut self, kind: &str, object: Value, now: Timestamp, cause: &Cause) {
        let (number, id) = self.next_id("evt");
        self.put_event(Event {
            number,
            id,
            kind: kind.to_owned(),
            created: now.as_second(),
            object,
            cause: cause.clone(),
            delivered: Delivered::Waiting,
            failures: 0,
            due: now,
        });
    }

    /// Keeps an event, and its place among those that wait.
    pub fn put_event(&mut self, event: Event) {
        if let Some(before) = self.events.numbered(event.number) {
            self.outbox.remove(&(before.due, before.number));
        }
        if event.delivered == Delivered::Waiting {
            self.outbox.insert((event.due, event.number));
        }
        if let Some(gone) = self.events.put(event) {
            self.outbox.remove(&(gone.due, gone.number));
        }
    }

    /// Events that are due, in the order in which they are.
    pub fn due_events(&self, now: Timestamp) -> impl Iterator<Item = &Event> {
        let due = self.outbox.iter().take_while(move |(at, _)| *at <= now);
        due.filter_map(|(_, number)| self.events.numbered(*number))
    }

    /// When the earliest delivery is due.
    pub fn next_delivery(&self) -> Option<Timestamp> {
        self.outbox.first().map(|(at, _)| *at)
    }

    /// Takes back a row of the file.
    pub fn load(&mut self, kind: &str, json: &str) -> Result<(), LoadError> {
        match kind {
            PaymentIntent::KIND => self.intents.load(json)?,
            Refund::KIND => self.refunds.load(json)?,
            Event::KIND => self.events.load(json)?,
            Remembered::KIND => self.keys.load(json)?,
            NUMBERS => self.numbers = serde_json::from_str(json)?,
            other => return Err(LoadError::UnknownKind(other.to_owned())),
        }
        Ok(())
    }

    /// Finds what waits, once all rows of the file are there.
    pub fn index(&mut self) {
        let intents = self.intents.newest_first().filter_map(|intent| Some((intent.due?, intent.number)));
        let refunds = self.refunds.newest_first().filter_map(|refund| Some((refund.due?.0, refund.number)));
        self.timers = intents.chain(refunds).collect();
        let waiting = self.events.newest_first().filter(|event| event.delivered == Delivered::Waiting);
        self.outbox = waiting.map(|event| (event.due, event.number)).collect();
    }

    /// The changes that the file has not seen yet.
    pub fn changes(&self) -> Result<Vec<Change>, serde_json::Error> {
        let mut changes = [self.intents.changes()?, self.refunds.changes()?].concat();
        changes.extend(self.events.changes()?);
        changes.extend(self.keys.changes()?);
        if !changes.is_empty() {
            let json = Some(serde_json::to_string(&self.numbers)?);
            changes.push(Change { kind: NUMBERS, number: 0, json });
        }
        Ok(changes)
    }

    /// The file has seen everything.
    pub fn forget_changes(&mut self) {
        self.intents.forget_changes();
        self.refunds.forget_changes();
        self.events.forget_changes();
        self.keys.forget_changes();
    }
}

/// So many seconds later.
pub(crate) fn later(now: Timestamp, seconds: u64) -> Timestamp {
    let duration = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    now.checked_add(duration).unwrap_or(Timestamp::MAX)
}
