//! audit_ledger, every day at 04:17: each kind of difference, made by hand in a table that agrees.

use std::collections::BTreeSet;

use onsale_domain::audit::{Outcome, What};
use onsale_platform::store::audit::{Limits, Report};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::World;
use crate::support::cards::GOOD;

mod tampering;

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
        let found =
            self.0.stack.dynamodb().call("GetItem", &self.request("Key", Self::key(pk, sk))).expect("an answer");
        found.get("Item").filter(|item| !item.is_null()).cloned()
    }

    pub fn put(&self, item: &Value) {
        self.0.stack.dynamodb().call("PutItem", &self.request("Item", item.clone())).expect("put");
    }

    pub fn delete(&self, pk: &str, sk: &str) {
        self.0.stack.dynamodb().call("DeleteItem", &self.request("Key", Self::key(pk, sk))).expect("deleted");
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

/// Sort key of an entry of a ledger.
pub fn entry(seq: i64) -> String {
    format!("ENTRY#{seq:020}")
}

/// Sort key of a reservation in its owner's log.
fn reservation(number: u32) -> String {
    format!("RSV#{number:010}")
}

/// The numbers of the scene's reservations.
const PAID: u32 = 1;
const REFUNDED: u32 = 2;
const HELD: u32 = 3;

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
    /// Paid with the coupon.
    order: String,
    refunded_order: String,
    pending: String,
    spend: String,
    /// Somebody who has topped up by card, and had a part paid out.
    carded: String,
    card_payment: String,
    /// The sort key of the payout's receipt.
    payout: String,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let schedule = world.schedule_with_seats().await;
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
        mina.hold(&schedule, &["A-1-3"]).await.expect(201);
        let user = mina.id.to_string();
        let (pk, spend) = (format!("USER#{user}"), Uuid::from_u128(7).to_string());
        let joon = world.user().await;
        let card_payment = joon.top_up_by_card(&world, 10_000, GOOD).await.id;
        let key = Uuid::from_u128(8);
        joon.post_with_key("/wallet/payouts", json!({ "amount": 4_000 }), key).await.expect(201);
        let payout = format!("PAYOUT#{}", onsale_domain::id::derive(joon.id, "pay_out", key));
        world.settle_cards().await;
        let carded = joon.id.to_string();
        let mut scene = Self {
            world,
            user,
            pk,
            schedule,
            product,
            coupon,
            paid,
            refunded,
            order,
            refunded_order,
            pending,
            spend,
            carded,
            card_payment,
            payout,
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
        let last = (0..).map_while(|seq| self.table().get(&self.pk, &entry(seq))).last().expect("a wallet");
        let (balance, seq) = (read(&last, "balance_after") + amount, read(&last, "seq") + 1);
        self.table().put(&json!({
            "pk": text(&self.pk), "sk": text(entry(seq)), "seq": number(seq), "kind": text(kind),
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
        self.table().change(&self.pk, &reservation(PAID), |item| {
            item["tickets"]["L"][1]["M"]["cancelled"] = json!({ "BOOL": true });
            item["payment"]["M"]["refunded"] = number(50_000);
        });
        self.block(|item| item["2"] = text("-"));
    }

    fn block(&self, change: impl FnOnce(&mut Value)) {
        self.table().change(&format!("SEATS#{}#A#1", self.schedule), "BLOCK#1#000", change);
    }

    /// The change of an item of the user's.
    fn own(&self, sk: &str, change: impl FnOnce(&mut Value)) {
        self.table().change(&self.pk, sk, change);
    }

    fn entry(&self, seq: i64, change: impl FnOnce(&mut Value)) {
        self.own(&entry(seq), change);
    }

    fn shard(&self, of: &str, shard: u8, change: impl FnOnce(&mut Value)) {
        self.table().change(&format!("STOCK#{of}#{shard}"), "STOCK", change);
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

fn reported_lines(report: &Report) -> BTreeSet<String> {
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
    assert_eq!(report.verdict.outcome, Outcome::Agree, "{}", local::commands::audit::report_text(&report));
    let before = scene.world.dump();
    for what in What::ALL {
        let lines = scene.tamper(what);
        let report = scene.world.audit(|given| limits(what, given)).await;
        let printed = local::commands::audit::report_text(&report);
        assert_eq!(reported_lines(&report), lines.iter().cloned().collect(), "{what:?}: {printed}");
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
    assert!(local::commands::audit::report_text(&report).ends_with("\nthe books agree\n"));
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
            "cash-in": both(500_000), "cards": both(6_000), "credits": both(0), "spends": both(500),
            "reservations": both(150_000), "orders": both(2_000), "refunds": both(101_000), "wallets": both(454_500),
        })
    );
    assert_eq!((&answer["differences"], &answer["passes"]), (&json!(0), &json!(1)));
    scene.tamper(What::BalanceAfter);
    let answer = scene.world.stack.run_schedule("audit_ledger").await.expect("audited");
    assert_eq!((&answer["outcome"], &answer["differences"]), (&json!("differ"), &json!(1)));
}

#[tokio::test]
async fn a_table_with_nothing_in_it_agrees() {
    let world = World::new().await;
    let report = world.audit(|_| {}).await;
    assert_eq!((report.verdict.outcome, report.counts.items), (Outcome::Agree, 0));
}
