//! How often a password may be guessed, and how many accounts an address may make: a bucket per account, and windows of
//! time per source address.
//!
//! An attempt at an account is counted before the password is looked at, so that attempts side by side cannot share one
//! look. A source address may be thousands of people behind one carrier's address: only its failures count, each when
//! it has happened, in windows of time that end by themselves.

use jiff::{SignedDuration, Timestamp};

/// The first pause.
pub const PAUSE_MIN: SignedDuration = SignedDuration::from_secs(1);
/// How much may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Attempts that cost no pause.
    pub free: u32,
    /// The longest pause; never for good.
    pub pause_max: SignedDuration,
    /// A bucket nobody touched for this long is empty again.
    pub forgotten_after: SignedDuration,
}

/// Failed attempts so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptCount {
    /// Attempts since the last success or the last long quiet.
    pub count: u32,
    /// No attempt before this time.
    pub blocked_until: Timestamp,
    /// When the last attempt was made.
    pub last_at: Timestamp,
}

/// Too many attempts; the next one may be made after this time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked(pub SignedDuration);

/// Counts one more attempt at `now`; the free ones cost no pause, then the pause doubles from [`PAUSE_MIN`] to the
/// limit's longest.
///
/// # Errors
/// When the bucket's pause is not over.
pub fn attempt(bucket: Option<AttemptCount>, limit: &Limit, now: Timestamp) -> Result<AttemptCount, Blocked> {
    let count = match bucket {
        Some(bucket) if bucket.blocked_until > now => return Err(Blocked(now.duration_until(bucket.blocked_until))),
        Some(bucket) if bucket.last_at + limit.forgotten_after > now => bucket.count.saturating_add(1),
        _ => 1,
    };
    let pause = match count.saturating_sub(limit.free) {
        0 => SignedDuration::ZERO,
        over @ 1..=20 => PAUSE_MIN * (1 << (over - 1)),
        _ => limit.pause_max,
    };
    Ok(AttemptCount { count, blocked_until: now + pause.min(limit.pause_max), last_at: now })
}

/// How many failures a source address may have: so many in a window of time, of which the window before counts with
/// the part that still lies within one length of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLimit {
    /// Failures that a source address may have within the length of a window.
    pub free: u32,
    /// How long a window is, and so the longest pause.
    pub window: SignedDuration,
}

impl SourceLimit {
    /// The number of the window in which `now` lies, and how much of it has passed.
    #[must_use]
    pub fn window_at(&self, now: Timestamp) -> (i64, SignedDuration) {
        let length = self.milliseconds();
        let millisecond = now.as_millisecond();
        (millisecond.div_euclid(length), SignedDuration::from_millis(millisecond.rem_euclid(length)))
    }

    /// Whether a source may try now: `last` failures were counted in the window before this one and `this` in it, of
    /// which `passed` is over. Of the last window no more count than are free, so no pause is longer than a window.
    ///
    /// # Errors
    /// When the failures of one window's length up to now are as many as are free.
    pub fn may_try(&self, last: u32, this: u32, passed: SignedDuration) -> Result<(), Blocked> {
        let length = self.milliseconds();
        let passed = i64::try_from(passed.as_millis()).unwrap_or(length).clamp(0, length);
        let (free, last, this) = (i64::from(self.free), i64::from(last.min(self.free)), i64::from(this));
        let left_at = |passed: i64| last * (length - passed) / length;
        if this + left_at(passed) < free {
            return Ok(());
        }
        // Either the last window's part shrinks enough within this one, or a moment after this one's end all of it
        // does.
        let within = if this < free { 1 + length - ((free - this) * length + last - 1) / last.max(1) } else { length };
        let until = if this + left_at(within) < free { within } else { length + 1 };
        Err(Blocked(SignedDuration::from_millis(until - passed)))
    }

    fn milliseconds(&self) -> i64 {
        i64::try_from(self.window.as_millis()).unwrap_or(i64::MAX).max(1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_source_waits_until_its_failures_are_old_enough_and_no_longer(
            free in 1_u32..400, last in 0_u32..1_000, this in 0_u32..1_000, passed in 0_i64..900_000,
        ) {
            let limit = SourceLimit { free, window: SignedDuration::from_secs(900) };
            let passed = SignedDuration::from_millis(passed);
            let at = |later: SignedDuration| match passed + later {
                here if here < limit.window => limit.may_try(last, this, here),
                next => limit.may_try(this, 0, next - limit.window),
            };
            match limit.may_try(last, this, passed) {
                Ok(()) => prop_assert!(this < free),
                Err(Blocked(pause)) => {
                    prop_assert!(pause > SignedDuration::ZERO && pause <= limit.window + SignedDuration::from_millis(1));
                    prop_assert!(at(pause).is_ok(), "still blocked after {pause:?}");
                    let before = pause - SignedDuration::from_millis(1);
                    prop_assert!(before.is_zero() || at(before).is_err(), "free before {pause:?}");
                }
            }
        }
    }

    #[test]
    fn failures_of_a_source_decay_although_others_go_on_failing() {
        let limit = SourceLimit { free: 300, window: SignedDuration::from_secs(900) };
        // As many in the last window as are free: as it moves away, one more may fail each three seconds.
        for seconds in [3, 30, 300, 897] {
            let allowed =
                (0..300).take_while(|this| limit.may_try(300, *this, SignedDuration::from_secs(seconds)).is_ok());
            assert_eq!(i64::try_from(allowed.count()), Ok(seconds / 3), "after {seconds} s");
        }
        let start = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_799);
        assert_eq!(limit.window_at(start), (1, SignedDuration::from_secs(899)));
        assert_eq!(limit.window_at(Timestamp::UNIX_EPOCH - SignedDuration::from_secs(1)).0, -1);
    }

    #[test]
    fn pauses_grow_from_a_second_to_a_quarter_of_an_hour() {
        let hour = SignedDuration::from_hours(1);
        let limit = Limit { free: 3, pause_max: SignedDuration::from_secs(900), forgotten_after: hour };
        let mut now = Timestamp::UNIX_EPOCH;
        let mut bucket = None;
        let mut pauses = Vec::new();
        for _ in 0..20 {
            let next = attempt(bucket, &limit, now).expect("the pause is over");
            pauses.push(now.duration_until(next.blocked_until).as_secs());
            if next.blocked_until > now {
                let refused = attempt(Some(next), &limit, now);
                assert_eq!(refused, Err(Blocked(now.duration_until(next.blocked_until))));
            }
            now = next.blocked_until;
            bucket = Some(next);
        }
        assert_eq!(pauses[..6], [0, 0, 0, 1, 2, 4]);
        assert_eq!(pauses[19], 900);
        let quiet = now + hour;
        assert_eq!(attempt(bucket, &limit, quiet).map(|bucket| bucket.count), Ok(1));
    }
}
