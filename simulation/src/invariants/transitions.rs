//! The transitions that a write may make of an item.

use crate::invariants::{Item, number, text, tickets};

/// The error of a write that leaves `after` where `before` was, if it is one.
///
/// An entry of a ledger never changes (W3). A reservation or order is written by whoever has read its last
/// version, so each write makes the next one; what has ended stays ended (S3, P1). A queue entry goes its way, and
/// not back, as long as it has one number (Q4).
#[must_use]
pub fn transition_error(sk: &str, before: Option<&Item>, after: Option<&Item>) -> Option<String> {
    let before = before?;
    let kind = sk.split('#').next().unwrap_or_default();
    let Some(after) = after else {
        return matches!(kind, "ENTRY" | "RSV" | "ORDER" | "CARDREFUND").then(|| format!("{sk} was removed"));
    };
    if before == after {
        return None;
    }
    if let Some(error) = tickets::revived(sk, before, after) {
        return Some(error);
    }
    let states = || (text(before, "state"), text(after, "state"));
    let told = |what: &str| Some(format!("{sk}: {what}, from {:?} to {:?}", states().0, states().1));
    match kind {
        "ENTRY" => Some(format!("{sk}: an entry of the ledger changes")),
        "RSV" | "ORDER" | "CARD" | "CARDREFUND" if number(after, "version") != number(before, "version") + 1 => {
            told("a version is overwritten by one that has not read it")
        }
        "RSV" | "ORDER" => match states() {
            (from, to) if from == to => None,
            (from, _) if from == "cancelled" || from == "expired" => told("what has ended begins again"),
            (from, to) if from == "paid" && to != "cancelled" => told("what is paid is forgotten"),
            (from, to) if from == "declined" && to == "paid" => told("what was declined is paid"),
            _ => None,
        },
        // P9: forward only.
        "CARD" => match states() {
            (from, to) if from == to => None,
            (from, to) if from == "open" && to != "reversed" => None,
            (from, to) if from == "committed" && ["captured", "reversed"].contains(&to.as_str()) => None,
            (from, to) if from == "abandoned" && ["captured", "void"].contains(&to.as_str()) => None,
            _ => told("a card payment goes back"),
        },
        "CARDREFUND" => match states() {
            (from, to) if from == to || from == "due" || (from == "made" && to == "returned") => None,
            _ => told("a refund goes back"),
        },
        "TOKEN" if number(before, "number") == number(after, "number") => match states() {
            (from, to) if from == to || from == "waiting" => None,
            (from, to) if from == "admitted" && to != "waiting" => None,
            _ => told("a queue entry goes back"),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    fn item(state: &str, count: (&str, i64)) -> Item {
        let count = (count.0.to_owned(), AttributeValue::N(count.1.to_string()));
        HashMap::from([("state".to_owned(), AttributeValue::S(state.to_owned())), count])
    }

    #[test]
    fn steps_lead_forward_only() {
        let lawful = |sk: &str, name: &'static str, from: (&str, i64), to: (&str, i64)| {
            transition_error(sk, Some(&item(from.0, (name, from.1))), Some(&item(to.0, (name, to.1)))).is_none()
        };
        assert!(lawful("RSV#1", "version", ("held", 1), ("paid", 2)));
        assert!(lawful("RSV#1", "version", ("paid", 2), ("cancelled", 3)));
        assert!(!lawful("RSV#1", "version", ("paid", 2), ("expired", 3)));
        assert!(!lawful("ORDER#1", "version", ("expired", 2), ("paid", 3)));
        assert!(!lawful("ORDER#1", "version", ("pending", 1), ("paid", 3)));
        assert!(!lawful("RSV#1", "version", ("held", 2), ("paid", 2)));
        assert!(lawful("CARD#1", "version", ("open", 1), ("committed", 2)));
        assert!(lawful("CARD#1", "version", ("committed", 2), ("reversed", 3)));
        assert!(!lawful("CARD#1", "version", ("captured", 3), ("void", 4)));
        assert!(!lawful("CARD#1", "version", ("void", 3), ("committed", 4)));
        assert!(lawful("CARDREFUND#1-1", "version", ("made", 2), ("returned", 3)));
        assert!(!lawful("CARDREFUND#1-1", "version", ("returned", 3), ("made", 4)));
        assert!(lawful("TOKEN#q", "number", ("waiting", 1), ("admitted", 1)));
        assert!(!lawful("TOKEN#q", "number", ("left", 1), ("expired", 1)));
        assert!(lawful("TOKEN#q", "number", ("left", 1), ("waiting", 2)));
        assert!(transition_error("ENTRY#1", Some(&item("", ("amount", 1))), Some(&item("", ("amount", 2)))).is_some());
        assert!(transition_error("ENTRY#1", Some(&item("", ("amount", 1))), None).is_some());
        assert!(transition_error("ENTRY#1", None, Some(&item("", ("amount", 1)))).is_none());
    }
}
