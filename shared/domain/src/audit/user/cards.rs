//! A user's card payments and their refunds, on the one side of the ledger's entries and of purchases on the other.

use std::collections::{BTreeMap, BTreeSet};

use super::UserAudit;
use crate::audit::{Account, Differences, Entity, What};
use crate::id::{CardPaymentId, UserId};
use crate::purchases::purchase::Payment;
use crate::wallet::cards::card_payment::CardPayment;
use crate::wallet::cards::card_refund::{CardRefund, CardRefundState};

/// The sums of entries about one charge or refund.
#[derive(Clone, Copy, Debug, Default)]
struct Entered {
    entries: u64,
    sum: i128,
}

/// A refund, by its card payment and number.
type RefundKey = (CardPaymentId, u32);

/// A user's card payments with their refunds, the entries of both, and the purchases that name them.
#[derive(Debug, Default)]
pub(super) struct Cards {
    payments: BTreeMap<CardPaymentId, CardPayment>,
    refunds: BTreeMap<RefundKey, (i64, CardRefundState)>,
    charges_entered: BTreeMap<CardPaymentId, Entered>,
    refunds_entered: BTreeMap<RefundKey, Entered>,
    /// Amount and refunds of each purchase that names a card payment.
    purchases: BTreeMap<CardPaymentId, Vec<(i64, i64)>>,
    /// The sum of the receipts of payouts.
    paid_out: i128,
}

impl Cards {
    pub(super) fn enter_charge(&mut self, id: CardPaymentId, amount: i64) {
        let entered = self.charges_entered.entry(id).or_default();
        entered.entries += 1;
        entered.sum += i128::from(amount);
    }

    pub(super) fn enter_refund(&mut self, key: RefundKey, amount: i64) {
        let entered = self.refunds_entered.entry(key).or_default();
        entered.entries += 1;
        entered.sum += i128::from(amount);
    }

    pub(super) fn add_purchase(&mut self, payment: &Payment) {
        if let Some(card) = payment.card {
            self.purchases.entry(card).or_default().push((payment.amount, payment.refunded));
        }
    }

    /// Each charge has one entry and one purpose, each refund its entries, and the refunds and payouts add up.
    pub(super) fn judge(&self, user: UserId, differences: &mut Differences) {
        let ids = self.payments.keys().chain(self.charges_entered.keys()).chain(self.purchases.keys());
        let ids: BTreeSet<CardPaymentId> = ids.copied().collect();
        for id in ids {
            self.judge_payment(user, id, differences);
        }
        let keys: BTreeSet<RefundKey> = self.refunds.keys().chain(self.refunds_entered.keys()).copied().collect();
        for key in keys {
            let of = || Entity::CardRefund(user, key.0, key.1);
            let (entries, sum) = match self.refunds.get(&key) {
                Some((_, CardRefundState::Returned)) => (2, 0),
                Some((amount, _)) => (1, -i128::from(*amount)),
                None => (0, 0),
            };
            let entered = self.refunds_entered.get(&key).copied().unwrap_or_default();
            differences.compare(What::CardEntries, of(), entries, entered.entries);
            differences.compare(What::CardAmount, of(), sum, entered.sum);
        }
        // P10: only a payout takes money of a wallet back to a card, also if the card took none.
        let of_wallet = |id: &CardPaymentId| self.payments.get(id).is_some_and(|payment| payment.in_wallet);
        let refunds = self.refunds.iter().filter(|((id, _), _)| of_wallet(id));
        let went_back: i128 = refunds.map(|(_, (amount, _))| i128::from(*amount)).sum();
        differences.compare(What::Payouts, Entity::Wallet(user), self.paid_out, went_back);
    }

    fn judge_payment(&self, user: UserId, id: CardPaymentId, differences: &mut Differences) {
        let of = || Entity::CardPayment(user, id);
        let payment = self.payments.get(&id);
        // P7.
        let charged = payment.filter(|payment| payment.state.is_charged());
        let amount = charged.map_or(0, |payment| payment.amount.get());
        let entered = self.charges_entered.get(&id).copied().unwrap_or_default();
        differences.compare(What::CardEntries, of(), u64::from(charged.is_some()), entered.entries);
        differences.compare(What::CardAmount, of(), i128::from(amount), entered.sum);
        let refunds = || self.refunds.range((id, 0)..=(id, u32::MAX));
        let made = refunds().filter(|(_, (_, state))| *state != CardRefundState::Returned);
        let made: i128 = made.map(|(_, (amount, _))| i128::from(*amount)).sum();
        differences.compare(What::CardRefunds, of(), made, charged.map_or(0, |payment| i128::from(payment.refunded)));
        let purchases = self.purchases.get(&id).map(Vec::as_slice).unwrap_or_default();
        let wanted = usize::from(charged.is_some_and(|payment| !payment.in_wallet));
        differences.compare(What::CardPurchases, of(), wanted, purchases.len());
        for (paid, refunded) in purchases {
            differences.compare(What::CardAmount, of(), amount, *paid);
            let all: i128 = refunds().map(|(_, (amount, _))| i128::from(*amount)).sum();
            differences.compare(What::CardRefunds, of(), all, i128::from(*refunded));
        }
    }
}

impl UserAudit {
    /// A card payment.
    pub fn add_card_payment(&mut self, payment: CardPayment) {
        if payment.state.is_charged() {
            self.balance.counter(Account::Cards, payment.amount.get().into());
        }
        if self.has_room(1) {
            self.cards.payments.insert(payment.id, payment);
        }
    }

    /// The receipt of a payout.
    pub fn add_payout(&mut self, amount: i64) {
        self.cards.paid_out += i128::from(amount);
    }

    /// A refund of a card payment.
    pub fn add_card_refund(&mut self, refund: &CardRefund) {
        if refund.state != CardRefundState::Returned {
            self.balance.counter(Account::Cards, -i128::from(refund.amount));
        }
        if self.has_room(1) {
            self.cards.refunds.insert((refund.payment, refund.number), (refund.amount, refund.state));
        }
    }
}
