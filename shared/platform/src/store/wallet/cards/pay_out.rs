//! Paying a balance out, to the cards by which it came in.

use onsale_domain::id::UserId;
use onsale_domain::money::Amount;
use onsale_domain::time::EpochSecond;
use onsale_domain::wallet::InsufficientBalance;
use onsale_domain::wallet::cards::card_payment::{CardPayment, LOOK_AGAIN_SECONDS};
use onsale_domain::wallet::cards::card_refund::CardRefund;
use onsale_domain::wallet::cards::payout::{TooLittleByCard, split};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::idempotency::{KeyReused, Once};
use crate::store::dynamodb::item::{from_item, to_item, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Transaction, Write};
use crate::store::wallet;
use crate::store::wallet::cards::{Guard, card_payment_item, card_refund_item, in_wallet};
use crate::store::wallet::entries::Entries;

/// Why nothing was paid out.
#[derive(Debug, thiserror::Error)]
pub enum PayOutFailure {
    /// The user has no wallet.
    #[error("no wallet")]
    NoWallet,
    /// The balance is smaller.
    #[error(transparent)]
    InsufficientBalance(#[from] InsufficientBalance),
    /// Less has come in by card.
    #[error(transparent)]
    TooLittleByCard(#[from] TooLittleByCard),
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// The receipt of a payout.
#[derive(Serialize, Deserialize)]
struct PayoutItem {
    amount: i64,
    at: i64,
    fingerprint: String,
    /// The balance after it.
    balance_after: i64,
}

/// Pays `amount` out of a user's wallet, once however often it is asked for under `id`; gives the balance.
///
/// # Errors
/// See [`PayOutFailure`].
pub async fn pay_out(
    app: &App,
    user: UserId,
    id: Uuid,
    amount: Amount,
    fingerprint: &str,
) -> Result<Once<i64>, PayOutFailure> {
    let mut attempts = Attempts::new(app);
    loop {
        let row = wallet::get_row(app, user).await?.ok_or(PayOutFailure::NoWallet)?;
        let planned = match row.open() {
            Ok(row) => plan(app, user, row, id, amount, fingerprint).await,
            Err(erased) => Err(erased.into()),
        };
        let (transaction, balance) = match planned {
            Ok(planned) => planned,
            Err(PayOutFailure::Failure(failure)) if !matches!(failure, Failure::Erased) => return Err(failure.into()),
            // It may be this very payout that leaves too little for another: look before refusing.
            Err(refused) => return find_replay(&attempts, user, id, fingerprint).await?.ok_or(refused),
        };
        match transaction.commit(app).await {
            Ok(()) => return Ok(Once::New(balance)),
            Err(Rejected::Guards(failed)) if failed.iter().any(|failed| failed.guard == Guard::New) => {
                return find_replay(&attempts, user, id, fingerprint).await?.ok_or(Failure::Unknown.into());
            }
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// The writes of a payout, and the balance after it.
async fn plan(
    app: &App,
    user: UserId,
    row: &wallet::WalletRow,
    id: Uuid,
    amount: Amount,
    fingerprint: &str,
) -> Result<(Transaction<Guard>, i64), PayOutFailure> {
    let now = app.now();
    let charges = in_wallet(app, user).await?;
    let parts = split(amount, &charges)?;
    let mut transaction = Transaction::new();
    let mut entries: Option<Entries> = None;
    for (charge, part) in parts {
        let read = charges.iter().find(|known| known.id == charge);
        let read: &CardPayment = read.ok_or_else(|| unreadable("a part of no charge"))?;
        let (after, number) = read.clone().with_refund(part).ok_or_else(|| unreadable("more than was charged"))?;
        let due_at = EpochSecond::begun(now).plus(LOOK_AGAIN_SECONDS);
        let refund = CardRefund::new(charge, number, user, part, due_at);
        let before = match entries.take() {
            Some(entries) => entries,
            None => Entries::after(user, Some(row), now, charge)?,
        };
        let part = Amount::parse(part).map_err(unreadable)?;
        entries = Some(before.refund_to_card(part, refund.reference())??);
        transaction.add(Guard::CardRefund, card_refund_item::create(&refund)?);
        transaction.add(Guard::CardPayment, card_payment_item::update(read, &after, None));
    }
    let entries = entries.ok_or_else(|| unreadable("a payout of nothing"))?;
    let balance = entries.balance();
    let receipt = PayoutItem {
        amount: amount.get(),
        at: now.as_millisecond(),
        fingerprint: fingerprint.to_owned(),
        balance_after: balance,
    };
    transaction.add(Guard::New, Write::create(to_item(&keys::payout(user, id), &receipt)?));
    entries.into_writes().into_iter().for_each(|write| transaction.add(Guard::Entry, write));
    Ok((transaction, balance))
}

/// The payout as it was made, if it was: by an earlier request, or by an earlier try of this one.
async fn find_replay(
    attempts: &Attempts<'_>,
    user: UserId,
    id: Uuid,
    fingerprint: &str,
) -> Result<Option<Once<i64>>, PayOutFailure> {
    let Some(receipt) = query::get_isolated(attempts.app, &keys::payout(user, id)).await? else { return Ok(None) };
    let receipt: PayoutItem = from_item(receipt)?;
    if receipt.fingerprint != fingerprint {
        return Err(KeyReused.into());
    }
    Ok(Some(Once::from_existing(receipt.balance_after, attempts.answer_lost)))
}
