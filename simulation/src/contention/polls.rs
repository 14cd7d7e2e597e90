//! The polls that a crowd would have sent by the rule that a queue had before: each person asks again after a quarter of
//! the time that is left, and asks until called, for nobody says that everything is sold.

/// Shortest and longest sleep of that rule, in seconds.
const SLEEP_SECONDS: (f64, f64) = (1.0, 20.0);

/// The polls of people who joined at these positions, while so many are admitted in a second.
#[must_use]
pub fn polls_by_quarters(positions: &[u64], admit_per_second: u32) -> u64 {
    positions.iter().map(|position| polls_of(*position as f64 / f64::from(admit_per_second.max(1)))).sum()
}

/// The polls of somebody who is called after so many seconds; the last one finds that out.
fn polls_of(called_after: f64) -> u64 {
    let (mut now, mut polls) = (0.0, 0);
    loop {
        let left = called_after - now;
        now += (left / 4.0).clamp(SLEEP_SECONDS.0, SLEEP_SECONDS.1);
        polls += 1;
        if now >= called_after {
            return polls;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_asks_more_often_the_nearer_the_call_is() {
        assert_eq!(polls_by_quarters(&[0, 400, 800], 400), 1 + 1 + 2);
        // 40 s: 10, 7.5, 5.6, 4.2, 3.2, 2.4, 1.8, 1.3, and 5 of a second.
        assert_eq!(polls_by_quarters(&[16_000], 400), 13);
        // 250 s: at first every 20 s, nine times.
        assert_eq!(polls_by_quarters(&[100_000], 400), 9 + 14);
    }
}
