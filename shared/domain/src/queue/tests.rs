//! The moves of a queue, case by case.

use super::gaps::Gap;
use super::moves::*;
use super::position::*;
use super::settings::*;
use super::*;
use crate::text::TextError;
use crate::time::{TIME_MAX, TIME_MIN};

pub(super) const POLL: SignedDuration = SignedDuration::from_secs(2);
pub(super) const SWEEP: SignedDuration = SignedDuration::from_secs(60);

pub(super) fn at(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(1_800_000_000_000 + millisecond).expect("a time")
}

pub(super) fn settings(capacity: u32, admit_per_second: u32) -> Settings {
    Settings {
        capacity,
        admit_per_second,
        is_paused: false,
        active_minutes: 10,
        claim_seconds: 60,
        opens_at: None,
        closes_at: None,
        ends_at: None,
        message: None,
    }
}

/// A look that finds so many numbers given out and these gaps.
pub(super) fn look_of(issued: u64, gaps: &[Gap]) -> Look<'_> {
    Look { issued, gaps, ..Look::default() }
}

/// The remaining time that the holder of a number is told, and the pause until the next poll.
fn told(queue: &Queue, number: u64, now: Timestamp) -> (u64, u64) {
    let standing = queue.position_of(number, now);
    (standing.eta_seconds.expect("it is open"), standing.retry_after_milliseconds.expect("it is open"))
}

#[test]
fn a_second_calls_its_share_and_a_fraction_is_kept() {
    let mut queue = Queue { seen: 100, ..Queue::new(settings(100, 2), at(0)) };
    let mut served = Vec::new();
    for millisecond in [500, 1_250, 2_000, 2_500, 4_100, 5_100] {
        if let Some(next) = queue.advance(&look_of(100, &[]), at(millisecond), SWEEP) {
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
    let one = queue.advance(&look_of(50, &[]), at(10_000), SWEEP).expect("a move").after;
    assert_eq!((one.serving, one.counted_until), (1, at(10_000)));
    let two = one.advance(&look_of(50, &[]), at(11_000), SWEEP).expect("a move").after;
    assert_eq!(two.serving, 3, "two of the second that passed, not of the ten before");
}

#[test]
fn a_poll_calls_for_two_seconds_at_once_and_a_sweep_for_sixty() {
    let queue = Queue { seen: 1_000, ..Queue::new(settings(1_000, 3), at(0)) };
    for (at_once, called) in [(POLL, 6), (SWEEP, 180)] {
        let next = queue.advance(&look_of(1_000, &[]), at(3_600_000), at_once).expect("a move");
        assert_eq!(next.after.serving, called);
    }
}

#[test]
fn time_that_a_poll_may_not_use_at_once_is_left_to_the_sweep() {
    let queue = Queue { seen: 1_000, ..Queue::new(settings(1_000, 3), at(0)) };
    let polled = queue.advance(&look_of(1_000, &[]), at(20_000), POLL).expect("a move").after;
    let swept = polled.advance(&look_of(1_000, &[]), at(60_000), SWEEP).expect("a move").after;
    assert_eq!((polled.serving, swept.serving), (6, 180), "three a second in all");
}

#[test]
fn a_full_queue_saves_nothing() {
    let mut queue = Queue { serving: 10, seen: 100, ..Queue::new(settings(10, 10), at(0)) };
    for second in 1..=60 {
        queue = queue.advance(&look_of(100, &[]), at(second * 1_000), POLL).expect("a look").after;
    }
    assert_eq!((queue.serving, queue.counted_until), (10, at(60_000)));
    queue.finished = 10;
    assert_eq!(queue.advance(&look_of(100, &[]), at(61_000), SWEEP).expect("a move").after.serving, 20);
}

#[test]
fn a_clock_that_was_far_ahead_stops_nobody() {
    let year = 365 * 86_400_000;
    let ahead = Queue { looked_at: at(year), counted_until: at(year), seen: 5, ..Queue::new(settings(10, 1), at(0)) };
    let back = ahead.advance(&look_of(5, &[]), at(1_000), POLL).expect("a look").after;
    assert_eq!((back.serving, back.looked_at), (0, at(1_000)), "no time is known to have passed");
    assert_eq!(back.advance(&look_of(5, &[]), at(2_000), POLL).expect("a move").after.serving, 1);
}

#[test]
fn a_number_is_called_a_second_after_it_was_seen() {
    let queue = Queue::new(settings(10, 10), at(0));
    let seen = queue.advance(&look_of(3, &[]), at(1_000), SWEEP).expect("a look");
    assert_eq!((seen.after.serving, seen.after.seen, seen.batches().count()), (0, 3, 0));
    assert_eq!(seen.after.advance(&look_of(9, &[]), at(1_999), SWEEP), None);
    assert_eq!(seen.after.advance(&look_of(9, &[]), at(-300_000), SWEEP), None, "a clock that is behind does nothing");
    let called = seen.after.advance(&look_of(9, &[]), at(2_000), SWEEP).expect("a move");
    assert_eq!((called.after.serving, called.after.seen), (3, 9));
    assert_eq!(ends(&called), [(1, 3, 0)]);
}

#[test]
fn a_number_waits_until_it_is_called_or_was_admitted() {
    let queue = Queue { serving: 5, ..Queue::new(settings(10, 10), at(0)) };
    let waits = |number| [false, true].map(|was_admitted| queue.still_waits(number, was_admitted));
    assert_eq!((waits(5), waits(6)), ([false, false], [true, false]));
}

#[test]
fn a_move_opens_batches_of_twenty_five() {
    let queue = Queue { seen: 60, ..Queue::new(settings(60, 60), at(0)) };
    let called = queue.advance(&look_of(60, &[]), at(1_000), SWEEP).expect("a move");
    assert_eq!(ends(&called), [(1, 25, 0), (26, 50, 0), (51, 60, 0)]);
}

#[test]
fn no_batch_goes_over_a_multiple_of_twenty_five() {
    let queue = Queue { serving: 30, seen: 80, ..Queue::new(settings(80, 60), at(0)) };
    let called = queue.advance(&look_of(80, &[]), at(1_000), SWEEP).expect("a move");
    assert_eq!(ends(&called), [(31, 50, 0), (51, 75, 0), (76, 80, 0)]);
    let queue = Queue { serving: 7, seen: 10_000, ..Queue::new(settings(10_000, 1_000), at(0)) };
    let most = queue.advance(&look_of(10_000, &[]), at(60_000), SWEEP).expect("a move");
    assert_eq!((most.after.serving, ends(&most).len()), (1_500, 60), "as many batches as one transaction takes");
}

#[test]
fn a_queue_knows_when_its_first_batch_may_close() {
    let queue = Queue { seen: 60, ..Queue::new(settings(60, 10), at(0)) };
    let first = queue.advance(&look_of(60, &[]), at(1_000), POLL).expect("a move").after;
    let second = first.advance(&look_of(60, &[]), at(2_000), POLL).expect("a move").after;
    assert_eq!((first.next_closing_at, second.next_closing_at), (Some(at(61_000)), Some(at(61_000))));
    let closes = |millisecond| second.has_batches_to_close(at(millisecond));
    assert_eq!((closes(90_999), closes(91_000)), (false, true), "thirty seconds more, because clocks differ");
    let looked = Queue::new(settings(60, 10), at(0)).advance(&look_of(3, &[]), at(1_000), POLL).expect("a look").after;
    assert_eq!((looked.next_closing_at, looked.has_batches_to_close(at(900_000))), (None, false));
}

#[test]
fn whoever_has_the_turn_is_left_alone_for_two_seconds() {
    let (mine, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let queue = Queue::new(settings(10, 10), at(0));
    assert!(queue.is_due_for(mine, at(1_000)) && queue.is_due_for(other, at(1_000)), "nobody has moved it yet");
    let turned = queue.with_turn(Some(mine), at(1_000));
    assert_eq!((turned.version, turned.turn_at), (2, Some(at(1_000))));
    let due = |queue: &Queue, millisecond| [mine, other].map(|process| queue.is_due_for(process, at(millisecond)));
    assert_eq!((due(&turned, 2_999), due(&turned, 3_000)), ([true, false], [true, true]));
    let swept = queue.with_turn(None, at(1_000));
    assert_eq!((due(&swept, 2_999), due(&swept, 3_000)), ([false, false], [true, true]));
    let moved = turned.advance(&look_of(5, &[]), at(1_500), POLL).expect("a move").after;
    assert_eq!((moved.turn_at, moved.version), (None, 3), "a move ends the turn");
    assert_eq!((due(&moved, 2_500), due(&moved, 3_500)), ([true, false], [true, true]));
}

/// First, last and gaps of each batch.
fn ends(called: &Move) -> Vec<(u64, u64, u64)> {
    called.batches().map(|batch| (batch.first, batch.last, batch.gaps)).collect()
}

#[test]
fn holes_are_passed_over_and_occupy_no_place() {
    let gaps = [Gap { first: 2, last: 30 }, Gap::single(32), Gap { first: 90, last: 99 }];
    let queue = Queue { seen: 60, ..Queue::new(settings(3, 60), at(0)) };
    let called = queue.advance(&look_of(100, &gaps), at(1_000), SWEEP).expect("a move");
    // 1, 31 and 33 are people; the last gap is further back than has been seen.
    assert_eq!((called.after.serving, called.after.finished, called.after.in_use()), (33, 30, 3));
    assert_eq!((called.passed.as_slice(), ends(&called)), (&gaps[..2], vec![(1, 25, 24), (26, 33, 6)]));
    // A gap that follows costs nothing either, though no place is free; who stands behind it waits.
    let full = called.after.advance(&look_of(100, &[Gap { first: 34, last: 60 }]), at(2_000), SWEEP).expect("a move");
    assert_eq!((full.after.serving, full.after.in_use(), ends(&full)), (60, 3, vec![(59, 60, 2)][..0].to_vec()));
}

#[test]
fn a_queue_that_ten_thousand_left_goes_on_at_once() {
    let mut queue = Queue { seen: 10_001, ..Queue::new(settings(1, 1), at(0)) };
    let mut gaps: Vec<Gap> = (1..=10_000).map(Gap::single).collect();
    let mut seconds = 0;
    while queue.serving < 10_001 {
        seconds += 1;
        let known = &gaps[..gaps.len().min(gaps::GAPS_PER_MOVE_MAX)];
        queue = queue.advance(&look_of(10_001, known), at(seconds * 1_000), POLL).expect("a move").after;
        gaps.retain(|gap| gap.first > queue.serving);
    }
    // It was 250 hours with a window of 90 seconds for each.
    assert!(seconds < 300, "{seconds} s");
    assert_eq!(queue.in_use(), 1);
}

#[test]
fn a_hole_that_has_not_been_seen_whole_is_left_to_the_next_look() {
    let queue = Queue { seen: 5, ..Queue::new(settings(100, 60), at(0)) };
    let called = queue.advance(&look_of(9, &[Gap { first: 4, last: 6 }]), at(1_000), SWEEP).expect("a move");
    assert_eq!((called.after.serving, called.passed.len()), (3, 0));
}

#[test]
fn a_capacity_below_those_inside_calls_nobody() {
    let full = Queue { serving: 10, finished: 0, seen: 50, ..Queue::new(settings(4, 10), at(0)) };
    assert!(full.advance(&look_of(50, &[]), at(5_000), SWEEP).expect("a look").called.is_empty());
    let less = Queue { finished: 7, ..full };
    assert_eq!(less.advance(&look_of(50, &[]), at(5_000), SWEEP).expect("a move").after.serving, 11);
}

/// One place for fifty minutes: whoever is next waits for them, and is told so.
#[test]
fn one_place_for_fifty_minutes_is_not_a_second() {
    let settings = Settings { active_minutes: 50, ..settings(1, 1) };
    let mut queue = Queue { seen: 2, ..Queue::new(settings, at(0)) };
    for second in 1..=3_000_i64 {
        queue = queue.advance(&look_of(2, &[]), at(second * 1_000), POLL).expect("a look").after;
        let left = u64::try_from(3_001 - second).expect("time");
        let (told, _) = told(&queue, 2, at(second * 1_000));
        assert!((left..=left + 60).contains(&told), "{told} s told, {left} s to go");
    }
}

/// Places that are in use for half of the time that they may be: that is what counts, once it was seen.
#[test]
fn the_time_that_is_left_follows_how_long_places_are_in_use() {
    let mut queue = Queue { seen: 10_000, ..Queue::new(settings(10, 10), at(0)) };
    let (mut inside, mut etas) = (std::collections::VecDeque::new(), Vec::new());
    for second in 1..=4_000_i64 {
        while inside.front().is_some_and(|end| *end <= second) {
            inside.pop_front();
            queue.finished += 1;
        }
        let called = queue.advance(&look_of(10_000, &[]), at(second * 1_000), POLL).expect("a look");
        inside.extend(called.called.clone().map(|_| second + 300));
        queue = called.after;
        etas.push(told(&queue, queue.serving + 10, at(second * 1_000)).0);
    }
    assert!((600..=660).contains(&etas[0]), "nobody knows better: {}", etas[0]);
    let (later, count) = (&etas[2_000..], 2_000);
    let mean = later.iter().sum::<u64>() / count;
    assert!((100..=300).contains(&mean), "{mean} s on the average until ten who stay 300 s are gone");
    // A rate that is lowered counts at once.
    queue.settings.admit_per_second = 1;
    queue.finished = queue.serving;
    assert_eq!(told(&queue, queue.serving + 10, at(4_000_000)).0, 10);
}

#[test]
fn who_is_near_asks_often_and_who_is_far_seldom() {
    let queue = Queue::new(settings(10_000, 10), at(0));
    let retries: Vec<u64> = [1, 40, 400, 800, 8_000].map(|number| told(&queue, number, at(0)).1).into();
    let within = |index: usize, least: u64| (least..=least * 5 / 4).contains(&retries[index]);
    assert!(within(0, 2_000) && within(1, 3_000) && within(2, 30_000), "{retries:?}");
    assert_eq!(retries[3..], [60_000, 60_000], "no longer than the claim window");
    let neighbours: Vec<u64> = (400..500).map(|number| told(&queue, number, at(0)).1).collect();
    assert!(neighbours.windows(2).any(|pair| pair[1] < pair[0]), "who came together does not come back together");
    let patient = Queue::new(Settings { claim_seconds: 120, ..queue.settings.clone() }, at(0));
    assert_eq!(told(&patient, 8_000, at(0)).1, 120_000);
    let served = Queue { serving: 7, ..queue };
    let standing = served.position_of(7, at(0));
    assert_eq!((standing.position, standing.ahead, standing.eta_seconds), (0, 0, Some(0)));
    // A full queue: those in front ask again before a place that becomes free has been free for long.
    let full = Queue { serving: 10, ..Queue::new(settings(10, 10), at(0)) };
    let retries = [11, 35, 36].map(|number| told(&full, number, at(0)).1);
    assert!(retries[..2] == [5_000, 5_000] && (20_000..=25_000).contains(&retries[2]), "{retries:?}");
}

#[test]
fn moments_of_calls_are_kept_for_as_long_as_a_place_may_be_in_use() {
    let apart = SignedDuration::from_secs(66);
    let mut calls = Calls::default();
    for second in 0..2_000_u32 {
        calls = calls.with_call(u64::from(second) + 1, at(i64::from(second) * 1_000), apart);
        let moments: Vec<_> = calls.moments().collect();
        assert!(moments.len() <= position::CALLS_MAX && moments.is_sorted());
        assert_eq!(moments.last().copied(), Some((at(i64::from(second) * 1_000), u64::from(second) + 1)));
    }
    let oldest = calls.moments().next().expect("a moment").0;
    assert!(oldest <= at((2_000 - 660) * 1_000), "{oldest}");
}

#[test]
fn settings_have_ranges_that_are_told_in_order() {
    let good = settings(1, 1);
    assert_eq!(good.clone().validated(), Ok(good.clone()));
    let most = Settings { active_minutes: 240, claim_seconds: 600, ..settings(CAPACITY_MAX, ADMIT_PER_SECOND_MAX) };
    assert_eq!(most.clone().validated(), Ok(most));
    assert!(settings(0, 0).validated().is_ok(), "none of them is a pause");
    let (before, after) = (Some(at(0)), Some(at(1)));
    for (wrong, error) in [
        (Settings { capacity: CAPACITY_MAX + 1, ..good.clone() }, SettingsError::Capacity),
        (Settings { admit_per_second: 1_001, ..good.clone() }, SettingsError::AdmitPerSecond),
        (Settings { active_minutes: 0, ..good.clone() }, SettingsError::ActiveMinutes),
        (Settings { active_minutes: 241, ..good.clone() }, SettingsError::ActiveMinutes),
        (Settings { claim_seconds: 59, ..good.clone() }, SettingsError::ClaimSeconds),
        (Settings { claim_seconds: 601, ..good.clone() }, SettingsError::ClaimSeconds),
        (Settings { opens_at: Some(TIME_MAX + SignedDuration::from_secs(1)), ..good.clone() }, SettingsError::OpensAt),
        (
            Settings { closes_at: Some(TIME_MIN - SignedDuration::from_secs(1)), ..good.clone() },
            SettingsError::ClosesAt,
        ),
        (Settings { opens_at: after, closes_at: before, ..good.clone() }, SettingsError::ClosesAt),
        (Settings { opens_at: after, closes_at: after, ..good.clone() }, SettingsError::ClosesAt),
        (Settings { opens_at: after, ends_at: after, ..good.clone() }, SettingsError::EndsAt),
        (Settings { ends_at: Some(TIME_MAX + SignedDuration::from_secs(1)), ..good.clone() }, SettingsError::EndsAt),
    ] {
        assert_eq!(wrong.clone().validated(), Err(error), "{wrong:?}");
    }
    let open = Settings { opens_at: before, closes_at: after, ..good.clone() };
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

#[test]
fn a_pause_calls_nobody_and_saves_no_time() {
    let queue = Queue { seen: 100, ..Queue::new(settings(100, 10), at(0)) };
    let called = queue.advance(&look_of(100, &[]), at(1_000), POLL).expect("a move").after;
    assert_eq!(called.serving, 10);
    for paused in [
        Settings { is_paused: true, ..called.settings.clone() },
        Settings { capacity: 0, ..called.settings.clone() },
        Settings { admit_per_second: 0, ..called.settings.clone() },
    ] {
        let mut paused = Queue { settings: paused, ..called.clone() };
        assert_eq!(paused.state_at(at(1_000)), QueueState::Paused);
        for second in 2..=60 {
            paused = paused.advance(&look_of(100, &[]), at(second * 1_000), SWEEP).expect("a look").after;
        }
        assert_eq!((paused.serving, paused.finished), (10, 0), "nobody loses a place, nobody gets one");
        let standing = paused.position_of(11, at(60_000));
        assert_eq!((standing.position, standing.eta_seconds), (1, None));
        assert!(standing.retry_after_milliseconds.is_some_and(|retry| retry <= 5_000), "{standing:?}");
        let resumed = Queue { settings: called.settings.clone(), ..paused };
        let next = resumed.advance(&look_of(100, &[]), at(61_000), SWEEP).expect("a move").after;
        assert_eq!(next.serving, 20, "a second's worth, and not a minute's");
    }
}

#[test]
fn from_its_end_on_a_queue_calls_nobody_and_tells_nobody_to_ask_again() {
    let settings = Settings { ends_at: Some(at(2_000)), ..settings(100, 10) };
    let queue = Queue { seen: 100, ..Queue::new(settings, at(0)) };
    let states = [1_999, 2_000].map(|now| (queue.state_at(at(now)), queue.settings.may_join(at(now))));
    assert_eq!(states, [(QueueState::Open, Ok(())), (QueueState::Over, Err(JoinError::Closed))]);
    let called = queue.advance(&look_of(100, &[]), at(1_999), POLL).expect("a move").after;
    assert_eq!((called.serving, called.advance(&look_of(100, &[]), at(9_000), SWEEP)), (19, None));
    let told = |number, now| called.position_of(number, at(now)).retry_after_milliseconds;
    assert!(told(20, 1_999).is_some() && told(20, 2_000).is_none());
    assert!(told(19, 2_000).is_some(), "who was called may claim the place, and polls for it");
}

#[test]
fn a_message_is_text_of_a_length() {
    assert_eq!(
        parse_message("The band is late.\nDoors at 20:30."),
        Ok("The band is late.\nDoors at 20:30.".to_owned())
    );
    assert_eq!(parse_message(""), Ok(String::new()));
    assert_eq!(parse_message(&"a".repeat(281)), Err(TextError::TooLong(280)));
}

#[test]
fn nobody_is_called_for_seats_that_are_not_there() {
    let queue = Queue { seen: 100, ..Queue::new(settings(100, 10), at(0)) };
    let left = |available, held| Look { seats_left: Some(SeatsLeft { available, held }), ..look_of(100, &[]) };
    let few = queue.advance(&left(3, 0), at(1_000), POLL).expect("a move").after;
    assert_eq!((few.serving, few.state_at(at(1_000))), (3, QueueState::Open));
    // All that is left is in somebody's hand: that may come back.
    let held = few.advance(&left(0, 2), at(2_000), POLL).expect("a look").after;
    assert_eq!((held.serving, held.state_at(at(2_000))), (3, QueueState::Open));
    let sold_out = held.advance(&left(0, 0), at(3_000), POLL).expect("a look").after;
    assert_eq!((sold_out.serving, sold_out.state_at(at(3_000))), (3, QueueState::SoldOut));
    let standing = sold_out.position_of(4, at(3_000));
    assert_eq!((standing.position, standing.eta_seconds, standing.retry_after_milliseconds), (1, None, None));
    assert!(sold_out.position_of(3, at(3_000)).retry_after_milliseconds.is_some(), "who was called is told to poll");
    // Something comes back; nobody makes up for the time between.
    let back = sold_out.advance(&left(50, 0), at(63_000), SWEEP).expect("a move").after;
    assert_eq!((back.serving, back.state_at(at(63_000))), (53, QueueState::Open));
    let over = Queue { settings: Settings { ends_at: Some(at(0)), ..sold_out.settings.clone() }, ..sold_out.clone() };
    assert_eq!(over.state_at(at(4_000)), QueueState::Over, "an end comes before all else");
    let paused = Queue { settings: Settings { is_paused: true, ..sold_out.settings.clone() }, ..sold_out };
    assert_eq!(paused.state_at(at(4_000)), QueueState::SoldOut, "a pause promises that it will go on");
}

#[test]
fn seats_that_are_left_are_noted_whether_anybody_waits_or_not() {
    let left = |available| Look { seats_left: Some(SeatsLeft { available, held: 0 }), ..Look::default() };
    let empty = Queue::new(settings(100, 10), at(0));
    let noted = empty.advance(&left(5), at(1_000), POLL).expect("a look");
    assert!(noted.calls_nobody() && noted.after.seats_left == left(5).seats_left);
    assert_eq!(noted.after.advance(&left(5), at(2_000), POLL), None, "nothing is new");
    let over = Settings { ends_at: Some(at(0)), ..settings(100, 10) };
    let over = Queue { seen: 9, settings: over, ..noted.after };
    assert!(over.advance(&left(4), at(2_000), POLL).is_some_and(|next| next.calls_nobody()));
    assert_eq!(over.advance(&left(5), at(2_000), POLL), None);
}

#[test]
fn those_who_missed_their_call_are_called_before_others_and_take_a_place_again() {
    let called = Queue { serving: 50, finished: 48, seen: 100, ..Queue::new(settings(10, 5), at(0)) };
    let missed = Look { missed: &[7, 9], ..look_of(100, &[]) };
    let next = called.advance(&missed, at(1_000), POLL).expect("a move");
    assert_eq!((next.again.as_slice(), next.called.clone()), ([7, 9].as_slice(), 51..=53), "five a second in all");
    assert_eq!((next.after.finished, next.after.in_use()), (46, 7));
    let batches: Vec<Batch> = next.batches().collect();
    let single = |first| Batch { first, last: first, gaps: 0 };
    assert_eq!(batches, [Batch { first: 51, last: 53, gaps: 0 }, single(7), single(9)]);
    // No place, no call; and one place is for the first of them.
    let full = Queue { serving: 50, finished: 40, seen: 50, ..called.clone() };
    assert!(full.advance(&missed, at(1_000), POLL).expect("a look").calls_nobody());
    let one = Queue { finished: 41, ..full };
    assert_eq!(one.advance(&missed, at(1_000), POLL).expect("a move").again, [7]);
    let waits = called.position_of_missed(at(0));
    assert_eq!((waits.position, waits.ahead), (1, 0));
}

#[test]
fn a_move_with_gaps_batches_and_second_calls_is_one_transaction() {
    let gaps: Vec<Gap> = (0..39).map(|gap| Gap::single(201 + 30 * gap)).collect();
    let missed: Vec<u64> = (1..=30).collect();
    let queue = Queue { serving: 100, finished: 100, seen: 5_000, ..Queue::new(settings(100_000, 1_000), at(0)) };
    let next = queue.advance(&Look { missed: &missed, ..look_of(5_000, &gaps) }, at(60_000), SWEEP).expect("a move");
    assert_eq!(next.again, missed[..AGAIN_PER_MOVE_MAX]);
    let items = 1 + next.batches().count() + next.passed.len() + next.again.len();
    assert!(next.passed.len() == 19 && items <= 100, "{items} items, {} gaps", next.passed.len());
}
