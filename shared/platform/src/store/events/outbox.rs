//! Committed changes as the table's stream tells them, turned into events.
//!
//! An event is made from one item's new image alone: the image names the fact it commits (`change`) and its
//! version, so a record read twice, late or without its old image gives the same event.

use aws_lambda_events::dynamodb::EventRecord;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use onsale_domain::id::UserId;
use onsale_domain::orders::order::{Line, Order};
use onsale_domain::reservations::reservation::Reservation;

use crate::events::{
    AdminData, CardData, Data, Event, EventKind, LineData, LinkData, OrderData, ReservationData, Source, SpecVersion,
    TokenData,
};
use crate::store::accounts::admin_actions::{self, Actor};
use crate::store::dynamodb::item::{Item, key_of};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::keys::Key;
use crate::store::purchases::StoredPurchase;
use crate::store::wallet::cards::{card_payment_item, card_refund_item};
use crate::telemetry::trace;

/// A record that should be an event and cannot be read as one.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UnreadableChange(pub String);

/// The event of a record; `None` when the change tells nobody anything.
///
/// # Errors
/// When the record names a change but cannot be understood.
pub fn event_of_record(record: &EventRecord) -> Result<Option<Event>, UnreadableChange> {
    let image: Item = record.change.new_image.clone().into();
    let Some(change) = image.get("change") else { return Ok(None) };
    let kind = change.as_s().ok().and_then(|name| EventKind::parse(name));
    let kind = kind.ok_or_else(|| UnreadableChange("an unknown change".to_owned()))?;
    let key = key_of(&image).ok_or_else(|| UnreadableChange("a change without a key".to_owned()))?;
    let image_trace = image.get(trace::ATTRIBUTE).and_then(|value| value.as_s().ok()).cloned();
    let (version, data) = match kind {
        EventKind::TokenFinished => queue_entry(&key, image)?,
        EventKind::AdminActed => admin_action(image)?,
        EventKind::AddressProofRequested | EventKind::PasswordResetRequested => link(&key)?,
        EventKind::CardPaymentReported => return Err(UnreadableChange("a report is no change".to_owned())),
        EventKind::CardPaymentCommitted
        | EventKind::CardPaymentAbandoned
        | EventKind::CardPaymentReceived
        | EventKind::CardPaymentReversed => card_payment(image)?,
        EventKind::CardRefundDue | EventKind::CardRefundReturned => card_refund(image)?,
        EventKind::OrderPlaced | EventKind::OrderExpired | EventKind::OrderCancelled => order(&key, image)?,
        // A payment lives in what it pays for.
        EventKind::PaymentCompleted | EventKind::PaymentDeclined | EventKind::PaymentCancelled
            if key.sk.starts_with(keys::ORDER_PREFIX) =>
        {
            order(&key, image)?
        }
        EventKind::ReservationHeld
        | EventKind::ReservationExpired
        | EventKind::ReservationCancelled
        | EventKind::PaymentCompleted
        | EventKind::PaymentDeclined
        | EventKind::PaymentPartlyRefunded
        | EventKind::PaymentCancelled => reservation(&key, image)?,
    };
    // A reservation is known by its id, wherever it lies in its owner's log.
    let subject = match &data {
        Data::Reservation(data) => format!("{}{}", keys::RESERVATION_PREFIX, data.reservation_id),
        Data::Order(_) | Data::Token(_) | Data::Admin(_) | Data::Card(_) | Data::Link(_) => key.sk.clone(),
    };
    let owner = match &data {
        Data::Admin(_) => key.pk.strip_prefix(keys::ADMIN_PREFIX).unwrap_or_default().to_owned(),
        Data::Link(data) => data.link_id.to_string(),
        _ => parse_owner(&key, "")?.0.to_string(),
    };
    let committed = record.change.approximate_creation_date_time.timestamp();
    Ok(Some(Event {
        specversion: SpecVersion::V1,
        id: format!("{owner}/{subject}/{version}"),
        source: Source::Onsale,
        kind,
        time: Timestamp::from_second(committed).map_err(|_| UnreadableChange("a change at no time".to_owned()))?,
        traceparent: image_trace,
        data,
    }))
}

fn parse_owner<'a>(key: &'a Key, prefix: &str) -> Result<(UserId, &'a str), UnreadableChange> {
    keys::parse_owned(key, prefix).ok_or_else(|| UnreadableChange("a change of an item that has no events".to_owned()))
}

fn reservation(key: &Key, image: Item) -> Result<(u64, Data), UnreadableChange> {
    parse_owner(key, keys::RESERVATION_PREFIX)?;
    let read = Reservation::read(image).map_err(|failure| UnreadableChange(failure.to_string()))?;
    let data = ReservationData {
        user_id: read.user.0,
        reservation_id: read.id.0,
        concert_id: read.concert_id.0,
        schedule_id: read.schedule_id.0,
        ticket_ids: read.live_seats().map(ToString::to_string).collect(),
        total: read.total(),
        refunded: read.purchase.payment.as_ref().map_or(0, |payment| payment.refunded),
        version: read.purchase.version,
    };
    Ok((read.purchase.version, Data::Reservation(data)))
}

fn order(key: &Key, image: Item) -> Result<(u64, Data), UnreadableChange> {
    parse_owner(key, keys::ORDER_PREFIX)?;
    let read = Order::read(image).map_err(|failure| UnreadableChange(failure.to_string()))?;
    let line = |line: &Line| LineData { product_id: line.product.0, quantity: line.quantity() };
    let data = OrderData {
        user_id: read.user.0,
        order_id: read.id.0,
        lines: read.lines.iter().map(line).collect(),
        total: read.total(),
        refunded: read.purchase.payment.as_ref().map_or(0, |payment| payment.refunded),
        version: read.purchase.version,
        paid_on: read.purchase.payment.as_ref().map(|payment| payment.paid_at.to_zoned_datetime(TimeZone::UTC).date()),
    };
    Ok((read.purchase.version, Data::Order(data)))
}

fn card_payment(image: Item) -> Result<(u64, Data), UnreadableChange> {
    let read = card_payment_item::read(image).map_err(|failure| UnreadableChange(failure.to_string()))?;
    let data = CardData {
        user_id: read.user.0,
        card_payment_id: read.id.0,
        refund: None,
        amount: Some(read.amount.get()),
        version: read.version,
    };
    Ok((read.version, Data::Card(data)))
}

fn card_refund(image: Item) -> Result<(u64, Data), UnreadableChange> {
    let read = card_refund_item::read(image).map_err(|failure| UnreadableChange(failure.to_string()))?;
    let data = CardData {
        user_id: read.user.0,
        card_payment_id: read.payment.0,
        refund: Some(read.number),
        amount: Some(read.amount),
        version: read.version,
    };
    Ok((read.version, Data::Card(data)))
}

/// An entry of the log is never changed, so it has one version.
fn admin_action(image: Item) -> Result<(u64, Data), UnreadableChange> {
    let read = admin_actions::read_entry(image).map_err(|failure| UnreadableChange(failure.to_string()))?;
    let user_id = match read.by {
        Actor::User(id) => Some(id),
        Actor::Operator => None,
    };
    let version = 1;
    let data = AdminData { user_id, action_id: read.id, function: read.function, target: read.target, version };
    Ok((version, Data::Admin(data)))
}

/// A link is asked for once.
fn link(key: &Key) -> Result<(u64, Data), UnreadableChange> {
    let id = key.pk.strip_prefix(keys::LINK_PREFIX).and_then(|id| id.parse().ok());
    let link_id = id.ok_or_else(|| UnreadableChange("a link without an id".to_owned()))?;
    let version = 1;
    Ok((version, Data::Link(LinkData { link_id, version })))
}

/// A number is admitted once and ends once, so it is the version of what it tells.
fn queue_entry(key: &Key, image: Item) -> Result<(u64, Data), UnreadableChange> {
    let (user, queue) = parse_owner(key, keys::TOKEN_PREFIX)?;
    let part = |name: &str| image.get(name);
    let number = part("number").and_then(|value| value.as_n().ok()?.parse().ok());
    let state = part("state").and_then(|value| value.as_s().ok());
    let (number, state) =
        number.zip(state).ok_or_else(|| UnreadableChange("a token without number or state".to_owned()))?;
    let data = TokenData { user_id: user.0, queue_id: queue.to_owned(), number, state: state.clone() };
    Ok((number, Data::Token(data)))
}
