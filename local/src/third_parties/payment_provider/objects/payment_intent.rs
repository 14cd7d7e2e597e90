//! A payment intent and its JSON, which is Stripe's.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::third_parties::payment_provider::cards::Behaviour;
use crate::third_parties::payment_provider::kept::Object;

/// When money is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CaptureMethod {
    Automatic,
    Manual,
}

/// The status of a payment intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    RequiresPaymentMethod,
    RequiresAction,
    Processing,
    RequiresCapture,
    Canceled,
    Succeeded,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::RequiresCapture => "requires_capture",
            Self::Canceled => "canceled",
            Self::Succeeded => "succeeded",
        }
    }
}

/// A payment intent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PaymentIntent {
    pub number: u64,
    pub id: String,
    pub amount: i64,
    pub amount_capturable: i64,
    pub amount_received: i64,
    /// The sum of its refunds that have not failed.
    pub amount_refunded: i64,
    pub capture_method: CaptureMethod,
    pub client_secret: String,
    pub currency: String,
    pub description: Option<String>,
    pub created: i64,
    pub metadata: BTreeMap<String, String>,
    pub status: Status,
    pub canceled_at: Option<i64>,
    pub cancellation_reason: Option<String>,
    pub last_payment_error: Option<Value>,
    pub latest_charge: Option<String>,
    pub payment_method_types: Vec<String>,
    /// How the money behaves; none before a confirmation.
    pub behaviour: Option<Behaviour>,
    /// When something happens to it by itself.
    pub due: Option<Timestamp>,
}

impl PaymentIntent {
    /// As the secret key sees it.
    pub fn to_json(&self) -> Value {
        let mut all = self.to_public_json();
        if let Value::Object(fields) = &mut all {
            let mut add = |name: &str, value: Value| fields.insert(name.to_owned(), value);
            add("amount_capturable", json!(self.amount_capturable));
            add("amount_received", json!(self.amount_received));
            add("latest_charge", json!(self.latest_charge));
            add("metadata", json!(self.metadata));
        }
        all
    }

    /// As a browser sees it.
    pub fn to_public_json(&self) -> Value {
        let next_action = (self.status == Status::RequiresAction).then(|| json!({ "type": "use_stripe_sdk" }));
        json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "canceled_at": self.canceled_at,
            "cancellation_reason": self.cancellation_reason,
            "capture_method": self.capture_method,
            "client_secret": self.client_secret,
            "confirmation_method": "automatic",
            "created": self.created,
            "currency": self.currency,
            "description": self.description,
            "last_payment_error": self.last_payment_error,
            "livemode": false,
            "next_action": next_action,
            "payment_method_types": self.payment_method_types,
            "status": self.status,
        })
    }

    /// Its charge, as far as events of refunds tell it.
    pub fn to_charge_json(&self) -> Value {
        json!({
            "id": self.latest_charge,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.amount_received,
            "amount_refunded": self.amount_refunded,
            "captured": self.amount_received > 0,
            "created": self.created,
            "currency": self.currency,
            "livemode": false,
            "metadata": self.metadata,
            "payment_intent": self.id,
            "refunded": self.amount_refunded == self.amount_received,
            "status": "succeeded",
        })
    }

    /// Ends it without money.
    pub fn cancel(&mut self, reason: Option<&str>, at: Timestamp) {
        self.status = Status::Canceled;
        self.amount_capturable = 0;
        self.canceled_at = Some(at.as_second());
        self.cancellation_reason = reason.map(str::to_owned);
        self.due = None;
    }

    /// Takes `amount` of it.
    pub fn succeed(&mut self, amount: i64) {
        self.status = Status::Succeeded;
        self.amount_capturable = 0;
        self.amount_received = amount;
        self.due = None;
    }
}

impl Object for PaymentIntent {
    const KIND: &'static str = "payment_intent";

    fn number(&self) -> u64 {
        self.number
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn is_finished(&self) -> bool {
        matches!(self.status, Status::Canceled | Status::Succeeded)
    }
}
