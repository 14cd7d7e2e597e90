//! POST /v1/payment_intents/{id}/capture

use serde_json::Value;

use crate::third_parties::payment_provider::cards::Behaviour;
use crate::third_parties::payment_provider::error::ApiError;
use crate::third_parties::payment_provider::faults::take;
use crate::third_parties::payment_provider::objects::Status;
use crate::third_parties::payment_provider::operations::confirm_intent::unexpected_state;
use crate::third_parties::payment_provider::state::{Request, State};

pub(crate) fn capture_intent(state: &mut State, request: &Request<'_>, id: &str) -> Result<Value, ApiError> {
    request.parameters.allow_only(&["amount_to_capture", "expand"])?;
    let asked = request.parameters.integer("amount_to_capture")?;
    let mut intent = state.intent(id, "intent")?;
    if intent.status != Status::RequiresCapture {
        return Err(unexpected_state(&intent, request, "captured"));
    }
    let amount = asked.unwrap_or(intent.amount_capturable);
    if amount < 1 {
        let message = "This value must be greater than or equal to 1.";
        return Err(ApiError::bad_parameter(Some("parameter_invalid_integer"), "amount_to_capture", message));
    }
    if amount > intent.amount_capturable {
        let message = "The amount to capture is greater than the amount that can be captured.";
        return Err(ApiError::invalid_request(Some("amount_too_large"), message).with_param("amount_to_capture"));
    }
    if intent.behaviour == Some(Behaviour::CaptureRefused) || take(&mut state.faults.captures_refused) {
        intent.cancel(Some("automatic"), request.now);
        state.put_intent(intent.clone());
        state.emit("payment_intent.canceled", intent.to_json(), request.now, &request.cause);
        let message = "The charge cannot be captured: the bank has ended its authorization.";
        return Err(
            ApiError::invalid_request(Some("charge_expired_for_capture"), message).with_intent(intent.to_json())
        );
    }
    intent.succeed(amount);
    state.put_intent(intent.clone());
    state.emit("payment_intent.succeeded", intent.to_json(), request.now, &request.cause);
    Ok(intent.to_json())
}
