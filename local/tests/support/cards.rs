//! Buyers with cards, as a browser pays with them, and the payment provider of a world.

use axum::body::Body;
use axum::http::Request;
use local::third_parties::payment_provider::{Call, Faults, Method, Reply as ProviderReply};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{Person, Reply, World, logs};

/// Cards of the provider, by what becomes of them.
pub const GOOD: &str = "4242424242424242";
pub const DECLINED: &str = "4000000000000002";
pub const CAPTURE_REFUSED: &str = "4000000000009003";
pub const REFUND_FAILS: &str = "4000000000009011";
pub const REFUND_FAILS_LATER: &str = "4000000000005126";
pub const LATE: &str = "4000000000009029";

/// A card payment as its buyer knows it.
#[derive(Clone, Debug)]
pub struct Started {
    pub id: String,
    pub secret: String,
}

impl Started {
    pub fn of(reply: &Reply) -> Self {
        Self { id: reply.text("card_payment_id"), secret: reply.text("client_secret") }
    }

    /// The id of the provider's payment intent.
    pub fn intent(&self) -> &str {
        self.secret.split("_secret_").next().expect("an id")
    }
}

impl Person {
    /// Begins a card payment of this body, with a key of its own.
    pub async fn start_card(&self, body: Value) -> Reply {
        let reply = self.post("/card-payments", body).await;
        logs::keep_secret(reply.body["client_secret"].as_str().unwrap_or_default());
        reply
    }

    /// Comes back from the provider's window.
    pub async fn confirm_card(&self, started: &Started) -> Reply {
        self.post(&format!("/card-payments/{}/confirmation", started.id), json!({})).await
    }

    /// Pays a reservation by a card that the provider accepts, and waits for the sale.
    pub async fn pay_by_card(&self, world: &World, reservation: &str, card: &str) -> Started {
        let started = Started::of(&self.start_card(json!({ "reservation_id": reservation })).await.expect(201));
        assert_eq!(world.authorise(&started, card).status, 200);
        self.confirm_card(&started).await.expect(200);
        started
    }

    /// Tops the wallet up by card.
    pub async fn top_up_by_card(&self, world: &World, amount: i64, card: &str) -> Started {
        let started = Started::of(&self.start_card(json!({ "top_up": amount })).await.expect(201));
        assert_eq!(world.authorise(&started, card).status, 200);
        self.confirm_card(&started).await.expect(200);
        started
    }
}

impl World {
    /// Authorises a card payment as the provider's script does in a browser.
    pub fn authorise(&self, started: &Started, card: &str) -> ProviderReply {
        self.stack.payment_provider().authorise(&started.secret, card)
    }

    /// A call of the provider with a key.
    pub fn ask_provider(
        &self,
        key: &str,
        method: Method,
        path: String,
        parameters: &[(&str, String)],
    ) -> ProviderReply {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let call = Call { method, path, parameters, key: Some(key.to_owned()), idempotency_key: None };
        self.stack.payment_provider().provider().handle(&call, self.clock.now())
    }

    /// How a card payment stands at the provider: its status, and what it has of the money.
    pub fn provider_state(&self, started: &Started) -> (String, i64) {
        let mut provider = self.stack.payment_provider().provider();
        provider.advance(self.clock.now());
        let intent = provider.object(started.intent()).expect("an intent");
        let status = intent["status"].as_str().expect("a status").to_owned();
        let succeeded = |refund: &Value| {
            refund["payment_intent"] == started.intent()
                && !["failed", "canceled"].contains(&refund["status"].as_str().unwrap_or_default())
        };
        let refunded: i64 = provider.refunds().filter(succeeded).filter_map(|refund| refund["amount"].as_i64()).sum();
        (status, intent["amount_received"].as_i64().unwrap_or(0) - refunded)
    }

    /// Makes the provider go wrong.
    pub fn disturb_provider(&self, change: impl FnOnce(&mut Faults)) {
        let mut provider = self.stack.payment_provider().provider();
        let mut faults = provider.faults().clone();
        change(&mut faults);
        provider.set_faults(faults).expect("faults within their bounds");
    }

    /// Delivers what the provider reports and is due; the statuses of the answers.
    pub async fn deliver_reports(&self) -> Vec<u16> {
        let due = self.stack.payment_provider().provider().due_deliveries(self.clock.now());
        let mut statuses = Vec::new();
        for delivery in due {
            let reply = self.report(&delivery.signature, &delivery.body).await;
            let taken = reply.status.is_success();
            statuses.push(reply.status.as_u16());
            self.stack.payment_provider().provider().delivered(&delivery.event_id, taken, self.clock.now());
        }
        statuses
    }

    /// Sends a report as the provider does.
    pub async fn report(&self, signature: &str, body: &str) -> Reply {
        let request = Request::post("/card-reports").header("content-type", "application/json; charset=utf-8");
        let request =
            request.header("stripe-signature", signature).body(Body::from(body.to_owned())).expect("a request");
        let response = self.stack.gateway().oneshot(request).await.expect("the gateway answers");
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply {
            request: "POST /card-reports".to_owned(),
            status: parts.status,
            headers: parts.headers,
            bytes: bytes.to_vec(),
            body,
        }
    }

    /// Lets everything run that a commit or a report has triggered, and the sweep.
    pub async fn settle_cards(&self) {
        self.deliver_reports().await;
        self.stack.drain_events().await.expect("the engines");
        self.stack.run_schedule("sweep_card_payments").await.expect("the sweep");
        self.stack.drain_events().await.expect("the engines");
    }
}
