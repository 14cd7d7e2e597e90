//! Events: the envelope, its kinds, and the queues that each kind goes to.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::telemetry::trace::Context;

/// Makes [`EventKind`] of the one table of kinds, so that a name stands once.
macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $name:literal;)+) => {
        /// A kind of event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum EventKind {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $kind,)+
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$kind),+];

            /// Its name in events and in the table.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }
    };
}

kinds! {
    /// Seats were held.
    ReservationHeld = "reservation.held";
    /// A reservation's time passed unpaid.
    ReservationExpired = "reservation.expired";
    /// A reservation was given up by its owner.
    ReservationCancelled = "reservation.cancelled";
    /// A payment was made.
    PaymentCompleted = "payment.completed";
    /// A payment was declined for lack of balance.
    PaymentDeclined = "payment.declined";
    /// A ticket of a paid reservation was given back, others are kept.
    PaymentPartlyRefunded = "payment.partly_refunded";
    /// A payment was given back.
    PaymentCancelled = "payment.cancelled";
    /// Units were taken for an order that waits for its payment.
    OrderPlaced = "order.placed";
    /// An order's time passed unpaid.
    OrderExpired = "order.expired";
    /// An order was given up by its owner before it was paid.
    OrderCancelled = "order.cancelled";
    /// An admitted queue token ended: its place is free.
    TokenFinished = "token.finished";
    /// A purchase is paid by a card payment whose charge is still to be captured.
    CardPaymentCommitted = "card_payment.committed";
    /// Nothing is sold for a card payment any more: what is authorised is to be given up.
    CardPaymentAbandoned = "card_payment.abandoned";
    /// The money of a card payment is in the wallet of its owner.
    CardPaymentReceived = "card_payment.received";
    /// A charge could not be captured, and what it paid for was taken back.
    CardPaymentReversed = "card_payment.reversed";
    /// The payment provider says that a card payment has changed; never committed, only reported.
    CardPaymentReported = "card_payment.reported";
    /// A part of a charge is to go back to its card.
    CardRefundDue = "card_refund.due";
    /// A card took no refund: its money is in the wallet of its owner.
    CardRefundReturned = "card_refund.returned";
    /// An administrator or an operator did something.
    AdminActed = "admin.acted";
}

/// A queue that events go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventQueue {
    /// Read by `release_declined_payment`.
    Payments,
    /// Read by `record_sales`.
    Sales,
    /// Read by `free_queue_places`.
    Tokens,
    /// Read by `settle_card_payments`.
    Cards,
    /// Read by `deliver_webhooks`.
    DataPlatform,
    /// Read by people: what could not be understood, and what the data platform refused for good.
    Parked,
}

impl EventKind {
    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The version of CloudEvents in which events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpecVersion {
    /// 1.0, the only one.
    #[default]
    #[serde(rename = "1.0")]
    V1,
}

/// Where events come from. Together with its source an event's id is unique.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// From here, the only one.
    #[default]
    #[serde(rename = "/onsale")]
    Onsale,
}

/// One event, a CloudEvent in our queues and outside alike. Its id is the change it tells of, so however often it is
/// delivered, it is the same event. Attributes that it does not know are passed over when it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The version of CloudEvents that it is written in.
    pub specversion: SpecVersion,
    /// `<owner>/<sort key>/<version>` of the item whose change this is; a queue token's version is its number, and that
    /// of an administrator's action, which has one version only, is 1. Without a full stop: a signature has one behind
    /// it.
    pub id: String,
    /// Where it comes from.
    pub source: Source,
    /// The kind of the event.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// When it was committed, to the second.
    pub time: Timestamp,
    /// The trace that its change is a part of, as W3C Trace Context and the extension of CloudEvents write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The facts: ids and amounts, never an e-mail address, password or token.
    pub data: Data,
}

impl Event {
    /// The trace that it continues.
    #[must_use]
    pub fn context(&self) -> Option<Context> {
        self.traceparent.as_deref().and_then(Context::parse)
    }

    /// How long ago it was committed; the stream has the time to the second.
    #[must_use]
    pub fn age(&self, app: &App) -> Duration {
        app.now().duration_since(self.time).try_into().unwrap_or_default()
    }

    /// The queues that this kind of event goes to. One without a queue is sent nowhere.
    #[must_use]
    pub fn destination_queues(&self) -> &'static [EventQueue] {
        match (self.kind, &self.data) {
            (EventKind::PaymentDeclined, _) => &[EventQueue::Payments, EventQueue::DataPlatform],
            (EventKind::PaymentCompleted | EventKind::PaymentCancelled, Data::Order(_)) => {
                &[EventQueue::Sales, EventQueue::DataPlatform]
            }
            (EventKind::TokenFinished, _) => &[EventQueue::Tokens],
            (
                EventKind::CardPaymentCommitted
                | EventKind::CardPaymentAbandoned
                | EventKind::CardPaymentReported
                | EventKind::CardRefundDue,
                _,
            ) => &[EventQueue::Cards],
            (
                EventKind::ReservationHeld
                | EventKind::ReservationExpired
                | EventKind::ReservationCancelled
                | EventKind::PaymentCompleted
                | EventKind::PaymentPartlyRefunded
                | EventKind::PaymentCancelled
                | EventKind::OrderPlaced
                | EventKind::OrderExpired
                | EventKind::OrderCancelled
                | EventKind::CardPaymentReceived
                | EventKind::CardPaymentReversed
                | EventKind::CardRefundReturned
                | EventKind::AdminActed,
                _,
            ) => &[EventQueue::DataPlatform],
        }
    }
}

/// The facts of an event; which of them follows from its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Data {
    /// Of a reservation or its payment.
    Reservation(ReservationData),
    /// Of an order or its payment.
    Order(OrderData),
    /// Of a place in a waiting queue.
    Token(TokenData),
    /// Of what an administrator did.
    Admin(AdminData),
    /// Of a card payment, or of a refund of it.
    Card(CardData),
}

/// The data of every event of a reservation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationData {
    /// The user's id.
    pub user_id: Uuid,
    /// Its id.
    pub reservation_id: Uuid,
    /// Of which concert.
    pub concert_id: Uuid,
    /// Of which date.
    pub schedule_id: Uuid,
    /// Its live tickets.
    pub ticket_ids: Vec<String>,
    /// The sum of their prices, in minor units.
    pub total: i64,
    /// The refunds of its payment so far, in minor units; 0 without a payment.
    pub refunded: i64,
    /// Its version. Of two events of one reservation the one with the higher version is the later.
    pub version: u64,
}

/// The data of every event of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderData {
    /// The user's id.
    pub user_id: Uuid,
    /// Its id.
    pub order_id: Uuid,
    /// The lines of the order.
    pub lines: Vec<LineData>,
    /// The price of the order, in minor units.
    pub total: i64,
    /// The refunds of its payment so far, in minor units; 0 without a payment.
    pub refunded: i64,
    /// Its version. Of two events of one order the one with the higher version is the later.
    pub version: u64,
    /// The day (UTC) on which it was paid, once it is: also what is given back later was sold on that day.
    pub paid_on: Option<Date>,
}

/// Units of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineData {
    /// The product.
    pub product_id: Uuid,
    /// How many.
    pub quantity: i64,
}

/// The data of every event of a queue entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenData {
    /// The user's id.
    pub user_id: Uuid,
    /// In which queue.
    pub queue_id: String,
    /// The number that was admitted.
    pub number: u64,
    /// The state that ended it: `used`, `expired` or `left`.
    pub state: String,
}

/// The data of every event of an administrator's action: ids, and neither an address nor what was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminData {
    /// The administrator; none of an operator who invoked the function.
    pub user_id: Option<Uuid>,
    /// The entry of the log.
    pub action_id: Uuid,
    /// The function that did it.
    pub function: String,
    /// The id of what it was done to.
    pub target: String,
    /// Its version: an entry is never changed, so 1.
    pub version: u64,
}

/// The data of every event of a card payment or its refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardData {
    /// The user's id.
    pub user_id: Uuid,
    /// The id of the card payment.
    pub card_payment_id: Uuid,
    /// The number of the refund, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<u32>,
    /// The amount of the card payment or of the refund, in minor units; none in what is only reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Its version. Of two events of one of them the one with the higher version is the later.
    pub version: u64,
}

/// Most messages of one SendMessageBatch (a limit of SQS).
const BATCH_MAX: usize = 10;
/// Most bytes of the bodies of one SendMessageBatch, and so of one body. SQS takes four times as much by now; 256 KiB
/// it has always taken, everywhere.
const BATCH_BYTES_MAX: usize = 256 * 1024;
/// Most bytes of a parked message, which leaves room for what SQS counts beside the body.
pub const PARKED_MESSAGE_BYTES_MAX: usize = BATCH_BYTES_MAX - 1_024;

/// Some message bodies may not have been sent.
#[derive(Debug, thiserror::Error)]
#[error("{failure}")]
pub struct NotSent {
    /// The first of them; all before it were sent.
    pub first: usize,
    /// Why.
    #[source]
    pub failure: Failure,
}

/// Sends message bodies to a queue, in batches, one after the other.
///
/// # Errors
/// When the queue is not configured for this function, cannot be reached, or refuses one of them.
pub async fn send(app: &App, queue: EventQueue, bodies: &[String]) -> Result<(), NotSent> {
    let Some(url) = queue_url(app, queue) else {
        return match queue {
            // Without a data platform nobody wants what would be handed to it.
            EventQueue::DataPlatform => Ok(()),
            _ => Err(NotSent { first: 0, failure: Failure::Internal(format!("no URL for the queue {queue:?}")) }),
        };
    };
    let mut sent = 0;
    for batch in batches(bodies) {
        match send_batch(app, url, batch).await {
            Ok(None) => sent += batch.len(),
            Ok(Some(refused)) => return Err(NotSent { first: sent + refused, failure: send_failure() }),
            Err(failure) => return Err(NotSent { first: sent, failure }),
        }
    }
    Ok(())
}

fn queue_url(app: &App, queue: EventQueue) -> Option<&String> {
    let config = app.config();
    match queue {
        EventQueue::Payments => config.payments_queue_url.as_ref(),
        EventQueue::Sales => config.sales_queue_url.as_ref(),
        EventQueue::Tokens => config.tokens_queue_url.as_ref(),
        EventQueue::Cards => config.cards_queue_url.as_ref(),
        EventQueue::DataPlatform => config.data_platform_queue_url.as_ref(),
        EventQueue::Parked => config.parked_queue_url.as_ref(),
    }
}

/// The bodies, in order, in as few batches as SQS allows.
fn batches(mut bodies: &[String]) -> Vec<&[String]> {
    let mut batches = Vec::new();
    while !bodies.is_empty() {
        let mut bytes = 0;
        let fits = bodies.iter().take(BATCH_MAX).take_while(|body| {
            bytes += body.len();
            bytes <= BATCH_BYTES_MAX
        });
        // One that is too long alone goes alone: SQS is to say what it thinks of it.
        let (batch, rest) = bodies.split_at(fits.count().max(1));
        batches.push(batch);
        bodies = rest;
    }
    batches
}

/// Sends one batch; the first body that was refused, if one was.
async fn send_batch(app: &App, url: &str, batch: &[String]) -> Result<Option<usize>, Failure> {
    let mut request = app.sqs().send_message_batch().queue_url(url);
    for (index, body) in batch.iter().enumerate() {
        let entry = aws_sdk_sqs::types::SendMessageBatchRequestEntry::builder();
        let entry = entry.id(index.to_string()).message_body(body).build();
        request = request.entries(entry.map_err(|error| Failure::Internal(error.to_string()))?);
    }
    let answer = request.send().await.map_err(|_| send_failure())?;
    Ok(answer.failed.iter().map(|refused| refused.id.parse().unwrap_or(0)).min())
}

/// Puts off when a received message is shown again.
///
/// # Errors
/// When the queue is not configured for this function or cannot be reached: then the message comes again after the
/// queue's own time.
pub async fn postpone(app: &App, queue: EventQueue, receipt_handle: &str, seconds: i32) -> Result<(), Failure> {
    let url = queue_url(app, queue).ok_or_else(|| Failure::Internal(format!("no URL for the queue {queue:?}")))?;
    let request = app.sqs().change_message_visibility().queue_url(url).receipt_handle(receipt_handle);
    request.visibility_timeout(seconds).send().await.map(|_| ()).map_err(|_| send_failure())
}

/// Nobody asks which of its ways a call to a queue failed: a message that may not have been sent is sent again.
fn send_failure() -> Failure {
    Failure::Internal("the queue did not answer, or refused".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_have_no_more_bodies_and_bytes_than_sqs_takes() {
        let lengths = |of: &[usize]| -> Vec<usize> {
            let bodies: Vec<String> = of.iter().map(|length| "x".repeat(*length)).collect();
            let batches = batches(&bodies);
            assert_eq!(batches.concat(), bodies);
            batches.iter().map(|batch| batch.len()).collect()
        };
        assert_eq!(lengths(&[]), [0; 0]);
        assert_eq!(lengths(&[1; 23]), [10, 10, 3]);
        let half = BATCH_BYTES_MAX / 2;
        assert_eq!(lengths(&[half, half, half, 1]), [2, 2]);
        assert_eq!(lengths(&[1, BATCH_BYTES_MAX + 1, 1]), [1, 1, 1]);
    }

    #[test]
    fn a_kind_has_one_name() {
        for kind in EventKind::ALL {
            assert_eq!(serde_json::to_value(kind).expect("JSON"), kind.as_str());
            assert_eq!(EventKind::parse(kind.as_str()), Some(kind));
        }
    }
}
