//! A card payment as it lies in the table.

use aws_sdk_dynamodb::types::AttributeValue;
use onsale_domain::id::{CardPaymentId, UserId};
use onsale_domain::money::Amount;
use onsale_domain::time::EpochSecond;
use onsale_domain::wallet::cards::card_payment::{CardPayment, CardPaymentState, Purpose};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, from_item, number, text, time, to_item, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::transaction::Write;
use crate::store::purchases::owned;

/// The kind of card payments on the expiry index.
pub const CARD_PAYMENT_KIND: &str = "card";

/// How long one that charged nothing stays readable: 90 days, longer than any repeat of its request. One that charged
/// something explains entries of the ledger, and stays.
const VOID_KEPT_SECONDS: u32 = 90 * 86_400;

#[derive(Serialize, Deserialize)]
struct CardPaymentItem {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reservation_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order_id: Option<Uuid>,
    amount: i64,
    currency: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intent: Option<String>,
    state: String,
    #[serde(default)]
    in_wallet: bool,
    #[serde(default)]
    refunded: i64,
    #[serde(default)]
    refunds: u32,
    fingerprint: String,
    began_at: i64,
    version: u64,
    /// The event this version emits; the relay of the stream reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<String>,
    /// There while something is still to be done with the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expiry_shard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u32>,
}

/// The write of a new one.
pub(crate) fn create(new: &CardPayment) -> Result<Write, Failure> {
    let (reservation, order) = new.purpose.purchase();
    let item = CardPaymentItem {
        reservation_id: reservation.map(|id| id.0),
        order_id: order.map(|id| id.0),
        amount: new.amount.get(),
        currency: new.currency.clone(),
        intent: new.intent.clone(),
        state: new.state.as_str().to_owned(),
        in_wallet: new.in_wallet,
        refunded: new.refunded,
        refunds: new.refunds,
        fingerprint: new.fingerprint.clone(),
        began_at: new.began_at.as_millisecond(),
        version: new.version,
        change: None,
        expiry_shard: new.due_at.map(|_| keys::expiry_shard(CARD_PAYMENT_KIND, new.id.0)),
        expires_at: new.due_at.map(|due| due.0),
    };
    Ok(Write::create(to_item(&keys::card_payment(new.user, new.id), &item)?))
}

/// One that was read.
pub(crate) fn read(item: Item) -> Result<CardPayment, Failure> {
    let (user, id): (UserId, CardPaymentId) = owned(&item, keys::CARD_PAYMENT_PREFIX)?;
    let item: CardPaymentItem = from_item(item)?;
    Ok(CardPayment {
        id,
        user,
        purpose: match (item.reservation_id, item.order_id) {
            (Some(id), _) => Purpose::Reservation(id.into()),
            (None, Some(id)) => Purpose::Order(id.into()),
            (None, None) => Purpose::TopUp,
        },
        amount: Amount::parse(item.amount).map_err(unreadable)?,
        currency: item.currency,
        intent: item.intent,
        state: CardPaymentState::parse(&item.state).ok_or_else(|| unreadable("state"))?,
        in_wallet: item.in_wallet,
        refunded: item.refunded,
        refunds: item.refunds,
        fingerprint: item.fingerprint,
        began_at: time(item.began_at)?,
        due_at: item.expires_at.map(EpochSecond),
        version: item.version,
    })
}

/// The update from what was read to what it is `after`, conditioned on its version; tells the world of `change`.
pub(crate) fn update(read: &CardPayment, after: &CardPayment, change: Option<EventKind>) -> Write {
    let shard = after.due_at.map(|_| text(keys::expiry_shard(CARD_PAYMENT_KIND, after.id.0)));
    let end = read.due_at.unwrap_or_default();
    let forgotten = (after.state == CardPaymentState::Void).then(|| number(end.plus(VOID_KEPT_SECONDS)));
    Write::update(&keys::card_payment(read.user, read.id))
        .set("#state", text(after.state.as_str()))
        .set("in_wallet", AttributeValue::Bool(after.in_wallet))
        .set("refunded", number(after.refunded))
        .set("refunds", number(after.refunds))
        .set("version", number(after.version))
        .set_or_remove("intent", after.intent.clone().map(text))
        .set_or_remove("change", change.map(|change| text(change.as_str())))
        .set_or_remove("expiry_shard", shard)
        .set_or_remove("expires_at", after.due_at.map(number))
        .set_or_remove("delete_at", forgotten)
        .name("#state", "state")
        .when("version = :read_version")
        .value(":read_version", number(read.version))
}
