//! A stand-in for the payment provider Stripe: a subset of its HTTP API and of its browser script, so that the same
//! client and the same page run against it and against Stripe.
//!
//! The core is a state machine without clock, randomness or network: the same calls at the same times have the same
//! answers. `http` puts it on a port. No money moves.

mod advance;
mod call;
mod cards;
mod deliveries;
mod error;
mod faults;
mod http;
mod idempotency;
mod kept;
mod objects;
mod operations;
mod state;
mod storage;

use std::path::Path;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jiff::Timestamp;
use serde_json::Value;

pub use self::advance::AUTHORISATION_SECONDS;
pub use self::call::{Call, Method, Reply};
pub use self::cards::{Behaviour, CARDS, Decline, Outcome};
pub use self::deliveries::{Delivery, RETRIES_MAX, REVERSED_SECONDS};
pub use self::faults::{Down, Faults, FaultsError, Operation, Webhooks};
pub use self::http::{Clock, Server};
pub use self::idempotency::REMEMBERED_HOURS;
pub use self::objects::API_VERSION;
pub use self::state::{EVENTS_MAX, IDEMPOTENCY_KEYS_MAX, INTENTS_MAX, REFUNDS_MAX, Settings};

use crate::third_parties::payment_provider::call::Parameters;
use crate::third_parties::payment_provider::error::ApiError;
use crate::third_parties::payment_provider::faults::take;
use crate::third_parties::payment_provider::idempotency::{KEY_CHARACTERS_MAX, Remembered, fingerprint};
use crate::third_parties::payment_provider::objects::Cause;
use crate::third_parties::payment_provider::operations::Route;
use crate::third_parties::payment_provider::state::{LoadError, Request, State};
use crate::third_parties::payment_provider::storage::Storage;

/// A provider's file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct OpenError(#[from] OpenProblem);

#[derive(Debug, thiserror::Error)]
enum OpenProblem {
    #[error("the payment provider's file cannot be read: {0}")]
    Storage(#[from] rusqlite::Error),
    #[error("the payment provider's file has {0}")]
    Load(#[from] LoadError),
}

/// Everything that a provider without a file knows at one moment.
#[derive(Clone)]
pub struct Memory(State);

/// The provider.
pub struct Provider {
    state: State,
    storage: Option<Storage>,
}

impl Provider {
    /// A provider that forgets everything when it ends.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { state: State::new(settings), storage: None }
    }

    /// A provider that keeps everything but its faults in a file, and takes up what it kept there before.
    ///
    /// # Errors
    /// When the file cannot be opened, or is not one of a provider.
    pub fn open(settings: Settings, path: &Path) -> Result<Self, OpenError> {
        let load = || {
            let storage = Storage::open(path)?;
            let mut state = State::new(settings);
            storage.read(|kind, json| state.load(kind, json).map_err(OpenProblem::Load))?;
            state.index();
            Ok::<_, OpenProblem>(Self { state, storage: Some(storage) })
        };
        Ok(load()?)
    }

    /// Its key for browsers.
    fn publishable_key(&self) -> &str {
        &self.state.settings.publishable_key
    }

    /// Everything that it knows, to be put back to later.
    #[must_use]
    pub fn memory(&self) -> Memory {
        Memory(self.state.clone())
    }

    /// Puts it back to what it knew then. One that keeps what it knows in a file must not forget.
    pub fn put_back(&mut self, memory: &Memory) {
        debug_assert!(self.storage.is_none(), "what is in a file is not forgotten");
        self.state = memory.0.clone();
    }

    /// Answers a call. Everything that was due by itself until `now` happens first.
    pub fn handle(&mut self, call: &Call, now: Timestamp) -> Reply {
        match self.state.faults.down {
            Down::No => {}
            Down::Answers => return Reply::refusal(&ApiError::out_of_order(503, "The provider is down.")),
            Down::Drops => {
                let nothing = Reply::refusal(&ApiError::out_of_order(503, "The provider is down."));
                return Reply { dropped: true, ..nothing };
            }
        }
        advance::advance(&mut self.state, now);
        let reply = self.answer(call, now).unwrap_or_else(|error| Reply::refusal(&error));
        if self.save() { reply } else { Reply::refusal(&ApiError::out_of_order(500, "An error occurred.")) }
    }

    /// Lets time pass: authorisations lapse, late money comes, refunds are decided, old keys are forgotten.
    pub fn advance(&mut self, now: Timestamp) {
        advance::advance(&mut self.state, now);
        self.save();
    }

    /// The deliveries that are due. They stay due until `delivered` is told of them.
    pub fn due_deliveries(&mut self, now: Timestamp) -> Vec<Delivery> {
        self.advance(now);
        deliveries::due_deliveries(&self.state, now)
    }

    /// Notes how the delivery of an event ended. After a failure it is due again later, at most `RETRIES_MAX` times.
    pub fn delivered(&mut self, event_id: &str, succeeded: bool, now: Timestamp) {
        deliveries::note_delivery(&mut self.state, event_id, succeeded, now);
        self.save();
    }

    /// When something happens next without a call: a delivery, or a change that was due. None if nothing is to come.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let timer = self.state.next_timer().map(|(at, _)| at);
        [timer, deliveries::next_delivery(&self.state)].into_iter().flatten().min()
    }

    /// The faults that are in force, with what is left of their counters.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.state.faults
    }

    /// Changes the faults.
    ///
    /// # Errors
    /// When a value is above its maximum; then nothing changes.
    pub fn set_faults(&mut self, faults: Faults) -> Result<(), FaultsError> {
        faults.check()?;
        self.state.faults = faults;
        Ok(())
    }

    /// Payment intents, the newest first, as the API shows them.
    pub fn payment_intents(&self) -> impl Iterator<Item = Value> {
        self.state.intents.newest_first().map(objects::PaymentIntent::to_json)
    }

    /// Refunds, the newest first, as the API shows them.
    pub fn refunds(&self) -> impl Iterator<Item = Value> {
        self.state.refunds.newest_first().map(objects::Refund::to_json)
    }

    /// Events, the newest first, as the API shows them.
    pub fn events(&self) -> impl Iterator<Item = Value> {
        self.state.events.newest_first().map(objects::Event::to_json)
    }

    /// The payment intent, refund or event with this id, as the API shows it.
    #[must_use]
    pub fn object(&self, id: &str) -> Option<Value> {
        let intent = self.state.intents.get(id).map(objects::PaymentIntent::to_json);
        let refund = || self.state.refunds.get(id).map(objects::Refund::to_json);
        let event = || self.state.events.get(id).map(objects::Event::to_json);
        intent.or_else(refund).or_else(event)
    }

    fn answer(&mut self, call: &Call, now: Timestamp) -> Result<Reply, ApiError> {
        if take(&mut self.state.faults.rate_limited) {
            return Err(ApiError::rate_limit());
        }
        let is_secret = self.is_secret(call)?;
        let route = Route::of(call)?;
        if !is_secret && !route.is_for_browsers() {
            return Err(ApiError::secret_key_required());
        }
        let Some(operation) = route.operation() else {
            let (parameters, cause) = (Parameters(&call.parameters), Cause::default());
            let body = route.execute(&mut self.state, &Request { parameters, now, is_secret, cause })?;
            return Ok(Reply::new(200, body));
        };
        let mut reply = self.change(call, route, is_secret, now)?;
        reply.unanswered = self.state.faults.take_unanswered(operation);
        Ok(reply)
    }

    /// Whether the call has the secret key and not the publishable one.
    fn is_secret(&self, call: &Call) -> Result<bool, ApiError> {
        let given = call.key.as_deref().unwrap_or_default();
        let is = |key: &str| verify_slices_are_equal(key.as_bytes(), given.as_bytes()).is_ok();
        match (is(&self.state.settings.secret_key), is(&self.state.settings.publishable_key)) {
            (true, _) => Ok(true),
            (false, true) => Ok(false),
            (false, false) => Err(ApiError::wrong_key(call.key.is_some())),
        }
    }

    /// Executes a call that changes something, or repeats the first answer under its idempotency key.
    fn change(&mut self, call: &Call, route: Route<'_>, is_secret: bool, now: Timestamp) -> Result<Reply, ApiError> {
        let key = call.idempotency_key.as_deref().filter(|key| !key.is_empty());
        if key.is_some_and(|key| key.chars().count() > KEY_CHARACTERS_MAX) {
            let message = format!("Idempotency keys have at most {KEY_CHARACTERS_MAX} characters.");
            return Err(ApiError::bad_parameter(None, "Idempotency-Key", message));
        }
        let fingerprint = fingerprint(call);
        if let Some(remembered) = key.and_then(|key| self.state.keys.get(key)) {
            let is_same = remembered.fingerprint == fingerprint;
            return if is_same { Ok(remembered.to_reply()) } else { Err(ApiError::other_parameters()) };
        }
        let (number, request_id) = self.state.next_id("req");
        let cause = Cause { request_id: Some(request_id.clone()), idempotency_key: key.map(str::to_owned) };
        let request = Request { parameters: Parameters(&call.parameters), now, is_secret, cause };
        let (reply, begun) = match route.execute(&mut self.state, &request) {
            Ok(body) => (Reply::new(200, body), true),
            Err(error) => (Reply::refusal(&error), error.begun),
        };
        if let Some(key) = key.filter(|_| begun) {
            let (key, status, body) = (key.to_owned(), reply.status, reply.body.clone());
            let request_id = Some(request_id.clone());
            self.state.keys.put(Remembered { number, key, fingerprint, status, body, request_id, at: now });
        }
        Ok(Reply { request_id: Some(request_id), ..reply })
    }

    /// Writes what has changed to the file; false if that fails. It is written with the next change then.
    fn save(&mut self) -> bool {
        let Some(storage) = &mut self.storage else {
            self.state.forget_changes();
            return true;
        };
        let saved = self.state.changes().map_err(|problem| problem.to_string()).and_then(|changes| {
            if changes.is_empty() { Ok(()) } else { storage.save(&changes).map_err(|problem| problem.to_string()) }
        });
        match saved {
            Ok(()) => self.state.forget_changes(),
            Err(problem) => tracing::error!(%problem, "the payment provider cannot write its file"),
        }
        self.state.changes().is_ok_and(|left| left.is_empty())
    }
}

#[cfg(test)]
mod tests;
