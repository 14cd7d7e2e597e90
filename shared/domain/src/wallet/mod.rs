//! A user's money and the ledger that explains it.

pub mod cards;

use jiff::Timestamp;

use crate::money::{AMOUNT_MAX, Amount, TOP_UPS_OF_A_DAY_MAX};
use crate::text::{self, TextError};

/// Longest memo of what was spent, or reason of a credit.
pub const MEMO_CHARACTERS_MAX: usize = 100;

/// Parses the purpose of a spend, or the reason of a credit: one line of 1 to 100 characters.
///
/// # Errors
/// As [`text::parse_line`].
pub fn parse_memo(given: &str) -> Result<String, TextError> {
    text::parse_line(given, MEMO_CHARACTERS_MAX)
}

/// A wallet: what is in it, and how many entries explain that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wallet {
    /// Minor units, never below zero.
    pub balance: i64,
    /// Number of the last entry; also the version every write is conditioned on.
    pub seq: u64,
}

/// The kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Money put in by the owner.
    TopUp,
    /// Money put in by an administrator.
    Credit,
    /// Money taken out for something else.
    Spend,
    /// A reservation or order was paid.
    Payment,
    /// A payment was given back.
    Refund,
    /// A card was charged for it.
    CardCharge,
    /// A part of such a charge went back to the card.
    CardRefund,
    /// The card took none of it: it is here again.
    CardRefundReturned,
    /// The account was erased: from here on its owner moves nothing.
    Closing,
}

impl EntryKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::TopUp,
        Self::Credit,
        Self::Spend,
        Self::Payment,
        Self::Refund,
        Self::CardCharge,
        Self::CardRefund,
        Self::CardRefundReturned,
        Self::Closing,
    ];

    /// Its name on the wire and in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TopUp => "charge",
            Self::Credit => "credit",
            Self::Spend => "spend",
            Self::Payment => "payment",
            Self::Refund => "refund",
            Self::CardCharge => "card_charge",
            Self::CardRefund => "card_refund",
            Self::CardRefundReturned => "card_refund_returned",
            Self::Closing => "closing",
        }
    }

    /// Whether such an entry may follow the closing of its ledger: only money that comes in from outside without its
    /// owner, which is not to be lost.
    #[must_use]
    pub fn may_follow_closing(self) -> bool {
        matches!(self, Self::CardCharge | Self::CardRefundReturned)
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
    /// The kind of the entry.
    pub kind: EntryKind,
    /// Minor units; negative takes money out.
    pub amount: i64,
    /// Balance after it.
    pub balance_after: i64,
    /// When.
    pub at: Timestamp,
    /// The reason for it: the id of the charge, of the credit, of the spend, of the payment, of the card payment, or of
    /// its refund; empty of a closing.
    pub reference: String,
    /// The purpose of a spend in its owner's words, or the reason of a credit; none of other kinds.
    pub memo: Option<String>,
}

/// A movement of the wallet by its owner or an administrator: nothing is bought here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Movement {
    /// Puts money in, by the owner.
    TopUp(Amount),
    /// Puts money in, by an administrator.
    Credit {
        /// How much.
        amount: Amount,
        /// The reason ([`parse_memo`]).
        reason: String,
    },
    /// Takes money out.
    Spend {
        /// How much.
        amount: Amount,
        /// On what ([`parse_memo`]).
        memo: String,
    },
}

impl Movement {
    /// How much moves, either way.
    #[must_use]
    pub fn amount(&self) -> Amount {
        match self {
            Self::TopUp(amount) | Self::Credit { amount, .. } | Self::Spend { amount, .. } => *amount,
        }
    }

    /// The kind of its entry.
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        match self {
            Self::TopUp(_) => EntryKind::TopUp,
            Self::Credit { .. } => EntryKind::Credit,
            Self::Spend { .. } => EntryKind::Spend,
        }
    }
}

/// The top-ups of one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ToppedUp {
    /// The day, in days since 1970 (UTC).
    pub day: i64,
    /// Minor units, all of that day's top-ups together.
    pub sum: i64,
}

impl ToppedUp {
    /// It with `amount` more at `at`; a new day begins with nothing.
    ///
    /// # Errors
    /// Above [`TOP_UPS_OF_A_DAY_MAX`].
    pub fn add(self, amount: Amount, at: Timestamp) -> Result<Self, TopUpLimit> {
        let day = at.as_second().div_euclid(SECONDS_PER_DAY);
        // A clock that is behind counts on: a day that is over is not begun again.
        let before = if day > self.day { Self { day, sum: 0 } } else { self };
        let sum = before.sum.checked_add(amount.get()).filter(|sum| *sum <= TOP_UPS_OF_A_DAY_MAX);
        sum.map(|sum| Self { sum, ..before }).ok_or(TopUpLimit)
    }
}

const SECONDS_PER_DAY: i64 = 86_400;

/// Why a wallet does not move as its user wants, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MovementError {
    /// See [`BalanceCap`].
    #[error(transparent)]
    BalanceCap(#[from] BalanceCap),
    /// See [`TopUpLimit`].
    #[error(transparent)]
    TopUpLimit(#[from] TopUpLimit),
    /// See [`InsufficientBalance`].
    #[error(transparent)]
    InsufficientBalance(#[from] InsufficientBalance),
}

/// More than may be topped up in a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at most 10000000 may be topped up in a day")]
pub struct TopUpLimit;

/// A top-up or credit would end above the cap of 10,000,000.
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
    pub fn apply(self, movement: &Movement, at: Timestamp, reference: String) -> Result<(Self, Entry), MovementError> {
        match movement {
            Movement::TopUp(amount) => Ok(self.put_in(EntryKind::TopUp, *amount, at, reference)?),
            Movement::Credit { amount, reason } => {
                let (wallet, entry) = self.put_in(EntryKind::Credit, *amount, at, reference)?;
                Ok((wallet, Entry { memo: Some(reason.clone()), ..entry }))
            }
            Movement::Spend { amount, memo } => {
                let (wallet, entry) = self.debit(EntryKind::Spend, *amount, at, reference)?;
                Ok((wallet, Entry { memo: Some(memo.clone()), ..entry }))
            }
        }
    }

    /// The wallet and entry after `amount` was put in. The cap binds what comes in from outside: a refund always fits,
    /// and while it has brought the balance above the cap nothing else comes in.
    fn put_in(
        self,
        kind: EntryKind,
        amount: Amount,
        at: Timestamp,
        reference: String,
    ) -> Result<(Self, Entry), BalanceCap> {
        let (wallet, entry) = self.apply_amount(kind, amount.get(), at, reference).ok_or(BalanceCap)?;
        if wallet.balance > AMOUNT_MAX { Err(BalanceCap) } else { Ok((wallet, entry)) }
    }

    /// The wallet and entry after `amount` was paid out of it. What costs nothing is no payment out of a wallet.
    ///
    /// # Errors
    /// When the balance is smaller.
    pub fn pay(self, amount: Amount, at: Timestamp, reference: String) -> Result<(Self, Entry), InsufficientBalance> {
        self.debit(EntryKind::Payment, amount, at, reference)
    }

    fn debit(
        self,
        kind: EntryKind,
        amount: Amount,
        at: Timestamp,
        reference: String,
    ) -> Result<(Self, Entry), InsufficientBalance> {
        if self.balance < amount.get() {
            return Err(InsufficientBalance);
        }
        self.apply_amount(kind, -amount.get(), at, reference).ok_or(InsufficientBalance)
    }

    /// The wallet and entry after `amount` of a payment came back, whatever the balance then is; `None` when it cannot
    /// be counted.
    #[must_use]
    pub fn refund(self, amount: Amount, at: Timestamp, reference: String) -> Option<(Self, Entry)> {
        self.apply_amount(EntryKind::Refund, amount.get(), at, reference)
    }

    /// The wallet and entry after a card was charged `amount` for it, whatever the balance then is: the money is its
    /// owner's already. `None` when it cannot be counted.
    #[must_use]
    pub fn charge(self, amount: Amount, at: Timestamp, reference: String) -> Option<(Self, Entry)> {
        self.apply_amount(EntryKind::CardCharge, amount.get(), at, reference)
    }

    /// The wallet and entry after `amount` went back to a card.
    ///
    /// # Errors
    /// When the balance is smaller.
    pub fn refund_to_card(
        self,
        amount: Amount,
        at: Timestamp,
        reference: String,
    ) -> Result<(Self, Entry), InsufficientBalance> {
        self.debit(EntryKind::CardRefund, amount, at, reference)
    }

    /// The wallet and entry after a card took none of `amount`. `None` when it cannot be counted.
    #[must_use]
    pub fn take_returned(self, amount: Amount, at: Timestamp, reference: String) -> Option<(Self, Entry)> {
        self.apply_amount(EntryKind::CardRefundReturned, amount.get(), at, reference)
    }

    /// The wallet and entry after its owner's account was erased. `None` while there is something in it.
    #[must_use]
    pub fn close(self, at: Timestamp) -> Option<(Self, Entry)> {
        if self.balance != 0 {
            return None;
        }
        self.apply_amount(EntryKind::Closing, 0, at, String::new())
    }

    fn apply_amount(self, kind: EntryKind, amount: i64, at: Timestamp, reference: String) -> Option<(Self, Entry)> {
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
        fn the_ledger_explains_the_balance(moves in proptest::collection::vec((0..4_u8, 1..=AMOUNT_MAX), 0..60)) {
            let mut wallet = Wallet::EMPTY;
            let mut entries: Vec<Entry> = Vec::new();
            for (way, minor_units) in moves {
                let at = Timestamp::UNIX_EPOCH;
                let amount = Amount::parse(minor_units).expect("in range");
                let moved = match way {
                    0 => wallet.apply(&Movement::TopUp(amount), at, String::new()).ok(),
                    1 => wallet.apply(&Movement::Spend { amount, memo: "tea".to_owned() }, at, String::new()).ok(),
                    2 => wallet.apply(&Movement::Credit { amount, reason: "rain".to_owned() }, at, String::new()).ok(),
                    _ => wallet.pay(amount, at, String::new()).ok(),
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

    proptest! {
        /// Whatever is topped up, paid and given back, and in whatever order: no day brings in more than its limit, no
        /// top-up ends above the cap, and what lies above it was given back.
        #[test]
        fn no_way_leads_round_what_may_come_in(
            moves in proptest::collection::vec((0..3_u8, 1..=AMOUNT_MAX, 0..40_000_i64), 0..60),
        ) {
            let (mut wallet, mut topped_up, mut now) = (Wallet::EMPTY, ToppedUp::default(), 0);
            let mut paid: Vec<Amount> = Vec::new();
            let mut days: std::collections::BTreeMap<i64, i64> = std::collections::BTreeMap::new();
            for (way, minor_units, later) in moves {
                now += later;
                let at = Timestamp::from_second(now).expect("a time");
                let amount = Amount::parse(minor_units).expect("in range");
                match way {
                    0 => {
                        let moved = wallet.apply(&Movement::TopUp(amount), at, String::new());
                        let Ok(((after, _), counted)) = moved.and_then(|moved| Ok((moved, topped_up.add(amount, at)?)))
                        else { continue };
                        (wallet, topped_up) = (after, counted);
                        *days.entry(now / SECONDS_PER_DAY).or_default() += minor_units;
                        prop_assert!(wallet.balance <= AMOUNT_MAX);
                    }
                    1 => {
                        if let Ok((after, _)) = wallet.pay(amount, at, String::new()) {
                            wallet = after;
                            paid.push(amount);
                        }
                    }
                    _ => {
                        if let Some(amount) = paid.pop() {
                            wallet = wallet.refund(amount, at, String::new()).expect("it fits").0;
                        }
                    }
                }
                prop_assert!(days.values().all(|sum| *sum <= TOP_UPS_OF_A_DAY_MAX), "{:?}", days);
                let days_begun = now / SECONDS_PER_DAY + 1;
                prop_assert!(wallet.balance <= days_begun * TOP_UPS_OF_A_DAY_MAX);
            }
        }
    }

    #[test]
    fn a_day_has_a_limit_of_top_ups_and_the_next_begins_with_none() {
        let at = |second: i64| Timestamp::from_second(second).expect("a time");
        let amount = |minor_units: i64| Amount::parse(minor_units).expect("in range");
        let full = ToppedUp::default().add(amount(AMOUNT_MAX - 1), at(10)).and_then(|sum| sum.add(amount(1), at(20)));
        let full = full.expect("within the limit");
        assert_eq!(full.add(amount(1), at(86_399)), Err(TopUpLimit));
        assert_eq!(full.add(amount(1), at(86_400)), Ok(ToppedUp { day: 1, sum: 1 }));
        // A clock that is behind opens no day again.
        let next = ToppedUp { day: 1, sum: AMOUNT_MAX };
        assert_eq!(next.add(amount(1), at(86_399)), Err(TopUpLimit));
    }

    #[test]
    fn a_credit_has_its_reason_and_ends_under_the_cap() {
        let credit = |minor_units: i64| Movement::Credit {
            amount: Amount::parse(minor_units).expect("in range"),
            reason: "rain".to_owned(),
        };
        let wallet = Wallet { balance: AMOUNT_MAX - 5, seq: 1 };
        let (after, entry) = wallet.apply(&credit(5), Timestamp::UNIX_EPOCH, String::new()).expect("it fits");
        let told = (after.balance, entry.kind, entry.amount, entry.memo.as_deref());
        assert_eq!(told, (AMOUNT_MAX, EntryKind::Credit, 5, Some("rain")));
        let refused = wallet.apply(&credit(6), Timestamp::UNIX_EPOCH, String::new());
        assert_eq!(refused, Err(MovementError::BalanceCap(BalanceCap)));
    }

    #[test]
    fn a_refund_always_fits() {
        let full = Wallet { balance: AMOUNT_MAX, seq: 1 };
        let five = Amount::parse(5).expect("in range");
        let (after, entry) = full.refund(five, Timestamp::UNIX_EPOCH, String::new()).expect("counted");
        assert_eq!((after.balance, after.seq, entry.kind, entry.amount), (AMOUNT_MAX + 5, 2, EntryKind::Refund, 5));
        let beyond = Wallet { balance: i64::MAX - 4, seq: 1 };
        assert_eq!(beyond.refund(five, Timestamp::UNIX_EPOCH, String::new()), None);
    }

    #[test]
    fn paying_more_than_there_is_is_refused() {
        let wallet = Wallet { balance: 10, seq: 1 };
        let amount = |minor_units: i64| Amount::parse(minor_units).expect("in range");
        assert_eq!(wallet.pay(amount(11), Timestamp::UNIX_EPOCH, String::new()), Err(InsufficientBalance));
        let paid = wallet.pay(amount(10), Timestamp::UNIX_EPOCH, String::new());
        assert_eq!(paid.map(|(after, _)| after.balance), Ok(0));
        let spend = |minor_units: i64| Movement::Spend {
            amount: Amount::parse(minor_units).expect("in range"),
            memo: "tea".to_owned(),
        };
        let refused = wallet.apply(&spend(11), Timestamp::UNIX_EPOCH, String::new());
        assert_eq!(refused, Err(MovementError::InsufficientBalance(InsufficientBalance)));
        let (after, entry) = wallet.apply(&spend(10), Timestamp::UNIX_EPOCH, String::new()).expect("enough");
        assert_eq!((after.balance, entry.kind, entry.memo.as_deref()), (0, EntryKind::Spend, Some("tea")));
    }
}
