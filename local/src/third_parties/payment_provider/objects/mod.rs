//! The objects that the provider keeps, and their JSON.

mod event;
mod payment_intent;
mod refund;

pub use self::event::API_VERSION;
pub(crate) use self::event::{Cause, Delivered, Event};
pub(crate) use self::payment_intent::{CaptureMethod, PaymentIntent, Status};
pub(crate) use self::refund::{Refund, RefundStatus};
