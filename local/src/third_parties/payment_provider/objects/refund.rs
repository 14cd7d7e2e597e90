//! A refund and its JSON, which is Stripe's.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::third_parties::payment_provider::kept::Object;

/// The status of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefundStatus {
    Pending,
    Succeeded,
    Failed,
}

/// A refund.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub number: u64,
    pub id: String,
    pub amount: i64,
    pub currency: String,
    pub payment_intent: String,
    pub charge: Option<String>,
    pub reason: Option<String>,
    pub metadata: BTreeMap<String, String>,
    pub created: i64,
    pub status: RefundStatus,
    pub failure_reason: Option<String>,
    /// When it changes by itself, and into what.
    pub due: Option<(Timestamp, RefundStatus)>,
}

impl Refund {
    /// Its JSON.
    pub fn to_json(&self) -> Value {
        let mut fields = Map::new();
        let mut add = |name: &str, value: Value| fields.insert(name.to_owned(), value);
        add("id", json!(self.id));
        add("object", json!("refund"));
        add("amount", json!(self.amount));
        add("charge", json!(self.charge));
        add("created", json!(self.created));
        add("currency", json!(self.currency));
        add("metadata", json!(self.metadata));
        add("payment_intent", json!(self.payment_intent));
        add("reason", json!(self.reason));
        add("status", json!(self.status));
        // Stripe leaves it out unless the refund has failed.
        if let Some(reason) = &self.failure_reason {
            add("failure_reason", json!(reason));
        }
        Value::Object(fields)
    }

    /// Its money stays where it was.
    pub fn fail(&mut self, reason: &str) {
        self.status = RefundStatus::Failed;
        self.failure_reason = Some(reason.to_owned());
        self.due = None;
    }
}

impl Object for Refund {
    const KIND: &'static str = "refund";

    fn number(&self) -> u64 {
        self.number
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn is_finished(&self) -> bool {
        self.due.is_none()
    }
}
