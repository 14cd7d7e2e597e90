//! Holds and orders that were let lapse, and the pause that follows: the first lapse is free, then the pause grows.
//!
//! Holds are counted for each account and date, orders for each account. A lapse is a hold or order that ended by time:
//! cancelling in time is none, and a declined payment does not excuse one. A purchase makes all of it forgotten. Pauses
//! count from the end of what lapsed, not from when somebody noticed, so it does not matter who notices.

use jiff::{SignedDuration, Timestamp};

use crate::time::EpochSecond;

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

/// The lapses of an account; times in epoch seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lapses {
    /// How many, since the last purchase or the last long quiet.
    pub count: u32,
    /// When the last of them that counts ended.
    pub last_at: EpochSecond,
    /// The first second in which there may be another hold or order.
    pub paused_until: EpochSecond,
}

/// Holds or orders were let lapse: the next one may be made after so many seconds, at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("earlier ones were neither paid nor cancelled in time; the next one may be made in {0} seconds")]
pub struct Paused(pub u32);

impl Lapses {
    /// These and one more, which was made at `made_at` and ended at `ended`. What was made before the last one that
    /// counts had ended counts with that one: somebody who holds four seats one by one, and leaves, has let lapse once.
    #[must_use]
    pub fn with_lapse(self, made_at: Timestamp, ended: EpochSecond) -> Self {
        if self.count > 0 && EpochSecond::begun(made_at) <= self.last_at {
            return self;
        }
        let forgotten = i64::from(ended.since(self.last_at)) > FORGOTTEN_AFTER.as_secs();
        let count = if forgotten { 1 } else { self.count.saturating_add(1) };
        let pause = u32::try_from(pause(count).as_secs()).unwrap_or(u32::MAX);
        Self { count, last_at: ended, paused_until: ended.plus(pause) }
    }

    /// Whether there may be another hold or order at `now`.
    ///
    /// # Errors
    /// While a pause lasts.
    pub fn check(&self, now: Timestamp) -> Result<(), Paused> {
        // A clock that is ahead may have ended it: by this one it has then not even lapsed, and is free all the same.
        if self.count <= LAPSES_FREE {
            return Ok(());
        }
        match self.paused_until.since(EpochSecond::begun(now)) {
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

    fn at(second: u32) -> Timestamp {
        Timestamp::from_second(second.into()).expect("a time")
    }

    /// A hold of five minutes that was made at `made`, and lapsed.
    fn lapsed(lapses: Lapses, made: u32) -> Lapses {
        lapses.with_lapse(at(made), EpochSecond(made + 300))
    }

    #[test]
    fn the_first_lapse_is_free_and_pauses_double_up_to_an_hour() {
        let mut lapses = Lapses::default();
        let mut pauses = Vec::new();
        let mut made = 1_000_000;
        for _ in 0..40 {
            lapses = lapsed(lapses, made);
            pauses.push(lapses.paused_until.since(lapses.last_at));
            made = lapses.paused_until.0 + 1;
        }
        assert_eq!(pauses[..8], [0, 60, 120, 240, 480, 960, 1_920, 3_600]);
        assert!(pauses[8..].iter().all(|pause| *pause == 3_600));
    }

    #[test]
    fn the_first_lapse_is_free_by_a_clock_that_is_behind_the_one_that_ended_it() {
        assert_eq!(lapsed(Lapses::default(), 1_000_000).check(at(1_000_272)), Ok(()));
    }

    #[test]
    fn a_pause_is_told_to_the_second_and_forgotten_after_a_day() {
        let twice = lapsed(lapsed(Lapses::default(), 1_000_000), 1_000_301);
        assert_eq!(twice.check(at(1_000_601)), Err(Paused(60)));
        assert_eq!(twice.check(at(1_000_660)), Err(Paused(1)));
        assert_eq!(twice.check(at(1_000_661)), Ok(()));
        assert_eq!(lapsed(twice, 1_000_601 + 86_400 - 300).count, 3);
        assert_eq!(lapsed(twice, 1_000_601 + 86_401 - 300).count, 1);
    }

    proptest! {
        /// Holds that were all made before one of them had ended count once, in whatever order they are noticed.
        #[test]
        fn what_lapses_together_counts_once(made in proptest::collection::vec(1_000_000..=1_000_300_u32, 1..12)) {
            let lapses = made.into_iter().fold(Lapses::default(), lapsed);
            prop_assert_eq!((lapses.count, lapses.check(lapses.last_at.start())), (1, Ok(())));
        }

        /// Renewing after a lapse waits: of the time from the second lapse on, less and less is held.
        #[test]
        fn renewing_for_ever_holds_less_and_less(late in proptest::collection::vec(1..600_u32, 12)) {
            let (mut lapses, mut now, mut held) = (Lapses::default(), 1_000_000, 0);
            for late in late {
                now = lapses.paused_until.0.max(now) + late;
                lapses = lapsed(lapses, now);
                (now, held) = (now + 300, held + 300);
            }
            prop_assert_eq!(lapses.count, 12);
            prop_assert!((now - 1_000_000) / held >= 5, "{held} of {now}");
        }

        /// One more lapse never shortens a pause, unless the earlier ones are forgotten; none is longer than the
        /// longest.
        #[test]
        fn pauses_only_grow(made in proptest::collection::vec(1_000_000..1_200_000_u32, 1..30)) {
            let mut lapses = Lapses::default();
            let mut sorted = made;
            sorted.sort_unstable();
            for made in sorted {
                let after = lapsed(lapses, made);
                prop_assert!(after.paused_until >= lapses.paused_until || after.count == 1);
                prop_assert!(i64::from(after.paused_until.since(after.last_at)) <= PAUSE_MAX.as_secs());
                lapses = after;
            }
        }
    }
}
