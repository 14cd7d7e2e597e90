//! What happened, told to other parts: the envelope, its kinds, and which queue wants which kind.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::store::Failure;

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Seats were held.
    #[serde(rename = "reservation.held")]
    ReservationHeld,
    /// A reservation's time passed unpaid.
    #[serde(rename = "reservation.expired")]
    ReservationExpired,
    /// A reservation was given up by its owner.
    #[serde(rename = "reservation.cancelled")]
    ReservationCancelled,
    /// A payment was made.
    #[serde(rename = "payment.completed")]
    PaymentCompleted,
    /// A payment was declined for lack of balance.
    #[serde(rename = "payment.declined")]
    PaymentDeclined,
    /// A part of a payment was given back, with a ticket.
    #[serde(rename = "payment.partly_refunded")]
    PaymentPartlyRefunded,
    /// A payment was given back.
    #[serde(rename = "payment.cancelled")]
    PaymentCancelled,
    /// Units were taken for an order that waits for its payment.
    #[serde(rename = "order.placed")]
    OrderPlaced,
    /// An order's time passed unpaid.
    #[serde(rename = "order.expired")]
    OrderExpired,
    /// An order was given up by its owner before it was paid.
    #[serde(rename = "order.cancelled")]
    OrderCancelled,
    /// An admitted queue token ended: its place is free.
    #[serde(rename = "token.finished")]
    TokenFinished,
}

/// A queue that events go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Read by `settle_payment`.
    Payments,
    /// Read by `record_sales`.
    Sales,
    /// Read by `finish_tokens`.
    Tokens,
    /// Read by people: what could not be understood.
    Parked,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::ReservationHeld,
        Self::ReservationExpired,
        Self::ReservationCancelled,
        Self::PaymentCompleted,
        Self::PaymentDeclined,
        Self::PaymentPartlyRefunded,
        Self::PaymentCancelled,
        Self::OrderPlaced,
        Self::OrderExpired,
        Self::OrderCancelled,
        Self::TokenFinished,
    ];

    /// Its name in events and in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReservationHeld => "reservation.held",
            Self::ReservationExpired => "reservation.expired",
            Self::ReservationCancelled => "reservation.cancelled",
            Self::PaymentCompleted => "payment.completed",
            Self::PaymentDeclined => "payment.declined",
            Self::PaymentPartlyRefunded => "payment.partly_refunded",
            Self::PaymentCancelled => "payment.cancelled",
            Self::OrderPlaced => "order.placed",
            Self::OrderExpired => "order.expired",
            Self::OrderCancelled => "order.cancelled",
            Self::TokenFinished => "token.finished",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One event. Its id is the change it tells of, so however often it is delivered, it is the same event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// `<user>/<sort key>/<version>` of the item whose change this is; a queue token's version is its number.
    pub id: String,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// When it was committed, epoch seconds.
    pub occurred_at: i64,
    /// The facts: ids and amounts, never an e-mail address, password or token.
    pub data: Data,
}

impl Event {
    /// The one table of which event goes where. One that nobody wants is sent nowhere.
    #[must_use]
    pub fn wanted_by(&self) -> &'static [Queue] {
        match (self.kind, &self.data) {
            (Kind::PaymentDeclined, _) => &[Queue::Payments],
            (Kind::PaymentCompleted | Kind::PaymentCancelled, Data::Order(_)) => &[Queue::Sales],
            (Kind::TokenFinished, _) => &[Queue::Tokens],
            (
                Kind::ReservationHeld
                | Kind::ReservationExpired
                | Kind::ReservationCancelled
                | Kind::PaymentCompleted
                | Kind::PaymentPartlyRefunded
                | Kind::PaymentCancelled
                | Kind::OrderPlaced
                | Kind::OrderExpired
                | Kind::OrderCancelled,
                _,
            ) => &[],
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
}

/// What every event of a reservation says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationData {
    /// Whose.
    pub user_id: Uuid,
    /// Which.
    pub reservation_id: Uuid,
    /// Of which concert.
    pub concert_id: Uuid,
    /// Of which date.
    pub schedule_id: Uuid,
    /// Its live tickets.
    pub ticket_ids: Vec<String>,
    /// What they cost together, in minor units.
    pub total: i64,
}

/// What every event of an order says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderData {
    /// Whose.
    pub user_id: Uuid,
    /// Which.
    pub order_id: Uuid,
    /// What is bought.
    pub lines: Vec<LineData>,
    /// What it costs, in minor units.
    pub total: i64,
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

/// What every event of a queue token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenData {
    /// Whose.
    pub user_id: Uuid,
    /// In which queue.
    pub queue_id: String,
    /// The number that was admitted.
    pub number: u64,
    /// What ended it: `used`, `expired` or `left`.
    pub state: String,
}

/// Most messages of one SendMessageBatch (a limit of SQS).
const BATCH_MAX: usize = 10;

/// Sends message bodies to a queue, in batches; all or an error.
///
/// # Errors
/// When the queue is not configured for this function, cannot be reached, or refuses one of them.
pub async fn send(app: &App, queue: Queue, bodies: &[String]) -> Result<(), Failure> {
    let url = match queue {
        Queue::Payments => &app.config().payments_queue_url,
        Queue::Sales => &app.config().sales_queue_url,
        Queue::Tokens => &app.config().tokens_queue_url,
        Queue::Parked => &app.config().parked_queue_url,
    };
    let url = url.as_ref().ok_or_else(|| Failure::Internal(format!("no URL for the queue {queue:?}")))?;
    for batch in bodies.chunks(BATCH_MAX) {
        let mut request = app.sqs().send_message_batch().queue_url(url);
        for (index, body) in batch.iter().enumerate() {
            let entry = aws_sdk_sqs::types::SendMessageBatchRequestEntry::builder();
            let entry = entry.id(index.to_string()).message_body(body).build();
            request = request.entries(entry.map_err(|error| Failure::Internal(error.to_string()))?);
        }
        let answer = request.send().await.map_err(|_| Failure::Unknown)?;
        if !answer.failed.is_empty() {
            return Err(Failure::Busy);
        }
    }
    Ok(())
}
