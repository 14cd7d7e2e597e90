//! Entries of a ledger that are written together: each begins where the one before it ends.

use jiff::Timestamp;
use onsale_domain::id::{CardPaymentId, UserId};
use onsale_domain::money::Amount;
use onsale_domain::wallet::{Entry, InsufficientBalance, Wallet};

use super::{WalletRow, entry_write, opening_write};
use crate::failure::Failure;
use crate::store::dynamodb::transaction::Write;

/// The next entries of a user's ledger, all of one moment.
pub(crate) struct Entries {
    user: UserId,
    at: Timestamp,
    before: WalletRow,
    wallet: Wallet,
    writes: Vec<Write>,
}

impl Entries {
    /// After the last entry that was read. Where there is no wallet, `opened_by` opens one.
    pub(crate) fn after(
        user: UserId,
        row: Option<&WalletRow>,
        at: Timestamp,
        opened_by: CardPaymentId,
    ) -> Result<Self, Failure> {
        let writes = if row.is_some() { Vec::new() } else { vec![opening_write(user, opened_by.0, at)?] };
        let before = row.copied().unwrap_or_default();
        Ok(Self { user, at, before, wallet: before.wallet, writes })
    }

    /// A card was charged.
    pub(crate) fn charge(self, amount: Amount, card: CardPaymentId) -> Result<Self, Failure> {
        let moved = self.wallet.charge(amount, self.at, card.to_string());
        self.with(moved.ok_or_else(beyond_counting)?)
    }

    /// The payment `payment_id` was made.
    pub(crate) fn pay(self, amount: Amount, payment_id: String) -> Result<Self, Failure> {
        let moved = self.wallet.pay(amount, self.at, payment_id).map_err(|_| beyond_counting())?;
        self.with(moved)
    }

    /// So much of the payment `payment_id` came back.
    pub(crate) fn refund(self, amount: Amount, payment_id: String) -> Result<Self, Failure> {
        let moved = self.wallet.refund(amount, self.at, payment_id);
        self.with(moved.ok_or_else(beyond_counting)?)
    }

    /// So much went back to a card, by the refund `reference`; the inner error if there is less.
    pub(crate) fn refund_to_card(
        self,
        amount: Amount,
        reference: String,
    ) -> Result<Result<Self, InsufficientBalance>, Failure> {
        match self.wallet.refund_to_card(amount, self.at, reference) {
            Ok(moved) => self.with(moved).map(Ok),
            Err(insufficient) => Ok(Err(insufficient)),
        }
    }

    /// A card took none of the refund `reference`.
    pub(crate) fn take_returned(self, amount: Amount, reference: String) -> Result<Self, Failure> {
        let moved = self.wallet.take_returned(amount, self.at, reference);
        self.with(moved.ok_or_else(beyond_counting)?)
    }

    /// The balance after them, in minor units.
    pub(crate) fn balance(&self) -> i64 {
        self.wallet.balance
    }

    /// Their writes, each on condition that no other movement has its number.
    pub(crate) fn into_writes(self) -> Vec<Write> {
        self.writes
    }

    fn with(mut self, (wallet, entry): (Wallet, Entry)) -> Result<Self, Failure> {
        let after = self.before.after(wallet, self.before.topped_up);
        self.writes.push(entry_write(self.user, &entry, &after, None)?);
        Ok(Self { wallet, ..self })
    }
}

fn beyond_counting() -> Failure {
    Failure::Internal("a balance beyond counting".to_owned())
}
