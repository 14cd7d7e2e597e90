//! The books of waiting queues (Q1–Q5), from the raw items.
//!
//! A place in use is one of three things: an admitted entry, a number that may still be claimed, or an admission that
//! has ended and whose event is not counted yet. The queue counts none of them; here they are.

use std::collections::BTreeMap;

use crate::invariants::{Item, Snapshot, number, text};

/// Most numbers of one batch.
const BATCH_NUMBERS_MAX: i64 = 25;

impl Snapshot {
    /// The invariants of queues that hold in every state.
    pub(crate) fn check_queues(&self) {
        let queues: Vec<&Item> = self.with_sort_key("QUEUE").collect();
        for queue in &queues {
            let id = text(queue, "pk").trim_start_matches("QUEUE#").to_owned();
            let issued = self.issued(&id);
            let (serving, finished, seen) =
                (number(queue, "serving"), number(queue, "finished"), number(queue, "seen"));
            assert!((0..=serving).contains(&finished), "{id}: {finished} of {serving} are finished");
            assert!(serving <= seen && seen <= issued, "{id}: serving {serving}, seen {seen}, issued {issued}");
            self.check_numbers(&id, issued);
            self.check_gaps(&id, issued);
            self.check_leases(&id, issued);
            self.check_batches(&id, serving);
            self.check_missed(&id, serving);
            self.check_guarded(&id, queue);
            let known = self.explained_places(&id);
            assert!(
                self.places_in_use(&id) >= known,
                "{id}: {known} are inside, {} are counted",
                self.places_in_use(&id)
            );
        }
        for concert in self.with_sort_key("CONCERT").filter(|concert| concert.contains_key("queue_id")) {
            let queue = text(concert, "queue_id");
            assert!(self.queue(&queue).is_some(), "{}: its queue {queue} is not there", text(concert, "pk"));
        }
        for entry in self.with_sort_key("TOKEN#") {
            check_shape(entry);
        }
        self.check_queued_reservations();
    }

    /// Holds once every event is delivered: the places in use are exactly those that are explained.
    ///
    /// # Panics
    /// When they are not.
    pub fn check_every_place(&self, queue: &str) {
        assert_eq!(self.places_in_use(queue), self.explained_places(queue), "the places of {queue}");
    }

    /// How many places the queue counts as in use.
    #[must_use]
    pub fn places_in_use(&self, queue: &str) -> i64 {
        self.queue(queue).map_or(0, |queue| number(queue, "serving") - number(queue, "finished"))
    }

    /// The last number that was called.
    #[must_use]
    pub fn serving(&self, queue: &str) -> i64 {
        self.queue(queue).map_or(0, |queue| number(queue, "serving"))
    }

    /// How many are admitted and not over, by the clock.
    #[must_use]
    pub fn admitted_now(&self, queue: &str) -> usize {
        let live = |entry: &&Item| text(entry, "state") == "admitted" && number(entry, "expires_at") > self.now;
        self.entries(queue).into_iter().filter(live).count()
    }

    /// How many called numbers may still be claimed.
    #[must_use]
    pub fn unclaimed_numbers(&self, queue: &str) -> i64 {
        let batches = self.batches(queue).into_values();
        batches.map(|batch| number(batch, "last") + 1 - number(batch, "first") - number(batch, "claimed")).sum()
    }

    /// The last number that was given out.
    #[must_use]
    pub fn issued(&self, queue: &str) -> i64 {
        let pk = format!("QUEUE#{queue}#ISSUED");
        self.items().find(|item| text(item, "pk") == pk).map_or(0, |item| number(item, "issued"))
    }

    /// The numbers of all entries, in order.
    #[must_use]
    pub fn numbers(&self, queue: &str) -> Vec<i64> {
        let mut numbers: Vec<i64> = self.entries(queue).into_iter().map(|entry| number(entry, "number")).collect();
        numbers.sort_unstable();
        numbers
    }

    /// The gaps of a queue that it is still to pass over.
    #[must_use]
    pub fn gaps(&self, queue: &str) -> Vec<i64> {
        let pk = format!("QUEUE#{queue}#HOLES");
        let gaps = self.with_sort_key("HOLE#").filter(|gap| text(gap, "pk") == pk);
        gaps.flat_map(|gap| number(gap, "first")..=number(gap, "last")).collect()
    }

    /// The numbers that are to be called a second time.
    #[must_use]
    pub fn missed_numbers(&self, queue: &str) -> Vec<i64> {
        let noted = format!("QUEUE#{queue}#MISSED");
        self.of_partition(&noted, "MISSED#").map(|item| number(item, "number")).collect()
    }

    /// How many concerts a queue guards.
    #[must_use]
    pub fn guarded_concerts(&self, queue: &str) -> usize {
        let pk = format!("QUEUE#{queue}");
        self.of_partition(&pk, "CONCERT#").count()
    }

    /// Each concert with a queue is among those that the queue guards, and no other is; the queue knows how many.
    fn check_guarded(&self, id: &str, queue: &Item) {
        let mut guarded: Vec<String> = self
            .of_partition(&format!("QUEUE#{id}"), "CONCERT#")
            .map(|item| text(item, "sk").trim_start_matches("CONCERT#").to_owned())
            .collect();
        let concerts = self.with_sort_key("CONCERT").filter(|concert| text(concert, "queue_id") == id);
        let mut concerts: Vec<String> = concerts.map(|concert| text(concert, "id")).collect();
        let dates = self.with_sort_key("SCHEDULE").filter(|date| concerts.contains(&text(date, "concert_id")));
        for date in dates {
            assert_eq!(text(date, "queue_id"), id, "{}: the queue of a date is its concert's", text(date, "pk"));
        }
        concerts.sort_unstable();
        guarded.sort_unstable();
        assert_eq!(guarded, concerts, "{id}: the concerts that it guards");
        assert_eq!(usize::try_from(number(queue, "concerts")), Ok(concerts.len()), "{id}: how many concerts");
    }

    /// A number that is to be called again has an entry that waits and has noted it, and is in no open batch.
    fn check_missed(&self, id: &str, serving: i64) {
        let entries = self.entries(id);
        for missed in self.missed_numbers(id) {
            assert!(missed <= serving, "{id}: {missed} is called again, but {serving} is served");
            let waits = |entry: &&Item| {
                number(entry, "number") == missed
                    && text(entry, "state") == "waiting"
                    && entry.contains_key("missed_at")
            };
            assert!(entries.iter().any(waits), "{id}: {missed} is called, and nobody waits");
            let open = self.batches(id).into_values();
            let within = |batch: &Item| (number(batch, "first")..=number(batch, "last")).contains(&missed);
            assert!(!open.into_iter().any(within), "{id}: {missed} is to be called again, and may be claimed");
        }
    }

    fn queue(&self, id: &str) -> Option<&Item> {
        let pk = format!("QUEUE#{id}");
        self.with_sort_key("QUEUE").find(|item| text(item, "pk") == pk)
    }

    /// Queue entries with a number.
    fn entries(&self, queue: &str) -> Vec<&Item> {
        let sk = format!("TOKEN#{queue}");
        self.items().filter(|item| text(item, "sk") == sk && !item.contains_key("claim")).collect()
    }

    /// The admission batches, by first number.
    fn batches(&self, queue: &str) -> BTreeMap<i64, &Item> {
        let pk = format!("QUEUE#{queue}#BATCHES#");
        let own = self.with_sort_key("BATCH#").filter(|batch| text(batch, "pk").starts_with(&pk));
        own.map(|batch| (number(batch, "first"), batch)).collect()
    }

    /// Places that can be explained. An ended admission whose owner has joined again cannot: its entry is gone.
    fn explained_places(&self, queue: &str) -> i64 {
        let entries = self.entries(queue).into_iter();
        let inside = entries.filter(|entry| match text(entry, "state").as_str() {
            "admitted" => true,
            _ => entry.contains_key("admitted_at") && !self.is_counted(entry),
        });
        i64::try_from(inside.count()).expect("few") + self.unclaimed_numbers(queue)
    }

    /// Whether the event of an ended admission was counted.
    fn is_counted(&self, entry: &Item) -> bool {
        let owner = text(entry, "pk").trim_start_matches("USER#").to_owned();
        let mark = format!("EVENT#{owner}/{}/{}", text(entry, "sk"), number(entry, "number"));
        self.of_partition(&mark, "free_queue_places").next().is_some()
    }

    /// Q3: no number twice, none that was not given out.
    fn check_numbers(&self, queue: &str, issued: i64) {
        let numbers = self.numbers(queue);
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{queue} has a number twice: {numbers:?}");
        assert!(numbers.iter().all(|number| (1..=issued).contains(number)), "{queue}: {numbers:?} of {issued}");
    }

    /// No number is a gap twice, and none that somebody waits with or was admitted by.
    fn check_gaps(&self, queue: &str, issued: i64) {
        let mut gaps = self.gaps(queue);
        let count = gaps.len();
        gaps.sort_unstable();
        gaps.dedup();
        assert_eq!(gaps.len(), count, "{queue}: a number is a gap twice");
        assert!(gaps.iter().all(|gap| (1..=issued).contains(gap)), "{queue}: {gaps:?} of {issued}");
        for entry in self.entries(queue) {
            let (number, state) = (number(entry, "number"), text(entry, "state"));
            assert!(state == "left" || gaps.binary_search(&number).is_err(), "{queue}: {number} is {state}, and a gap");
        }
    }

    /// The rest of a lease is nobody's, was given out by the counter, and is in no other lease.
    fn check_leases(&self, queue: &str, issued: i64) {
        let of_queue = format!("QUEUE#{queue}#LEASES#");
        let leases = self.items().filter(|item| text(item, "pk").starts_with(&of_queue));
        let mut left: Vec<i64> =
            leases.flat_map(|lease| number(lease, "next_number")..=number(lease, "last_number")).collect();
        let (count, others) = (left.len(), [self.numbers(queue), self.gaps(queue)].concat());
        left.sort_unstable();
        left.dedup();
        assert_eq!(left.len(), count, "{queue}: a number is left in two leases");
        assert!(left.iter().all(|number| (1..=issued).contains(number)), "{queue}: {left:?} of {issued}");
        let taken: Vec<&i64> = others.iter().filter(|number| left.binary_search(number).is_ok()).collect();
        assert!(taken.is_empty(), "{queue}: {taken:?} are left in leases, and somebody's or gaps");
    }

    /// Batches do not overlap, are of called numbers, and each claim in them is of an entry.
    fn check_batches(&self, queue: &str, serving: i64) {
        let mut after = 0;
        for (first, batch) in self.batches(queue) {
            let (last, claimed) = (number(batch, "last"), number(batch, "claimed"));
            let size = last + 1 - first;
            assert_eq!(text(batch, "sk"), format!("BATCH#{first:020}"));
            let part = format!("QUEUE#{queue}#BATCHES#{}", (first - 1) / BATCH_NUMBERS_MAX % 16);
            assert_eq!(text(batch, "pk"), part, "{queue}: batch {first}");
            assert_eq!(
                (first - 1) / BATCH_NUMBERS_MAX,
                (last - 1) / BATCH_NUMBERS_MAX,
                "{queue}: batch {first} to {last}"
            );
            let closing = self.queue(queue).filter(|item| item.contains_key("next_closing_at"));
            let known = closing.is_some_and(|item| number(item, "next_closing_at") <= number(batch, "closes_at"));
            assert!(known, "{queue}: nobody would look at batch {first} when it may close");
            assert!(first > after && (1..=BATCH_NUMBERS_MAX).contains(&size), "{queue}: batch {first} to {last}");
            assert!(last <= serving, "{queue}: {last} is offered, but {serving} is served");
            assert!((0..=size).contains(&claimed), "{queue}: {claimed} of {size} are claimed");
            let claims =
                |entry: &&Item| entry.contains_key("admitted_at") && (first..=last).contains(&number(entry, "number"));
            let entries = i64::try_from(self.entries(queue).into_iter().filter(claims).count()).expect("few");
            // Fewer entries when somebody was admitted, left, and joined again.
            assert!(claimed >= entries, "{queue}: {entries} claimed of batch {first}, {claimed} are counted");
            after = last;
        }
        for entry in self.entries(queue).into_iter().filter(|entry| entry.contains_key("admitted_at")) {
            assert!(number(entry, "number") <= serving, "{queue}: admitted before the call");
        }
    }

    /// A hold was made with an admission that lasts longer, and what is paid has used its entry up.
    fn check_queued_reservations(&self) {
        for reservation in self.reservations().filter(|reservation| reservation.contains_key("queue_id")) {
            let (pk, queue) = (text(reservation, "pk"), text(reservation, "queue_id"));
            let sk = format!("TOKEN#{queue}");
            let own = |entry: &&Item| {
                text(entry, "sk") == sk && number(entry, "number") == number(reservation, "queue_number")
            };
            // Without it, its owner has joined again.
            let Some(entry) = self.of_partition(&pk, &sk).find(own) else { continue };
            let (state, until) = (text(reservation, "state"), number(reservation, "held_until"));
            assert!(until < number(entry, "expires_at"), "{pk}: a hold until {until} outlasts its entry");
            assert!(number(entry, "holds") > 0, "{pk}: a hold that its entry does not know");
            match (state.as_str(), text(entry, "state").as_str()) {
                ("paid", state) => assert_eq!(state, "used", "{pk}: paid, but its entry is {state}"),
                ("held", state) if self.is_future(until) => {
                    assert!(matches!(state, "admitted" | "used"), "{pk}: a live hold of an entry that is {state}");
                }
                _ => {}
            }
        }
    }
}

/// Q4: what an entry has follows from its state. Admitted ones, and no others, are on the expiry index; the end of an
/// admission, and nothing else, is told.
fn check_shape(entry: &Item) {
    if entry.contains_key("claim") {
        let others = ["pk", "sk", "claim", "delete_at"];
        return assert!(entry.keys().all(|name| others.contains(&name.as_str())), "claimed, and more: {entry:?}");
    }
    let has = |name: &str| entry.contains_key(name);
    let (state, change) = (text(entry, "state"), text(entry, "change"));
    let (admitted, ended) = (has("admitted_at"), has("ended_at"));
    match state.as_str() {
        "waiting" => assert!(!admitted && !ended, "{entry:?}"),
        "expired" if !admitted => assert!(ended && has("missed_at"), "over before it was called twice: {entry:?}"),
        "admitted" => assert!(admitted && !ended, "{entry:?}"),
        "used" => assert!(admitted && ended, "{entry:?}"),
        "expired" | "left" => assert!(ended, "{entry:?}"),
        other => panic!("an entry that is {other}"),
    }
    assert_eq!(has("expires_at"), admitted, "{entry:?}");
    let shard = text(entry, "expiry_shard");
    assert_eq!(has("expiry_shard"), state == "admitted", "{entry:?}");
    assert!(shard.is_empty() || shard.starts_with("token#"), "{entry:?}");
    let expected = if admitted && ended { "token.finished" } else { "" };
    assert_eq!(change, expected, "{entry:?}");
    assert!(admitted || number(entry, "holds") == 0, "held without an admission: {entry:?}");
    assert!(number(entry, "delete_at") > 0, "{entry:?}");
}
