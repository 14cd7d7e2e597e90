//! The payment provider, by Stripe's HTTP API: the calls that begin, look at, capture, give up and refund a card
//! payment, and what its answers mean.
//!
//! **No answer of the provider's is the last word on a payment but the state that it tells when asked.** So a refusal
//! leads to another look, and a call that was not answered to a retry with the same idempotency key.

mod call;
pub mod checkout;
pub mod client;
pub mod report;
pub mod signature;

use onsale_domain::wallet::cards::card_payment::{CardPayment, ProviderState};
use onsale_domain::wallet::cards::card_refund::CardRefund;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

use crate::app::App;
pub use crate::card_provider::call::API_VERSION;

use crate::card_provider::call::{Answer, Call, send};
use crate::card_provider::client::internal;
use crate::failure::Failure;

/// Most refunds of one payment that are looked through: the provider's largest page.
const REFUNDS_MAX: usize = 100;
/// Longest id of the provider's that is taken.
const ID_CHARACTERS_MAX: usize = 255;

/// Why the provider did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ProviderFailure {
    /// It refused, and would refuse again.
    #[error("the payment provider refused: {code}")]
    Refused {
        /// The provider's code.
        code: String,
    },
    /// It did not answer, is busy, or has answered something that cannot be read.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl ProviderFailure {
    /// The failure of a look, which the provider has no reason to refuse.
    pub(crate) fn of_a_look(self) -> Failure {
        match self {
            Self::Failure(failure) => failure,
            Self::Refused { code } => internal(format!("it refused a look: {code}")),
        }
    }
}

/// A payment as the provider knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The provider's id.
    pub id: String,
    /// The secret by which the buyer's browser may authorise it.
    pub client_secret: Option<String>,
    /// Where it stands.
    pub state: ProviderState,
    /// ISO 4217 code of its currency, in capitals.
    pub currency: String,
    /// The id of the card payment that it belongs to, as we told the provider.
    pub card_payment: Option<String>,
    /// The id of the user whose it is.
    pub user: Option<String>,
    /// When it was made, in epoch seconds.
    pub created: i64,
}

#[derive(Deserialize)]
struct IntentBody {
    id: String,
    status: String,
    currency: String,
    #[serde(default)]
    client_secret: Option<String>,
    #[serde(default)]
    amount_capturable: i64,
    #[serde(default)]
    amount_received: i64,
    #[serde(default)]
    metadata: HashMap<String, String>,
    #[serde(default)]
    created: i64,
}

/// Where a refund stands with the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundState {
    /// It is made, or on its way.
    Made,
    /// The card took none.
    Failed,
}

/// A refund as the provider knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderRefund {
    /// The provider's id.
    pub id: String,
    /// Minor units.
    pub amount: i64,
    /// Where it stands.
    pub state: RefundState,
    /// The reference that we told the provider, if it is one of ours.
    pub reference: Option<String>,
}

#[derive(Deserialize)]
struct RefundBody {
    id: String,
    amount: i64,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    metadata: HashMap<String, String>,
}

#[derive(Deserialize)]
struct ListBody<T> {
    data: Vec<T>,
    #[serde(default)]
    has_more: bool,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Deserialize)]
struct ErrorDetail {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    code: Option<String>,
}

/// Begins a payment at the provider; a repeat finds the same one.
///
/// # Errors
/// See [`ProviderFailure`].
pub async fn create_intent(app: &App, payment: &CardPayment) -> Result<Intent, ProviderFailure> {
    let capture = if payment.purpose.is_authorised_first() { "manual" } else { "automatic" };
    let form = vec![
        ("amount", payment.amount.get().to_string()),
        ("currency", payment.currency.to_lowercase()),
        ("capture_method", capture.to_owned()),
        ("payment_method_types[]", "card".to_owned()),
        ("metadata[card_payment]", payment.id.to_string()),
        ("metadata[user]", payment.user.to_string()),
    ];
    let call = Call::post("/v1/payment_intents".to_owned(), form, format!("create-{}", payment.id));
    read::<IntentBody>(&send(app, call).await?)?.read()
}

/// A payment as it stands at the provider.
///
/// # Errors
/// See [`ProviderFailure`].
pub async fn get_intent(app: &App, id: &str) -> Result<Intent, ProviderFailure> {
    let call = Call::get(format!("/v1/payment_intents/{}", checked(id)?), Vec::new());
    read::<IntentBody>(&send(app, call).await?)?.read()
}

/// Captures what is authorised. A repeat is safe.
///
/// # Errors
/// See [`ProviderFailure`].
pub async fn capture(app: &App, payment: &CardPayment, intent: &str) -> Result<Intent, ProviderFailure> {
    act(app, payment, intent, "capture", Vec::new()).await
}

/// Gives an authorisation up. A repeat is safe.
///
/// # Errors
/// See [`ProviderFailure`].
pub async fn cancel(app: &App, payment: &CardPayment, intent: &str) -> Result<Intent, ProviderFailure> {
    act(app, payment, intent, "cancel", vec![("cancellation_reason", "abandoned".to_owned())]).await
}

async fn act(
    app: &App,
    payment: &CardPayment,
    intent: &str,
    action: &str,
    form: Vec<(&'static str, String)>,
) -> Result<Intent, ProviderFailure> {
    let path = format!("/v1/payment_intents/{}/{action}", checked(intent)?);
    read::<IntentBody>(&send(app, Call::post(path, form, format!("{action}-{}", payment.id))).await?)?.read()
}

/// The refunds of a payment, newest first.
///
/// # Errors
/// See [`ProviderFailure`]; also when there are more than a page of them.
pub async fn refunds(app: &App, intent: &str) -> Result<Vec<ProviderRefund>, ProviderFailure> {
    let query = vec![("payment_intent", checked(intent)?.to_owned()), ("limit", REFUNDS_MAX.to_string())];
    let list: ListBody<RefundBody> = read(&send(app, Call::get("/v1/refunds".to_owned(), query)).await?)?;
    if list.has_more {
        return Err(internal("a payment has more refunds than are looked through").into());
    }
    Ok(list.data.into_iter().map(RefundBody::read).collect())
}

/// Makes a refund. A repeat is safe while the provider remembers its key; after that, [`refunds`] tells.
///
/// # Errors
/// See [`ProviderFailure`].
pub async fn refund(app: &App, refund: &CardRefund, intent: &str) -> Result<ProviderRefund, ProviderFailure> {
    let form = vec![
        ("payment_intent", checked(intent)?.to_owned()),
        ("amount", refund.amount.to_string()),
        ("metadata[refund]", refund.reference()),
        ("metadata[card_payment]", refund.payment.to_string()),
        ("metadata[user]", refund.user.to_string()),
    ];
    let call = Call::post("/v1/refunds".to_owned(), form, format!("refund-{}", refund.reference()));
    Ok(read::<RefundBody>(&send(app, call).await?)?.read())
}

/// A page of the payments that were begun from one epoch second on and before another, newest first, after the one
/// with this id; and whether there are more.
///
/// # Errors
/// See [`ProviderFailure`].
pub async fn intents_between(
    app: &App,
    from: i64,
    to: i64,
    after: Option<&str>,
) -> Result<(Vec<Intent>, bool), ProviderFailure> {
    let mut query =
        vec![("created[gte]", from.to_string()), ("created[lt]", to.to_string()), ("limit", "100".to_owned())];
    if let Some(after) = after {
        query.push(("starting_after", checked(after)?.to_owned()));
    }
    let list: ListBody<IntentBody> = read(&send(app, Call::get("/v1/payment_intents".to_owned(), query)).await?)?;
    let intents: Result<Vec<Intent>, ProviderFailure> = list.data.into_iter().map(IntentBody::read).collect();
    Ok((intents?, list.has_more))
}

impl IntentBody {
    fn read(self) -> Result<Intent, ProviderFailure> {
        let state = match self.status.as_str() {
            "requires_payment_method" | "requires_confirmation" | "requires_action" => ProviderState::Unpaid,
            "processing" => ProviderState::Processing,
            "requires_capture" => ProviderState::Authorised(self.amount_capturable),
            "succeeded" => ProviderState::Charged(self.amount_received),
            "canceled" => ProviderState::Cancelled,
            _ => return Err(internal("a payment in an unknown state").into()),
        };
        checked(&self.id)?;
        let mut metadata = self.metadata;
        Ok(Intent {
            id: self.id,
            client_secret: self.client_secret,
            state,
            currency: self.currency.to_uppercase(),
            card_payment: metadata.remove("card_payment"),
            user: metadata.remove("user"),
            created: self.created,
        })
    }
}

impl RefundBody {
    fn read(mut self) -> ProviderRefund {
        let state = match self.status.as_deref() {
            Some("failed" | "canceled") => RefundState::Failed,
            _ => RefundState::Made,
        };
        ProviderRefund { id: self.id, amount: self.amount, state, reference: self.metadata.remove("refund") }
    }
}

/// The body of an answer, or the failure that it tells.
fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, ProviderFailure> {
    match answer.status {
        200..=299 => {
            let body = serde_json::from_slice(&answer.body);
            Ok(body.map_err(|_| internal("an answer that cannot be read"))?)
        }
        // Somebody else is at work with the same key, or there are too many calls: nothing was done.
        409 | 429 => Err(Failure::Busy.into()),
        // The key, or its permissions: nothing that a payment could be blamed for.
        401 | 403 => Err(internal("it does not accept the key").into()),
        400..=499 => {
            let error = serde_json::from_slice::<ErrorBody>(&answer.body).map(|body| body.error);
            let error = error.map_err(|_| internal("a refusal that cannot be read"))?;
            if error.kind == "idempotency_error" {
                return Err(internal("a key was used for another call").into());
            }
            Err(ProviderFailure::Refused { code: error.code.unwrap_or(error.kind) })
        }
        _ => Err(Failure::Unknown.into()),
    }
}

/// An id of the provider's, before it becomes a part of a path.
fn checked(id: &str) -> Result<&str, Failure> {
    let is_plain = |id: &str| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if (1..=ID_CHARACTERS_MAX).contains(&id.len()) && is_plain(id) {
        Ok(id)
    } else {
        Err(internal("an id that is none of the provider's"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, body: body.as_bytes().to_vec() }
    }

    fn intent(status: &str) -> Result<Intent, ProviderFailure> {
        let body = serde_json::json!({
            "id": "pi_1", "object": "payment_intent", "status": status, "currency": "krw", "amount": 500,
            "amount_capturable": 500, "amount_received": 400, "metadata": { "card_payment": "a", "user": "b" },
            "latest_charge": null, "created": 1_700_000_000,
        });
        read::<IntentBody>(&answer(200, &body.to_string()))?.read()
    }

    #[test]
    fn a_status_is_a_state() {
        for (status, state) in [
            ("requires_payment_method", ProviderState::Unpaid),
            ("requires_action", ProviderState::Unpaid),
            ("processing", ProviderState::Processing),
            ("requires_capture", ProviderState::Authorised(500)),
            ("succeeded", ProviderState::Charged(400)),
            ("canceled", ProviderState::Cancelled),
        ] {
            assert_eq!(intent(status).expect(status).state, state);
        }
        assert!(matches!(intent("new"), Err(ProviderFailure::Failure(Failure::Internal(_)))));
    }

    #[test]
    fn only_a_refusal_is_the_payments_own_fault() {
        let refused = r#"{"error":{"type":"invalid_request_error","code":"payment_intent_unexpected_state"}}"#;
        let read = |status: u16, body: &str| read::<IntentBody>(&answer(status, body)).err().expect("a failure");
        assert!(matches!(read(400, refused),
            ProviderFailure::Refused { code } if code == "payment_intent_unexpected_state"));
        assert!(matches!(read(409, refused), ProviderFailure::Failure(Failure::Busy)));
        assert!(matches!(read(429, refused), ProviderFailure::Failure(Failure::Busy)));
        assert!(matches!(read(401, refused), ProviderFailure::Failure(Failure::Internal(_))));
        assert!(matches!(read(503, "<html>"), ProviderFailure::Failure(Failure::Unknown)));
        assert!(matches!(read(400, "<html>"), ProviderFailure::Failure(Failure::Internal(_))));
        let reused = r#"{"error":{"type":"idempotency_error"}}"#;
        assert!(matches!(read(400, reused), ProviderFailure::Failure(Failure::Internal(_))));
    }

    #[test]
    fn an_id_leads_nowhere_else() {
        assert!(checked("pi_3Mt1z").is_ok());
        for wrong in ["", "../refunds", "pi_1/capture", "pi_1?x=1", "pi 1", &"a".repeat(256)] {
            assert!(checked(wrong).is_err(), "{wrong}");
        }
    }
}
