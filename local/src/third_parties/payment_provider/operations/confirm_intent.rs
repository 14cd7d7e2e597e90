//! POST /v1/payment_intents/{id}/confirm

use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde_json::Value;

use crate::third_parties::payment_provider::advance::authorise;
use crate::third_parties::payment_provider::call::Parameters;
use crate::third_parties::payment_provider::cards::{Behaviour, Card, Decline, Outcome};
use crate::third_parties::payment_provider::error::ApiError;
use crate::third_parties::payment_provider::faults::take;
use crate::third_parties::payment_provider::objects::{CaptureMethod, PaymentIntent, Status};
use crate::third_parties::payment_provider::state::{Request, State, later};

pub(crate) fn confirm_intent(state: &mut State, request: &Request<'_>, id: &str) -> Result<Value, ApiError> {
    let known = ["client_secret", "payment_method_data", "return_url", "expand"];
    request.parameters.allow_only(&known)?;
    let intent = state.intent(id, "intent")?;
    check_client_secret(&intent, request)?;
    if !matches!(intent.status, Status::RequiresPaymentMethod | Status::RequiresAction) {
        return Err(unexpected_state(&intent, request, "confirmed"));
    }
    let outcome = read_outcome(request, &intent)?;
    let intent = match outcome {
        Outcome::Accepted(behaviour) if !take(&mut state.faults.declines) => accept(state, request, intent, behaviour),
        Outcome::Accepted(_) => return Err(decline(state, request, intent, Decline::generic())),
        Outcome::Declined(reason) => return Err(decline(state, request, intent, reason)),
    };
    Ok(if request.is_secret { intent.to_json() } else { intent.to_public_json() })
}

/// Whether a browser has the secret of this payment. The shop's server needs none.
pub(crate) fn check_client_secret(intent: &PaymentIntent, request: &Request<'_>) -> Result<(), ApiError> {
    let given = match request.parameters.text("client_secret") {
        Some(given) => given,
        None if request.is_secret => return Ok(()),
        None => return Err(ApiError::missing("client_secret")),
    };
    verify_slices_are_equal(given.as_bytes(), intent.client_secret.as_bytes()).map_err(|_| {
        let message = "The client_secret provided does not match the client_secret of this PaymentIntent.";
        ApiError::bad_parameter(Some("payment_intent_invalid_parameter"), "client_secret", message)
    })
}

/// Refuses what the status does not allow, with the intent as it stands.
pub(crate) fn unexpected_state(intent: &PaymentIntent, request: &Request<'_>, verb: &str) -> ApiError {
    let status = intent.status.name();
    let message = format!("This PaymentIntent could not be {verb} because it has a status of {status}.");
    let seen = if request.is_secret { intent.to_json() } else { intent.to_public_json() };
    ApiError::invalid_request(Some("payment_intent_unexpected_state"), message).with_intent(seen)
}

fn read_outcome(request: &Request<'_>, intent: &PaymentIntent) -> Result<Outcome, ApiError> {
    let parameters = request.parameters;
    let method = parameters.required("payment_method_data[type]")?;
    if !intent.payment_method_types.iter().any(|allowed| allowed == method) {
        let message = "The payment method type is not allowed for this PaymentIntent.";
        return Err(ApiError::invalid_request(Some("payment_intent_incompatible_payment_method"), message)
            .with_param("payment_method_data[type]"));
    }
    if method != "card" {
        return Ok(Outcome::Accepted(Behaviour::Ordinary));
    }
    read_card(parameters)?.outcome(request.now)
}

fn read_card(parameters: Parameters<'_>) -> Result<Card<'_>, ApiError> {
    let integer = |name: &str| parameters.integer(name)?.ok_or_else(|| ApiError::missing(name));
    Ok(Card {
        number: parameters.required("payment_method_data[card][number]")?,
        month: integer("payment_method_data[card][exp_month]")?,
        year: integer("payment_method_data[card][exp_year]")?,
        cvc: parameters.text("payment_method_data[card][cvc]"),
    })
}

fn accept(state: &mut State, request: &Request<'_>, mut intent: PaymentIntent, behaviour: Behaviour) -> PaymentIntent {
    intent.behaviour = Some(behaviour);
    intent.last_payment_error = None;
    let event = match (behaviour, intent.capture_method) {
        (Behaviour::RequiresAction, _) => {
            intent.status = Status::RequiresAction;
            "payment_intent.requires_action"
        }
        (Behaviour::Processing, _) => {
            intent.status = Status::Processing;
            intent.due = Some(later(request.now, state.faults.processing_seconds));
            "payment_intent.processing"
        }
        (_, CaptureMethod::Manual) => {
            authorise(&mut intent, request.now);
            "payment_intent.amount_capturable_updated"
        }
        (_, CaptureMethod::Automatic) => {
            intent.succeed(intent.amount);
            "payment_intent.succeeded"
        }
    };
    if intent.status != Status::RequiresAction {
        intent.latest_charge = Some(state.next_id("ch").1);
    }
    state.put_intent(intent.clone());
    state.emit(event, intent.to_json(), request.now, &request.cause);
    intent
}

fn decline(state: &mut State, request: &Request<'_>, mut intent: PaymentIntent, reason: Decline) -> ApiError {
    let error = reason.to_error();
    intent.status = Status::RequiresPaymentMethod;
    intent.last_payment_error = Some(error.to_json());
    intent.latest_charge = Some(state.next_id("ch").1);
    state.put_intent(intent.clone());
    state.emit("payment_intent.payment_failed", intent.to_json(), request.now, &request.cause);
    error.with_intent(if request.is_secret { intent.to_json() } else { intent.to_public_json() })
}
