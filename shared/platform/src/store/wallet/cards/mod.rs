//! Card payments: begun by a buyer, carried on by whoever looks, and given back.
//!
//! **One function carries a payment on, and everybody calls it**: the buyer's browser when it returns, the provider's
//! report, the event of a commit, and the sweep. Each looks at the table and at the provider, and takes the step that
//! follows from both; so either of them alone suffices, and all of them together do no more.

pub(crate) mod card_payment_item;
pub(crate) mod card_refund_item;
pub mod carry_on;
pub mod pay_out;
pub mod reconcile;
pub mod refund;
pub(crate) mod refund_writes;
mod reverse;
pub mod start;
pub mod sweep;

use onsale_domain::id::{CardPaymentId, UserId};
use onsale_domain::wallet::cards::card_payment::CardPayment;
use onsale_domain::wallet::cards::card_refund::CardRefund;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::Item;
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency, Query};

/// Most card payments of one user that are looked through for a payout.
pub const CARD_PAYMENTS_MAX: usize = 10_000;

/// The guards of a card payment's transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// No other request has this id.
    New,
    /// The card payment is at the version that was read.
    CardPayment,
    /// The refund is not there yet, or at the version that was read.
    CardRefund,
    /// No other movement of the wallet has the number of this one.
    Entry,
}

/// A card payment of a user, as of its last answered write.
///
/// # Errors
/// When the table fails.
pub async fn get(app: &App, user: UserId, id: CardPaymentId) -> Result<Option<CardPayment>, Failure> {
    let item = query::get(app, &keys::card_payment(user, id), Consistency::Strong).await?;
    item.map(card_payment_item::read).transpose()
}

/// The same, once nobody is writing it: see [`query::get_isolated`].
async fn get_isolated(app: &App, user: UserId, id: CardPaymentId) -> Result<Option<CardPayment>, Failure> {
    query::get_isolated(app, &keys::card_payment(user, id)).await?.map(card_payment_item::read).transpose()
}

/// A refund of a user's card payment, as of its last answered write.
///
/// # Errors
/// When the table fails.
pub async fn get_refund(
    app: &App,
    user: UserId,
    payment: CardPaymentId,
    number: u32,
) -> Result<Option<CardRefund>, Failure> {
    let item = query::get(app, &keys::card_refund(user, payment, number), Consistency::Strong).await?;
    item.map(card_refund_item::read).transpose()
}

/// The card payments whose money is in the user's wallet, newest first.
async fn in_wallet(app: &App, user: UserId) -> Result<Vec<CardPayment>, Failure> {
    let values = vec![(":in", aws_sdk_dynamodb::types::AttributeValue::Bool(true))];
    let query = Query::partition(keys::user_partition(user), keys::CARD_PAYMENT_PREFIX).strong();
    let items: Vec<Item> = query.filter("in_wallet = :in", values).all(app, CARD_PAYMENTS_MAX).await?;
    let mut payments: Vec<CardPayment> = items.into_iter().map(card_payment_item::read).collect::<Result<_, _>>()?;
    payments.sort_by_key(|payment| std::cmp::Reverse((payment.began_at, payment.id)));
    Ok(payments)
}
