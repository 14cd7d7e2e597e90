//! Adds everything up again, from the raw items of the table: the invariants that must hold in every state
//! (`docs/data.md`). It insists by panicking, for tests and simulations. It shares no code with the store, so that a
//! mistake there cannot hide here.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;

mod cards;
mod erased;
mod queue;
mod shop;
mod tickets;
pub mod transitions;

/// An item as it lies in the table.
pub type Item = HashMap<String, AttributeValue>;

/// The items of the table at one instant.
pub struct Snapshot {
    items: Vec<Arc<Item>>,
    /// The items of each partition key.
    by_partition: HashMap<String, Vec<Arc<Item>>>,
    /// Number and amount of the ledgers' entries, by what they refer to.
    ledger: HashMap<String, Vec<(i64, i64)>>,
    now: i64,
    skew: i64,
}

/// One seat of a block.
struct Seat {
    value: String,
    key: String,
}

fn text(item: &Item, name: &str) -> String {
    item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
}

fn number(item: &Item, name: &str) -> i64 {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok()).unwrap_or_default()
}

impl Snapshot {
    /// A snapshot of these items, all there are, at `now` (epoch seconds), by clocks that are all right.
    #[must_use]
    pub fn new(items: Vec<Arc<Item>>, now: i64) -> Self {
        let mut ledger: HashMap<String, Vec<(i64, i64)>> = HashMap::new();
        for entry in items.iter().filter(|item| text(item, "sk").starts_with("ENTRY#")) {
            let amount = (number(entry, "seq"), number(entry, "amount"));
            ledger.entry(text(entry, "reference")).or_default().push(amount);
        }
        ledger.values_mut().for_each(|amounts| amounts.sort_unstable());
        let mut by_partition: HashMap<String, Vec<Arc<Item>>> = HashMap::new();
        for item in &items {
            by_partition.entry(text(item, "pk")).or_default().push(Arc::clone(item));
        }
        Self { items, by_partition, ledger, now, skew: 0 }
    }

    /// The same by clocks that are up to so many seconds off the right time: what is over by one may last by another.
    #[must_use]
    pub fn with_skew(self, seconds: i64) -> Self {
        Self { skew: seconds, ..self }
    }

    fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().map(Arc::as_ref)
    }

    /// The items of a partition key whose sort key begins with this.
    fn of_partition(&self, pk: &str, prefix: &str) -> impl Iterator<Item = &Item> {
        let items = self.by_partition.get(pk).into_iter().flatten().map(Arc::as_ref);
        items.filter(move |item| text(item, "sk").starts_with(prefix))
    }

    /// Whether no clock says yet that `until` has passed.
    fn is_future(&self, until: i64) -> bool {
        until >= self.now + self.skew
    }

    fn with_sort_key(&self, prefix: &str) -> impl Iterator<Item = &Item> {
        self.items().filter(move |item| text(item, "sk").starts_with(prefix))
    }

    fn seats(&self) -> Vec<Seat> {
        let mut seats = Vec::new();
        for block in self.with_sort_key("BLOCK#") {
            let pk = text(block, "pk");
            let (schedule, section_part) =
                pk.strip_prefix("SEATS#").and_then(|rest| rest.split_once('#')).expect("a key of a block");
            let (section, _part) = section_part.rsplit_once('#').expect("a part of a section");
            let sk = text(block, "sk");
            let row = sk.trim_start_matches("BLOCK#").split('#').next().expect("a row").to_owned();
            for (name, value) in block {
                if name.parse::<u16>().is_ok() {
                    let key = format!("{schedule}/{section}-{row}-{name}");
                    seats.push(Seat { value: value.as_s().expect("a seat value").clone(), key });
                }
            }
        }
        seats
    }

    /// How many seats are held by somebody now, and how many are sold.
    #[must_use]
    pub fn held_and_sold(&self) -> (usize, usize) {
        let seats = self.seats();
        let held = seats.iter().filter(|seat| self.held_until(&seat.value).is_some_and(|until| until >= self.now));
        (held.count(), seats.iter().filter(|seat| seat.value.starts_with('~')).count())
    }

    /// Whether a schedule is gone, or its deletion is committed.
    fn is_deleted(&self, schedule: &str) -> bool {
        let pk = format!("SCHEDULE#{schedule}");
        let mut schedules = self.items().filter(|item| text(item, "pk") == pk && text(item, "sk") == "SCHEDULE");
        schedules.all(|item| item.contains_key("certain"))
    }

    fn held_until(&self, value: &str) -> Option<i64> {
        i64::from_str_radix(value.get(..8)?, 16).ok()
    }

    /// Insists on all invariants that hold in every state.
    ///
    /// # Panics
    /// When something does not hold.
    pub fn check(&self) {
        self.check_seats();
        self.check_logs();
        self.check_wallets();
        self.check_shop();
        self.check_cards();
        self.check_queues();
        self.check_concerts();
        self.check_erased();
        self.check_doors();
    }

    /// A concert counts the dates in its list, until its deletion is committed.
    fn check_concerts(&self) {
        for concert in self.with_sort_key("CONCERT").filter(|concert| text(concert, "sk") == "CONCERT") {
            let pk = text(concert, "pk");
            let listed = self.with_sort_key("SCHEDULE#").filter(|date| text(date, "pk") == pk).count();
            let counted = usize::try_from(number(concert, "dates")).expect("a number of dates");
            assert!(
                concert.contains_key("certain") || counted == listed,
                "{pk}: {counted} dates, {listed} in its list"
            );
        }
    }

    /// All reservations, without what ends the log of an erased account.
    fn reservations(&self) -> impl Iterator<Item = &Item> {
        self.with_sort_key("RSV#").filter(|item| !is_closing(item))
    }

    /// S1, S2, S4, S5, P2, P5: what blocks and reservations say of each other.
    fn check_seats(&self) {
        let seats: BTreeMap<String, String> = self.seats().into_iter().map(|seat| (seat.key, seat.value)).collect();
        let mut owners: BTreeMap<String, usize> = BTreeMap::new();
        for reservation in self.reservations() {
            let id = uuid::Uuid::parse_str(&text(reservation, "id")).expect("an id");
            let short = short_id(id);
            let state = text(reservation, "state");
            let until = number(reservation, "held_until");
            let tickets = reservation["tickets"].as_l().expect("tickets");
            let (mut paid, mut charged) = (0, 0);
            for ticket in tickets.iter().map(|ticket| ticket.as_m().expect("a ticket")) {
                let cancelled = ticket.get("cancelled").is_some_and(|value| value.as_bool() == Ok(&true));
                let key = format!("{}/{}", text(reservation, "schedule_id"), text(ticket, "id"));
                charged += number(ticket, "price");
                if cancelled {
                    continue;
                }
                let Some(value) = seats.get(&key) else {
                    assert!(self.is_deleted(&text(reservation, "schedule_id")), "{key} does not exist");
                    let is_over = state != "paid" && (state != "held" || !self.is_future(until));
                    assert!(is_over, "{key} was taken away from who has it");
                    continue;
                };
                let names_us = value.ends_with(&short);
                match state.as_str() {
                    "paid" => {
                        assert_eq!(*value, format!("~{short}"), "{key} of a paid reservation");
                        *owners.entry(key).or_default() += 1;
                        paid += number(ticket, "price");
                    }
                    "held" if names_us || self.is_future(until) => {
                        assert_eq!(*value, format!("{until:08x}{short}"), "{key} of a live hold");
                        *owners.entry(key).or_default() += 1;
                    }
                    "declined" if names_us => {
                        assert!(
                            reservation.contains_key("expiry_shard") || !self.is_future(until),
                            "{key} names a declined reservation that gave it back"
                        );
                        *owners.entry(key).or_default() += 1;
                    }
                    "held" | "declined" => {}
                    "cancelled" if reservation.contains_key("payment") => {
                        assert!(!names_us, "{key} still names a refunded reservation");
                    }
                    _ => {
                        assert!(!names_us || !self.is_future(until), "{key} still names an ended reservation: {value}")
                    }
                }
            }
            match reservation.get("payment").map(|payment| payment.as_m().expect("a payment")) {
                Some(payment) => self.check_payment(reservation, payment, paid, charged),
                None => assert!(self.ledger_amounts(&format!("rsv-{id}")).is_empty(), "{state} {id} took money"),
            }
        }
        assert!(owners.values().all(|count| *count == 1), "a seat with two owners: {owners:?}");
        let committed = self.items().filter(|item| text(item, "sk") == "SCHEDULE" && item.contains_key("certain"));
        let deleted: BTreeSet<String> = committed.map(|item| text(item, "pk")).collect();
        for (key, value) in &seats {
            let live = value.starts_with('~') || self.held_until(value).is_some_and(|until| self.is_future(until));
            assert!(!live || owners.contains_key(key), "{key} is {value} without an owner");
            let schedule = key.split('/').next().unwrap_or_default();
            assert!(!live || !deleted.contains(&format!("SCHEDULE#{schedule}")), "{key} is {value}, and is deleted");
        }
    }

    /// P2, P3, P5: the payment of a reservation, whose live tickets cost `paid` together and all of them `charged`, in
    /// time, before the concert, and in the ledger; what costs nothing moves no money.
    fn check_payment(&self, reservation: &Item, payment: &Item, paid: i64, charged: i64) {
        let (id, state) = (text(reservation, "id"), text(reservation, "state"));
        let (amount, refunded) = (number(payment, "amount"), number(payment, "refunded"));
        assert!((0..=amount).contains(&refunded) && amount <= charged, "{refunded} back of {amount} for {id}");
        assert_eq!(amount - refunded, if state == "paid" { paid } else { 0 }, "what {id} has cost its owner");
        let until = number(reservation, "held_until");
        assert!(number(payment, "paid_at") / 1_000 <= until, "{id} was paid after its end");
        assert!(until < number(reservation, "starts_at") / 1_000, "{id} is held beyond the concert's start");
        let ledger = self.ledger_amounts(&format!("rsv-{id}"));
        let (debits, backs) = ledger.split_at(usize::from(amount > 0).min(ledger.len()));
        assert_eq!(debits.iter().sum::<i64>(), -amount, "the payment of {id}");
        assert_eq!(backs.iter().sum::<i64>(), refunded, "the refunds of {id}: {ledger:?}");
        assert!(backs.iter().all(|back| *back > 0), "the refunds of {id}: {ledger:?}");
    }

    /// The amounts of this reference's entries, in the order of the ledger.
    fn ledger_amounts(&self, reference: &str) -> Vec<i64> {
        self.ledger.get(reference).into_iter().flatten().map(|(_, amount)| *amount).collect()
    }

    /// S5: nobody holds and owns more seats of a schedule than one user may; counted from the logs of reservations, which
    /// are numbered without a gap and have each reservation once.
    fn check_logs(&self) {
        let mut numbers: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        let mut ids = BTreeSet::new();
        let mut seats: BTreeMap<(String, String), i64> = BTreeMap::new();
        for closing in self.with_sort_key("RSV#").filter(|item| is_closing(item)) {
            let sk = text(closing, "sk");
            let number = sk.trim_start_matches("RSV#").parse().expect("a number");
            numbers.entry(text(closing, "pk")).or_default().push(number);
        }
        for reservation in self.reservations() {
            let (pk, sk, id) = (text(reservation, "pk"), text(reservation, "sk"), text(reservation, "id"));
            let number = sk.trim_start_matches("RSV#").parse().expect("a number");
            assert_eq!(sk, format!("RSV#{number:010}"), "a reservation of {pk} in another's place");
            numbers.entry(pk.clone()).or_default().push(number);
            assert!(ids.insert((pk.clone(), id.clone())), "{id} is twice in the log of {pk}");
            let given_back = !reservation.contains_key("expiry_shard") && text(reservation, "state") != "paid";
            if !given_back {
                let tickets = reservation["tickets"].as_l().expect("tickets").iter();
                let live = tickets.filter(|ticket| !ticket.as_m().expect("a ticket").contains_key("cancelled"));
                let of = (pk, text(reservation, "schedule_id"));
                *seats.entry(of).or_default() += i64::try_from(live.count()).expect("few");
            }
        }
        for (pk, mut numbers) in numbers {
            numbers.sort_unstable();
            let count = u32::try_from(numbers.len()).expect("few");
            assert_eq!(numbers, (1..=count).collect::<Vec<u32>>(), "the log of {pk}");
        }
        let terms = self.items().filter(|item| item.contains_key("max_seats_per_user"));
        let most: Vec<(String, i64)> =
            terms.map(|item| (text(item, "id"), number(item, "max_seats_per_user"))).collect();
        for ((pk, schedule), counted) in seats {
            for (_, most) in most.iter().filter(|(id, _)| *id == schedule) {
                assert!(counted <= *most, "{pk} has {counted} seats of {schedule}");
            }
        }
    }

    /// W1–W3: balances explained by gap-free ledgers.
    fn check_wallets(&self) {
        let mut ledgers: BTreeMap<String, Vec<&Item>> = BTreeMap::new();
        for entry in self.with_sort_key("ENTRY#") {
            ledgers.entry(text(entry, "pk")).or_default().push(entry);
        }
        for (pk, mut entries) in ledgers {
            entries.sort_by_key(|entry| number(entry, "seq"));
            let mut balance = 0;
            for (index, entry) in entries.iter().enumerate() {
                let seq = i64::try_from(index).expect("few");
                assert_eq!(number(entry, "seq"), seq, "a gap in {pk}");
                assert_eq!(text(entry, "sk"), format!("ENTRY#{seq:020}"), "an entry of {pk} in another's place");
                let amount = number(entry, "amount");
                let moves_nothing = seq == 0 || text(entry, "kind") == "closing";
                assert_eq!(amount == 0, moves_nothing, "entry {index} of {pk} moves nothing, or is no opening");
                balance += amount;
                assert_eq!(number(entry, "balance_after"), balance, "entry {index} of {pk}");
                assert!(balance >= 0, "{pk} below zero");
            }
            let mut days: BTreeMap<i64, i64> = BTreeMap::new();
            for entry in entries.iter().filter(|entry| text(entry, "kind") == "charge") {
                *days.entry(number(entry, "at").div_euclid(86_400_000)).or_default() += number(entry, "amount");
            }
            assert!(days.values().all(|sum| *sum <= 10_000_000), "{pk} was topped up too much in a day: {days:?}");
        }
    }
}

/// Whether an item of a log of reservations is what ends it.
fn is_closing(item: &Item) -> bool {
    item.contains_key("closed_at")
}

/// 22 characters of base64url, written out here again on purpose.
fn short_id(id: uuid::Uuid) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let bits = id.as_u128();
    let digits = (0..21).map(|index| (bits >> (122 - 6 * index)) & 63).chain([(bits & 3) << 4]);
    digits.map(|digit| char::from(LETTERS[usize::try_from(digit).expect("six bits")])).collect()
}
