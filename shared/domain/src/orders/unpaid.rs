//! The unpaid orders of an account: how many units of each product, and how many orders. Without a limit one
//! account without money could hold all that there is, and order it again whenever it lapses.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::id::{OrderId, ProductId};
use crate::orders::order::Order;
use crate::orders::place::OrderError;
use crate::purchases::lapses::Lapses;
use crate::purchases::purchase::PurchaseState;
use crate::time::EpochSecond;

/// Most orders of an account that wait for payment at the same time.
pub const ORDERS_MAX: usize = 10;

/// The unpaid orders of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unpaid {
    /// Each, with the last second in which it may be paid.
    pub open: BTreeMap<OrderId, EpochSecond>,
    /// Units in them, by product; none of 0.
    pub units: BTreeMap<ProductId, i64>,
    /// Orders that were let lapse.
    pub lapses: Lapses,
    /// Rises with every write; 0 before the first.
    pub version: u64,
}

impl Unpaid {
    /// The orders whose time had passed at `now`, though nobody has ended them yet.
    pub fn expired(&self, now: Timestamp) -> impl Iterator<Item = OrderId> {
        self.open.iter().filter(move |(_, until)| EpochSecond::begun(now) > **until).map(|(id, _)| *id)
    }

    /// When the first of them ends.
    #[must_use]
    pub fn first_end(&self) -> Option<EpochSecond> {
        self.open.values().min().copied()
    }

    /// Why `order` may not wait for payment as well, at `now`, of products whose limits are `most`; the first reason in
    /// the order of [`OrderError`].
    ///
    /// # Errors
    /// More units of a product than one person may have unpaid, too many orders, or a pause after lapses.
    pub fn admits(&self, order: &Order, most: impl Fn(ProductId) -> i64, now: Timestamp) -> Result<(), OrderError> {
        let of = |product| self.units.get(&product).copied().unwrap_or(0);
        let over = order.lines.iter().filter(|line| of(line.product) + line.quantity() > most(line.product));
        let over: Vec<ProductId> = over.map(|line| line.product).collect();
        if !over.is_empty() {
            return Err(OrderError::ProductLimit(over));
        }
        if self.open.len() >= ORDERS_MAX {
            return Err(OrderError::OrderLimit);
        }
        Ok(self.lapses.check(now)?)
    }

    /// These and one more, which was admitted.
    #[must_use]
    pub fn with_order(mut self, order: &Order) -> Self {
        self.open.insert(order.id, order.purchase.held_until);
        for line in &order.lines {
            *self.units.entry(line.product).or_default() += line.quantity();
        }
        self.version += 1;
        self
    }

    /// These without `ended`, as that order stands after its end: one that lapsed is counted, a paid one makes the
    /// account's lapses forgotten, and any other says nothing of it.
    #[must_use]
    pub fn without_order(mut self, ended: &Order) -> Self {
        if self.open.remove(&ended.id).is_some() {
            for line in &ended.lines {
                let units = self.units.entry(line.product).or_default();
                *units -= line.quantity();
            }
            self.units.retain(|_, units| *units > 0);
        }
        self.lapses = match ended.purchase.state {
            PurchaseState::Expired => self.lapses.with_lapse(ended.created_at, ended.purchase.held_until),
            PurchaseState::Paid => Lapses::default(),
            PurchaseState::Open | PurchaseState::Cancelled | PurchaseState::Declined => self.lapses,
        };
        self.version += 1;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Price;
    use crate::orders::order::Line;
    use crate::orders::place::tests::{at, pending};
    use crate::products::stock::Portion;
    use crate::purchases::lapses::Paused;
    use crate::purchases::purchase::Purchase;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn order(id: u128, units: &[(u128, i64)]) -> Order {
        let line = |(product, units): &(u128, i64)| Line {
            product: ProductId(Uuid::from_u128(*product)),
            name: String::new(),
            price: Price::parse(1).expect("a price"),
            taken: vec![Portion { shard: 0, units: *units }],
        };
        Order { id: OrderId(Uuid::from_u128(id)), lines: units.iter().map(line).collect(), ..pending() }
    }

    #[test]
    fn refusals_have_an_order() {
        let mut unpaid = Unpaid::default();
        for id in 0..10 {
            assert_eq!(unpaid.admits(&order(id, &[(1, 1)]), |_| 10, at(1_000)), Ok(()));
            unpaid = unpaid.with_order(&order(id, &[(1, 1)]));
        }
        unpaid.lapses = Lapses { count: 2, last_at: EpochSecond(900), paused_until: EpochSecond(1_040) };
        let id = |id| ProductId(Uuid::from_u128(id));
        let over = unpaid.admits(&order(99, &[(1, 1), (2, 11)]), |_| 10, at(1_000));
        assert_eq!(over, Err(OrderError::ProductLimit(vec![id(1), id(2)])));
        assert_eq!(unpaid.admits(&order(99, &[(2, 10)]), |_| 10, at(1_000)), Err(OrderError::OrderLimit));
        let unpaid = unpaid.without_order(&order(3, &[(1, 1)]).map_purchase(Purchase::cancelled));
        assert_eq!(unpaid.admits(&order(99, &[(2, 10)]), |_| 10, at(1_000)), Err(OrderError::Paused(Paused(40))));
        assert_eq!(unpaid.admits(&order(99, &[(2, 10)]), |_| 10, at(1_040)), Ok(()));
    }

    #[test]
    fn what_lapsed_is_counted_and_what_is_paid_makes_it_forgotten() {
        let one = order(1, &[(1, 2)]);
        let unpaid = Unpaid::default().with_order(&one);
        assert_eq!((unpaid.expired(at(1_299)).count(), unpaid.expired(at(1_300)).count()), (0, 1));
        let lapsed = unpaid.clone().without_order(&one.clone().map_purchase(Purchase::released));
        assert_eq!((lapsed.lapses.count, lapsed.first_end(), lapsed.units.len()), (1, None, 0));
        let paid = lapsed.clone().with_order(&one).without_order(&one.clone().paid(at(1_000), ""));
        assert_eq!(paid.lapses, Lapses::default());
        // A declined order that was released by its decline held nothing for long.
        assert_eq!(
            lapsed
                .clone()
                .with_order(&one)
                .without_order(&one.map_purchase(|purchase| purchase.declined(true).released()))
                .lapses,
            lapsed.lapses
        );
    }

    proptest! {
        /// Units by product are those of the open orders, whatever comes and goes; nothing is left of 0.
        #[test]
        fn units_are_those_of_the_open_orders(
            steps in proptest::collection::vec((0..6_u128, proptest::collection::vec((0..4_u128, 1..9_i64), 1..4)), 0..40),
        ) {
            let mut unpaid = Unpaid::default();
            let mut open: BTreeMap<u128, Order> = BTreeMap::new();
            for (id, lines) in steps {
                let mut merged: BTreeMap<u128, i64> = BTreeMap::new();
                for (product, units) in lines {
                    *merged.entry(product).or_default() += units;
                }
                match open.remove(&id) {
                    Some(order) => unpaid = unpaid.without_order(&order.map_purchase(Purchase::cancelled)),
                    None => {
                        let new = order(id, &merged.into_iter().collect::<Vec<_>>());
                        unpaid = unpaid.with_order(&new);
                        open.insert(id, new);
                    }
                }
                let mut expected: BTreeMap<ProductId, i64> = BTreeMap::new();
                for line in open.values().flat_map(|order| &order.lines) {
                    *expected.entry(line.product).or_default() += line.quantity();
                }
                prop_assert_eq!(&unpaid.units, &expected);
                prop_assert_eq!(unpaid.open.len(), open.len());
            }
        }
    }
}
