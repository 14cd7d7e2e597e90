//! Verdicts of passes, and differences as they are told.

use super::random::{Step, World};
use super::*;
use crate::id::{ConcertId, CouponId, ReservationId, ScheduleId, UserId};
use crate::purchases::purchase::Purchase;
use crate::reservations::hold::tests::at;
use crate::reservations::reservation::Reservation;
use crate::seats::SeatValue;
use crate::time::EpochSecond;

fn one(found: i64) -> Differences {
    let mut differences = Differences::default();
    differences.add_difference(What::BalanceAfter, Entity::Entry(UserId(Uuid::nil()), 7), 5, found);
    differences
}

fn verdict(passes: Vec<(Differences, Extent)>) -> (Outcome, usize, usize, bool) {
    let mut all = Passes::default();
    for (found, extent) in passes {
        all.add(found, extent);
    }
    let another = all.need_another();
    let verdict = all.verdict();
    (verdict.outcome, verdict.confirmed.len(), verdict.moving.len(), another)
}

#[test]
fn a_whole_pass_without_a_difference_is_agreement() {
    let none = Differences::default;
    assert_eq!(verdict(vec![(none(), Extent::Whole)]), (Outcome::Agree, 0, 0, false));
    assert_eq!(verdict(vec![(one(6), Extent::Whole), (none(), Extent::Whole)]), (Outcome::Agree, 0, 0, false));
    assert_eq!(verdict(vec![]), (Outcome::NoVerdict, 0, 0, false));
    assert_eq!(verdict(vec![(none(), Extent::Part)]), (Outcome::NoVerdict, 0, 0, false));
    assert_eq!(verdict(vec![(none(), Extent::Interrupted)]), (Outcome::NoVerdict, 0, 0, true));
    assert_eq!(verdict(vec![(none(), Extent::Interrupted), (none(), Extent::Whole)]), (Outcome::Agree, 0, 0, false));
}

#[test]
fn only_the_same_difference_twice_in_a_row_is_one() {
    let passes = |found: &[i64]| verdict(found.iter().map(|found| (one(*found), Extent::Whole)).collect());
    assert_eq!(passes(&[6]), (Outcome::NoVerdict, 0, 1, true));
    assert_eq!(passes(&[6, 6]), (Outcome::Differ, 1, 0, false));
    assert_eq!(passes(&[6, 7]), (Outcome::NoVerdict, 0, 1, true));
    assert_eq!(passes(&[6, 7, 6]), (Outcome::NoVerdict, 0, 1, false), "not in a row, and no fourth pass");
    assert_eq!(passes(&[6, 7, 7]), (Outcome::Differ, 1, 0, false));
    let mut both = one(6);
    both.merge(one(7));
    let found = vec![(one(6), Extent::Whole), (both, Extent::Whole)];
    assert_eq!(verdict(found), (Outcome::Differ, 1, 1, true), "what is new may be confirmed by another");
}

#[test]
fn of_too_many_the_first_are_kept_and_all_are_counted() {
    let most = i64::try_from(Differences::KEPT_MAX).expect("few");
    let all = |order: Vec<i64>| {
        let mut differences = Differences::default();
        order.into_iter().for_each(|found| differences.merge(one(found)));
        differences
    };
    let up = all((0..most + 10).collect());
    let down = all((0..most + 10).rev().collect());
    assert_eq!(up.kept_differences(), down.kept_differences(), "the same ones, in whatever order they were found");
    assert_eq!(
        (up.kept_differences().len(), up.count()),
        (Differences::KEPT_MAX, u64::try_from(most).expect("few") + 10)
    );
}

#[test]
fn a_difference_is_one_line() {
    let line = one(6).kept_differences().first().expect("one").to_string();
    assert_eq!(line, "entry 7 of user 00000000-0000-0000-0000-000000000000: the balance after it: expected 5, found 6");
    let names: BTreeSet<&str> = What::ALL.iter().map(|what| what.as_str()).collect();
    assert!(names.iter().all(|name| !name.contains('\n')));
    let all: BTreeSet<What> = What::ALL.into_iter().collect();
    assert_eq!(all.len(), What::ALL.len());
    assert_eq!(all.last(), Some(&What::TrialBalance), "the last of the list is the last of the enum");
}

#[test]
fn one_change_is_told_by_its_name() {
    let mut world = World::new();
    for step in [
        Step::TopUp(300_000),
        Step::Reserve(2, true, 1),
        Step::Reserve(2, false, 0),
        Step::Order(2, true, 1),
        Step::Order(1, false, 0),
    ] {
        world.carry_out(step);
    }
    assert_eq!(world.audit().count(), 0, "{:#?}", world.audit());
    let told = |change: fn(&mut World)| {
        let mut world = world.clone();
        change(&mut world);
        let found: Vec<What> = world.audit().kept_differences().iter().map(|difference| difference.what).collect();
        found
    };
    assert_eq!(told(|world| world.entries[0].balance_after += 1), [What::BalanceAfter, What::BalanceAfter]);
    assert_eq!(told(|world| world.receipts[0].1.amount += 1), [What::ReceiptAmount]);
    assert_eq!(told(|world| world.shards[1] += 1), [What::Units]);
    assert_eq!(told(|world| world.coupons_left -= 1), [What::Coupons]);
    assert_eq!(told(|world| world.claim.used_by = None), [What::CouponUse]);
    assert_eq!(told(|world| world.seat_limit = 2), [What::SeatLimit]);
    let twice = |world: &mut World| {
        let cancelled = world.reservations[1].clone().map_purchase(Purchase::cancelled);
        world.reservations.push(Reservation { number: 3, ..cancelled });
    };
    assert_eq!(told(twice), [What::ReservationTwice]);
    assert_eq!(told(|world| world.unpaid_count += 1), [What::UnpaidCount]);
    assert_eq!(told(|world| world.unpaid.units.clear()), [What::UnpaidUnits]);
    assert_eq!(
        told(|world| world.unpaid.open.values_mut().for_each(|until| *until = until.previous())),
        [What::UnpaidOpen]
    );
    let free = |world: &mut World| world.seats[1].2 = crate::seats::SeatValue::Free;
    assert_eq!(told(free), [What::Seat, What::SeatsSold]);
    let orphan = |world: &mut World| {
        let (schedule, seat, _) = world.seats[0].clone();
        let value = crate::seats::SeatValue::Sold { reservation: ReservationId(Uuid::nil()) };
        world.seats.push((schedule, SeatId { number: 99, ..seat }, value));
    };
    assert_eq!(told(orphan), [What::SeatsSold]);
}

#[test]
fn a_hold_that_ends_in_a_moment_is_not_looked_for() {
    let mut world = World::new();
    world.carry_out(Step::Reserve(1, false, 0));
    let reservation = &world.reservations[0];
    let until = reservation.purchase.held_until.start();
    let before = |seconds: i64| expected_value(reservation, until - jiff::SignedDuration::from_secs(seconds)).is_some();
    assert_eq!((before(31), before(30), before(0)), (true, false, false));
}

#[test]
fn a_concert_counts_the_dates_in_its_list() {
    for (counted, deletion_committed, expected) in [(2, false, 0), (1, false, 1), (3, false, 1), (3, true, 0)] {
        let (mut concerts, mut part) = (Concerts::default(), Concerts::default());
        concerts.add_concert(ConcertId(Uuid::nil()), counted, deletion_committed);
        concerts.add_date(ConcertId(Uuid::nil()), "SCHEDULE#1");
        part.add_date(ConcertId(Uuid::nil()), "SCHEDULE#2");
        concerts.merge(part);
        let mut differences = Differences::default();
        concerts.judge(&mut differences);
        assert_eq!(
            (differences.count(), concerts.size()),
            (expected, 1),
            "{counted} of 2, committed: {deletion_committed}"
        );
    }
}

#[test]
fn queues_count_no_fewer_places_than_are_known() {
    let found = |finished: u64| {
        let mut queues = Queues::default();
        queues.add_queue("spring", 10, finished);
        queues.add_batch("spring", 8, 10, 1);
        queues.add_admission("spring", UserId(Uuid::nil()));
        let mut differences = Differences::default();
        queues.judge(&mut differences);
        differences.kept_differences().iter().map(|difference| difference.found.clone()).collect::<Vec<_>>()
    };
    assert_eq!((found(6), found(7), found(8)), (vec![], vec![], vec!["2".to_owned()]));
}

#[test]
fn a_unit_that_is_on_its_way_in_every_pass_is_never_the_same_one() {
    // The shard was read before somebody's claim, the claim after it.
    let pass = |claims: u8| {
        let mut stock = Stock::default();
        stock.add_coupon(CouponId(Uuid::nil()), 1, 10);
        stock.add_shard(Uuid::nil(), Shard { number: 0, available: 11 - i64::from(claims), terms: None });
        (0..claims).for_each(|owner| stock.add_claim(CouponId(Uuid::nil()), UserId(Uuid::from_u128(owner.into()))));
        let mut differences = Differences::default();
        stock.judge(&mut differences);
        assert_eq!(differences.kept_differences().first().map(|difference| difference.found.as_str()), Some("11"));
        (differences, Extent::Whole)
    };
    assert_eq!(verdict(vec![pass(3), pass(4), pass(5)]), (Outcome::NoVerdict, 0, 1, false));
    assert_eq!(verdict(vec![pass(3), pass(4), pass(4)]), (Outcome::Differ, 1, 0, false));
}

#[test]
fn a_hold_that_lapses_in_every_pass_is_never_the_same_one() {
    // Its block was read before its end, its owner after the sweep.
    let pass = |reservation: u128| {
        let mut sections = Sections::default();
        let section = crate::seats::Label::parse("A").expect("a label");
        let until = EpochSecond(1_000);
        let value = SeatValue::Held { reservation: ReservationId(Uuid::from_u128(reservation)), until };
        sections.add_seat(ScheduleId(Uuid::nil()), &section, value, at(0));
        let mut differences = Differences::default();
        sections.judge(&mut differences);
        assert_eq!(differences.count(), 1);
        (differences, Extent::Whole)
    };
    assert_eq!(verdict(vec![pass(1), pass(2)]), (Outcome::NoVerdict, 0, 1, true));
    assert_eq!(verdict(vec![pass(1), pass(1)]), (Outcome::Differ, 1, 0, false));
}
