//! The changes that time makes: authorisations lapse, late money comes, refunds are decided, keys are forgotten.

use jiff::Timestamp;

use crate::third_parties::payment_provider::objects::Cause;
use crate::third_parties::payment_provider::objects::{CaptureMethod, PaymentIntent, Refund, RefundStatus, Status};
use crate::third_parties::payment_provider::state::{State, later};

/// How long an authorisation lasts that nobody captures: 7 days.
pub const AUTHORISATION_SECONDS: u64 = 7 * 24 * 60 * 60;

/// Does everything that was due until `now`, at its own time and in its order.
pub(crate) fn advance(state: &mut State, now: Timestamp) {
    while let Some((at, number)) = state.next_timer().filter(|(at, _)| *at <= now) {
        if let Some(intent) = state.intents.numbered(number).cloned() {
            advance_intent(state, intent, at);
        } else if let Some(refund) = state.refunds.numbered(number).cloned() {
            advance_refund(state, refund, at);
        }
    }
    while let Some(number) = state.keys.oldest().filter(|key| key.is_over(now)).map(|key| key.number) {
        state.keys.remove(number);
    }
}

fn advance_intent(state: &mut State, mut intent: PaymentIntent, at: Timestamp) {
    let event = match intent.status {
        Status::Processing if intent.capture_method == CaptureMethod::Automatic => {
            intent.succeed(intent.amount);
            "payment_intent.succeeded"
        }
        Status::Processing => {
            authorise(&mut intent, at);
            "payment_intent.amount_capturable_updated"
        }
        // The authorisation lapses.
        _ => {
            intent.cancel(Some("automatic"), at);
            "payment_intent.canceled"
        }
    };
    state.put_intent(intent.clone());
    state.emit(event, intent.to_json(), at, &Cause::default());
}

/// Sets the money of an intent aside, for its time.
pub(crate) fn authorise(intent: &mut PaymentIntent, at: Timestamp) {
    intent.status = Status::RequiresCapture;
    intent.amount_capturable = intent.amount;
    intent.due = Some(later(at, AUTHORISATION_SECONDS));
}

fn advance_refund(state: &mut State, mut refund: Refund, at: Timestamp) {
    let failed = refund.due.is_some_and(|(_, after)| after == RefundStatus::Failed);
    if failed {
        refund.fail("expired_or_canceled_card");
        if let Some(mut intent) = state.intents.get(&refund.payment_intent).cloned() {
            intent.amount_refunded -= refund.amount;
            state.put_intent(intent);
        }
    } else {
        refund.status = RefundStatus::Succeeded;
        refund.due = None;
    }
    state.put_refund(refund.clone());
    let event = if failed { "refund.failed" } else { "refund.updated" };
    state.emit(event, refund.to_json(), at, &Cause::default());
}
