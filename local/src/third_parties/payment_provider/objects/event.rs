//! Events, in Stripe's envelope, with what became of their delivery.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::third_parties::payment_provider::kept::Object;

/// The version of Stripe's API whose objects these are.
pub const API_VERSION: &str = "2025-09-30.clover";

/// The request that caused an event. What happens by itself has none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cause {
    pub request_id: Option<String>,
    pub idempotency_key: Option<String>,
}

/// The end of an event's delivery, as far as it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Delivered {
    Waiting,
    Done,
    GivenUp,
}

/// An event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Event {
    pub number: u64,
    pub id: String,
    pub kind: String,
    pub created: i64,
    /// The object as it was at that moment.
    pub object: Value,
    pub cause: Cause,
    pub delivered: Delivered,
    /// Deliveries that have failed.
    pub failures: u32,
    /// When it is delivered, at the earliest.
    pub due: Timestamp,
}

impl Event {
    /// Its envelope.
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "object": "event",
            "api_version": API_VERSION,
            "created": self.created,
            "data": { "object": self.object },
            "livemode": false,
            "pending_webhooks": i32::from(self.delivered == Delivered::Waiting),
            "request": { "id": self.cause.request_id, "idempotency_key": self.cause.idempotency_key },
            "type": self.kind,
        })
    }
}

impl Object for Event {
    const KIND: &'static str = "event";

    fn number(&self) -> u64 {
        self.number
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn is_finished(&self) -> bool {
        self.delivered != Delivered::Waiting
    }
}
