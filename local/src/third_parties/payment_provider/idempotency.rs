//! First answers, remembered under the keys that clients give.

use aws_lc_rs::digest;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::third_parties::payment_provider::call::{Call, Reply};
use crate::third_parties::payment_provider::kept::Object;

/// How long an answer is remembered.
pub const REMEMBERED_HOURS: i64 = 24;
/// Longest key.
pub(crate) const KEY_CHARACTERS_MAX: usize = 255;

/// The first answer under a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Remembered {
    pub number: u64,
    pub key: String,
    /// A digest of the call: the call itself may have the data of a card.
    pub fingerprint: String,
    pub status: u16,
    pub body: Value,
    pub request_id: Option<String>,
    pub at: Timestamp,
}

impl Remembered {
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) >= SignedDuration::from_hours(REMEMBERED_HOURS)
    }

    pub fn to_reply(&self) -> Reply {
        let request_id = self.request_id.clone();
        Reply { request_id, replayed: true, ..Reply::new(self.status, self.body.clone()) }
    }
}

impl Object for Remembered {
    const KIND: &'static str = "idempotency_key";

    fn number(&self) -> u64 {
        self.number
    }

    fn id(&self) -> &str {
        &self.key
    }

    fn is_finished(&self) -> bool {
        true
    }
}

/// A digest of everything that two calls under one key must share.
pub(crate) fn fingerprint(call: &Call) -> String {
    let mut parameters: Vec<&(String, String)> = call.parameters.iter().collect();
    parameters.sort();
    let mut context = digest::Context::new(&digest::SHA256);
    let mut add = |text: &str| {
        // The length keeps two texts apart that run together otherwise.
        context.update(&text.len().to_be_bytes());
        context.update(text.as_bytes());
    };
    add(call.method.name());
    add(&call.path);
    for (name, value) in parameters {
        add(name);
        add(value);
    }
    hex(context.finish().as_ref())
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
