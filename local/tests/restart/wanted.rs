//! What a buyer asks for: a request that can be sent again as it is, and what an answer to it says has happened.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, Api, Headers};

/// A request.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub kind: Kind,
    pub method: Method,
    pub path: String,
    pub body: Option<Value>,
    /// Only of routes that take one.
    pub key: Option<Uuid>,
    pub queue_token: Option<String>,
    /// The id of what it changes; what is known of that is in doubt until the answer is there.
    pub about: String,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    TopUp,
    Hold,
    PayHold,
    CancelHold,
    Refund,
    Claim,
    Order,
    PayOrder,
    CancelOrder,
    Join,
    Leave,
}

/// What an answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It has happened, at this request or an earlier one.
    Done,
    /// It has not, and will not.
    Refused,
    /// Nothing: the same again.
    Again,
}

impl Wanted {
    pub fn new(kind: Kind, method: Method, path: String, body: Option<Value>) -> Self {
        Self { kind, method, path, body, key: None, queue_token: None, about: String::new() }
    }

    pub fn post(kind: Kind, path: &str, body: Value) -> Self {
        Self::new(kind, Method::POST, path.to_owned(), Some(body))
    }

    pub fn about(self, about: &str) -> Self {
        Self { about: about.to_owned(), ..self }
    }

    pub fn with_key(self, key: Uuid) -> Self {
        Self { key: Some(key), ..self }
    }

    pub fn with_queue_token(self, token: &str) -> Self {
        Self { queue_token: Some(token.to_owned()), ..self }
    }

    pub async fn send(&self, api: &Api, token: &str) -> Option<Answer> {
        let headers = Headers { token, key: self.key, queue_token: self.queue_token.as_deref() };
        api.send(self.method.clone(), &self.path, headers, self.body.clone()).await
    }

    /// What an answer says; one that no request of a buyer may get ends the test.
    pub fn said(&self, answer: &Answer) -> Said {
        let code = answer.body["code"].as_str().unwrap_or_default();
        match (answer.status, self.kind) {
            (200 | 201 | 204, _) => Said::Done,
            (503, _) => Said::Again,
            // Two want the same seat, and nobody has more than the limit.
            (409, Kind::Hold) if matches!(code, "seat-taken" | "seat-yours" | "seat-limit") => Said::Refused,
            // Orders that were left unpaid when the process died count until they end.
            (409, Kind::Order) if code == "order-limit" => Said::Refused,
            (status, _) => panic!("{self:?} was answered {status} {}", answer.body),
        }
    }

    /// Whether the first try of this request was carried out, as the answer to a later one says; none where only a look
    /// before the later one could have told.
    pub fn was_committed(&self, answer: &Answer) -> Option<bool> {
        match self.kind {
            Kind::Claim | Kind::Join => Some(answer.status == 200),
            // A payment that was made before is answered as that payment.
            Kind::PayHold | Kind::PayOrder => Some(answer.replayed || answer.status == 200),
            Kind::TopUp | Kind::Hold | Kind::Order => Some(answer.replayed),
            Kind::CancelHold | Kind::CancelOrder | Kind::Refund | Kind::Leave => None,
        }
    }

    /// Where a cancellation shows, and the state that it leaves; none of what shows elsewhere.
    pub fn shows(&self) -> Option<(String, &'static str)> {
        match self.kind {
            Kind::CancelHold => Some((format!("/reservations/{}", self.about), "cancelled")),
            Kind::CancelOrder => Some((format!("/orders/{}", self.about), "cancelled")),
            Kind::Refund => Some((self.path.trim_end_matches("/cancel").to_owned(), "refunded")),
            _ => None,
        }
    }
}

/// The body of an order of one product.
pub fn order_of(product: &str, coupon: Option<&str>, pay: bool) -> Value {
    let mut body = json!({ "items": [{ "product_id": product, "quantity": 1 }], "pay": pay });
    if let Some(coupon) = coupon {
        body["coupon_id"] = json!(coupon);
    }
    body
}
