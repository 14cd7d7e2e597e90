//! What a look at a queue leads to, case by case.

use super::*;

pub(super) const POLL: SignedDuration = SignedDuration::from_secs(2);
pub(super) const SWEEP: SignedDuration = SignedDuration::from_secs(60);

pub(super) fn at(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000 + millisecond).expect("a time")
}

pub(super) fn settings(capacity: u32, admit_per_second: u32) -> Settings {
    Settings { capacity, admit_per_second, active_minutes: 10, claim_seconds: 60, opens_at: None, closes_at: None }
}

#[test]
fn a_second_calls_its_share_and_a_fraction_is_kept() {
    let mut queue = Queue { seen: 100, ..Queue::new(settings(100, 2), at(0)) };
    let mut served = Vec::new();
    for millisecond in [500, 1_250, 2_000, 2_500, 4_100, 5_100] {
        if let Some(next) = queue.advance(100, at(millisecond), SWEEP) {
            queue = next.after;
        }
        served.push(queue.serving);
    }
    // Nothing before a second has passed; then two a second, and the quarter of a second is not lost.
    assert_eq!(served, [0, 2, 2, 5, 8, 10]);
}

#[test]
fn what_nobody_could_use_is_not_saved_up() {
    let queue = Queue { seen: 1, ..Queue::new(settings(100, 2), at(0)) };
    let one = queue.advance(50, at(10_000), SWEEP).expect("a move").after;
    assert_eq!((one.serving, one.counted_until), (1, at(10_000)));
    let two = one.advance(50, at(11_000), SWEEP).expect("a move").after;
    assert_eq!(two.serving, 3, "two of the second that passed, not of the ten before");
}

#[test]
fn a_poll_calls_for_two_seconds_at_once_and_a_sweep_for_sixty() {
    let queue = Queue { seen: 1_000, ..Queue::new(settings(1_000, 3), at(0)) };
    for (at_once, called) in [(POLL, 6), (SWEEP, 180)] {
        let next = queue.advance(1_000, at(3_600_000), at_once).expect("a move");
        assert_eq!(next.after.serving, called);
    }
}

#[test]
fn time_that_a_poll_may_not_use_at_once_is_left_to_the_sweep() {
    let queue = Queue { seen: 1_000, ..Queue::new(settings(1_000, 3), at(0)) };
    let polled = queue.advance(1_000, at(20_000), POLL).expect("a move").after;
    let swept = polled.advance(1_000, at(60_000), SWEEP).expect("a move").after;
    assert_eq!((polled.serving, swept.serving), (6, 180), "three a second in all");
}

#[test]
fn a_full_queue_saves_nothing_and_its_remaining_time_grows() {
    let mut queue = Queue { serving: 10, seen: 100, ..Queue::new(settings(10, 10), at(0)) };
    let eta = queue.standing(50).eta_seconds;
    for second in 1..=60 {
        queue = queue.advance(100, at(second * 1_000), POLL).expect("a look").after;
    }
    assert_eq!((queue.serving, queue.counted_until), (10, at(60_000)));
    assert!(queue.standing(50).eta_seconds > 2 * eta - 1, "{:?}", queue.standing(50));
    queue.finished = 10;
    assert_eq!(queue.advance(100, at(61_000), SWEEP).expect("a move").after.serving, 20);
}

#[test]
fn a_clock_that_was_far_ahead_stops_nobody() {
    let year = 365 * 86_400_000;
    let ahead = Queue { looked_at: at(year), counted_until: at(year), seen: 5, ..Queue::new(settings(10, 1), at(0)) };
    let back = ahead.advance(5, at(1_000), POLL).expect("a look").after;
    assert_eq!((back.serving, back.looked_at), (0, at(1_000)), "no time is known to have passed");
    assert_eq!(back.advance(5, at(2_000), POLL).expect("a move").after.serving, 1);
}

#[test]
fn a_number_is_called_a_second_after_it_was_seen() {
    let queue = Queue::new(settings(10, 10), at(0));
    let seen = queue.advance(3, at(1_000), SWEEP).expect("a look");
    assert_eq!((seen.after.serving, seen.after.seen, seen.batches().count()), (0, 3, 0));
    assert_eq!(seen.after.advance(9, at(1_999), SWEEP), None);
    assert_eq!(seen.after.advance(9, at(-300_000), SWEEP), None, "a clock that is behind does nothing");
    let called = seen.after.advance(9, at(2_000), SWEEP).expect("a move");
    assert_eq!((called.after.serving, called.after.seen), (3, 9));
    assert_eq!(called.batches().collect::<Vec<_>>(), [(1, 3)]);
}

#[test]
fn a_move_opens_batches_of_twenty_five() {
    let queue = Queue { seen: 60, ..Queue::new(settings(60, 60), at(0)) };
    let called = queue.advance(60, at(1_000), SWEEP).expect("a move");
    assert_eq!(called.batches().collect::<Vec<_>>(), [(1, 25), (26, 50), (51, 60)]);
}

#[test]
fn a_capacity_below_those_inside_calls_nobody() {
    let full = Queue { serving: 10, finished: 0, seen: 50, ..Queue::new(settings(4, 10), at(0)) };
    assert!(full.advance(50, at(5_000), SWEEP).expect("a look").called.is_empty());
    let less = Queue { finished: 7, ..full };
    assert_eq!(less.advance(50, at(5_000), SWEEP).expect("a move").after.serving, 11);
}

#[test]
fn the_time_that_is_left_follows_what_was_measured() {
    let mut queue = Queue { seen: 1_000, ..Queue::new(settings(1_000, 10), at(0)) };
    assert_eq!(queue.standing(100).eta_seconds, 10);
    // Half of what is allowed gets in, for ten minutes.
    for second in 1..=600 {
        queue.seen = queue.serving + 5;
        queue = queue.advance(queue.seen, at(second * 1_000), SWEEP).expect("a move").after;
        queue.finished = queue.serving;
    }
    let standing = queue.standing(queue.serving + 100);
    assert_eq!((standing.position, standing.ahead), (100, 99));
    assert!((19..=21).contains(&standing.eta_seconds), "{standing:?}");
    // A rate that is lowered counts at once.
    queue.settings.admit_per_second = 1;
    assert_eq!(queue.standing(queue.serving + 100).eta_seconds, 100);
}

#[test]
fn who_is_near_asks_often_and_who_is_far_seldom() {
    let queue = Queue::new(settings(1_000, 10), at(0));
    let retries: Vec<u64> =
        [1, 40, 41, 400, 800, 8_000].map(|number| queue.standing(number).retry_after_milliseconds).into();
    assert_eq!(retries, [1_000, 1_000, 1_250, 10_000, 20_000, 20_000]);
    let served = Queue { serving: 7, ..queue };
    let standing = served.standing(7);
    assert_eq!((standing.position, standing.ahead, standing.eta_seconds), (0, 0, 0));
}

#[test]
fn settings_have_ranges_that_are_told_in_order() {
    let good = settings(1, 1);
    assert_eq!(good.checked(), Ok(good));
    let most = Settings { active_minutes: 240, claim_seconds: 600, ..settings(CAPACITY_MAX, ADMIT_PER_SECOND_MAX) };
    assert_eq!(most.checked(), Ok(most));
    let (before, after) = (Some(at(0)), Some(at(1)));
    for (wrong, error) in [
        (Settings { capacity: 0, admit_per_second: 0, ..good }, SettingsError::Capacity),
        (Settings { capacity: CAPACITY_MAX + 1, ..good }, SettingsError::Capacity),
        (Settings { admit_per_second: 0, ..good }, SettingsError::AdmitPerSecond),
        (Settings { admit_per_second: 1_001, ..good }, SettingsError::AdmitPerSecond),
        (Settings { active_minutes: 0, ..good }, SettingsError::ActiveMinutes),
        (Settings { active_minutes: 241, ..good }, SettingsError::ActiveMinutes),
        (Settings { claim_seconds: 59, ..good }, SettingsError::ClaimSeconds),
        (Settings { claim_seconds: 601, ..good }, SettingsError::ClaimSeconds),
        (Settings { opens_at: Some(TIME_MAX + SignedDuration::from_secs(1)), ..good }, SettingsError::OpensAt),
        (Settings { closes_at: Some(TIME_MIN - SignedDuration::from_secs(1)), ..good }, SettingsError::ClosesAt),
        (Settings { opens_at: after, closes_at: before, ..good }, SettingsError::ClosesAt),
        (Settings { opens_at: after, closes_at: after, ..good }, SettingsError::ClosesAt),
    ] {
        assert_eq!(wrong.checked(), Err(error), "{wrong:?}");
    }
    let open = Settings { opens_at: before, closes_at: after, ..good };
    let joins = [at(-1), at(0), at(1)].map(|now| open.may_join(now));
    assert_eq!(joins, [Err(JoinError::NotOpen(at(0))), Ok(()), Err(JoinError::Closed)]);
}

#[test]
fn the_id_of_a_queue_is_a_slug() {
    let longest = "a".repeat(QUEUE_ID_CHARACTERS_MAX);
    for good in ["a", "summer-festival", "2026", "-", longest.as_str()] {
        assert_eq!(QueueId::parse(good).map(|id| id.to_string()), Ok(good.to_owned()));
    }
    let longer = format!("{longest}a");
    for bad in ["", "Spring", "a b", "a_b", "a#b", "봄", "a/b", longer.as_str()] {
        assert_eq!(QueueId::parse(bad), Err(QueueIdError), "{bad}");
    }
}
