//! audit_ledger, every day at 04:17: each kind of difference, made by hand in a table that agrees.

use std::collections::BTreeSet;

use onsale_domain::audit::{Outcome, What};
use onsale_domain::seat::short;
use onsale_platform::store::audit::{Limits, Report};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::World;
use crate::support::queue::QUEUE;

/// Raw items of a world's table.
pub struct Table<'a>(pub &'a World);

impl Table<'_> {
    fn request(&self, name: &str, value: Value) -> Value {
        json!({ "TableName": self.0.stack.template().table.name, name: value })
    }

    fn key(pk: &str, sk: &str) -> Value {
        json!({ "pk": { "S": pk }, "sk": { "S": sk } })
    }

    pub fn get(&self, pk: &str, sk: &str) -> Option<Value> {
        let found = self.0.stack.dynamodb().ask("GetItem", &self.request("Key", Self::key(pk, sk))).expect("an answer");
        found.get("Item").filter(|item| !item.is_null()).cloned()
    }

    pub fn put(&self, item: &Value) {
        self.0.stack.dynamodb().ask("PutItem", &self.request("Item", item.clone())).expect("put");
    }

    pub fn delete(&self, pk: &str, sk: &str) {
        self.0.stack.dynamodb().ask("DeleteItem", &self.request("Key", Self::key(pk, sk))).expect("deleted");
    }

    /// Changes one item past all conditions.
    pub fn change(&self, pk: &str, sk: &str, change: impl FnOnce(&mut Value)) {
        let mut item = self.get(pk, sk).unwrap_or_else(|| panic!("no item {pk} {sk}"));
        change(&mut item);
        self.put(&item);
    }
}

fn number(value: impl ToString) -> Value {
    json!({ "N": value.to_string() })
}

fn text(value: impl ToString) -> Value {
    json!({ "S": value.to_string() })
}

fn read(item: &Value, name: &str) -> i64 {
    item[name]["N"].as_str().and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no {name} in {item}"))
}

/// A small world in which everything has happened once, and who and what is in it.
struct Scene {
    world: World,
    user: String,
    pk: String,
    schedule: String,
    product: String,
    coupon: String,
    /// Paid, one of two tickets given back.
    paid: String,
    refunded: String,
    held: String,
    /// Paid with the coupon.
    order: String,
    refunded_order: String,
    pending: String,
    spend: String,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let schedule = world.hall().await;
        let product = world.product_with(json!({ "price": 1_000, "stock": 10, "stock_shards": 2 })).await;
        let coupon = world.coupon(10).await;
        world.queue(json!({})).await;
        let mina = world.user_with(500_000).await;
        let paid = mina.hold(&schedule, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
        mina.pay(&paid).await.expect(201);
        let refunded = mina.hold(&schedule, &["A-1-5"]).await.expect(201).reservation();
        mina.pay(&refunded).await.expect(201);
        mina.post(&format!("/payments/rsv-{refunded}/cancel"), json!({})).await.expect(200);
        mina.claim(&coupon).await.expect(201);
        let order = mina.order_with(&[(&product, 2)], &coupon, true).await.expect(201).order();
        let refunded_order = mina.buy(&[(&product, 1)]).await.expect(201).order();
        mina.refund_order(&refunded_order).await.expect(200);
        let pending = mina.order(&[(&product, 1)]).await.expect(201).order();
        let held = mina.hold(&schedule, &["A-1-3"]).await.expect(201).reservation();
        let user = mina.id.to_string();
        let (pk, spend) = (format!("USER#{user}"), Uuid::from_u128(7).to_string());
        let mut scene = Self {
            world, user, pk, schedule, product, coupon, paid, refunded, held, order, refunded_order, pending, spend,
        };
        scene.spends();
        scene.gives_a_ticket_back();
        scene
    }

    fn table(&self) -> Table<'_> {
        Table(&self.world)
    }

    /// A movement that ends the ledger.
    fn moves(&self, kind: &str, amount: i64, reference: &str) {
        let wallet = self.table().get(&self.pk, "WALLET").expect("a wallet");
        let (balance, seq) = (read(&wallet, "balance") + amount, read(&wallet, "seq") + 1);
        self.table().change(&self.pk, "WALLET", |item| {
            item["balance"] = number(balance);
            item["seq"] = number(seq);
        });
        self.table().put(&json!({
            "pk": text(&self.pk), "sk": text(format!("ENTRY#{seq:020}")), "seq": number(seq), "kind": text(kind),
            "amount": number(amount), "balance_after": number(balance), "at": number(1), "reference": text(reference),
            "memo": text("a memo"),
        }));
    }

    /// Money taken out for something else: a receipt of its own kind.
    fn spends(&mut self) {
        self.moves("spend", -500, &self.spend);
        self.table().put(&json!({
            "pk": text(&self.pk), "sk": text(format!("CHARGE#{}", self.spend)), "kind": text("spend"),
            "amount": number(500), "at": number(1), "fingerprint": text("x"),
        }));
    }

    /// One of two paid tickets, given back by itself.
    fn gives_a_ticket_back(&mut self) {
        self.moves("refund", 50_000, &format!("rsv-{}", self.paid));
        self.table().change(&self.pk, &format!("RSV#{}", self.paid), |item| {
            item["tickets"]["L"][1]["M"]["cancelled"] = json!({ "BOOL": true });
            item["payment"]["M"]["refunded"] = number(50_000);
        });
        self.block(|item| item["2"] = text("-"));
        self.table().change(&self.pk, &format!("ALLOWANCE#{}", self.schedule), |item| {
            item["count"] = number(read(item, "count") - 1);
        });
    }

    fn block(&self, change: impl FnOnce(&mut Value)) {
        self.table().change(&format!("SEATS#{}#A", self.schedule), "BLOCK#1#000", change);
    }

    /// The change of an item of the user's.
    fn own(&self, sk: &str, change: impl FnOnce(&mut Value)) {
        self.table().change(&self.pk, sk, change);
    }

    fn entry(&self, seq: u64, change: impl FnOnce(&mut Value)) {
        self.own(&format!("ENTRY#{seq:020}"), change);
    }

    fn shard(&self, of: &str, shard: u8, change: impl FnOnce(&mut Value)) {
        self.table().change(&format!("STOCK#{of}#{shard}"), "STOCK", change);
    }

    fn short_of(id: &str) -> String {
        short(id.parse().expect("an id"))
    }

    /// Makes one thing wrong; the lines that must tell of it, the one that names it first.
    fn tamper(&self, what: What) -> Vec<String> {
        match what {
            What::Unreadable | What::NoWallet | What::Balance | What::LastEntry => self.tamper_wallet(what),
            What::EntryNumber | What::BalanceAfter | What::BelowZero | What::EntryKind | What::EntryUnexplained => {
                self.tamper_entry(what)
            }
            What::ReceiptEntries | What::ReceiptAmount => self.tamper_receipt(what),
            What::PaymentEntries | What::PaymentAmount | What::Refunds | What::RefundRange | What::PaymentState => {
                self.tamper_payment(what)
            }
            What::PaymentTotal | What::PaymentRest | What::Settled | What::Discount | What::CouponUse => {
                self.tamper_order(what)
            }
            What::AllowanceCount | What::AllowanceOpen | What::Seat | What::SeatsSold | What::SeatsHeld => {
                self.tamper_seats(what)
            }
            What::Units
            | What::Shards
            | What::ShardBelowZero
            | What::ShardTerms
            | What::Coupons
            | What::Ownerless
            | What::QueuePlaces
            | What::TrialBalance => self.tamper_shared(what),
        }
    }

    fn tamper_wallet(&self, what: What) -> Vec<String> {
        let (user, pk) = (&self.user, &self.pk);
        vec![match what {
            What::Unreadable => {
                self.table().put(&json!({ "pk": text(pk), "sk": text("RSV#x") }));
                format!("item {pk} RSV#x: the item: expected one that can be read, found one that cannot")
            }
            What::NoWallet => {
                self.table().delete(pk, "WALLET");
                format!("wallet of user {user}: the wallet of its entries: expected one, found none")
            }
            What::Balance => {
                self.own("WALLET", |item| item["balance"] = number(448_501));
                format!("wallet of user {user}: the balance: expected 448500, found 448501")
            }
            _ => {
                self.own("WALLET", |item| item["seq"] = number(10));
                format!("wallet of user {user}: the number of its last entry: expected 9, found 10")
            }
        }]
    }

    fn tamper_entry(&self, what: What) -> Vec<String> {
        let (user, spend) = (&self.user, &self.spend);
        match what {
            What::EntryNumber => {
                self.entry(9, |item| item["seq"] = number(10));
                vec![format!("entry 10 of user {user}: its number: expected 9, found 10")]
            }
            What::BalanceAfter => {
                self.entry(9, |item| item["balance_after"] = number(448_501));
                vec![format!("entry 9 of user {user}: the balance after it: expected 448500, found 448501")]
            }
            What::BelowZero => {
                self.entry(9, |item| item["balance_after"] = number(-1));
                vec![
                    format!("entry 9 of user {user}: what it leaves: expected 0 or more, found -1"),
                    format!("entry 9 of user {user}: the balance after it: expected 448500, found -1"),
                ]
            }
            What::EntryKind => {
                self.entry(8, |item| item["reference"] = text("elsewhere"));
                vec![
                    format!("entry 8 of user {user}: its kind and reference: expected a reference that a spend has, found another"),
                    format!("receipt {spend} of user {user}: its entries: expected 1, found 0"),
                ]
            }
            _ => {
                self.table().delete(&self.pk, &format!("CHARGE#{spend}"));
                vec![format!("entry 8 of user {user}: what explains it: expected receipt {spend}, found none")]
            }
        }
    }

    fn tamper_receipt(&self, what: What) -> Vec<String> {
        let (user, spend, other) = (&self.user, &self.spend, Uuid::from_u128(8));
        vec![if what == What::ReceiptEntries {
            let sk = text(format!("CHARGE#{other}"));
            self.table().put(&json!({ "pk": text(&self.pk), "sk": sk, "amount": number(5) }));
            format!("receipt {other} of user {user}: its entries: expected 1, found 0")
        } else {
            self.own(&format!("CHARGE#{spend}"), |item| item["amount"] = number(600));
            format!("receipt {spend} of user {user}: the amount of its entry: expected -600, found -500")
        }]
    }

    fn tamper_payment(&self, what: What) -> Vec<String> {
        let (user, order) = (&self.user, &self.order);
        let payment = |change: (&'static str, i64)| {
            self.own(&format!("ORDER#{order}"), move |item| item["payment"]["M"][change.0] = number(change.1));
        };
        match what {
            What::PaymentEntries => {
                self.entry(7, |item| item["kind"] = text("payment"));
                let order = &self.refunded_order;
                vec![
                    format!("order {order} of user {user}: the entries that take its payment: expected 1, found 2"),
                    format!("order {order} of user {user}: the sum of its refunds: expected 1000, found 0"),
                ]
            }
            What::PaymentAmount => {
                payment(("amount", 1_001));
                vec![
                    format!("order {order} of user {user}: the amount of that entry: expected -1001, found -1000"),
                    format!("order {order} of user {user}: the amount of its payment: expected 1000, found 1001"),
                ]
            }
            What::Refunds => {
                let sk = format!("RSV#{}", self.paid);
                self.own(&sk, |item| item["payment"]["M"]["refunded"] = number(40_000));
                let of = format!("reservation {} of user {user}", self.paid);
                vec![
                    format!("{of}: the sum of its refunds: expected 40000, found 50000"),
                    format!("{of}: what is left of its payment: expected 50000, found 60000"),
                ]
            }
            What::RefundRange => {
                payment(("refunded", -1));
                vec![
                    format!("order {order} of user {user}: what was given back: expected 0 to 1000, found -1"),
                    format!("order {order} of user {user}: the sum of its refunds: expected -1, found 0"),
                ]
            }
            _ => {
                self.own(&format!("ORDER#{}", self.pending), |item| {
                    item["state"] = text("paid");
                    item.as_object_mut().expect("an item").retain(|name, _| !name.starts_with("exp"));
                });
                vec![format!("order {} of user {user}: its payment: expected one, for it is paid, found none", self.pending)]
            }
        }
    }

    fn tamper_order(&self, what: What) -> Vec<String> {
        let (user, order) = (&self.user, &self.order);
        let sk = format!("ORDER#{order}");
        match what {
            What::PaymentTotal => {
                self.own(&sk, |item| item["lines"]["L"][0]["M"]["price"] = number(1_001));
                vec![format!("order {order} of user {user}: the amount of its payment: expected 1002, found 1000")]
            }
            What::PaymentRest => {
                let sk = format!("RSV#{}", self.refunded);
                self.own(&sk, |item| item["payment"]["M"]["refunded"] = number(40_000));
                let of = format!("reservation {} of user {user}", self.refunded);
                vec![
                    format!("{of}: what is left of its payment: expected 0, found 10000"),
                    format!("{of}: the sum of its refunds: expected 40000, found 50000"),
                ]
            }
            What::Settled => {
                self.own(&format!("RSV#{}", self.paid), |item| item["expiry_shard"] = text("rsv#0"));
                let of = format!("reservation {} of user {user}", self.paid);
                vec![format!("{of}: its place on the expiry index: expected off, found on")]
            }
            What::Discount => {
                self.own(&sk, |item| item["discount"] = number(999));
                vec![
                    format!("order {order} of user {user}: its discount: expected 1000, found 999"),
                    format!("order {order} of user {user}: the amount of its payment: expected 1001, found 1000"),
                ]
            }
            _ => {
                self.own(&format!("CLAIM#{}", self.coupon), |item| {
                    item.as_object_mut().expect("an item").remove("used_by");
                });
                let of = format!("claim of coupon {} of user {user}", self.coupon);
                vec![format!("{of}: the order that uses it: expected {order}, found nobody")]
            }
        }
    }

    fn tamper_seats(&self, what: What) -> Vec<String> {
        let (schedule, other) = (&self.schedule, Self::short_of(&self.refunded));
        let allowance = (format!("ALLOWANCE#{schedule}"), format!("allowance for schedule {schedule} of user {}", self.user));
        vec![match what {
            What::AllowanceCount => {
                self.own(&allowance.0, |item| item["count"] = number(3));
                format!("{}: its count: expected 2, found 3", allowance.1)
            }
            What::AllowanceOpen => {
                let name = format!("open_{}", Self::short_of(&self.held));
                let until = read(&self.table().get(&self.pk, &format!("RSV#{}", self.held)).expect("held"), "held_until");
                self.own(&allowance.0, |item| {
                    item.as_object_mut().expect("an item").remove(&name);
                });
                format!("{}: its open holds: expected {} until {until}: 1, found none", allowance.1, self.held)
            }
            What::Seat => {
                self.block(|item| item["1"] = text(format!("~{other}")));
                let mine = Self::short_of(&self.paid);
                format!("seat A-1-1 of schedule {schedule}: its value: expected ~{mine}, found ~{other}")
            }
            What::SeatsSold => {
                self.block(|item| item["9"] = text(format!("~{other}")));
                format!("section A of schedule {schedule}: seats sold: expected 1, found 2")
            }
            _ => {
                self.block(|item| item["9"] = text(format!("ffffffff{other}")));
                format!("section A of schedule {schedule}: seats held: expected 1, found 2")
            }
        }]
    }

    fn tamper_shared(&self, what: What) -> Vec<String> {
        let (product, coupon, other) = (&self.product, &self.coupon, Uuid::from_u128(9));
        let left = self.world.shards(product);
        let extra = |of: &str, shard: u8| {
            let pk = text(format!("STOCK#{of}#{shard}"));
            json!({ "pk": pk, "sk": text("STOCK"), "available": number(0) })
        };
        vec![match what {
            What::Units => {
                self.shard(product, 0, |item| item["available"] = number(left[0] + 1));
                format!("product {product}: units left and ordered: expected 10, found 11")
            }
            What::Shards => {
                let mut shard = extra(product, 2);
                shard["price"] = number(1_000);
                shard["state"] = text("selling");
                self.table().put(&shard);
                format!("product {product}: its shards: expected 0,1, found 0,1,2")
            }
            What::ShardBelowZero => {
                self.shard(product, 0, |item| item["available"] = number(-1));
                self.shard(product, 1, |item| item["available"] = number(left[0] + left[1] + 1));
                format!("shard 0 of {product}: what is left: expected 0 or more, found -1")
            }
            What::ShardTerms => {
                self.shard(product, 1, |item| item["price"] = number(999));
                format!("shard 1 of {product}: its price and state: expected 1000 selling, found 999 selling")
            }
            What::Coupons => {
                self.shard(coupon, 0, |item| item["available"] = number(10));
                format!("coupon {coupon}: coupons left and claimed: expected 10, found 11")
            }
            What::Ownerless => {
                self.table().put(&extra(&other.to_string(), 0));
                format!("stock of {other}: the product or coupon it is of: expected one, found none")
            }
            What::QueuePlaces => {
                self.table().change(&format!("QUEUE#{QUEUE}"), "QUEUE", |item| item["finished"] = number(1));
                format!("queue {QUEUE}: places in use: expected 0 or more, found -1")
            }
            _ => {
                self.own("WALLET", |item| item["balance"] = number(448_501));
                "account wallets: its two sides: expected 448501, found 448500".to_owned()
            }
        }]
    }

    /// The table as it was before.
    fn restore(&self, before: &[String]) {
        let before: BTreeSet<&String> = before.iter().collect();
        let parsed = |item: &str| serde_json::from_str::<Value>(item).expect("JSON");
        for item in self.world.dump().iter().filter(|item| !before.contains(item)) {
            let item = parsed(item);
            let part = |name: &str| item[name]["S"].as_str().expect("a key").to_owned();
            self.table().delete(&part("pk"), &part("sk"));
        }
        let now: BTreeSet<String> = self.world.dump().into_iter().collect();
        for item in before.into_iter().filter(|item| !now.contains(*item)) {
            self.table().put(&parsed(item));
        }
    }
}

fn told(report: &Report) -> BTreeSet<String> {
    report.verdict.confirmed.iter().map(ToString::to_string).collect()
}

/// A user's books are too long to be judged, which is when the trial balance has to tell.
fn limits(what: What, limits: &mut Limits) {
    if what == What::TrialBalance {
        limits.references_per_user = 3;
    }
}

#[tokio::test]
async fn each_thing_that_is_wrong_is_told_in_its_own_line() {
    let scene = Scene::new().await;
    let report = scene.world.audit(|_| {}).await;
    assert_eq!(report.verdict.outcome, Outcome::Agree, "{}", local::audit::told(&report));
    let before = scene.world.dump();
    for what in What::ALL {
        let lines = scene.tamper(what);
        let report = scene.world.audit(|given| limits(what, given)).await;
        let printed = local::audit::told(&report);
        assert_eq!(told(&report), lines.iter().cloned().collect(), "{what:?}: {printed}");
        let named = report.verdict.confirmed.iter().find(|difference| difference.to_string() == lines[0]);
        assert_eq!(named.map(|difference| difference.what), Some(what));
        assert_eq!((report.verdict.outcome, report.verdict.passes), (Outcome::Differ, 2), "{what:?}");
        for line in lines {
            assert!(printed.contains(&format!("\ndiffers: {line}\n")), "{printed}");
        }
        scene.restore(&before);
        assert_eq!(scene.world.dump(), before, "{what:?} is undone");
    }
    let report = scene.world.audit(|_| {}).await;
    assert!(local::audit::told(&report).ends_with("\nthe books agree\n"));
}

#[tokio::test]
async fn it_answers_with_both_sides_of_each_account() {
    let scene = Scene::new().await;
    let answer = scene.world.stack.run_schedule("audit_ledger").await.expect("audited");
    let both = |sum: i64| json!({ "ledger": sum, "counter": sum });
    assert_eq!(answer["outcome"], "agree", "{answer}");
    assert_eq!(
        answer["trial_balance"],
        json!({
            "cash-in": both(500_000), "spends": both(500), "reservations": both(150_000), "orders": both(2_000),
            "refunds": both(101_000), "wallets": both(448_500),
        })
    );
    assert_eq!((&answer["differences"], &answer["passes"]), (&json!(0), &json!(1)));
    scene.tamper(What::Balance);
    let answer = scene.world.stack.run_schedule("audit_ledger").await.expect("audited");
    assert_eq!((&answer["outcome"], &answer["differences"]), (&json!("differ"), &json!(1)));
}

#[tokio::test]
async fn a_table_with_nothing_in_it_agrees() {
    let world = World::new().await;
    let report = world.audit(|_| {}).await;
    assert_eq!((report.verdict.outcome, report.counts.items), (Outcome::Agree, 0));
}
