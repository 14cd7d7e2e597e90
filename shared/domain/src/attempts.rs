//! How often a password may be guessed: a bucket per account and one per source address.
//!
//! An attempt is counted before the password is looked at, so that attempts side by side cannot share one look.

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
pub struct Bucket {
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
pub fn attempt(bucket: Option<Bucket>, limit: &Limit, now: Timestamp) -> Result<Bucket, Blocked> {
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
    Ok(Bucket { count, blocked_until: now + pause.min(limit.pause_max), last_at: now })
}

#[cfg(test)]
mod tests {
    use super::*;

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
