//! Links that are mailed: what each is for, how long it is good, and how many may be sent to one address.

use jiff::{SignedDuration, Timestamp};

/// The purpose of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To prove that mail to the address reaches whoever signed up with it.
    ProveAddress,
    /// To set a new password without the old one.
    ResetPassword,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 2] = [Self::ProveAddress, Self::ResetPassword];

    /// Its name in the table and in what is signed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProveAddress => "prove_address",
            Self::ResetPassword => "reset_password",
        }
    }

    /// The purpose of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == name)
    }

    /// How long a link is good: a mail may wait for a day to be read, and a password is asked for by who sits there.
    #[must_use]
    pub fn lifetime(self) -> SignedDuration {
        match self {
            Self::ProveAddress => SignedDuration::from_hours(24),
            Self::ResetPassword => SignedDuration::from_mins(30),
        }
    }
}

/// Most links that are mailed to one address within [`LINKS_WITHIN`], whoever asks: nobody's inbox can be filled.
pub const LINKS_MAX: usize = 3;
/// The time within which so many links are mailed at most.
pub const LINKS_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// The times of the last links to an address with one more at `now`, oldest first; none if it would be one too many. A
/// clock that is behind may not wait for longer than one that is right.
#[must_use]
pub fn one_more(times: &[Timestamp], now: Timestamp) -> Option<Vec<Timestamp>> {
    let recent = times.iter().copied().filter(|time| time.duration_until(now) < LINKS_WITHIN);
    let mut recent: Vec<Timestamp> = recent.map(|time| time.min(now)).collect();
    if recent.len() >= LINKS_MAX {
        return None;
    }
    recent.push(now);
    recent.sort_unstable();
    Some(recent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_hour_has_more_than_three(steps in prop::collection::vec(0_i64..2_400, 1..60)) {
            let (mut now, mut times, mut sent) = (Timestamp::UNIX_EPOCH, Vec::new(), Vec::new());
            for step in steps {
                now += SignedDuration::from_secs(step);
                if let Some(next) = one_more(&times, now) {
                    sent.push(now);
                    times = next;
                }
                let within = sent.iter().filter(|time| time.duration_until(now) < LINKS_WITHIN).count();
                prop_assert!(within <= LINKS_MAX);
                // And nobody waits without need.
                prop_assert!(within == LINKS_MAX || one_more(&times, now).is_some());
            }
        }
    }

    #[test]
    fn each_purpose_has_a_name_of_its_own() {
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::parse(purpose.as_str()), Some(purpose));
        }
        assert_eq!(Purpose::parse("PROVE"), None);
    }
}
