//! Random schedulers with clocks of their own against a plain model of who is inside.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::gaps::Gap;
use super::moves::*;
use super::settings::*;
use super::tests::{POLL, SWEEP, at, look_of, settings};
use super::*;

/// One thing that happens. What it happens to is taken modulo what there is.
#[derive(Clone, Debug)]
enum Step {
    Wait(i64),
    /// Somebody takes a number; or takes it and never comes back, which is a gap that nobody knows of.
    Join(bool),
    /// Somebody who waits leaves: a gap that is noted.
    Leave(usize),
    /// A process throws so many numbers away, and notes them.
    ThrowAway(u64),
    /// A scheduler reads the queue and its batches, as a poll or a sweep.
    Read {
        scheduler: usize,
        sweeps: bool,
    },
    /// It writes what it decided on, whatever has happened since.
    Write {
        scheduler: usize,
    },
    Poll(usize),
    Claim(usize),
    /// An admission ends; its event is told later.
    End(usize),
    Deliver(usize),
    /// A scheduler's clock is set.
    Skew {
        scheduler: usize,
        milliseconds: i64,
    },
    Capacity(u32),
    /// Seats are sold, or come back.
    SeatsLeft(Option<SeatsLeft>),
}

fn steps(capacities: bool) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_i64..3_000).prop_map(Step::Wait),
        1 => (20_000_i64..90_000).prop_map(Step::Wait),
        8 => any::<bool>().prop_map(Step::Join),
        8 => (0_usize..3, any::<bool>()).prop_map(|(scheduler, sweeps)| Step::Read { scheduler, sweeps }),
        8 => (0_usize..3).prop_map(|scheduler| Step::Write { scheduler }),
        3 => any::<usize>().prop_map(Step::Leave),
        1 => (1_u64..70).prop_map(Step::ThrowAway),
        4 => any::<usize>().prop_map(Step::Poll),
        8 => any::<usize>().prop_map(Step::Claim),
        4 => any::<usize>().prop_map(Step::End),
        4 => any::<usize>().prop_map(Step::Deliver),
        1 => (0_usize..3, -30_000_i64..=30_000).prop_map(|(scheduler, milliseconds)| Step::Skew { scheduler, milliseconds }),
        1 => (0_usize..3).prop_map(|scheduler| Step::Skew { scheduler, milliseconds: -300_000 }),
        1 => proptest::option::of((0_u64..9, 0_u64..2)).prop_map(|left| {
            Step::SeatsLeft(left.map(|(available, held)| SeatsLeft { available, held }))
        }),
        1 => (1_u32..8).prop_map(move |most| if capacities { Step::Capacity(most) } else { Step::Wait(1_000) }),
    ];
    vec(step, 1..250)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Waiting,
    Missed,
    Admitted,
    Ended,
}

#[derive(Clone, Copy, Debug)]
struct Batch {
    last: u64,
    claimed: u64,
    closes_at: Timestamp,
}

/// The items that a scheduler has read.
#[derive(Clone, Debug)]
struct Read {
    queue: Queue,
    batches: BTreeMap<u64, Batch>,
    gaps: Vec<Gap>,
    missed: Vec<u64>,
    seats_left: Option<SeatsLeft>,
    issued: u64,
    now: Timestamp,
    sweeps: bool,
}

/// The table, as the store writes it, and what is true of the people in it.
struct Model {
    queue: Queue,
    batches: BTreeMap<u64, Batch>,
    /// Noted, by first number: the last.
    gaps: BTreeMap<u64, u64>,
    issued: u64,
    now: i64,
    clocks: [i64; 3],
    reads: [Option<Read>; 3],
    /// By number; gaps are not there.
    people: BTreeMap<u64, Place>,
    /// Numbers that are to be called a second time.
    missed: BTreeSet<u64>,
    /// Numbers that were among them at any time.
    had_second_call: BTreeSet<u64>,
    seats_left: Option<SeatsLeft>,
    shown: BTreeMap<u64, u64>,
    untold: Vec<u64>,
    moves: Vec<(Timestamp, u64)>,
    /// Called numbers, in the order of the calls.
    called: u64,
    lowered: bool,
}

impl Model {
    fn new(capacity: u32, rate: u32) -> Self {
        Self {
            queue: Queue::new(settings(capacity, rate), at(0)),
            batches: BTreeMap::new(),
            gaps: BTreeMap::new(),
            issued: 0,
            now: 0,
            clocks: [0; 3],
            reads: [None, None, None],
            people: BTreeMap::new(),
            missed: BTreeSet::new(),
            had_second_call: BTreeSet::new(),
            seats_left: None,
            shown: BTreeMap::new(),
            untold: Vec::new(),
            moves: Vec::new(),
            called: 0,
            lowered: false,
        }
    }

    fn numbers(&self, wanted: Place) -> Vec<u64> {
        self.people.iter().filter(|(_, place)| **place == wanted).map(|(number, _)| *number).collect()
    }

    fn pick(&self, wanted: Place, which: usize) -> Option<u64> {
        let all = self.numbers(wanted);
        all.get(which.checked_rem(all.len())?).copied()
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Wait(milliseconds) => self.now += milliseconds,
            Step::Join(comes_back) => {
                self.issued += 1;
                if comes_back {
                    self.people.insert(self.issued, Place::Waiting);
                }
            }
            Step::Leave(which) => {
                if let Some(number) = self.pick(Place::Waiting, which) {
                    self.people.insert(number, Place::Ended);
                    self.missed.remove(&number);
                    self.gaps.insert(number, number);
                }
            }
            Step::ThrowAway(count) => {
                self.gaps.insert(self.issued + 1, self.issued + count);
                self.issued += count;
            }
            Step::Read { scheduler, sweeps } => {
                let gaps = self.gaps.iter().take(gaps::GAPS_PER_MOVE_MAX);
                let gaps = gaps.map(|(first, last)| Gap { first: *first, last: *last }).collect();
                let (queue, batches, issued) = (self.queue.clone(), self.batches.clone(), self.issued);
                let now = at(self.now + self.clocks[scheduler]);
                let missed = self.missed.iter().copied().take(AGAIN_PER_MOVE_MAX).collect();
                let seats_left = self.seats_left;
                self.reads[scheduler] = Some(Read { queue, batches, gaps, missed, seats_left, issued, now, sweeps });
            }
            Step::Write { scheduler } => {
                if let Some(read) = self.reads[scheduler].take() {
                    self.advance(&read);
                }
            }
            Step::Poll(which) => {
                if let Some(number) = self.pick(Place::Waiting, which) {
                    let now = at(self.now);
                    let position = self.queue.position_of(number, now).position;
                    let before = self.shown.insert(number, position);
                    assert!(before.is_none_or(|before| position <= before), "{number} rose to {position}");
                }
            }
            Step::Claim(which) => self.claim(which),
            Step::End(which) => {
                if let Some(number) = self.pick(Place::Admitted, which) {
                    self.people.insert(number, Place::Ended);
                    self.untold.push(number);
                }
            }
            Step::Deliver(which) => {
                if let Some(which) = which.checked_rem(self.untold.len()) {
                    self.untold.swap_remove(which);
                    self.queue.finished += 1;
                }
            }
            Step::Skew { scheduler, milliseconds } => self.clocks[scheduler] = milliseconds,
            Step::SeatsLeft(seats_left) => self.seats_left = seats_left,
            Step::Capacity(most) => {
                self.lowered |= most < self.queue.settings.capacity;
                self.queue.settings.capacity = most;
                self.queue.version += 1;
            }
        }
    }

    fn claim(&mut self, which: usize) {
        let Some(number) = self.pick(Place::Waiting, which).filter(|number| *number <= self.queue.serving) else {
            return;
        };
        let batch = self.batches.range_mut(..=number).next_back().filter(|(_, batch)| number <= batch.last);
        let place = match batch {
            Some((_, batch)) => {
                batch.claimed += 1;
                Place::Admitted
            }
            None if self.had_second_call.insert(number) => {
                self.missed.insert(number);
                Place::Waiting
            }
            None if self.missed.contains(&number) => Place::Waiting,
            None => Place::Missed,
        };
        self.people.insert(number, place);
    }

    /// As the store does it: batches first, then the move on condition of version and time.
    fn advance(&mut self, look: &Read) {
        if !is_past(look.queue.looked_at, look.now, MOVE_EVERY) {
            return;
        }
        let (mut freed, mut next_closing_at) = (0, look.queue.next_closing_at);
        if look.queue.has_batches_to_close(look.now) && self.queue.version == look.queue.version {
            for (first, read) in look.batches.iter().filter(|(_, batch)| batch.closes_at + CLAIM_GRACE <= look.now) {
                if self.batches.get(first).is_some_and(|there| there.claimed == read.claimed) {
                    self.batches.remove(first);
                    freed += read.last + 1 - first - read.claimed;
                }
            }
            next_closing_at = self.batches.values().map(|batch| batch.closes_at).min();
            self.queue.next_closing_at = next_closing_at;
        }
        self.queue.finished += freed;
        freed += self.free_called(look);
        let read = Queue { finished: look.queue.finished + freed, next_closing_at, ..look.queue.clone() };
        let at_once = if look.sweeps { SWEEP } else { POLL };
        let ahead: Vec<Gap> = look.gaps.iter().copied().filter(|gap| gap.first > look.queue.serving).collect();
        let found = Look { missed: &look.missed, seats_left: look.seats_left, ..look_of(look.issued, &ahead) };
        let Some(next) = read.advance(&found, look.now, at_once) else { return };
        let there = |gap: &Gap| self.gaps.get(&gap.first) == Some(&gap.last);
        let wait = |number: &u64| self.missed.contains(number);
        if self.queue.version == read.version && next.passed.iter().all(there) && next.again.iter().all(wait) {
            self.commit(look, &read, &next, at_once);
        }
    }

    fn commit(&mut self, look: &Read, read: &Queue, next: &Move, at_once: SignedDuration) {
        assert!(next.after.serving >= self.queue.serving, "serving falls");
        assert_eq!(next.after.version, self.queue.version + 1);
        for gap in &next.passed {
            self.gaps.remove(&gap.first);
        }
        let passed: u64 = next.passed.iter().map(Gap::count).sum();
        let again = next.again.len() as u64;
        let calls = next.after.serving - self.queue.serving - passed + again;
        let items = 1 + next.batches().count() + next.passed.len() + next.again.len();
        assert!(items <= 100, "a transaction of {items} items");
        let room = u64::from(read.settings.capacity).saturating_sub(self.queue.in_use());
        assert!(calls <= room, "{calls} numbers for {room} places");
        let seats = look.seats_left.map_or(calls, |left| left.available);
        assert!(calls <= seats, "{calls} numbers for {seats} seats");
        next.again.iter().for_each(|number| assert!(self.missed.remove(number)));
        let closes_at = look.now + SignedDuration::from_secs(60);
        for super::moves::Batch { first, last, gaps } in next.batches() {
            if next.again.contains(&first) {
                assert_eq!((last, gaps), (first, 0), "a second call is for one");
                assert!(self.batches.insert(first, Batch { last, claimed: 0, closes_at }).is_none());
                continue;
            }
            let between = Gap { first: self.called + 1, last: first - 1 };
            let passed: u64 = next.passed.iter().map(|gap| gap.count_within(between.first, between.last)).sum();
            assert_eq!(passed, between.count(), "batches have no gap but of holes, and no overlap");
            assert!((1..=BATCH_NUMBERS_MAX).contains(&(last + 1 - first)));
            self.called = last;
            assert!(self.batches.insert(first, Batch { last, claimed: gaps, closes_at }).is_none());
        }
        self.called = next.after.serving;
        assert!(next.after.serving <= self.issued, "a number is called that was not given out");
        self.queue = Queue { finished: self.queue.finished + passed - again, ..next.after.clone() };
        let first = self.batches.values().map(|batch| batch.closes_at).min();
        let next = self.queue.next_closing_at;
        assert!(first.is_none_or(|first| next.is_some_and(|next| next <= first)), "a batch would stay open");
        let most = u64::from(read.settings.admit_per_second) * u64::try_from(at_once.as_secs()).expect("short");
        assert!(calls <= most, "{calls} calls at once");
        self.moves.push((look.now, calls));
    }

    /// As the store does it with gaps among the numbers that have been called.
    fn free_called(&mut self, look: &Read) -> u64 {
        let mut freed = 0;
        for gap in look.gaps.iter().filter(|gap| gap.first <= look.queue.serving) {
            if self.gaps.remove(&gap.first).is_none() {
                continue;
            }
            let batch = self.batches.range_mut(..=gap.first).next_back();
            if let Some((first, batch)) = batch.filter(|(_, batch)| gap.first <= batch.last) {
                let within = gap.count_within(*first, batch.last);
                batch.claimed += within;
                freed += within;
            }
        }
        self.queue.finished += freed;
        freed
    }

    fn check(&self) {
        let unclaimed: u64 = self.batches.iter().map(|(first, batch)| batch.last + 1 - first - batch.claimed).sum();
        let inside = u64::try_from(self.numbers(Place::Admitted).len() + self.untold.len()).expect("few");
        assert_eq!(self.queue.in_use(), inside + unclaimed, "places in use are those taken and those offered");
        if !self.lowered {
            assert!(self.queue.in_use() <= u64::from(self.queue.settings.capacity), "over capacity");
        }
    }

    /// However often the clocks jumped: by the queue's own time no window has more calls than it and the time that may
    /// be saved allow. What a move rounds off in its own favour is less than a millisecond.
    fn check_rate(&self) {
        let rate = u64::from(self.queue.settings.admit_per_second);
        for (index, (from, ..)) in self.moves.iter().enumerate() {
            let mut calls = 0;
            for (count, (until, more)) in self.moves[index..].iter().enumerate() {
                calls += more;
                let window = milliseconds(*from, *until) + u64::try_from(SAVED_MAX.as_millis()).expect("short");
                let moves = u64::try_from(count).expect("few") + 1;
                assert!(calls * 1_000 <= rate * (window + moves), "{calls} calls in {window} ms at {rate} a second");
            }
        }
    }

    /// Everybody goes, every event is told, every window ends: Q5.
    fn drain(&mut self) {
        self.clocks = [0; 3];
        for number in self.numbers(Place::Admitted) {
            self.people.insert(number, Place::Ended);
            self.untold.push(number);
        }
        self.queue.finished += u64::try_from(self.untold.len()).expect("few");
        self.untold.clear();
        // Later than the fastest clock that ever wrote.
        self.now += 120_000;
        for _ in 0..3 {
            self.run(&Step::Read { scheduler: 0, sweeps: true });
            self.run(&Step::Write { scheduler: 0 });
            self.now += 91_000;
            self.check();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn schedulers_polls_claims_and_ends_in_any_order(
        steps in steps(false), capacity in 1_u32..60, rate in prop_oneof![1_u32..5, 20_u32..60],
    ) {
        let mut model = Model::new(capacity, rate);
        for step in &steps {
            model.run(step);
            model.check();
        }
        model.check_rate();
        model.drain();
    }

    #[test]
    fn also_while_the_capacity_is_changed(steps in steps(true), rate in 1_u32..40) {
        let mut model = Model::new(5, rate);
        for step in &steps {
            model.run(step);
            model.check();
        }
        model.check_rate();
    }

    #[test]
    fn a_place_that_nobody_uses_is_given_on(steps in steps(false), capacity in 1_u32..4) {
        let mut model = Model::new(capacity, 50);
        for step in &steps {
            model.run(step);
        }
        model.drain();
        // Nobody claims any more: all that were offered came back, so whoever waits is offered a place in turn.
        model.seats_left = None;
        let waiting = model.issued - model.queue.serving + model.missed.len() as u64;
        let rounds = waiting.div_ceil(u64::from(capacity)) + 2;
        for _ in 0..2 * rounds {
            model.run(&Step::Read { scheduler: 1, sweeps: true });
            model.run(&Step::Write { scheduler: 1 });
            model.now += 91_000;
        }
        prop_assert_eq!((model.queue.serving, model.queue.in_use(), model.missed.len()), (model.issued, 0, 0));
    }

    #[test]
    fn nothing_that_is_counted_overflows(
        capacity in 1..=CAPACITY_MAX, rate in 1..=ADMIT_PER_SECOND_MAX, issued in 0..u64::from(u32::MAX),
        serving in 0..u64::from(u32::MAX), jump in -4_000_000_000_000_i64..2_000_000_000_000, sweeps in any::<bool>(),
    ) {
        let serving = serving.min(issued);
        let queue = Queue { serving, finished: serving, seen: issued, ..Queue::new(settings(capacity, rate), at(0)) };
        let now = Timestamp::from_millisecond((1_800_000_000_000 + jump).clamp(0, 4_102_444_800_000)).expect("a time");
        let credit = if sweeps { SWEEP } else { POLL };
        if let Some(next) = queue.advance(&look_of(issued, &[]), now, credit) {
            let calls = next.after.serving - serving;
            prop_assert!(calls <= BATCHES_PER_MOVE_MAX * BATCH_NUMBERS_MAX);
            prop_assert!(next.batches().count() <= usize::try_from(BATCHES_PER_MOVE_MAX).expect("few"));
            prop_assert!(calls <= u64::from(rate) * u64::try_from(credit.as_secs()).expect("short"));
            prop_assert!(next.after.counted_until <= now);
        }
        let standing = queue.position_of(issued + 1, now);
        prop_assert!(standing.retry_after_milliseconds.is_some_and(|retry| (2_000..=60_000).contains(&retry)));
        prop_assert_eq!(standing.position, issued + 1 - serving);
    }
}
