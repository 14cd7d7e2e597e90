//! For each kind of difference one change of a table that agrees, and the lines that must tell of it.

use onsale_domain::audit::What;
use onsale_domain::id::short;
use serde_json::json;
use uuid::Uuid;

use super::{HELD, PAID, REFUNDED, Scene, entry, number, read, reservation, text};
use crate::support::queue::QUEUE;

fn short_of(id: &str) -> String {
    short(id.parse::<Uuid>().expect("an id"))
}

impl Scene {
    /// Makes one thing wrong; the lines that must tell of it, the one that names it first.
    pub(super) fn tamper(&self, what: What) -> Vec<String> {
        match what {
            What::Unreadable | What::NoWallet => self.tamper_wallet(what),
            What::EntryNumber
            | What::BalanceAfter
            | What::BelowZero
            | What::NothingMoved
            | What::EntryKind
            | What::EntryUnexplained => self.tamper_entry(what),
            What::ReceiptEntries | What::ReceiptAmount => self.tamper_receipt(what),
            What::PaymentEntries | What::PaymentAmount | What::Refunds | What::RefundRange | What::PaymentState => {
                self.tamper_payment(what)
            }
            What::PaymentTotal | What::PaymentRest | What::Settled | What::Discount | What::CouponUse => {
                self.tamper_order(what)
            }
            What::ReservationTwice | What::SeatLimit | What::Seat | What::SeatsSold | What::SeatsHeld => {
                self.tamper_seats(what)
            }
            What::CardEntries | What::CardAmount | What::CardRefunds | What::CardPurchases | What::Payouts => {
                self.tamper_card(what)
            }
            What::DeadCodes => vec![self.tamper_door()],
            What::UnpaidCount | What::UnpaidOpen | What::UnpaidUnits => vec![self.tamper_unpaid(what)],
            What::Erasure | What::ErasedProfile | What::AfterClosing => self.tamper_erasure(what),
            What::Units
            | What::Shards
            | What::ShardBelowZero
            | What::ShardTerms
            | What::Coupons
            | What::Ownerless
            | What::QueuePlaces
            | What::Dates
            | What::TrialBalance => self.tamper_shared(what),
        }
    }

    /// Traces of an erasure that did not happen, or only in part.
    fn tamper_erasure(&self, what: What) -> Vec<String> {
        let (user, pk) = (&self.user, &self.pk);
        let closed = |found: &str| {
            let all = "profile, ledger, log of reservations, unpaid orders";
            format!("account of user {user}: what its erasure has closed: expected {all}, found {found}")
        };
        match what {
            What::Erasure => {
                self.own("UNPAID", |item| item["closed_at"] = number(1));
                vec![closed("unpaid orders")]
            }
            What::ErasedProfile => {
                let profile =
                    json!({ "pk": text(pk), "sk": text("PROFILE"), "erased_at": number(1), "name": text("Mina") });
                self.table().put(&profile);
                let named = "what says who it was: expected nothing, found name";
                vec![format!("account of user {user}: {named}"), closed("profile")]
            }
            _ => {
                let closing = json!({ "pk": text(pk), "sk": text(reservation(0)), "closed_at": number(1) });
                self.table().put(&closing);
                let mut lines: Vec<String> = [PAID, REFUNDED, HELD]
                    .map(|number| {
                        let item = self.table().get(pk, &reservation(number)).expect("a reservation");
                        let id = item["id"]["S"].as_str().expect("an id").to_owned();
                        let named = "what may follow the closing: expected nothing, found";
                        format!("reservation {id} of user {user}: {named} {number}")
                    })
                    .into();
                lines.push(closed("log of reservations"));
                lines
            }
        }
    }

    fn tamper_wallet(&self, what: What) -> Vec<String> {
        let (user, pk) = (&self.user, &self.pk);
        vec![match what {
            What::Unreadable => {
                self.table().put(&json!({ "pk": text(pk), "sk": text("RSV#x") }));
                format!("item {pk} RSV#x: the item: expected one that can be read, found one that cannot")
            }
            _ => {
                self.table().delete(pk, &entry(0));
                format!("wallet of user {user}: the opening of its ledger: expected one, found none")
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
            What::NothingMoved => {
                self.moves("refund", 0, &format!("rsv-{}", self.paid));
                vec![format!("entry 10 of user {user}: what it moves: expected an amount, found 0")]
            }
            What::EntryKind => {
                self.entry(8, |item| item["reference"] = text("elsewhere"));
                vec![
                    format!(
                        "entry 8 of user {user}: its kind and reference: expected a reference that a spend has, found another"
                    ),
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
                self.own(&reservation(PAID), |item| item["payment"]["M"]["refunded"] = number(40_000));
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
                self.table().delete(&self.pk, "UNPAID");
                vec![format!(
                    "order {} of user {user}: its payment: expected one, for it is paid, found none",
                    self.pending
                )]
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
                self.own(&reservation(REFUNDED), |item| item["payment"]["M"]["refunded"] = number(40_000));
                let of = format!("reservation {} of user {user}", self.refunded);
                vec![
                    format!("{of}: what is left of its payment: expected 0, found 10000"),
                    format!("{of}: the sum of its refunds: expected 40000, found 50000"),
                ]
            }
            What::Settled => {
                self.own(&reservation(PAID), |item| item["expiry_shard"] = text("rsv#0"));
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
        let (schedule, other) = (&self.schedule, short_of(&self.refunded));
        vec![match what {
            What::ReservationTwice => {
                let mut again = self.table().get(&self.pk, &reservation(REFUNDED)).expect("refunded");
                again["sk"] = text(reservation(HELD + 1));
                again.as_object_mut().expect("an item").remove("payment");
                again["tickets"]["L"][0]["M"].as_object_mut().expect("a ticket").remove("generation");
                self.table().put(&again);
                let of = format!("reservation {} of user {}", self.refunded, self.user);
                format!("{of}: its place in the log: expected number {REFUNDED} alone, found {}", HELD + 1)
            }
            What::SeatLimit => {
                let terms = format!("SCHEDULE#{schedule}");
                self.table().change(&terms, "SCHEDULE", |item| item["max_seats_per_user"] = number(1));
                let of = format!("seats of schedule {schedule} of user {}", self.user);
                format!("{of}: how many there are: expected at most 1, found 2")
            }
            What::Seat => {
                self.block(|item| item["1"] = text(format!("~{other}")));
                let mine = short_of(&self.paid);
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

    /// The refunded ticket's code is good at the door.
    fn tamper_door(&self) -> String {
        let id: Uuid = self.refunded.parse().expect("an id");
        let pk = format!("DOOR#{}#{}", self.schedule, id.as_bytes()[15] % 16);
        self.table().delete(&pk, &short_of(&self.refunded));
        format!("door of date {}: dead codes: expected 2 of 1 tickets, found 0 of 0 tickets", self.schedule)
    }

    fn tamper_unpaid(&self, what: What) -> String {
        let of = format!("unpaid orders of user {}", self.user);
        let (pending, product) = (&self.pending, &self.product);
        let open = format!("open_{}", short_of(pending));
        let until = read(&self.table().get(&self.pk, &format!("ORDER#{pending}")).expect("pending"), "held_until");
        match what {
            What::UnpaidCount => {
                self.own("UNPAID", |item| item["orders"] = number(0));
                format!("{of}: how many there are: expected 1, found 0")
            }
            What::UnpaidOpen => {
                self.own("UNPAID", |item| item[&open] = text(format!("{:08x}", until - 1)));
                format!("{of}: which there are: expected {pending}: {until}, found {pending}: {}", until - 1)
            }
            _ => {
                self.own("UNPAID", |item| item[format!("units_{}", short_of(product))] = number(2));
                format!("{of}: units by product: expected {product}: 1, found {product}: 2")
            }
        }
    }

    fn tamper_card(&self, what: What) -> Vec<String> {
        let (user, id) = (&self.carded, &self.card_payment);
        let payment = |change: fn(&mut serde_json::Value)| {
            self.table().change(&format!("USER#{user}"), &format!("CARD#{id}"), change);
        };
        let of = format!("card payment {id} of user {user}");
        let payouts =
            |found: i64| format!("wallet of user {user}: what was paid out of it: expected 4000, found {found}");
        match what {
            What::CardEntries => {
                let (pk, sk) = (text(format!("USER#{user}")), text(format!("CARDREFUND#{id}-2")));
                let refund =
                    json!({ "pk": pk, "sk": sk, "amount": number(5), "state": text("made"), "version": number(1) });
                self.table().put(&refund);
                vec![
                    format!("refund 2 of {of}: its entries: expected 1, found 0"),
                    format!("refund 2 of {of}: their amount: expected -5, found 0"),
                    format!("{of}: its refunds: expected 4005, found 4000"),
                    payouts(4_005),
                ]
            }
            What::CardAmount => {
                let sk = format!("CARDREFUND#{id}-1");
                self.table().change(&format!("USER#{user}"), &sk, |item| item["amount"] = number(4_001));
                vec![
                    format!("refund 1 of {of}: their amount: expected -4001, found -4000"),
                    format!("{of}: its refunds: expected 4001, found 4000"),
                    payouts(4_001),
                ]
            }
            What::CardRefunds => {
                payment(|item| item["refunded"] = number(3_999));
                vec![format!("{of}: its refunds: expected 4000, found 3999")]
            }
            What::CardPurchases => {
                payment(|item| item["in_wallet"] = json!({ "BOOL": false }));
                vec![format!("{of}: the purchases that it pays for: expected 1, found 0"), payouts(0)]
            }
            _ => {
                self.table().change(&format!("USER#{user}"), &self.payout, |item| item["amount"] = number(3_000));
                vec![format!("wallet of user {user}: what was paid out of it: expected 3000, found 4000")]
            }
        }
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
            What::Dates => {
                let kept = self.table().get(&format!("SCHEDULE#{}", self.schedule), "SCHEDULE").expect("a schedule");
                let concert = kept["concert_id"]["S"].as_str().expect("an id").to_owned();
                self.table().change(&format!("CONCERT#{concert}"), "CONCERT", |item| item["dates"] = number(2));
                format!("concert {concert}: its dates: expected 1, found 2")
            }
            _ => {
                self.entry(9, |item| item["balance_after"] = number(448_501));
                "account wallets: its two sides: expected 454501, found 454500".to_owned()
            }
        }]
    }
}
