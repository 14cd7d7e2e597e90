//! POST /v1/refunds

use serde_json::Value;

use crate::third_parties::payment_provider::cards::Behaviour;
use crate::third_parties::payment_provider::error::ApiError;
use crate::third_parties::payment_provider::faults::take;
use crate::third_parties::payment_provider::objects::{PaymentIntent, Refund, RefundStatus, Status};
use crate::third_parties::payment_provider::operations::metadata::read_metadata;
use crate::third_parties::payment_provider::state::{Request, State, later};

/// The reasons that a client may give.
const REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];

pub(crate) fn create_refund(state: &mut State, request: &Request<'_>) -> Result<Value, ApiError> {
    let parameters = request.parameters;
    parameters.allow_only(&["payment_intent", "amount", "metadata", "reason", "expand"])?;
    let id = parameters.required("payment_intent")?;
    let asked = parameters.integer("amount")?;
    let metadata = read_metadata(parameters)?;
    let reason = parameters.text("reason");
    if reason.is_some_and(|reason| !REASONS.contains(&reason)) {
        let message = format!("Invalid reason: must be one of {}.", REASONS.join(", "));
        return Err(ApiError::bad_parameter(None, "reason", message));
    }
    let mut intent = state.intent(id, "payment_intent")?;
    let amount = refundable(&intent, asked)?;
    if take(&mut state.faults.refunds_refused) {
        let message = "The charge cannot be refunded: its card is closed.";
        return Err(ApiError::invalid_request(Some("charge_not_refundable"), message));
    }
    let (number, id) = state.next_id("re");
    let mut refund = Refund {
        number,
        id,
        amount,
        currency: intent.currency.clone(),
        payment_intent: intent.id.clone(),
        charge: intent.latest_charge.clone(),
        reason: reason.map(str::to_owned),
        metadata,
        created: request.now.as_second(),
        status: RefundStatus::Succeeded,
        failure_reason: None,
        due: None,
    };
    let due = later(request.now, state.faults.refund_seconds);
    match intent.behaviour {
        Some(Behaviour::RefundFailsAtOnce) => refund.fail("lost_or_stolen_card"),
        Some(Behaviour::RefundFailsLater) => refund.due = Some((due, RefundStatus::Failed)),
        Some(Behaviour::RefundPending) => {
            refund.status = RefundStatus::Pending;
            refund.due = Some((due, RefundStatus::Succeeded));
        }
        _ => {}
    }
    state.put_refund(refund.clone());
    state.emit("refund.created", refund.to_json(), request.now, &request.cause);
    if refund.status == RefundStatus::Failed {
        state.emit("refund.failed", refund.to_json(), request.now, &request.cause);
    } else {
        intent.amount_refunded += amount;
        state.put_intent(intent.clone());
        state.emit("charge.refunded", intent.to_charge_json(), request.now, &request.cause);
    }
    Ok(refund.to_json())
}

/// The amount to give back: never more than what was taken and is not given back yet.
fn refundable(intent: &PaymentIntent, asked: Option<i64>) -> Result<i64, ApiError> {
    if intent.status != Status::Succeeded {
        let message = "This PaymentIntent does not have a successful charge to refund.";
        return Err(ApiError::invalid_request(Some("payment_intent_unexpected_state"), message)
            .with_param("payment_intent")
            .with_intent(intent.to_json()));
    }
    let left = intent.amount_received - intent.amount_refunded;
    if left == 0 {
        let message = "The charge has already been refunded.";
        return Err(ApiError::invalid_request(Some("charge_already_refunded"), message));
    }
    let amount = asked.unwrap_or(left);
    if amount < 1 {
        let message = "This value must be greater than or equal to 1.";
        return Err(ApiError::bad_parameter(Some("parameter_invalid_integer"), "amount", message));
    }
    if amount > left {
        let message = format!("Refund amount ({amount}) is greater than unrefunded amount on charge ({left}).");
        return Err(ApiError::invalid_request(None, message).with_param("amount"));
    }
    Ok(amount)
}
