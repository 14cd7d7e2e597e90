//! The invariants of stock, coupons and orders, added up from the raw items like those of seats and wallets.

use std::collections::BTreeMap;

use crate::invariants::{Item, Snapshot, number, short_id, text};

/// An order, as far as it matters to others.
struct Order<'a> {
    item: &'a Item,
    id: String,
    /// Units by product, in the 22 characters that lines name it by.
    units: Vec<(String, i64)>,
    subtotal: i64,
}

impl Order<'_> {
    /// Whether it has what it took: it is paid, or not given back yet.
    fn is_live(&self) -> bool {
        text(self.item, "state") == "paid" || self.item.contains_key("expiry_shard")
    }
}

impl Snapshot {
    fn orders(&self) -> Vec<Order<'_>> {
        let mut orders = Vec::new();
        for item in self.with_sort_key("ORDER#") {
            let (mut units, mut subtotal) = (Vec::new(), 0);
            for line in item["lines"].as_l().expect("lines").iter().map(|line| line.as_m().expect("a line")) {
                let taken = text(line, "taken");
                let quantity: i64 = taken
                    .split(',')
                    .map(|portion| portion.split_once(':').expect("a portion").1.parse::<i64>().expect("units"))
                    .sum();
                assert!((1..=100).contains(&quantity), "{quantity} units in a line");
                subtotal += quantity * number(line, "price");
                units.push((text(line, "id"), quantity));
            }
            let id = text(item, "sk").trim_start_matches("ORDER#").to_owned();
            orders.push(Order { item, id, units, subtotal });
        }
        orders
    }

    /// The invariants of the shop that hold in every state.
    pub(crate) fn check_shop(&self) {
        let orders = self.orders();
        self.check_stock(&orders);
        self.check_coupons(&orders);
        self.check_orders(&orders);
        self.check_unpaid(&orders);
        self.check_references();
        self.check_catalog();
    }

    /// The shards of a product or coupon, by partition key.
    fn shard_items(&self, id: &str) -> BTreeMap<String, &Item> {
        let prefix = format!("STOCK#{id}#");
        let shards = self.with_sort_key("STOCK").filter(|item| text(item, "pk").starts_with(&prefix));
        shards.map(|item| (text(item, "pk"), item)).collect()
    }

    /// K1: never below zero on any shard; what is there and what live orders have is what was put in.
    fn check_stock(&self, orders: &[Order<'_>]) {
        for product in self.with_sort_key("PRODUCT").filter(|item| text(item, "sk") == "PRODUCT") {
            let id = text(product, "id");
            let shards = self.shard_items(&id);
            assert_eq!(i64::try_from(shards.len()).expect("few"), number(product, "shards"), "shards of {id}");
            let mut available = 0;
            for (key, shard) in shards {
                assert!(number(shard, "available") >= 0, "{key} below zero");
                assert_eq!(number(shard, "price"), number(product, "price"), "the price in {key}");
                assert_eq!(text(shard, "state"), text(product, "state"), "the state in {key}");
                available += number(shard, "available");
            }
            let name = short_id(id.parse().expect("an id"));
            let lines = orders.iter().filter(|order| order.is_live()).flat_map(|order| &order.units);
            let ordered: i64 = lines.filter(|(product, _)| *product == name).map(|(_, units)| units).sum();
            let receipts = self.with_sort_key("ADJUST#").filter(|item| text(item, "pk") == format!("PRODUCT#{id}"));
            let total = number(product, "stock") + receipts.map(|receipt| number(receipt, "delta")).sum::<i64>();
            assert_eq!(available + ordered, total, "units of {id}: {available} there, {ordered} ordered");
        }
    }

    /// C1–C3: what is left and what was claimed is what there was; a claim is used by one live order of its owner.
    fn check_coupons(&self, orders: &[Order<'_>]) {
        for coupon in self.with_sort_key("COUPON") {
            let id = text(coupon, "id");
            let left: Vec<i64> = self.shard_items(&id).values().map(|shard| number(shard, "available")).collect();
            assert!(left.iter().all(|left| *left >= 0), "{id} below zero: {left:?}");
            let claims = self.with_sort_key(&format!("CLAIM#{id}")).count();
            let claims = i64::try_from(claims).expect("few");
            assert_eq!(left.iter().sum::<i64>() + claims, number(coupon, "quantity"), "coupon {id}: {claims} claimed");
        }
        for claim in self.with_sort_key("CLAIM#") {
            let (pk, sk, user) = (text(claim, "pk"), text(claim, "sk"), text(claim, "used_by"));
            let coupon = sk.trim_start_matches("CLAIM#");
            let users: Vec<&str> = orders
                .iter()
                .filter(|order| text(order.item, "pk") == pk && text(order.item, "coupon") == coupon && order.is_live())
                .map(|order| order.id.as_str())
                .collect();
            let expected: Vec<&str> = if user.is_empty() { Vec::new() } else { vec![&user] };
            assert_eq!(users, expected, "live orders that use {pk} {sk}");
        }
    }

    /// P1–P3, P5: an order, its discount, its payment and the ledger agree.
    fn check_orders(&self, orders: &[Order<'_>]) {
        for order in orders {
            let (id, state, discount) = (&order.id, text(order.item, "state"), number(order.item, "discount"));
            assert!((0..=order.subtotal).contains(&discount), "{discount} off {} of {id}", order.subtotal);
            let coupon = text(order.item, "coupon");
            assert!(!coupon.is_empty() || discount == 0, "{id} has a discount from nowhere");
            if !coupon.is_empty() {
                let terms = self.with_sort_key("COUPON").find(|item| text(item, "id") == coupon).expect("a coupon");
                let terms = terms["discount"].as_m().expect("a discount");
                let (value, max) = (number(terms, "value"), number(terms, "max"));
                let off = match text(terms, "kind").as_str() {
                    "percent" if max > 0 => (order.subtotal * value / 100).min(max),
                    "percent" => order.subtotal * value / 100,
                    _ => value.min(order.subtotal),
                };
                assert_eq!(discount, off, "the discount of {id}");
                assert!(discount > 0, "{id} uses a coupon for nothing");
            }
            let ledger = self.ledger_amounts(&format!("ord-{id}"));
            let Some(payment) = order.item.get("payment").map(|payment| payment.as_m().expect("a payment")) else {
                assert_ne!(state, "paid", "{id} is paid without a payment");
                assert!(ledger.is_empty(), "{state} {id} moved money");
                continue;
            };
            let (amount, refunded) = (number(payment, "amount"), number(payment, "refunded"));
            assert_eq!(amount, order.subtotal - discount, "what was paid for {id}");
            let in_time = number(payment, "paid_at") / 1_000 <= number(order.item, "held_until");
            assert!(in_time, "{id} was paid after its end");
            assert!(amount <= 10_000_000, "{id} costs more than a balance can pay");
            // An order that costs nothing moves no money.
            let moved = |moved: &[i64]| moved.iter().copied().filter(|amount| *amount != 0).collect::<Vec<_>>();
            match state.as_str() {
                "paid" => assert_eq!((ledger, refunded), (moved(&[-amount]), 0), "the ledger of {id}"),
                "cancelled" => {
                    assert_eq!((ledger, refunded), (moved(&[-amount, amount]), amount), "the ledger of {id}");
                }
                _ => panic!("{id} is {state} and has a payment"),
            }
        }
    }

    /// The unpaid orders of a user: each such order by its name and time, the units of their products, and no
    /// more of a product than one person may have.
    fn check_unpaid(&self, orders: &[Order<'_>]) {
        let waiting = |pk: &str| -> Vec<&Order<'_>> {
            let waits = |order: &&Order<'_>| text(order.item, "pk") == pk && order.item.contains_key("expiry_shard");
            orders.iter().filter(waits).collect()
        };
        for order in orders.iter().filter(|order| order.item.contains_key("expiry_shard")) {
            let pk = text(order.item, "pk");
            assert!(self.with_sort_key("UNPAID").any(|item| text(item, "pk") == pk), "{pk} has unpaid orders");
        }
        for unpaid in self.with_sort_key("UNPAID") {
            let pk = text(unpaid, "pk");
            let (mut expected, mut units) = (BTreeMap::new(), BTreeMap::<String, i64>::new());
            let waiting = waiting(&pk);
            for order in &waiting {
                let until = u32::try_from(number(order.item, "held_until")).expect("a second");
                let name = format!("open_{}", short_id(order.id.parse().expect("an id")));
                expected.insert(name, format!("{until:08x}"));
                for (product, quantity) in &order.units {
                    *units.entry(product.clone()).or_default() += quantity;
                }
            }
            let named = unpaid.iter().filter(|(name, _)| name.starts_with("open_"));
            let named = named.map(|(name, until)| (name.clone(), until.as_s().expect("a time").clone()));
            assert_eq!(named.collect::<BTreeMap<_, _>>(), expected, "the unpaid orders of {pk}");
            let counted = unpaid.keys().filter_map(|name| Some((name.strip_prefix("units_")?.to_owned(), name)));
            let counted = counted.map(|(product, name)| (product, number(unpaid, name)));
            assert_eq!(counted.collect::<BTreeMap<_, _>>(), units, "the unpaid units of {pk}");
            assert_eq!(number(unpaid, "orders"), i64::try_from(waiting.len()).expect("few"), "orders of {pk}");
            assert!(waiting.len() <= 10, "{pk} has {} unpaid orders", waiting.len());
            // An order that a slower clock placed later may end before it.
            let ends: Vec<i64> = waiting.iter().map(|order| number(order.item, "held_until")).collect();
            let first = unpaid.contains_key("first_end").then(|| number(unpaid, "first_end"));
            assert!(
                first.map_or(ends.is_empty(), |end| ends.contains(&end)),
                "the first end of {pk}: {first:?}, {ends:?}"
            );
            // A limit that was changed since may have been higher.
            for product in self.with_sort_key("PRODUCT").filter(|item| item.contains_key("max_per_user")) {
                let name = short_id(text(product, "id").parse().expect("an id"));
                let has = units.get(&name).copied().unwrap_or_default();
                let most = if number(product, "version") == 1 { number(product, "max_per_user") } else { 100 };
                assert!(has <= most, "{pk} has {has} of {name} unpaid, of at most {most}");
            }
        }
    }

    /// The purchase that an entry of the ledger names lies under the same user.
    fn check_references(&self) {
        for entry in self.with_sort_key("ENTRY#").filter(|entry| number(entry, "seq") > 0) {
            let reference = text(entry, "reference");
            let has = |prefix: &str| self.of_partition(&text(entry, "pk"), prefix).next().is_some();
            // Those of cards are checked by themselves, and a closing is of nothing.
            if text(entry, "kind").starts_with("card_") || text(entry, "kind") == "closing" {
                continue;
            }
            let there = match reference.split_at_checked(4) {
                Some(("rsv-", id)) => self.of_partition(&text(entry, "pk"), "RSV#").any(|item| text(item, "id") == id),
                Some(("ord-", id)) => has(&format!("ORDER#{id}")),
                _ => has(&format!("CHARGE#{reference}")),
            };
            assert!(there, "{} has an entry of {reference}, which is not there", text(entry, "pk"));
        }
        // W4: what was put in and taken out was so once.
        for receipt in self.with_sort_key("CHARGE#") {
            let id = text(receipt, "sk").trim_start_matches("CHARGE#").to_owned();
            let amount = number(receipt, "amount");
            let moved = if text(receipt, "kind") == "spend" { -amount } else { amount };
            assert_eq!(self.ledger_amounts(&id), [moved], "the entries of {} {id}", text(receipt, "pk"));
        }
    }

    /// Holds once every event is delivered: as many units are counted as sold as are paid for and not given back.
    ///
    /// # Panics
    /// When they are not.
    pub fn check_sales(&self) {
        let orders = self.orders();
        for product in self.with_sort_key("PRODUCT").filter(|item| text(item, "sk") == "PRODUCT") {
            let id = text(product, "id");
            let sk = format!("PRODUCT#{id}");
            let counters = self.with_sort_key(&sk);
            let counters = counters.filter(|item| text(item, "pk").starts_with("SALES#"));
            let counted: i64 = counters.map(|item| number(item, "sold")).sum();
            let name = short_id(id.parse().expect("an id"));
            let paid = orders.iter().filter(|order| text(order.item, "state") == "paid").flat_map(|order| &order.units);
            let paid: i64 = paid.filter(|(product, _)| *product == name).map(|(_, units)| units).sum();
            assert_eq!(counted, paid, "units of {id} that were sold");
        }
    }

    /// A selling product has an entry in each of three orders, any other none.
    fn check_catalog(&self) {
        for product in self.with_sort_key("PRODUCT").filter(|item| text(item, "sk") == "PRODUCT") {
            let id = text(product, "id");
            let entries: Vec<&Item> = self
                .items()
                .filter(|item| text(item, "pk").starts_with("CATALOG#") && text(item, "id") == id)
                .collect();
            let expected = if text(product, "state") == "selling" { 3 } else { 0 };
            assert_eq!(entries.len(), expected, "entries of {id}");
            for entry in entries {
                assert!(text(entry, "sk").ends_with(&format!("#{id}")));
                assert_eq!(number(entry, "price"), number(product, "price"), "the listed price of {id}");
                assert_eq!(text(entry, "name"), text(product, "name"), "the listed name of {id}");
            }
        }
    }
}
