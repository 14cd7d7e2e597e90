//! The end of a ledger, once the account of its owner is erased.

use jiff::Timestamp;
use onsale_domain::id::{CardPaymentId, UserId};
use uuid::Uuid;

use super::{WalletRow, entry_write, opening_write};
use crate::failure::Failure;
use crate::store::dynamodb::transaction::Write;

/// The writes by which a wallet takes no more movements of its owner, whose account is erased: the closing, and the
/// opening before it where there is no wallet. The closing has the next number, so a movement that comes in between
/// fails, or makes this fail. `None` while there is something in the wallet.
pub(crate) fn writes(
    user: UserId,
    row: Option<&WalletRow>,
    at: Timestamp,
    made_by: Uuid,
) -> Result<Option<Vec<Write>>, Failure> {
    let before = row.copied().unwrap_or_default();
    let Some((wallet, entry)) = before.wallet.close(at) else { return Ok(None) };
    let mut writes = if row.is_some() { Vec::new() } else { vec![opening_write(user, made_by, at)?] };
    let after = WalletRow { closed: true, ..before.after(wallet, before.topped_up) };
    writes.push(entry_write(user, &entry, &after, None)?);
    Ok(Some(writes))
}

/// Says so if money has come into the wallet of an erased account: nobody but an operator gives it back.
pub(crate) fn note_money(user: UserId, row: Option<&WalletRow>, card: CardPaymentId) {
    if row.is_some_and(|row| row.closed) {
        tracing::error!(%user, card_payment = %card, "money has come into the wallet of an erased account");
    }
}
