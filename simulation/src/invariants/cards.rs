//! Card payments: a sale and a charge, or neither; and each refund in the ledger once.

use std::collections::BTreeMap;

use super::{Item, Snapshot, number, text};

impl Snapshot {
    /// Every charge has one entry and one purpose, every refund its entries, and the refunds add up.
    pub(super) fn check_cards(&self) {
        let mut refunds: BTreeMap<String, Vec<&Item>> = BTreeMap::new();
        for refund in self.with_sort_key("CARDREFUND#") {
            let reference = text(refund, "sk").trim_start_matches("CARDREFUND#").to_owned();
            let (payment, _) = reference.rsplit_once('-').expect("a payment and a number");
            let amount = number(refund, "amount");
            assert!(amount > 0, "refund {reference} of nothing");
            let moved = if text(refund, "state") == "returned" { vec![-amount, amount] } else { vec![-amount] };
            assert_eq!(self.ledger_amounts(&reference), moved, "the entries of refund {reference}");
            // One that was made is looked at once more.
            let waits = ["due", "made"].contains(&text(refund, "state").as_str());
            assert!(waits || !refund.contains_key("expiry_shard"), "the sweep of refund {reference}");
            assert!(text(refund, "state") != "due" || refund.contains_key("expiry_shard"), "refund {reference}");
            refunds.entry(payment.to_owned()).or_default().push(refund);
        }
        for payment in self.with_sort_key("CARD#") {
            let id = text(payment, "sk").trim_start_matches("CARD#").to_owned();
            self.check_card_payment(&id, payment, refunds.remove(&id).unwrap_or_default().as_slice());
        }
        assert!(refunds.is_empty(), "refunds of no card payment: {:?}", refunds.keys());
        self.check_payouts();
        for purchase in self.purchases_by_card() {
            let card = &purchase["payment"].as_m().expect("a payment")["card"];
            let sk = format!("CARD#{}", card.as_s().expect("an id"));
            assert!(self.of_partition(&text(purchase, "pk"), &sk).next().is_some(), "{sk} has paid and is not there");
        }
    }

    /// P10: what the receipts of a user's payouts say went back to cards from the wallet, also where a card took none.
    fn check_payouts(&self) {
        let mut paid_out: BTreeMap<String, i64> = BTreeMap::new();
        for receipt in self.with_sort_key("PAYOUT#") {
            *paid_out.entry(text(receipt, "pk")).or_default() += number(receipt, "amount");
        }
        let mut went_back: BTreeMap<String, i64> = BTreeMap::new();
        for refund in self.with_sort_key("CARDREFUND#") {
            let sk = text(refund, "sk").replacen("CARDREFUND#", "CARD#", 1);
            let (payment, _) = sk.rsplit_once('-').expect("a payment and a number");
            let payment = self.of_partition(&text(refund, "pk"), payment).next().expect("a card payment");
            if payment["in_wallet"].as_bool().copied().expect("a flag") {
                *went_back.entry(text(refund, "pk")).or_default() += number(refund, "amount");
            }
        }
        assert_eq!(paid_out, went_back, "payouts of wallets");
    }

    fn check_card_payment(&self, id: &str, payment: &Item, refunds: &[&Item]) {
        let (state, amount) = (text(payment, "state"), number(payment, "amount"));
        // P7: a charge is in the ledger once, and pays for one thing.
        let charged = ["committed", "captured", "reversed"].contains(&state.as_str());
        let entries = if charged { vec![amount] } else { Vec::new() };
        assert_eq!(self.ledger_amounts(id), entries, "the entries of {state} card payment {id}");
        let at_rest = ["captured", "void", "reversed"].contains(&state.as_str());
        assert_eq!(payment.contains_key("expiry_shard"), !at_rest, "the sweep of {state} card payment {id}");
        let sum = |of: &[&Item]| of.iter().map(|refund| number(refund, "amount")).sum::<i64>();
        let kept: Vec<&Item> = refunds.iter().copied().filter(|refund| text(refund, "state") != "returned").collect();
        assert_eq!(number(payment, "refunded"), sum(&kept), "the refunds of card payment {id}");
        // P8.
        assert!(sum(&kept) <= amount, "card payment {id} is refunded above its charge");
        if state == "reversed" {
            assert_eq!(sum(&kept), amount, "card payment {id} was never charged");
        }
        let in_wallet = payment["in_wallet"].as_bool().copied().expect("a flag");
        let pk = text(payment, "pk");
        let bought: Vec<&Item> = self
            .purchases_by_card()
            .filter(|item| text(item, "pk") == pk && item["payment"].as_m().is_ok_and(|paid| text(paid, "card") == id))
            .collect();
        assert_eq!(bought.len(), usize::from(charged && !in_wallet), "the purchases of {state} card payment {id}");
        for purchase in bought {
            let paid = purchase["payment"].as_m().expect("a payment");
            assert_eq!(number(paid, "amount"), amount, "the purchase of card payment {id}");
            assert_eq!(number(paid, "refunded"), sum(refunds), "what went back of the purchase of card payment {id}");
        }
    }

    /// Reservations and orders that were paid by card.
    fn purchases_by_card(&self) -> impl Iterator<Item = &Item> {
        let by_card = |item: &&Item| {
            item.get("payment").and_then(|paid| paid.as_m().ok()).is_some_and(|paid| paid.contains_key("card"))
        };
        self.reservations().chain(self.with_sort_key("ORDER#")).filter(by_card)
    }
}
