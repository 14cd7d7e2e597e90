//! Reports of the provider: which card payment to look at, and nothing else that is believed.

use onsale_domain::id::{CardPaymentId, UserId};
use serde::Deserialize;
use std::collections::HashMap;

use crate::app::App;
use crate::events::{CardData, Data, Event, EventKind, Source, SpecVersion};

/// A report about a card payment of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whose payment.
    pub user: UserId,
    /// Which.
    pub card_payment: CardPaymentId,
    /// The reference of the refund, if it is about one.
    pub refund: Option<String>,
}

#[derive(Deserialize)]
struct ReportBody {
    data: ReportData,
}

#[derive(Deserialize)]
struct ReportData {
    object: ReportObject,
}

#[derive(Deserialize)]
struct ReportObject {
    #[serde(default)]
    metadata: HashMap<String, String>,
}

/// Reads a report; `None` if it is about nothing of ours.
#[must_use]
pub fn read(body: &[u8]) -> Option<Report> {
    let mut metadata = serde_json::from_slice::<ReportBody>(body).ok()?.data.object.metadata;
    Some(Report {
        user: metadata.get("user")?.parse().ok()?,
        card_payment: metadata.get("card_payment")?.parse().ok()?,
        refund: metadata.remove("refund"),
    })
}

/// The event by which a report reaches whoever carries payments on. It is made here and not by a commit, so its id is
/// its own.
#[must_use]
pub fn event(app: &App, user: UserId, card_payment: CardPaymentId, refund: Option<u32>) -> Event {
    let now = app.now();
    let id = app.ids().uuid(now);
    let data = CardData { user_id: user.0, card_payment_id: card_payment.0, refund, amount: None, version: 0 };
    Event {
        specversion: SpecVersion::V1,
        id: format!("{user}/REPORT#{card_payment}/{id}"),
        source: Source::Onsale,
        kind: EventKind::CardPaymentReported,
        time: now,
        traceparent: crate::telemetry::trace::current().map(|context| context.to_string()),
        data: Data::Card(data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_a_payment_of_ours_or_nothing() {
        let id = "0c8f7a52-4d5e-8a3b-9f1c-2f6f0a9f2f11";
        let body = |metadata: serde_json::Value| {
            serde_json::json!({ "id": "evt_1", "type": "x", "data": { "object": { "id": "pi_1", "metadata": metadata } } })
                .to_string()
        };
        let both = body(serde_json::json!({ "user": id, "card_payment": id }));
        assert_eq!(read(both.as_bytes()).map(|report| report.card_payment.to_string()).as_deref(), Some(id));
        for other in [
            body(serde_json::json!({})),
            body(serde_json::json!({ "user": id })),
            body(serde_json::json!({ "user": id, "card_payment": "x" })),
            "{}".to_owned(),
            "not json".to_owned(),
        ] {
            assert_eq!(read(other.as_bytes()), None, "{other}");
        }
    }
}
