//! Tickets' codes: what reservations and the lists at the doors say of each other.

use std::collections::BTreeMap;

use crate::invariants::{Item, Snapshot, number, short_id, text};

/// A ticket: the date, its reservation, and its place in it.
type TicketKey = (String, String, usize);

/// The generation of a ticket in the item of its reservation.
fn generation(ticket: &Item) -> i64 {
    if ticket.contains_key("generation") { number(ticket, "generation") } else { 1 }
}

/// The dead generations of an item at the door, by the ticket's place in its reservation.
fn dead(door: &Item) -> BTreeMap<usize, i64> {
    let places = door.keys().filter_map(|name| {
        let place = name.strip_prefix('d')?.parse().ok()?;
        Some((place, number(door, name)))
    });
    places.collect()
}

impl Snapshot {
    /// G1: of a sold ticket all generations before its own are dead, of one that was given back its own too; nothing else
    /// is on the list. G4: each new code has its receipt.
    pub(super) fn check_doors(&self) {
        let mut expected: BTreeMap<TicketKey, i64> = BTreeMap::new();
        let mut new_codes: BTreeMap<String, i64> = BTreeMap::new();
        for reservation in self.reservations() {
            let id = uuid::Uuid::parse_str(&text(reservation, "id")).expect("an id");
            let is_paid = text(reservation, "state") == "paid";
            for (index, ticket) in reservation["tickets"].as_l().expect("tickets").iter().enumerate() {
                let ticket = ticket.as_m().expect("a ticket");
                let generation = generation(ticket);
                if generation > 1 {
                    assert!(reservation.contains_key("payment"), "{id} had a code and no payment");
                    let is_sold = is_paid && !ticket.contains_key("cancelled");
                    // The last generation of what was given back is of no code.
                    *new_codes.entry(text(reservation, "pk")).or_default() += generation - 1 - i64::from(!is_sold);
                    let key = (text(reservation, "schedule_id"), short_id(id), index + 1);
                    expected.insert(key, generation - i64::from(is_sold));
                }
            }
        }
        let mut listed: BTreeMap<TicketKey, i64> = BTreeMap::new();
        for door in self.items().filter(|item| text(item, "pk").starts_with("DOOR#")) {
            let (pk, sk) = (text(door, "pk"), text(door, "sk"));
            let schedule = pk.trim_start_matches("DOOR#").split('#').next().unwrap_or_default().to_owned();
            assert_eq!(text(door, "owner"), pk, "the place of {sk} on the index");
            listed.extend(dead(door).into_iter().map(|(place, dead)| ((schedule.clone(), sk.clone(), place), dead)));
        }
        assert_eq!(listed, expected, "dead codes: the doors, and the reservations");
        let mut receipts: BTreeMap<String, i64> = BTreeMap::new();
        for receipt in self.with_sort_key("REISSUE#") {
            *receipts.entry(text(receipt, "pk")).or_default() += 1;
        }
        new_codes.retain(|_, count| *count != 0);
        assert_eq!(new_codes, receipts, "new codes by user, and their receipts");
    }
}

/// The error of a write after which a code that was dead is good again (G2).
pub(super) fn revived(sk: &str, before: &Item, after: &Item) -> Option<String> {
    let after_dead = dead(after);
    let at_door = text(before, "owner").starts_with("DOOR#")
        && dead(before).into_iter().any(|(place, dead)| after_dead.get(&place).is_none_or(|after| *after < dead));
    let tickets = |item: &Item| -> Vec<i64> {
        let tickets = item.get("tickets").and_then(|tickets| tickets.as_l().ok()).into_iter().flatten();
        tickets.filter_map(|ticket| ticket.as_m().ok()).map(generation).collect()
    };
    let (own_before, own_after) = (tickets(before), tickets(after));
    let at_home = own_before.iter().zip(&own_after).any(|(before, after)| after < before);
    (at_door || at_home).then(|| format!("{sk}: a code that was dead is good again"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    fn item(attributes: &[(&str, &str)]) -> Item {
        let value = |text: &str| match text.parse::<i64>() {
            Ok(_) => AttributeValue::N(text.to_owned()),
            Err(_) => AttributeValue::S(text.to_owned()),
        };
        attributes.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect()
    }

    #[test]
    fn a_dead_code_stays_dead() {
        let door = |dead: &[(&str, &str)]| item(&[&[("owner", "DOOR#date")], dead].concat());
        assert!(revived("x", &door(&[("d1", "1")]), &door(&[("d1", "2"), ("d2", "1")])).is_none());
        assert!(revived("x", &door(&[("d1", "2")]), &door(&[("d1", "1")])).is_some());
        assert!(revived("x", &door(&[("d1", "2")]), &door(&[])).is_some());
        let reservation = |generation: &str| {
            let ticket = AttributeValue::M(item(&[("generation", generation)]));
            HashMap::from([("tickets".to_owned(), AttributeValue::L(vec![ticket]))])
        };
        assert!(revived("RSV#1", &reservation("1"), &reservation("2")).is_none());
        assert!(revived("RSV#1", &reservation("3"), &reservation("2")).is_some());
    }
}
