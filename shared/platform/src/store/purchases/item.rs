//! A purchase as a part of its reservation's or order's item: written whole once, then updated version by version.

use jiff::Timestamp;
use onsale_domain::id::CardPaymentId;
use onsale_domain::purchases::purchase::{Payment, Purchase, PurchaseState};
use onsale_domain::time::EpochSecond;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::item::{number, text, unreadable, value};
use crate::store::dynamodb::keys::Key;
use crate::store::dynamodb::transaction::Write;

/// How long what ended unpaid stays readable: 90 days, longer than any repeat of its request.
const ENDED_KEPT_SECONDS: i64 = 90 * 86_400;

#[derive(Serialize, Deserialize)]
struct PaymentItem {
    amount: i64,
    paid_at: i64,
    refunded: i64,
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    card: Option<Uuid>,
}

/// The attributes that reservations and orders have in common.
#[derive(Serialize, Deserialize)]
pub struct PurchaseItem {
    held_until: u32,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentItem>,
    #[serde(default)]
    declines: u32,
    version: u64,
    /// The event this version emits; the relay of the stream reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<String>,
    /// There while something is still to be given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expiry_shard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

impl PurchaseItem {
    /// A new purchase, whose open state is called `open`, and which tells the world of `change`. It lies in
    /// `expiry_shard` of the expiry index unless it is settled.
    pub fn new(purchase: &Purchase, open: &'static str, expiry_shard: String, change: EventKind) -> Self {
        Self {
            held_until: purchase.held_until.0,
            state: purchase.state.name(open).to_owned(),
            payment: purchase.payment.as_ref().map(PaymentItem::new),
            declines: purchase.declines,
            version: purchase.version,
            change: Some(change.as_str().to_owned()),
            expiry_shard: (!purchase.settled).then_some(expiry_shard),
            expires_at: (!purchase.settled).then(|| i64::from(purchase.held_until)),
        }
    }

    /// The purchase, whose open state is called `open`.
    ///
    /// # Errors
    /// When it has no known state, or a payment at no time.
    pub fn read(self, open: &'static str) -> Result<Purchase, Failure> {
        Ok(Purchase {
            state: PurchaseState::parse(&self.state, open).ok_or_else(|| unreadable("state"))?,
            held_until: EpochSecond(self.held_until),
            payment: self.payment.map(PaymentItem::read).transpose()?,
            declines: self.declines,
            settled: self.expiry_shard.is_none(),
            version: self.version,
        })
    }
}

impl PaymentItem {
    fn new(payment: &Payment) -> Self {
        Self {
            amount: payment.amount,
            paid_at: payment.paid_at.as_millisecond(),
            refunded: payment.refunded,
            key: payment.key.clone(),
            card: payment.card.map(|card| card.0),
        }
    }

    fn read(self) -> Result<Payment, Failure> {
        let paid_at = Timestamp::from_millisecond(self.paid_at).map_err(unreadable)?;
        let card = self.card.map(CardPaymentId);
        Ok(Payment { amount: self.amount, paid_at, refunded: self.refunded, key: self.key, card })
    }
}

/// The update of the item at `key` from the purchase that was read to what it is after, conditioned on its version. The
/// caller may set other attributes beside it; those that this code does not know are left alone, so that newer code may
/// run beside it.
///
/// # Errors
/// When a value cannot be written.
pub fn purchase_update(
    key: &Key,
    open: &'static str,
    read: &Purchase,
    after: &Purchase,
    change: Option<EventKind>,
) -> Result<Write, Failure> {
    let mut write = Write::update(key)
        .set("#state", text(after.state.name(open)))
        .set("declines", number(after.declines))
        .set("version", number(after.version))
        .set_or_remove("change", change.map(|change| text(change.as_str())))
        .name("#state", "state")
        .when("version = :read_version")
        .value(":read_version", number(read.version));
    if let Some(payment) = &after.payment {
        write = write.set("payment", value(&PaymentItem::new(payment))?);
    }
    if after.settled {
        write = write.remove("expiry_shard").remove("expires_at");
    }
    // A purchase that was ever paid explains entries of the ledger, and stays.
    if after.settled && after.payment.is_none() {
        write = write.set("delete_at", number(i64::from(after.held_until) + ENDED_KEPT_SECONDS));
    }
    Ok(write)
}
