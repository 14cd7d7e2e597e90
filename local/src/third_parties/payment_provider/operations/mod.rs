//! The operations of the API, each in a file named after it, and which call is which.

mod cancel_intent;
mod capture_intent;
mod confirm_intent;
mod create_intent;
mod create_refund;
mod lists;
mod metadata;
mod search_intents;

use serde_json::Value;

use crate::third_parties::payment_provider::call::{Call, Method};
use crate::third_parties::payment_provider::error::ApiError;
use crate::third_parties::payment_provider::faults::Operation;
use crate::third_parties::payment_provider::state::{Request, State};

/// The operation that a call asks for, and the id in its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    CreateIntent,
    GetIntent(&'a str),
    ConfirmIntent(&'a str),
    CaptureIntent(&'a str),
    CancelIntent(&'a str),
    ListIntents,
    SearchIntents,
    CreateRefund,
    GetRefund(&'a str),
    ListRefunds,
    GetEvent(&'a str),
    ListEvents,
}

impl<'a> Route<'a> {
    /// The route of `call`.
    pub fn of(call: &'a Call) -> Result<Self, ApiError> {
        let segments: Vec<&str> = call.path.trim_matches('/').split('/').collect();
        Ok(match (call.method, segments.as_slice()) {
            (Method::Post, ["v1", "payment_intents"]) => Self::CreateIntent,
            (Method::Get, ["v1", "payment_intents"]) => Self::ListIntents,
            (Method::Get, ["v1", "payment_intents", "search"]) => Self::SearchIntents,
            (Method::Get, ["v1", "payment_intents", id]) => Self::GetIntent(id),
            (Method::Post, ["v1", "payment_intents", id, "confirm"]) => Self::ConfirmIntent(id),
            (Method::Post, ["v1", "payment_intents", id, "capture"]) => Self::CaptureIntent(id),
            (Method::Post, ["v1", "payment_intents", id, "cancel"]) => Self::CancelIntent(id),
            (Method::Post, ["v1", "refunds"]) => Self::CreateRefund,
            (Method::Get, ["v1", "refunds"]) => Self::ListRefunds,
            (Method::Get, ["v1", "refunds", id]) => Self::GetRefund(id),
            (Method::Get, ["v1", "events"]) => Self::ListEvents,
            (Method::Get, ["v1", "events", id]) => Self::GetEvent(id),
            _ => return Err(ApiError::no_such_route(call.method.name(), &call.path)),
        })
    }

    /// Whether a browser may ask for it, with the client secret of the payment.
    pub fn is_for_browsers(self) -> bool {
        matches!(self, Self::GetIntent(_) | Self::ConfirmIntent(_))
    }

    /// The kind of change that it makes; none for a read.
    pub fn operation(self) -> Option<Operation> {
        match self {
            Self::CreateIntent => Some(Operation::Create),
            Self::ConfirmIntent(_) => Some(Operation::Confirm),
            Self::CaptureIntent(_) => Some(Operation::Capture),
            Self::CancelIntent(_) => Some(Operation::Cancel),
            Self::CreateRefund => Some(Operation::Refund),
            _ => None,
        }
    }

    /// Does it.
    pub fn execute(self, state: &mut State, request: &Request<'_>) -> Result<Value, ApiError> {
        match self {
            Self::CreateIntent => create_intent::create_intent(state, request),
            Self::GetIntent(id) => get_intent(state, request, id),
            Self::ConfirmIntent(id) => confirm_intent::confirm_intent(state, request, id),
            Self::CaptureIntent(id) => capture_intent::capture_intent(state, request, id),
            Self::CancelIntent(id) => cancel_intent::cancel_intent(state, request, id),
            Self::ListIntents => lists::list_intents(state, request.parameters),
            Self::SearchIntents => search_intents::search_intents(state, request),
            Self::CreateRefund => create_refund::create_refund(state, request),
            Self::GetRefund(id) => {
                request.parameters.allow_only(&["expand"])?;
                let refund = state.refunds.get(id).ok_or_else(|| ApiError::no_such("refund", id, "id"))?;
                Ok(refund.to_json())
            }
            Self::ListRefunds => lists::list_refunds(state, request.parameters),
            Self::GetEvent(id) => {
                request.parameters.allow_only(&[])?;
                let event = state.events.get(id).ok_or_else(|| ApiError::no_such("event", id, "id"))?;
                Ok(event.to_json())
            }
            Self::ListEvents => lists::list_events(state, request.parameters),
        }
    }
}

fn get_intent(state: &State, request: &Request<'_>, id: &str) -> Result<Value, ApiError> {
    request.parameters.allow_only(&["client_secret", "expand"])?;
    let intent = state.intent(id, "intent")?;
    confirm_intent::check_client_secret(&intent, request)?;
    Ok(if request.is_secret { intent.to_json() } else { intent.to_public_json() })
}
