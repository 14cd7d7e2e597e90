//! Holds and orders that were let lapse, and the pause that follows: the first lapse is free, then the pause grows.
//!
//! Holds are counted for each account and date, orders for each account. A lapse is a hold or order that ended by time:
//! cancelling in time is none, and a declined payment does not excuse one. A purchase makes all of it forgotten. Pauses
//! count from the end of what lapsed, not from when somebody noticed, so it does not matter who notices, or when.

use jiff::{SignedDuration, Timestamp};

use crate::seat::second;

/// Lapses without a pause.
pub const LAPSES_FREE: u32 = 1;
/// The pause after the first lapse that is not free; each further one doubles it.
pub const PAUSE_MIN: SignedDuration = SignedDuration::from_mins(1);
/// The longest pause; never for good.
pub const PAUSE_MAX: SignedDuration = SignedDuration::from_hours(1);
/// Lapses are forgotten when none has followed for this long.
pub const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Doublings after which every pause is the longest.
const DOUBLINGS_MAX: u32 = 20;

/// What an account has let lapse; times in epoch seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lapses {
    /// How many, since the last purchase or the last long quiet.
    pub count: u32,
    /// When the last of them ended.
    pub last_at: u32,
    /// The first second in which there may be another hold or order.
    pub paused_until: u32,
}

/// Holds or orders were let lapse: the next one may be made after so many seconds, at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("earlier ones were neither paid nor cancelled in time; the next one may be made in {0} seconds")]
pub struct Paused(pub u32);

impl Lapses {
    /// These and one more, which ended at `ended`. In whatever order lapses are noticed, the result is the same while
    /// none is forgotten.
    #[must_use]
    pub fn and_one(self, ended: u32) -> Self {
        let forgotten = |from: u32, to: u32| i64::from(to) - i64::from(from) > FORGOTTEN_AFTER.as_secs();
        if self.count > 0 && forgotten(ended, self.last_at) {
            return self;
        }
        let count = if forgotten(self.last_at, ended) { 1 } else { self.count.saturating_add(1) };
        let last_at = self.last_at.max(ended);
        let pause = u32::try_from(pause(count).as_secs()).unwrap_or(u32::MAX);
        Self { count, last_at, paused_until: last_at.saturating_add(pause) }
    }

    /// Whether there may be another hold or order at `now`.
    ///
    /// # Errors
    /// While a pause lasts.
    pub fn check(&self, now: Timestamp) -> Result<(), Paused> {
        match self.paused_until.saturating_sub(second(now)) {
            0 => Ok(()),
            seconds => Err(Paused(seconds)),
        }
    }
}

/// How long the pause is after so many lapses.
fn pause(count: u32) -> SignedDuration {
    match count.saturating_sub(LAPSES_FREE) {
        0 => SignedDuration::ZERO,
        over @ 1..=DOUBLINGS_MAX => (PAUSE_MIN * (1 << (over - 1))).min(PAUSE_MAX),
        _ => PAUSE_MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_lapse_is_free_and_pauses_double_up_to_an_hour() {
        let mut lapses = Lapses::default();
        let mut pauses = Vec::new();
        let mut ended = 1_000_000;
        for _ in 0..40 {
            lapses = lapses.and_one(ended);
            pauses.push(lapses.paused_until - ended);
            ended = lapses.paused_until + 300;
        }
        assert_eq!(pauses[..8], [0, 60, 120, 240, 480, 960, 1_920, 3_600]);
        assert!(pauses[8..].iter().all(|pause| *pause == 3_600));
    }

    #[test]
    fn a_pause_is_told_to_the_second_and_forgotten_after_a_day() {
        let at = |second: u32| Timestamp::from_second(second.into()).expect("a time");
        let twice = Lapses::default().and_one(1_000_000).and_one(1_000_300);
        assert_eq!(twice.check(at(1_000_300)), Err(Paused(60)));
        assert_eq!(twice.check(at(1_000_359)), Err(Paused(1)));
        assert_eq!(twice.check(at(1_000_360)), Ok(()));
        assert_eq!(twice.and_one(1_000_300 + 86_401).count, 1);
        assert_eq!(twice.and_one(1_000_300 + 86_400).count, 3);
    }

    proptest! {
        /// Sweeps, reads and requests notice lapses in any order.
        #[test]
        fn the_order_in_which_lapses_are_noticed_does_not_matter(
            ended in proptest::collection::vec(1_000_000..1_086_400_u32, 0..12), turn in 0..12_usize,
        ) {
            let noticed = |ended: &[u32]| ended.iter().fold(Lapses::default(), |lapses, end| lapses.and_one(*end));
            let mut other = ended.clone();
            other.rotate_left(turn.min(ended.len()));
            prop_assert_eq!(noticed(&ended), noticed(&other));
            prop_assert_eq!(noticed(&ended).count as usize, ended.len());
        }

        /// One more lapse never shortens a pause, and none is longer than the longest.
        #[test]
        fn pauses_only_grow(ended in proptest::collection::vec(1_000_000..1_200_000_u32, 1..30)) {
            let mut lapses = Lapses::default();
            let mut sorted = ended;
            sorted.sort_unstable();
            for end in sorted {
                let after = lapses.and_one(end);
                prop_assert!(after.paused_until >= lapses.paused_until || after.count == 1);
                prop_assert!(i64::from(after.paused_until - after.last_at) <= PAUSE_MAX.as_secs());
                lapses = after;
            }
        }
    }
}
