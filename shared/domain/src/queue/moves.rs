//! Moves of a queue: which numbers are called next.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};

use super::gaps::{GAPS_PER_MOVE_MAX, Gap};
use super::{BATCH_NUMBERS_MAX, MOVE_EVERY, Queue, QueueState, SeatsLeft, is_past, milliseconds};

/// Most batches that one move opens, or closes; with the queue itself and the gaps that a move passes over they are one
/// transaction of at most 100 items.
pub const BATCHES_PER_MOVE_MAX: u64 = 60;
/// Time that was not turned into calls while people waited is kept for so long.
pub(super) const SAVED_MAX: SignedDuration = SignedDuration::from_secs(60);

/// Most numbers that one move calls a second time. Each is a batch of its own, and takes the room of two gaps.
pub const AGAIN_PER_MOVE_MAX: usize = 10;

/// A look at what lies around a queue.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look<'a> {
    /// The last number that has been given out.
    pub issued: u64,
    /// The first gaps among the numbers to be called, in order, at most [`GAPS_PER_MOVE_MAX`].
    pub gaps: &'a [Gap],
    /// Numbers whose holders missed their call and have come back, in order.
    pub missed: &'a [u64],
    /// The seats that are left behind it; none while no date is on sale there.
    pub seats_left: Option<SeatsLeft>,
}

/// The next move of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The queue as it will be.
    pub after: Queue,
    /// The numbers that are called or passed over; empty when only the look is noted.
    pub called: RangeInclusive<u64>,
    /// The gaps among them, in order.
    pub passed: Vec<Gap>,
    /// Numbers below them that are called a second time.
    pub again: Vec<u64>,
}

/// Neighbouring numbers that are called together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The first of them.
    pub first: u64,
    /// The last of them.
    pub last: u64,
    /// How many of them nobody has: they count as claimed, and are finished from the beginning.
    pub gaps: u64,
}

/// How far a move goes.
struct Path {
    /// The last number that is called or passed over.
    last: u64,
    /// How many of the numbers are somebody's.
    people: u64,
    /// The gaps that are passed over.
    passed: Vec<Gap>,
}

impl Queue {
    /// Decides on the next move after a look at `now`. `None` when nothing is to be written: nothing is new, or the last
    /// move was less than [`MOVE_EVERY`] ago.
    ///
    /// At most `admit_per_second` numbers are called for each second that passed while people waited, and no more at
    /// once than for `at_once`; only numbers that had been given out at the last look, a second ago or more, so that a
    /// number on its way to somebody is not overtaken; never more than there are free places, nor than there are seats
    /// to be had. Those who missed their call come first. Gaps cost nothing: they are passed over. A second look at the
    /// same moment, or one by a clock that is behind, finds nothing to do. While nobody may be called no time is saved
    /// up; when the queue is over, only the seats that are left are noted.
    #[must_use]
    pub fn advance(&self, look: &Look<'_>, now: Timestamp, at_once: SignedDuration) -> Option<Move> {
        let waiting = self.seen.saturating_sub(self.serving);
        let looked = Self { seats_left: look.seats_left, ..self.clone() };
        let state = looked.state_at(now);
        let somebody_waits = waiting > 0 || look.issued > self.seen || !look.missed.is_empty();
        let is_over = state == QueueState::Over;
        if !is_past(self.looked_at, now, MOVE_EVERY)
            || ((is_over || !somebody_waits) && look.seats_left == self.seats_left)
        {
            return None;
        }
        let rate = if state == QueueState::Open { u64::from(self.settings.admit_per_second) } else { 0 };
        let from = self.counted_until.max(now - SAVED_MAX).min(now);
        let credit = milliseconds(from, now) * rate / 1_000;
        let most = (milliseconds(now - at_once, now) * rate / 1_000).min(BATCHES_PER_MOVE_MAX * BATCH_NUMBERS_MAX);
        let seats = look.seats_left.map_or(u64::MAX, |left| left.available);
        let room = u64::from(self.settings.capacity).saturating_sub(self.in_use()).min(seats);
        let people_max = room.min(credit).min(most);
        let again: Vec<u64> = look.missed.iter().copied().take(AGAIN_PER_MOVE_MAX).take(as_len(people_max)).collect();
        let calls_again = again.len() as u64;
        let path = self.path(people_max - calls_again, look.gaps, GAPS_PER_MOVE_MAX - 2 * again.len());
        let calls = calls_again + path.people;
        let spent = i64::try_from((calls * 1_000).checked_div(rate).unwrap_or(0)).unwrap_or(i64::MAX);
        // Time that nobody could use is not saved up; time that could be used, but not at once, is.
        let limited_by_time = calls > 0 && (calls == credit || calls == most);
        let counted_until = if limited_by_time { from + SignedDuration::from_millis(spent) } else { now };
        let passed: u64 = path.passed.iter().map(Gap::count).sum();
        let after = Self {
            serving: path.last,
            // A place that was given back is taken once more.
            finished: (self.finished + passed).saturating_sub(calls_again),
            seen: look.issued.max(self.seen),
            looked_at: now,
            counted_until,
            calls: self.calls_after(path.last, now),
            stays: self.stays_after(passed, calls_again, now),
            measured_at: now,
            next_closing_at: self.closing_after(calls, now),
            turn_at: None,
            version: self.version + 1,
            ..looked
        };
        Some(Move { called: self.serving + 1..=after.serving, passed: path.passed, again, after })
    }

    /// The way from the last number that was called over at most `gaps_max` of `gaps`, in order, to that of at most
    /// `people_max` people, among the numbers that had been given out at the last look. Gaps of numbers that were called
    /// already are left out: they are dealt with by their batches.
    fn path(&self, people_max: u64, gaps: &[Gap], gaps_max: usize) -> Path {
        let gaps = &gaps[..gaps.len().min(gaps_max)];
        let full = (BATCHES_PER_MOVE_MAX - 1) * BATCH_NUMBERS_MAX;
        let mut until = self.seen.min(batch_end(self.serving + 1) + full);
        if let Some(furthest) = gaps.last().filter(|_| gaps.len() >= gaps_max) {
            // There may be more of them behind.
            until = until.min(furthest.last);
        }
        let mut path = Path { last: self.serving, people: 0, passed: Vec::new() };
        let walk = |path: &mut Path, to: u64| {
            let more = to.min(until).saturating_sub(path.last).min(people_max - path.people);
            path.last += more;
            path.people += more;
        };
        for gap in gaps.iter().filter(|gap| gap.first > self.serving) {
            walk(&mut path, gap.first - 1);
            if path.last + 1 != gap.first || gap.last > until {
                return path;
            }
            path.last = gap.last;
            path.passed.push(*gap);
        }
        walk(&mut path, until);
        path
    }

    /// When the first of its batches may close, once it has called so many people at `now`.
    fn closing_after(&self, calls: u64, now: Timestamp) -> Option<Timestamp> {
        let closes_at = now + self.settings.claim_window();
        self.next_closing_at.into_iter().chain((calls > 0).then_some(closes_at)).min()
    }
}

fn as_len(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

impl Move {
    /// Whether it only notes the look.
    #[must_use]
    pub fn calls_nobody(&self) -> bool {
        self.called.is_empty() && self.again.is_empty()
    }

    /// How many numbers more are finished: those that are passed over, less those that take a place again.
    #[must_use]
    pub fn more_finished(&self) -> i64 {
        let passed: u64 = self.passed.iter().map(Gap::count).sum();
        passed.cast_signed() - i64::try_from(self.again.len()).unwrap_or(0)
    }

    /// The called numbers in batches of neighbours, none of which goes over a multiple of [`BATCH_NUMBERS_MAX`]: so a
    /// number alone tells which batch it can be in. Those of which nobody has a number are left out. Each number that is
    /// called a second time is a batch of its own.
    pub fn batches(&self) -> impl Iterator<Item = Batch> {
        let (from, to) = (*self.called.start(), *self.called.end());
        let begins =
            std::iter::successors(Some(from), |first| Some(batch_end(*first) + 1)).take_while(move |n| *n <= to);
        let batches = begins.map(move |first| {
            let last = batch_end(first).min(to);
            Batch { first, last, gaps: self.passed.iter().map(|gap| gap.count_within(first, last)).sum() }
        });
        let again = self.again.iter().map(|number| Batch { first: *number, last: *number, gaps: 0 });
        batches.filter(|batch| batch.gaps < batch.last + 1 - batch.first).chain(again)
    }
}

/// The last number that can be in one batch with `number`.
fn batch_end(number: u64) -> u64 {
    number.div_ceil(BATCH_NUMBERS_MAX) * BATCH_NUMBERS_MAX
}
