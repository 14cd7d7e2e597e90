//! Judges a user's items once all of them were read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use super::{Judged, ReceiptKind, Reference, UserAudit};
use crate::audit::{Account, Entity, What};
use crate::id::{CouponId, OrderId};

impl UserAudit {
    /// Compares what was kept.
    #[must_use]
    pub fn judge(mut self) -> Judged {
        self.balance.counter(Account::Wallets, self.last.balance.into());
        if self.kept > self.most {
            return Judged { balance: self.balance, differences: None, kept: self.most };
        }
        self.judge_wallet();
        self.judge_references();
        self.judge_coupons();
        self.judge_seat_limits();
        self.judge_unpaid();
        self.judge_erasure();
        self.cards.judge(self.user, &mut self.differences);
        Judged { balance: self.balance, differences: Some(self.differences), kept: self.kept }
    }

    fn judge_wallet(&mut self) {
        if self.last.seq > 0 && !self.opened {
            self.differences.add_difference(What::NoWallet, Entity::Wallet(self.user), "one", "none");
        }
    }

    /// Receipts and payments on one side, entries on the other.
    fn judge_references(&mut self) {
        for (id, receipt) in &self.receipts {
            let of = || Entity::Receipt(self.user, *id);
            let moved = self.moved.remove(&Reference::Receipt(*id)).unwrap_or_default();
            let amount = match receipt.kind {
                ReceiptKind::TopUp | ReceiptKind::Credit => i128::from(receipt.amount),
                ReceiptKind::Spend => -i128::from(receipt.amount),
            };
            match moved.entries {
                1 => self.differences.compare(What::ReceiptAmount, of(), amount, moved.sum),
                entries => self.differences.add_difference(What::ReceiptEntries, of(), 1, entries),
            }
        }
        for (reference, (amount, refunded)) in &self.payments {
            let of = || reference.entity(self.user);
            let moved = self.moved.remove(reference).unwrap_or_default();
            match (u64::from(*amount != 0), moved.entries) {
                (0, 0) => {}
                (1, 1) => self.differences.compare(What::PaymentAmount, of(), -i128::from(*amount), moved.sum),
                (expected, entries) => self.differences.add_difference(What::PaymentEntries, of(), expected, entries),
            }
            self.differences.compare(What::Refunds, of(), i128::from(*refunded), moved.refunds);
        }
        for (reference, moved) in &self.moved {
            let expected = match reference {
                Reference::Receipt(id) => format!("receipt {id}"),
                Reference::Reservation(id) => format!("a payment of reservation {id}"),
                Reference::Order(id) => format!("a payment of order {id}"),
                // Judged by themselves, unless there was no room to keep them.
                Reference::Card(id) => format!("card payment {id}"),
                Reference::CardRefund(card, number) => format!("refund {number} of card payment {card}"),
            };
            let of = Entity::Entry(self.user, moved.first);
            self.differences.add_difference(What::EntryUnexplained, of, expected, "none");
        }
    }

    /// A claim and the orders that use it, or used it.
    fn judge_coupons(&mut self) {
        let mut users: BTreeMap<CouponId, BTreeSet<OrderId>> = BTreeMap::new();
        for order in &self.orders {
            if order.live {
                users.entry(order.coupon).or_default().insert(order.order);
            }
            let Some(claim) = self.claims.get(&order.coupon) else { continue };
            let subtotal = i64::try_from(order.subtotal).unwrap_or(i64::MAX);
            let of = || Entity::Order(self.user, order.order);
            self.differences.compare(What::Discount, of(), claim.discount.amount_off(subtotal), order.discount);
            if order.discount < 1 {
                self.differences.add_difference(
                    What::Discount,
                    of(),
                    "1 or more, for it uses a coupon",
                    order.discount,
                );
            }
        }
        let coupons: BTreeSet<CouponId> = self.claims.keys().chain(users.keys()).copied().collect();
        for coupon in coupons {
            let of = Entity::Claim(self.user, coupon);
            let expected = format_orders(users.get(&coupon).into_iter().flatten());
            let found = match self.claims.get(&coupon) {
                Some(claim) => format_orders(claim.used_by.iter()),
                None => "no claim".to_owned(),
            };
            self.differences.compare(What::CouponUse, of, expected, found);
        }
    }

    /// Nobody has more seats of a schedule than its limit. Without the schedule, which was deleted, there is none.
    fn judge_seat_limits(&mut self) {
        for (schedule, seats) in &self.seats {
            let Some(limit) = self.seat_limits.get(schedule) else { continue };
            if *seats > i64::from(*limit) {
                let of = Entity::Seats(self.user, *schedule);
                self.differences.add_difference(What::SeatLimit, of, format!("at most {limit}"), *seats);
            }
        }
    }
}

impl UserAudit {
    /// The unpaid orders of the user, and the orders themselves.
    fn judge_unpaid(&mut self) {
        let of = || Entity::Unpaid(self.user);
        let (count, unpaid) = &self.unpaid;
        let named = i64::try_from(unpaid.open.len()).unwrap_or(i64::MAX);
        self.differences.compare(What::UnpaidCount, of(), named, *count);
        let (expected, found) = (format_units(&self.waiting.open), format_units(&unpaid.open));
        self.differences.compare(What::UnpaidOpen, of(), expected, found);
        let (expected, found) = (format_units(&self.waiting.units), format_units(&unpaid.units));
        self.differences.compare(What::UnpaidUnits, of(), expected, found);
    }
}

fn format_units(entries: &BTreeMap<impl Display, impl Display>) -> String {
    let listed: Vec<String> = entries.iter().map(|(id, value)| format!("{id}: {value}")).collect();
    if listed.is_empty() { "none".to_owned() } else { listed.join(", ") }
}

fn format_orders<'a>(orders: impl Iterator<Item = &'a OrderId>) -> String {
    let orders: Vec<String> = orders.map(OrderId::to_string).collect();
    if orders.is_empty() { "nobody".to_owned() } else { orders.join(",") }
}
