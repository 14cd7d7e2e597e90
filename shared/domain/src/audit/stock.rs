//! Limited quantities: what is left of products and coupons, and what orders and claims have of them.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Differences, Entity, Evidence, What};
use crate::id::{CouponId, ProductId, UserId};
use crate::money::Price;
use crate::orders::order::Order;
use crate::products::product::ProductState;
use crate::purchases::purchase::{self, Purchase};

/// A product's price and state, which its shards repeat.
pub type Terms = (Price, ProductState);

/// A shard as it lies in the table.
#[derive(Clone, Copy, Debug)]
pub struct Shard {
    /// Its number.
    pub number: u8,
    /// Units in it.
    pub available: i64,
    /// A product's price and state; a coupon's shard has none.
    pub terms: Option<Terms>,
}

#[derive(Clone, Copy, Debug)]
struct Owner {
    /// A coupon has none.
    terms: Option<Terms>,
    shards: u8,
    /// Units to begin with.
    quantity: i64,
}

#[derive(Debug, Default)]
struct Quantity {
    owner: Option<Owner>,
    shards: Vec<Shard>,
    /// The units that receipts added and took away.
    adjusted: i128,
    /// The units of live orders or claims.
    taken: i128,
    evidence: Evidence,
    /// Whether anything says that it is there; an order that has given all back does not.
    named: bool,
}

/// The stock of all products and coupons.
#[derive(Debug, Default)]
pub struct Stock {
    /// By the id of the product or coupon.
    by_id: BTreeMap<Uuid, Quantity>,
}

impl Stock {
    /// How many products and coupons are remembered.
    #[must_use]
    pub fn size(&self) -> usize {
        self.by_id.len()
    }

    fn entry(&mut self, id: Uuid) -> &mut Quantity {
        let quantity = self.by_id.entry(id).or_default();
        quantity.named = true;
        quantity
    }

    /// A product, with how many units there were to begin with.
    pub fn add_product(&mut self, id: ProductId, terms: Terms, shards: u8, quantity: i64) {
        self.entry(id.0).owner = Some(Owner { terms: Some(terms), shards, quantity });
    }

    /// A coupon, with how many there were to begin with.
    pub fn add_coupon(&mut self, id: CouponId, shards: u8, quantity: i64) {
        self.entry(id.0).owner = Some(Owner { terms: None, shards, quantity });
    }

    /// A shard of the product or coupon with this id.
    pub fn add_shard(&mut self, id: Uuid, shard: Shard) {
        let quantity = self.entry(id);
        quantity.evidence.add((shard.number, shard.available));
        quantity.shards.push(shard);
    }

    /// A change of a product's stock.
    pub fn add_adjustment(&mut self, product: ProductId, delta: i64) {
        let quantity = self.entry(product.0);
        quantity.adjusted += i128::from(delta);
        quantity.evidence.add(delta);
    }

    /// Somebody's claim of a coupon.
    pub fn add_claim(&mut self, coupon: CouponId, owner: UserId) {
        let quantity = self.entry(coupon.0);
        quantity.taken += 1;
        quantity.evidence.add(owner);
    }

    /// An order: while it is live, it has its units.
    pub fn add_order(&mut self, order: &Order) {
        let is_live = is_live(&order.purchase);
        for line in &order.lines {
            let quantity =
                if is_live { self.entry(line.product.0) } else { self.by_id.entry(line.product.0).or_default() };
            if is_live {
                quantity.taken += line.taken.iter().map(|portion| i128::from(portion.units)).sum::<i128>();
            }
            quantity.evidence.add((order.id, is_live));
        }
    }

    /// Adds what another part of the pass has counted.
    pub fn merge(&mut self, other: Self) {
        for (id, part) in other.by_id {
            let sum = self.entry(id);
            sum.owner = sum.owner.or(part.owner);
            sum.shards.extend(part.shards);
            sum.adjusted += part.adjusted;
            sum.taken += part.taken;
            sum.evidence.merge(part.evidence);
            sum.named |= part.named;
        }
    }

    /// Compares both sides of each.
    pub fn judge(&self, differences: &mut Differences) {
        for (id, quantity) in &self.by_id {
            match quantity.owner {
                Some(owner) => quantity.judge(*id, owner, differences),
                None if !quantity.named => {}
                None => differences.add_difference(What::Ownerless, Entity::Unknown(*id), "one", "none"),
            }
        }
    }
}

impl Quantity {
    fn judge(&self, id: Uuid, owner: Owner, differences: &mut Differences) {
        let (of, what) = match owner.terms {
            Some(_) => (Entity::Product(ProductId(id)), What::Units),
            None => (Entity::Coupon(CouponId(id)), What::Coupons),
        };
        let mut numbers: Vec<u8> = self.shards.iter().map(|shard| shard.number).collect();
        numbers.sort_unstable();
        differences.compare(
            What::Shards,
            of.clone(),
            format_numbers((0..owner.shards).collect()),
            format_numbers(numbers),
        );
        for shard in &self.shards {
            let of = || Entity::Shard(id, shard.number);
            if shard.available < 0 {
                differences.add_difference(What::ShardBelowZero, of(), "0 or more", shard.available);
            }
            differences.compare(What::ShardTerms, of(), format_terms(owner.terms), format_terms(shard.terms));
        }
        let left: i128 = self.shards.iter().map(|shard| i128::from(shard.available)).sum();
        let (expected, found) = (i128::from(owner.quantity) + self.adjusted, left + self.taken);
        if expected != found {
            differences.add_sum_difference(what, of, expected, found, self.evidence);
        }
    }
}

/// Whether a purchase has what it took: it is paid, or has not given it back yet.
pub(super) fn is_live(purchase: &Purchase) -> bool {
    purchase.state == purchase::PurchaseState::Paid || !purchase.settled
}

fn format_numbers(numbers: Vec<u8>) -> String {
    let numbers: Vec<String> = numbers.iter().map(u8::to_string).collect();
    if numbers.is_empty() { "none".to_owned() } else { numbers.join(",") }
}

fn format_terms(terms: Option<Terms>) -> String {
    terms.map_or_else(|| "none".to_owned(), |(price, state)| format!("{} {}", price.get(), state.as_str()))
}
