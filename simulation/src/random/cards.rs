//! Payments by card: what buyers do in the provider's window, what the provider reports and gets wrong, and whether it
//! has charged exactly what the table says.

use jiff::Timestamp;
use local::stack::Stack;
use local::third_parties::payment_provider::{Down, Faults, Operation};
use onsale_domain::wallet::cards::card_refund::parse_reference;
use onsale_platform::card_provider::report;
use onsale_platform::events::{CardData, Data, Event, EventKind, Source, SpecVersion};
use serde_json::Value;

use crate::invariants::Item;
use crate::random::run::Simulation;
use crate::random::workload::{Action, Person};
use crate::replica::Replica;
use crate::rng::Rng;

/// Cards: accepted, declined, never captured, refunded neither at once nor in the end, and charged late.
const CARDS: [&str; 6] = [
    "4242424242424242",
    "4000000000000002",
    "4000000000009003",
    "4000000000009011",
    "4000000000005126",
    "4000000000009029",
];

impl Person {
    /// Draws something with a card.
    pub(crate) fn next_card_action(&self, rng: &mut Rng) -> Action {
        let thing = rng.choose(&self.things).cloned();
        let begun = self.cards.last().filter(|_| rng.below(2) == 1).or_else(|| rng.choose(&self.cards)).cloned();
        match (rng.below(8), thing, begun) {
            (0..=2, Some(thing), _) => Action::StartCard(thing),
            (3..=5, _, Some((id, _))) => Action::ConfirmCard(id),
            (6, ..) => Action::PayOut([3_000, 20_000][rng.below(2)]),
            _ => Action::StartCardTopUp([8_000, 30_000][rng.below(2)]),
        }
    }
}

impl Simulation {
    /// Something happens at the provider.
    pub(crate) fn act_at_provider(&mut self) -> Result<(), String> {
        match self.rng.below(10) {
            0..=4 => {
                self.authorise();
                Ok(())
            }
            5 | 6 => self.deliver_reports(),
            _ if !self.plan.faults => Ok(()),
            7 => self.disturb_provider(|faults, count| (faults.unanswered, faults.operation) = (count, Operation::Any)),
            8 if self.rng.below(4) == 0 => self.disturb_provider(|faults, _| faults.down = Down::Drops),
            _ => self.disturb_provider(|faults, _| faults.down = Down::No),
        }
    }

    /// Somebody pays in the provider's window.
    fn authorise(&mut self) {
        let person = self.rng.below(self.people.len());
        let card = CARDS[self.rng.below(CARDS.len())];
        let Some((id, secret)) = self.rng.choose(&self.people[person].cards).cloned() else { return };
        let status = self.stack.payment_provider().authorise(&secret, card).status;
        self.report.count_other("cards in the provider's window");
        self.report.add_line(&format!("{person} pays {id} with {card}: {status}"));
    }

    /// Reports of the provider become messages; the check of its signature is another test's business.
    pub(crate) fn deliver_reports(&mut self) -> Result<(), String> {
        let now = self.clock.now();
        let due = self.stack.payment_provider().provider().due_deliveries(now);
        for delivery in due {
            self.stack.payment_provider().provider().delivered(&delivery.event_id, true, now);
            let Some(read) = report::read(delivery.body.as_bytes()) else { continue };
            // Some never come.
            if self.plan.faults && self.rng.below(3) == 0 {
                continue;
            }
            let refund = read.refund.as_deref().and_then(parse_reference).map(|(_, number)| number);
            let id = format!("{}/REPORT#{}/{}", read.user, read.card_payment, delivery.event_id);
            let event = reported(
                id,
                now,
                CardData {
                    user_id: read.user.0,
                    card_payment_id: read.card_payment.0,
                    refund,
                    amount: None,
                    version: 0,
                },
            );
            self.mail.push(("settle_card_payments", serde_json::to_string(&event).map_err(|error| error.to_string())?));
        }
        Ok(())
    }

    fn disturb_provider(&mut self, change: impl FnOnce(&mut Faults, u32)) -> Result<(), String> {
        let count = u32::try_from(1 + self.rng.below(3)).unwrap_or(1);
        let stack = &self.stack;
        let mut provider = stack.payment_provider().provider();
        let mut faults = provider.faults().clone();
        change(&mut faults, count);
        self.report.count_other("faults of the payment provider");
        provider.set_faults(faults).map_err(|problem| problem.to_string())
    }

    /// Checks what the provider was told up to now.
    pub(crate) fn check_provider_orders(&self) -> Result<(), String> {
        check_orders(&self.stack, &self.replica)
    }

    /// The provider works again, whatever was wrong.
    pub(crate) fn heal_provider(&mut self) -> Result<(), String> {
        let mut provider = self.stack.payment_provider().provider();
        provider.set_faults(Faults::default()).map_err(|problem| problem.to_string())
    }
}

/// Whether nothing happens at the provider by itself any more, and everything is reported.
pub(crate) fn is_provider_quiet(stack: &Stack, now: Timestamp) -> bool {
    stack.payment_provider().provider().due_deliveries(now).is_empty()
}

/// Once all is quiet the provider has charged what the table says, to the unit, and nothing else.
pub(crate) fn check_provider(stack: &Stack, replica: &Replica) -> Result<(), String> {
    let provider = stack.payment_provider().provider();
    let refunds: Vec<Value> = provider.refunds().collect();
    for intent in provider.payment_intents() {
        let id = intent["id"].as_str().unwrap_or_default();
        let made = refunds.iter().filter(|refund| refund["payment_intent"] == id && refund["status"] == "succeeded");
        let back: i64 = made.filter_map(|refund| refund["amount"].as_i64()).sum();
        let charged = intent["amount_received"].as_i64().unwrap_or(0) - back;
        let expected = charged_by_table(replica, id);
        if charged != expected || intent["status"] == "requires_capture" {
            let status = &intent["status"];
            return Err(format!("the provider has {charged} of {id} ({status}), and the table says {expected}"));
        }
    }
    Ok(())
}

/// P9: the provider was told to capture only what is committed in the table, and to give up only what is abandoned
/// there, or was given back in whole before it was captured. An authorisation becomes a charge in no other way, and ours
/// is the only reason of that name.
pub(crate) fn check_orders(stack: &Stack, replica: &Replica) -> Result<(), String> {
    let provider = stack.payment_provider().provider();
    for ((_, sk), payment) in replica.iter().filter(|((_, sk), _)| sk.starts_with("CARD#")) {
        let intent = text(payment, "intent").and_then(|intent| provider.object(&intent)).unwrap_or_default();
        let state = text(payment, "state").unwrap_or_default();
        let is_one_of = |states: [&str; 2]| states.contains(&state.as_str());
        let is_given_back = payment.get("refunded") == payment.get("amount");
        let (order, is_due) = match intent["status"].as_str() {
            Some("succeeded") if intent["capture_method"] == "manual" => {
                ("capture", is_one_of(["committed", "captured"]))
            }
            Some("canceled") if intent["cancellation_reason"] == "abandoned" => {
                let is_undone = is_given_back && is_one_of(["committed", "reversed"]);
                ("give up", is_undone || is_one_of(["abandoned", "void"]))
            }
            _ => continue,
        };
        if !is_due {
            return Err(format!("the provider was told to {order} {sk}, which is {state} in the table"));
        }
    }
    Ok(())
}

fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name).and_then(|value| value.as_s().ok()).cloned()
}

fn charged_by_table(replica: &Replica, intent: &str) -> i64 {
    let number = |item: &Item| item.get("amount").and_then(|value| value.as_n().ok()?.parse().ok()).unwrap_or(0_i64);
    let of = |((_, sk), item): &(&(String, String), &Item)| {
        sk.starts_with("CARD#") && text(item, "intent").as_deref() == Some(intent)
    };
    let Some(((pk, sk), payment)) = replica.iter().find(of) else { return 0 };
    if text(payment, "state").as_deref() != Some("captured") {
        return 0;
    }
    let prefix = format!("CARDREFUND#{}-", sk.trim_start_matches("CARD#"));
    let made = replica.iter().filter(|((owner, sk), item)| {
        owner == pk && sk.starts_with(&prefix) && text(item, "state").as_deref() == Some("made")
    });
    number(payment) - made.map(|(_, refund)| number(refund)).sum::<i64>()
}

fn reported(id: String, time: Timestamp, data: CardData) -> Event {
    Event {
        specversion: SpecVersion::V1,
        id,
        source: Source::Onsale,
        kind: EventKind::CardPaymentReported,
        time,
        traceparent: None,
        data: Data::Card(data),
    }
}
