//! The time that people are told against the time that it then takes, in houses that are full.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::settings::Settings;
use super::tests::{POLL, at, look_of, settings};
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Nobody leaves before the time is over: whatever is told is never far below what is to come, nor far above.
    #[test]
    fn the_time_that_is_told_is_near_the_time_that_is_left(
        capacity in 1_u32..12, rate in 1_u32..5, minutes in 1_u32..6, people in 1_u64..60,
    ) {
        let told = of_a_full_house(Settings { active_minutes: minutes, ..settings(capacity, rate) }, people, |_| 1.0);
        let sweep = 60;
        for Told { number, second, eta, left } in told {
            let rounds = (number / u64::from(capacity)) + 1;
            prop_assert!(10 * (eta + 5) >= 8 * left, "{number}, {second} s: told {eta}, left {left}");
            prop_assert!(eta <= left + rounds * sweep + 5, "{number}, {second} s: told {eta}, left {left}");
        }
    }

    /// People stay for as long as they like: what is certain is told at least, and what is possible at most.
    #[test]
    fn the_time_that_is_told_is_never_less_than_is_certain(
        capacity in 1_u32..12, rate in 1_u32..5, minutes in 1_u32..6, people in 1_u64..60, stays in vec(0.05_f64..1.0, 60),
    ) {
        let settings = Settings { active_minutes: minutes, ..settings(capacity, rate) };
        let told = of_a_full_house(settings.clone(), people, |number| stays[usize::try_from(number).expect("few") % stays.len()]);
        for Told { number, second, eta, left } in told {
            let rounds = number.div_ceil(u64::from(capacity));
            prop_assert!(eta >= 1 && eta <= rounds * settings.stay_seconds_max() + number, "{number}, {second} s: {eta}, {left}");
        }
    }
}

/// The estimate that a user was given, and the time that it took.
struct Told {
    number: u64,
    second: i64,
    eta: u64,
    left: u64,
}

/// All come at once, claim when they are called, and stay for their part of the longest time. What each is told in each
/// second, and how long it then took.
fn of_a_full_house(settings: Settings, people: u64, part: impl Fn(u64) -> f64) -> Vec<Told> {
    let mut queue = Queue { seen: people, ..Queue::new(settings.clone(), at(0)) };
    let (mut ends, mut told, mut called_at) = (Vec::new(), Vec::new(), BTreeMap::new());
    let mut second = 0;
    while queue.serving < people {
        second += 1;
        let now = at(second * 1_000);
        let before = ends.len();
        ends.retain(|end| *end > second);
        queue.finished += u64::try_from(before - ends.len()).expect("few");
        let next = queue.advance(&look_of(people, &[]), now, POLL).expect("somebody waits");
        for number in next.called.clone() {
            called_at.insert(number, second);
            #[expect(clippy::cast_possible_truncation, reason = "seconds")]
            let stay = (f64::from(settings.active_minutes) * 60.0 * part(number)) as i64;
            ends.push(second + stay.max(1));
        }
        queue = next.after;
        for number in queue.serving + 1..=people {
            let standing = queue.position_of(number, now);
            let certain = standing.position.div_ceil(u64::from(settings.admit_per_second));
            let eta = standing.eta_seconds.expect("it is open");
            assert!(eta >= certain, "{standing:?} at {} a second", settings.admit_per_second);
            // A poll after the longest pause still falls within the claim window.
            let window = u64::from(settings.claim_seconds) * 1_000;
            let retry = standing.retry_after_milliseconds.expect("it is open");
            assert!((2_000..=window.min(120_000)).contains(&retry), "{standing:?}");
            told.push((number, second, eta));
        }
    }
    let left = |number: u64, second: i64| u64::try_from(called_at[&number] - second).expect("later");
    told.into_iter().map(|(number, second, eta)| Told { number, second, eta, left: left(number, second) }).collect()
}

#[test]
fn nobody_knows_when_a_seat_comes_back_and_few_can_have_it() {
    let out_of_seats = |held| {
        let seats_left = Some(SeatsLeft { available: 0, held });
        Queue { serving: 3, finished: 3, seen: 100, seats_left, ..Queue::new(settings(100, 10), at(0)) }
    };
    // Behind those whose holds may lapse: once a minute. Else as often as where places are short; near the front oftener.
    for (held, number, sleeps) in [(2, 90, 60_000..=75_000), (87, 90, 20_000..=25_000), (2, 4, 2_000..=5_000)] {
        let waits = out_of_seats(held).position_of(number, at(2_000));
        assert_eq!(waits.eta_seconds, None);
        assert!(waits.retry_after_milliseconds.is_some_and(|sleep| sleeps.contains(&sleep)), "{waits:?}");
    }
}
