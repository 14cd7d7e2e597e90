//! Events: the envelope, its kinds, and the queues that each kind goes to.

pub mod mail;
mod queues;

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::telemetry::trace::Context;

pub use crate::events::queues::{NotSent, PARKED_MESSAGE_BYTES_MAX, PAUSE_SECONDS_MAX, postpone, retry_seconds, send};

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
    /// Somebody asked for a link that proves an address.
    AddressProofRequested = "address_proof.requested";
    /// Somebody asked for a link by which a new password is set.
    PasswordResetRequested = "password_reset.requested";
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
    /// Read by `send_mail`.
    Mail,
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
            (EventKind::PaymentDeclined, _) => &[EventQueue::Payments, EventQueue::Mail, EventQueue::DataPlatform],
            (EventKind::PaymentCompleted | EventKind::PaymentCancelled, Data::Order(_)) => {
                &[EventQueue::Sales, EventQueue::Mail, EventQueue::DataPlatform]
            }
            (EventKind::TokenFinished, _) => &[EventQueue::Tokens],
            (
                EventKind::CardPaymentCommitted
                | EventKind::CardPaymentAbandoned
                | EventKind::CardPaymentReported
                | EventKind::CardRefundDue,
                _,
            ) => &[EventQueue::Cards],
            (EventKind::AddressProofRequested | EventKind::PasswordResetRequested, _) => &[EventQueue::Mail],
            // What a buyer is told by mail.
            (
                EventKind::PaymentCompleted
                | EventKind::PaymentPartlyRefunded
                | EventKind::PaymentCancelled
                | EventKind::CardPaymentReceived
                | EventKind::CardPaymentReversed
                | EventKind::CardRefundReturned,
                _,
            ) => &[EventQueue::Mail, EventQueue::DataPlatform],
            (
                EventKind::ReservationHeld
                | EventKind::ReservationExpired
                | EventKind::ReservationCancelled
                | EventKind::OrderPlaced
                | EventKind::OrderExpired
                | EventKind::OrderCancelled
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
    /// Of a link that was asked for.
    Link(LinkData),
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

/// The data of every event of a link: not whose it is, for that is to be known by nobody but the reader of its mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkData {
    /// The id of the link.
    pub link_id: Uuid,
    /// Its version: it is asked for once, so 1.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name() {
        for kind in EventKind::ALL {
            assert_eq!(serde_json::to_value(kind).expect("JSON"), kind.as_str());
            assert_eq!(EventKind::parse(kind.as_str()), Some(kind));
        }
    }
}
