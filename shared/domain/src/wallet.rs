//! A user's money and the ledger that explains it.

use jiff::Timestamp;

use crate::money::{AMOUNT_MAX, Amount};
use crate::text::{self, TextError};

/// Longest memo of what was spent.
pub const MEMO_CHARACTERS_MAX: usize = 100;

/// What money was spent on: one line of 1 to 100 characters.
///
/// # Errors
/// As [`text::line`].
pub fn memo(given: &str) -> Result<String, TextError> {
    text::line(given, MEMO_CHARACTERS_MAX)
}

/// A wallet: what is in it, and how many entries explain that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// Minor units, never below zero.
    pub balance: i64,
    /// Number of the last entry; also the version every write is conditioned on.
    pub seq: u64,
}

/// What an entry is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Money put in.
    Charge,
    /// Money taken out for something else.
    Spend,
    /// A reservation or order was paid.
    Payment,
    /// A payment was given back.
    Refund,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Charge, Self::Spend, Self::Payment, Self::Refund];

    /// Its name on the wire and in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Spend => "spend",
            Self::Payment => "payment",
            Self::Refund => "refund",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One movement, never changed once written. Entry k has `seq` k and starts where k − 1 ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, gap-free from 1.
    pub seq: u64,
    /// What it is for.
    pub kind: EntryKind,
    /// Minor units; negative takes money out.
    pub amount: i64,
    /// Balance after it.
    pub balance_after: i64,
    /// When.
    pub at: Timestamp,
    /// What explains it: the id of the charge, of what was spent, or of the payment.
    pub reference: String,
    /// What its owner says it is for; only of what was spent.
    pub memo: Option<String>,
}

/// What a user does with the wallet by itself: nothing is bought here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Movement {
    /// Puts money in.
    TopUp(Amount),
    /// Takes money out.
    Spend {
        /// How much.
        amount: Amount,
        /// On what ([`memo`]).
        memo: String,
    },
}

impl Movement {
    /// How much moves, either way.
    #[must_use]
    pub fn amount(&self) -> Amount {
        match self {
            Self::TopUp(amount) | Self::Spend { amount, .. } => *amount,
        }
    }

    /// What its entry is for.
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        match self {
            Self::TopUp(_) => EntryKind::Charge,
            Self::Spend { .. } => EntryKind::Spend,
        }
    }
}

/// Why a wallet does not move as its user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MovementError {
    /// See [`BalanceCap`].
    #[error(transparent)]
    BalanceCap(#[from] BalanceCap),
    /// See [`InsufficientBalance`].
    #[error(transparent)]
    InsufficientBalance(#[from] InsufficientBalance),
}

/// A top-up would end above the cap of 10,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the balance would exceed 10000000")]
pub struct BalanceCap;

/// There is less in the wallet than is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the balance is too small")]
pub struct InsufficientBalance;

impl Wallet {
    /// A new, empty wallet.
    pub const EMPTY: Self = Self { balance: 0, seq: 0 };

    /// The wallet and entry after `movement`.
    ///
    /// # Errors
    /// When the balance would exceed the cap, or is too small.
    pub fn after(self, movement: &Movement, at: Timestamp, reference: String) -> Result<(Self, Entry), MovementError> {
        match movement {
            Movement::TopUp(amount) => Ok(self.top_up(*amount, at, reference)?),
            Movement::Spend { amount, memo } => {
                let (wallet, entry) = self.taken(EntryKind::Spend, amount.get(), at, reference)?;
                Ok((wallet, Entry { memo: Some(memo.clone()), ..entry }))
            }
        }
    }

    /// The wallet and entry after `amount` was put in. The cap binds top-ups only: a refund always fits.
    fn top_up(self, amount: Amount, at: Timestamp, reference: String) -> Result<(Self, Entry), BalanceCap> {
        let (wallet, entry) = self.moved(EntryKind::Charge, amount.get(), at, reference).ok_or(BalanceCap)?;
        if wallet.balance > AMOUNT_MAX { Err(BalanceCap) } else { Ok((wallet, entry)) }
    }

    /// The wallet and entry after `minor_units` were paid out of it; 0 is a payment too.
    ///
    /// # Errors
    /// When the balance is smaller.
    pub fn pay(self, minor_units: i64, at: Timestamp, reference: String) -> Result<(Self, Entry), InsufficientBalance> {
        self.taken(EntryKind::Payment, minor_units, at, reference)
    }

    fn taken(
        self,
        kind: EntryKind,
        minor_units: i64,
        at: Timestamp,
        reference: String,
    ) -> Result<(Self, Entry), InsufficientBalance> {
        if minor_units < 0 || self.balance < minor_units {
            return Err(InsufficientBalance);
        }
        self.moved(kind, -minor_units, at, reference).ok_or(InsufficientBalance)
    }

    /// The wallet and entry after `minor_units` of a payment came back, whatever the balance then is; `None` when it
    /// cannot be counted.
    #[must_use]
    pub fn refund(self, minor_units: i64, at: Timestamp, reference: String) -> Option<(Self, Entry)> {
        self.moved(EntryKind::Refund, minor_units, at, reference).filter(|_| minor_units >= 0)
    }

    fn moved(self, kind: EntryKind, amount: i64, at: Timestamp, reference: String) -> Option<(Self, Entry)> {
        let wallet = Self { balance: self.balance.checked_add(amount)?, seq: self.seq.checked_add(1)? };
        let entry = Entry { seq: wallet.seq, kind, amount, balance_after: wallet.balance, at, reference, memo: None };
        Some((wallet, entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// W1 and W2: whatever is tried, the balance is the sum of the entries, which have no gap.
        #[test]
        fn the_ledger_explains_the_balance(moves in proptest::collection::vec((0..3_u8, 1..=AMOUNT_MAX), 0..60)) {
            let mut wallet = Wallet::EMPTY;
            let mut entries: Vec<Entry> = Vec::new();
            for (way, minor_units) in moves {
                let at = Timestamp::UNIX_EPOCH;
                let amount = Amount::parse(minor_units).expect("in range");
                let moved = match way {
                    0 => wallet.after(&Movement::TopUp(amount), at, String::new()).ok(),
                    1 => wallet.after(&Movement::Spend { amount, memo: "tea".to_owned() }, at, String::new()).ok(),
                    _ => wallet.pay(minor_units, at, String::new()).ok(),
                };
                if let Some((after, entry)) = moved {
                    prop_assert_eq!(entry.seq, wallet.seq + 1);
                    prop_assert_eq!(entry.balance_after, wallet.balance + entry.amount);
                    prop_assert!((0..=AMOUNT_MAX).contains(&after.balance));
                    wallet = after;
                    entries.push(entry);
                }
            }
            prop_assert_eq!(entries.iter().map(|entry| entry.amount).sum::<i64>(), wallet.balance);
            prop_assert_eq!(entries.len() as u64, wallet.seq);
        }
    }

    #[test]
    fn a_refund_always_fits() {
        let full = Wallet { balance: AMOUNT_MAX, seq: 1 };
        let (after, entry) = full.refund(5, Timestamp::UNIX_EPOCH, String::new()).expect("counted");
        assert_eq!((after.balance, after.seq, entry.kind, entry.amount), (AMOUNT_MAX + 5, 2, EntryKind::Refund, 5));
        assert_eq!(full.refund(-1, Timestamp::UNIX_EPOCH, String::new()), None);
        assert_eq!(full.refund(i64::MAX, Timestamp::UNIX_EPOCH, String::new()), None);
    }

    #[test]
    fn paying_more_than_there_is_is_refused() {
        let wallet = Wallet { balance: 10, seq: 1 };
        assert_eq!(wallet.pay(11, Timestamp::UNIX_EPOCH, String::new()), Err(InsufficientBalance));
        assert_eq!(wallet.pay(10, Timestamp::UNIX_EPOCH, String::new()).map(|(after, _)| after.balance), Ok(0));
        assert_eq!(wallet.pay(-1, Timestamp::UNIX_EPOCH, String::new()), Err(InsufficientBalance));
        let spend = |minor_units: i64| Movement::Spend {
            amount: Amount::parse(minor_units).expect("in range"),
            memo: "tea".to_owned(),
        };
        let refused = wallet.after(&spend(11), Timestamp::UNIX_EPOCH, String::new());
        assert_eq!(refused, Err(MovementError::InsufficientBalance(InsufficientBalance)));
        let (after, entry) = wallet.after(&spend(10), Timestamp::UNIX_EPOCH, String::new()).expect("enough");
        assert_eq!((after.balance, entry.kind, entry.memo.as_deref()), (0, EntryKind::Spend, Some("tea")));
    }
}
