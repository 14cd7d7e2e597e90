//! POST /v1/payment_intents/{id}/cancel

use serde_json::Value;

use crate::third_parties::payment_provider::error::ApiError;
use crate::third_parties::payment_provider::objects::Status;
use crate::third_parties::payment_provider::operations::confirm_intent::unexpected_state;
use crate::third_parties::payment_provider::state::{Request, State};

/// The reasons that a client may give.
const REASONS: [&str; 4] = ["abandoned", "duplicate", "fraudulent", "requested_by_customer"];

pub(crate) fn cancel_intent(state: &mut State, request: &Request<'_>, id: &str) -> Result<Value, ApiError> {
    request.parameters.allow_only(&["cancellation_reason", "expand"])?;
    let reason = request.parameters.text("cancellation_reason");
    if reason.is_some_and(|reason| !REASONS.contains(&reason)) {
        let message = format!("Invalid cancellation_reason: must be one of {}.", REASONS.join(", "));
        return Err(ApiError::bad_parameter(None, "cancellation_reason", message));
    }
    let mut intent = state.intent(id, "intent")?;
    let can_be =
        matches!(intent.status, Status::RequiresPaymentMethod | Status::RequiresAction | Status::RequiresCapture);
    if !can_be {
        return Err(unexpected_state(&intent, request, "canceled"));
    }
    intent.cancel(reason, request.now);
    state.put_intent(intent.clone());
    state.emit("payment_intent.canceled", intent.to_json(), request.now, &request.cause);
    Ok(intent.to_json())
}
