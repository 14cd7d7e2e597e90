//! An order: units of products taken from stock for one buyer ([`crate::orders::place`]), then paid, cancelled, expired
//! or declined, exactly once.

use jiff::Timestamp;

use crate::id::{CouponId, OrderId, ProductId, UserId};
use crate::money::Price;
use crate::products::stock::Portion;
use crate::purchases::purchase::Purchase;

/// Units of one product in an order, at the price and name frozen when it was placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The product.
    pub product: ProductId,
    /// Its name then.
    pub name: String,
    /// Its price then, of one.
    pub price: Price,
    /// The shards that its units came from, and go back to.
    pub taken: Vec<Portion>,
}

impl Line {
    /// Its units.
    #[must_use]
    pub fn quantity(&self) -> i64 {
        self.taken.iter().map(|portion| portion.units).sum()
    }

    /// The price of its units together; both are bounded, so no order comes near an overflow.
    #[must_use]
    pub fn amount(&self) -> i64 {
        self.price.get() * self.quantity()
    }
}

/// An order as it stands in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Id.
    pub id: OrderId,
    /// Its owner.
    pub user: UserId,
    /// When it was placed.
    pub created_at: Timestamp,
    /// How it stands. What it takes is units of stock, its coupon, and a place among the user's unpaid orders.
    pub purchase: Purchase,
    /// The lines of the order; each product once.
    pub lines: Vec<Line>,
    /// The coupon it uses.
    pub coupon: Option<CouponId>,
    /// The discount of the coupon, in minor units.
    pub discount: i64,
    /// Digest of the request that made it.
    pub fingerprint: String,
}

impl Order {
    /// The name of its open state on the wire and in the table.
    pub const OPEN: &str = "pending";

    /// It with its purchase after this change.
    #[must_use]
    pub fn map_purchase(self, change: impl FnOnce(Purchase) -> Purchase) -> Self {
        Self { purchase: change(self.purchase), ..self }
    }

    /// The sum of its lines, in minor units.
    #[must_use]
    pub fn subtotal(&self) -> i64 {
        self.lines.iter().map(Line::amount).sum()
    }

    /// The amount to pay, in minor units.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.subtotal() - self.discount
    }

    /// The id of its payment.
    #[must_use]
    pub fn payment_id(&self) -> String {
        format!("ord-{}", self.id)
    }

    /// The order after being paid at `now`, by the request with this digest of its key.
    #[must_use]
    pub fn paid(self, now: Timestamp, key: &str) -> Self {
        let total = self.total();
        self.map_purchase(|purchase| purchase.paid(total, now, key))
    }

    /// The same before it is written for the first time: it is paid in its first version.
    #[must_use]
    pub fn paid_at_once(self, now: Timestamp, key: &str) -> Self {
        let version = self.purchase.version;
        self.paid(now, key).map_purchase(|purchase| Purchase { version, ..purchase })
    }

    /// The order after its payment was given back, and how much that is, in minor units; `None` when nothing was
    /// paid, or all is given back.
    #[must_use]
    pub fn refunded(self) -> Option<(Self, i64)> {
        let (purchase, back) = self.purchase.refunded()?;
        Some((Self { purchase, ..self }, back))
    }
}

#[cfg(test)]
mod tests {
    use crate::orders::place::tests::{at, pending};
    use crate::purchases::purchase::PurchaseState;

    #[test]
    fn an_order_paid_at_once_is_paid_in_its_first_version_and_given_back_once() {
        assert_eq!(pending().refunded(), None);
        assert_eq!(pending().paid(at(1_000), "").purchase.version, 2);
        let paid = pending().paid_at_once(at(1_000), "");
        assert_eq!(
            (paid.purchase.payment.as_ref().map(|payment| payment.amount), paid.purchase.version),
            (Some(230), 1)
        );
        let (refunded, back) = paid.refunded().expect("a refund");
        assert_eq!((back, refunded.purchase.state, refunded.purchase.version), (230, PurchaseState::Cancelled, 2));
        assert_eq!(refunded.refunded(), None);
    }
}
