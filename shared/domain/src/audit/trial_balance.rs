//! The trial balance: each account from the side of the ledgers, and from the side of receipts and payments.

use super::{Differences, Entity, What};

/// An account of the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// Money that came in.
    CashIn,
    /// Money that came in by card, less what went back there.
    Cards,
    /// Money that administrators gave.
    Credits,
    /// Money that went out for something else.
    Spends,
    /// Paid for reservations.
    Reservations,
    /// Paid for orders.
    Orders,
    /// Given back of payments.
    Refunds,
    /// In wallets.
    Wallets,
}

impl Account {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::CashIn,
        Self::Cards,
        Self::Credits,
        Self::Spends,
        Self::Reservations,
        Self::Orders,
        Self::Refunds,
        Self::Wallets,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CashIn => "cash-in",
            Self::Cards => "cards",
            Self::Credits => "credits",
            Self::Spends => "spends",
            Self::Reservations => "reservations",
            Self::Orders => "orders",
            Self::Refunds => "refunds",
            Self::Wallets => "wallets",
        }
    }
}

/// Sums by account. Wider than any amount, so that no item, however wrong, makes a sum overflow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrialBalance {
    ledger: [i128; 8],
    counter: [i128; 8],
}

impl TrialBalance {
    pub(super) fn enter(&mut self, account: Account, amount: i128) {
        self.ledger[account as usize] += amount;
    }

    pub(super) fn counter(&mut self, account: Account, amount: i128) {
        self.counter[account as usize] += amount;
    }

    /// An account as the entries of ledgers have it; wallets, as these come to.
    #[must_use]
    pub fn ledger_side(&self, account: Account) -> i128 {
        self.ledger[account as usize]
    }

    /// The same as receipts and payments have it; wallets, as their balances say.
    #[must_use]
    pub fn counter_side(&self, account: Account) -> i128 {
        self.counter[account as usize]
    }

    /// Where money came from, and where it is, by receipts, payments and balances: equal, if no money came from or went
    /// to nowhere.
    #[must_use]
    pub fn totals(&self) -> (i128, i128) {
        let side = |accounts: &[Account]| accounts.iter().map(|account| self.counter_side(*account)).sum();
        let sources = side(&[Account::CashIn, Account::Cards, Account::Credits, Account::Refunds]);
        (sources, side(&[Account::Spends, Account::Reservations, Account::Orders, Account::Wallets]))
    }

    /// Adds what another part of the pass has counted.
    pub fn merge(&mut self, other: &Self) {
        for (sum, part) in self.ledger.iter_mut().zip(other.ledger).chain(self.counter.iter_mut().zip(other.counter)) {
            *sum += part;
        }
    }

    /// Tells of each uneven account, if nothing that was found in a user's books can be why.
    pub fn judge(&self, differences: &mut Differences) {
        if differences.kept_differences().iter().any(|difference| difference.what.is_of_money()) {
            return;
        }
        for account in Account::ALL {
            let (counter, ledger) = (self.counter_side(account), self.ledger_side(account));
            differences.compare(What::TrialBalance, Entity::Account(account), counter, ledger);
        }
    }
}
