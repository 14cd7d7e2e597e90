//! A refund to a card as it lies in the table.

use onsale_domain::id::UserId;
use onsale_domain::time::EpochSecond;
use onsale_domain::wallet::cards::card_refund::{CardRefund, CardRefundState, parse_reference};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, from_item, key_of, number, text, to_item, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::transaction::Write;

/// The kind of refunds to cards on the expiry index.
pub const CARD_REFUND_KIND: &str = "card_refund";

#[derive(Serialize, Deserialize)]
struct CardRefundItem {
    amount: i64,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider_refund: Option<String>,
    version: u64,
    /// The event this version emits; the relay of the stream reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<String>,
    /// There while the provider is still to make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expiry_shard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u32>,
}

fn shard(payment: Uuid) -> String {
    keys::expiry_shard(CARD_REFUND_KIND, payment)
}

/// The write of a new one; one that is due tells so.
pub(crate) fn create(new: &CardRefund) -> Result<Write, Failure> {
    let due = new.state == CardRefundState::Due;
    let item = CardRefundItem {
        amount: new.amount,
        state: new.state.as_str().to_owned(),
        provider_refund: new.provider_refund.clone(),
        version: new.version,
        change: due.then(|| EventKind::CardRefundDue.as_str().to_owned()),
        expiry_shard: new.due_at.map(|_| shard(new.payment.0)),
        expires_at: new.due_at.map(|due| due.0),
    };
    Ok(Write::create(to_item(&keys::card_refund(new.user, new.payment, new.number), &item)?))
}

/// One that was read.
pub(crate) fn read(item: Item) -> Result<CardRefund, Failure> {
    let key = key_of(&item).ok_or_else(|| unreadable("the key of a refund"))?;
    let owned = keys::parse_owned(&key, keys::CARD_REFUND_PREFIX);
    let owned: Option<(UserId, _)> = owned.and_then(|(user, rest)| Some((user, parse_reference(rest)?)));
    let (user, (payment, number)) = owned.ok_or_else(|| unreadable("the key of a refund"))?;
    let item: CardRefundItem = from_item(item)?;
    Ok(CardRefund {
        payment,
        number,
        user,
        amount: item.amount,
        state: CardRefundState::parse(&item.state).ok_or_else(|| unreadable("state"))?,
        provider_refund: item.provider_refund,
        due_at: item.expires_at.map(EpochSecond),
        version: item.version,
    })
}

/// The update from what was read to what it is `after`, conditioned on its version; tells the world of `change`.
pub(crate) fn update(read: &CardRefund, after: &CardRefund, change: Option<EventKind>) -> Write {
    Write::update(&keys::card_refund(read.user, read.payment, read.number))
        .set("#state", text(after.state.as_str()))
        .set("version", number(after.version))
        .set_or_remove("provider_refund", after.provider_refund.clone().map(text))
        .set_or_remove("change", change.map(|change| text(change.as_str())))
        .set_or_remove("expiry_shard", after.due_at.map(|_| text(shard(after.payment.0))))
        .set_or_remove("expires_at", after.due_at.map(number))
        .name("#state", "state")
        .when("version = :read_version")
        .value(":read_version", number(read.version))
}
