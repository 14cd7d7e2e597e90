//! Choices beside brute force, over small random halls.

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

pub(super) fn label(name: &str) -> Label {
    Label::parse(name).expect("a label")
}

/// A section of rows by label, each with its numbers and whether they are free.
pub(super) fn section(name: &str, price: i64, rows: Vec<(String, Vec<(u16, bool)>)>) -> SectionSeats {
    let rows = rows.into_iter().map(|(row, seats)| Row::new(label(&row), seats)).collect();
    SectionSeats::new(label(name), Price::parse(price).expect("a price"), rows)
}

/// Up to three sections of up to four rows, with gaps; the first is the dearest.
fn halls() -> impl Strategy<Value = Vec<SectionSeats>> {
    let seat = prop_oneof![1 => Just(None), 2 => Just(Some(false)), 5 => Just(Some(true))];
    let numbered = |seats: Vec<Option<bool>>| {
        (1..).zip(seats).filter_map(|(number, free)| free.map(|free| (number, free))).collect::<Vec<_>>()
    };
    let row = vec(seat, 0..14).prop_map(numbered);
    vec(vec(row, 0..5), 0..4).prop_map(|hall| {
        let named = |rows: Vec<Vec<(u16, bool)>>| (8..).map(|row: u32| row.to_string()).zip(rows).collect();
        hall.into_iter()
            .zip(["A", "B", "C"])
            .zip([30, 20, 10])
            .map(|((rows, name), price)| section(name, price, named(rows)))
            .collect()
    })
}

/// Seats that some try may have lost; many of them do not exist.
fn losses() -> impl Strategy<Value = BTreeSet<SeatId>> {
    let seat = (prop_oneof![Just("A"), Just("B")], 8..12_u32, 1..14_u16).prop_map(|(section, row, number)| SeatId {
        section: label(section),
        row: label(&row.to_string()),
        number,
    });
    prop_oneof![Just(BTreeSet::new()), btree_set(seat, 1..6)]
}

fn requests() -> impl Strategy<Value = BestRequest> {
    let section = prop_oneof![3 => Just(None), 1 => Just(Some("A")), 1 => Just(Some("B")), 1 => Just(Some("X"))];
    let max_price = prop_oneof![3 => Just(None), 1 => Just(Some(20)), 1 => Just(Some(10)), 1 => Just(Some(9))];
    (1..=12_u16, section, max_price, any::<bool>()).prop_map(|(count, section, max_price, apart)| {
        let max_price = max_price.map(|price| Price::parse(price).expect("a price"));
        BestRequest::new(count, section.map(label), max_price, apart).expect("a request")
    })
}

fn crowds() -> impl Strategy<Value = Crowd> {
    prop_oneof![Just(Crowd::Few), Just(Crowd::Many)]
}

/// Free seats that a request allows, section by section; without those lost.
fn free_seats(hall: &[SectionSeats], request: &BestRequest, lost: &BTreeSet<SeatId>) -> Vec<BTreeSet<SeatId>> {
    let allowed = hall.iter().filter(|section| {
        request.section.as_ref().is_none_or(|wanted| *wanted == section.label)
            && request.max_price.is_none_or(|most| section.price <= most)
    });
    let seats = allowed.map(|section| {
        let id = |row: &Row, number| SeatId { section: section.label.clone(), row: row.label.clone(), number };
        let rows = section
            .rows
            .iter()
            .flat_map(|row| row.seats.iter().filter(|(_, free)| *free).map(move |(number, _)| id(row, *number)));
        rows.filter(|seat| !lost.contains(seat)).collect()
    });
    seats.collect()
}

fn beside(seat: &SeatId, steps: i32) -> SeatId {
    let number = u16::try_from(i32::from(seat.number) + steps).expect("a number");
    SeatId { number, ..seat.clone() }
}

fn singles(free: &BTreeSet<SeatId>) -> BTreeSet<SeatId> {
    let is_alone = |seat: &&SeatId| !free.contains(&beside(seat, 1)) && !free.contains(&beside(seat, -1));
    free.iter().filter(is_alone).cloned().collect()
}

/// Single seats that a choice leaves alone.
fn left_alone(free: &BTreeSet<SeatId>, chosen: &[SeatId]) -> usize {
    let rest = free.iter().filter(|seat| !chosen.contains(seat)).cloned().collect();
    singles(&rest).difference(&singles(free)).count()
}

/// Every choice of neighbours there is.
fn all_together(free: &BTreeSet<SeatId>, count: u16) -> Vec<Vec<SeatId>> {
    let from = |first: &SeatId| (0..i32::from(count)).map(|step| beside(first, step)).collect::<Vec<_>>();
    free.iter().map(from).filter(|seats| seats.iter().all(|seat| free.contains(seat))).collect()
}

/// Lengths of neighbours within sorted seats.
fn groups(seats: &[SeatId]) -> Vec<usize> {
    seats.chunk_by(|one, next| beside(one, 1) == *next).map(<[SeatId]>::len).collect()
}

/// Fewest groups that so many free seats can be chosen in.
fn fewest_groups(free: &BTreeSet<SeatId>, count: u16) -> usize {
    let mut lengths = groups(&free.iter().cloned().collect::<Vec<_>>());
    lengths.sort_unstable();
    let sums = lengths.iter().rev().scan(0, |sum, length| {
        *sum += length;
        Some(*sum)
    });
    1 + sums.take_while(|sum| *sum < usize::from(count)).count()
}

/// Distance from the front row's centre, in halves of a seat.
fn distance(section: &SectionSeats, chosen: &[SeatId]) -> i32 {
    let behind = section.rows.iter().position(|row| row.label == chosen[0].row).expect("a row");
    let row = &section.rows[behind].seats;
    let twice_centre = row[0].0 + row[row.len() - 1].0;
    let aside = i32::from(chosen[0].number + chosen[chosen.len() - 1].number) - i32::from(twice_centre);
    aside.abs() + 4 * i32::try_from(behind).expect("few")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_choice_is_what_was_asked_for_or_brute_force_finds_none(
        hall in halls(), request in requests(), start in any::<u64>(), crowd in crowds(), lost in losses(),
    ) {
        let draw = Draw { start, crowd, lost: &lost };
        let chosen = choose(&request, &hall, draw);
        prop_assert_eq!(&chosen, &choose(&request, &hall, draw));
        let free = free_seats(&hall, &request, &lost);
        let whole: BTreeSet<SeatId> = free.iter().flatten().cloned().collect();
        let first_together = free.iter().find(|free| !all_together(free, request.count).is_empty());
        let count = usize::from(request.count);
        match chosen {
            Ok(chosen) => {
                prop_assert_eq!(chosen.len(), count);
                prop_assert!(chosen.is_sorted_by(|one, next| one < next));
                prop_assert!(chosen.iter().all(|seat| whole.contains(seat)));
                if let Some(section) = first_together {
                    prop_assert_eq!(groups(&chosen).len(), 1);
                    prop_assert!(chosen.iter().all(|seat| section.contains(seat)));
                } else {
                    prop_assert!(request.apart);
                    let section = free.iter().find(|free| free.len() >= count).unwrap_or(&whole);
                    prop_assert!(chosen.iter().all(|seat| section.contains(seat)));
                    prop_assert_eq!(groups(&chosen).len(), fewest_groups(section, request.count));
                }
            }
            Err(BestError::NotEnough) => prop_assert!(whole.len() < count),
            Err(BestError::NotTogether) => {
                prop_assert!(whole.len() >= count && first_together.is_none() && !request.apart);
            }
        }
    }

    #[test]
    fn no_other_choice_leaves_fewer_seats_alone_and_the_first_of_few_is_near(
        hall in halls(), count in 1..=6_u16, start in any::<u64>(), crowd in crowds(), lost in losses(),
    ) {
        let request = BestRequest::new(count, None, None, false).expect("a request");
        let Ok(chosen) = choose(&request, &hall, Draw { start, crowd, lost: &lost }) else { return Ok(()) };
        let free = free_seats(&hall, &request, &lost);
        let (section, free) = hall.iter().zip(&free).find(|(_, free)| free.contains(&chosen[0])).expect("its section");
        let all = all_together(free, count);
        let fewest = all.iter().map(|other| left_alone(free, other)).min();
        prop_assert_eq!(Some(left_alone(free, &chosen)), fewest);
        if crowd == Crowd::Few && lost.is_empty() {
            let best = all.iter().filter(|other| Some(left_alone(free, other)) == fewest);
            let nearest = best.map(|other| distance(section, other)).min().expect("one at least");
            // Places are cut side by side, so the nearest of them may be off by less than its own width.
            prop_assert!(distance(section, &chosen) < nearest + 2 * i32::from(count));
        }
    }
}

fn chosen(hall: &[SectionSeats], count: u16, apart: bool, crowd: Crowd, start: u64) -> Vec<String> {
    let request = BestRequest::new(count, None, None, apart).expect("a request");
    let chosen = choose(&request, hall, Draw { start, crowd, lost: &BTreeSet::new() }).expect("seats");
    chosen.iter().map(SeatId::to_string).collect()
}

/// Rows drawn with `o` for a free seat, `x` for a taken one and a blank where there is none.
fn drawn_rows(rows: &[(&str, &str)]) -> [SectionSeats; 1] {
    let seats = |drawn: &str| -> Vec<(u16, bool)> {
        (1..).zip(drawn.chars()).filter(|(_, seat)| *seat != ' ').map(|(number, seat)| (number, seat == 'o')).collect()
    };
    [section("A", 1, rows.iter().map(|(row, drawn)| ((*row).to_owned(), seats(drawn))).collect())]
}

#[test]
fn the_focus_is_the_middle_of_the_front_row() {
    let hall = drawn_rows(&[("10", "oooooooooo"), ("2", "oooooooooo"), ("9", "oooooooooo")]);
    assert_eq!(chosen(&hall, 2, false, Crowd::Few, 7), ["A-2-5", "A-2-6"]);
    // A row behind is as far as two seats aside.
    let hall = drawn_rows(&[("A", "oo  xxoxxx  oo"), ("B", "oooooooooooooo")]);
    assert_eq!(chosen(&hall, 2, false, Crowd::Few, 7), ["A-B-7", "A-B-8"]);
}

#[test]
fn no_single_seat_is_left_alone_to_be_nearer() {
    let hall = drawn_rows(&[("1", "xxoooxx"), ("2", "oooxxxx")]);
    assert_eq!(chosen(&hall, 2, false, Crowd::Few, 0), ["A-1-3", "A-1-4"], "wherever: one is left alone");
    let hall = drawn_rows(&[("1", "xxoooxx"), ("2", "ooxxxxx")]);
    assert_eq!(chosen(&hall, 2, false, Crowd::Many, 0), ["A-2-1", "A-2-2"]);
    let hall = drawn_rows(&[("1", "ooooo")]);
    assert_eq!(chosen(&hall, 2, false, Crowd::Few, 0), ["A-1-1", "A-1-2"], "not 2 and 3");
    assert_eq!(chosen(&hall, 2, false, Crowd::Many, 1), ["A-1-4", "A-1-5"], "not 3 and 4");
}

#[test]
fn groups_are_few_and_near_each_other() {
    let hall = drawn_rows(&[("1", "ooxxxxoo"), ("2", "oooxxooo"), ("3", "oooxxxxx"), ("4", "xxxxoooo")]);
    let apart = chosen(&hall, 7, true, Crowd::Few, 0);
    assert_eq!(apart, ["A-2-6", "A-2-7", "A-2-8", "A-4-5", "A-4-6", "A-4-7", "A-4-8"]);
    let hall = [drawn_rows(&[("1", "oxo")]), drawn_rows(&[("1", "oxoxo")])].concat();
    assert_eq!(chosen(&hall, 3, true, Crowd::Few, 0).len(), 3, "the second section has enough");
}

#[test]
fn starts_that_follow_each_other_choose_different_blocks_in_turn() {
    let row = "o".repeat(50);
    let hall = drawn_rows(&[("1", &row), ("2", &row), ("3", &row)]);
    let places: Vec<_> = (0..75).map(|start| chosen(&hall, 2, false, Crowd::Many, start)).collect();
    assert_eq!(places.iter().collect::<BTreeSet<_>>().len(), 75);
    let blocks = |places: &[Vec<String>]| {
        let block = |place: &Vec<String>| SeatId::parse(&place[0]).expect("a seat id").block();
        places.iter().map(block).collect::<BTreeSet<_>>().len()
    };
    assert_eq!((blocks(&places[..6]), blocks(&places[6..12])), (6, 6));
}

#[test]
fn rows_stand_in_their_natural_order() {
    let rows = ["AA", "10", "B", "2", "A10", "A2", "01", "1", "나", "가"];
    let rows = rows.iter().map(|row| Row::new(label(row), Vec::new())).collect();
    let section = SectionSeats::new(label("A"), Price::DEFAULT, rows);
    let order: Vec<&str> = section.rows.iter().map(|row| row.label.as_str()).collect();
    assert_eq!(order, ["01", "1", "2", "10", "A2", "A10", "B", "가", "나", "AA"]);
}

#[test]
fn a_row_is_read_whatever_it_is_given() {
    let row = Row::new(label("1"), vec![(2, true), (1, true), (2, false), (0, true), (u16::MAX, true)]);
    assert_eq!(row.seats, [(1, true), (2, false)]);
}

#[test]
fn the_blocks_of_a_row_are_one_row() {
    let block =
        |row: &str, numbers: std::ops::Range<u16>| (row.to_owned(), numbers.map(|number| (number, true)).collect());
    let blocks = vec![block("2", 1..26), block("1", 26..51), block("1", 1..26), block("2", 26..51)];
    let hall = [section("A", 1, blocks)];
    assert_eq!((hall[0].rows.len(), hall[0].rows[1].seats.len()), (2, 50));
    assert_eq!(chosen(&hall, 50, false, Crowd::Few, 0).len(), 50);
}

#[test]
fn a_request_is_for_one_to_fifty() {
    for (count, accepted) in [(0, false), (1, true), (SEATS_PER_USER_MAX, true), (SEATS_PER_USER_MAX + 1, false)] {
        assert_eq!(BestRequest::new(count, None, None, false).is_ok(), accepted, "{count}");
    }
}

#[test]
fn a_start_follows_from_user_and_schedule() {
    let ids = (0..40_u128).flat_map(|user| (0..40).map(move |schedule| (user, schedule)));
    let starts: BTreeSet<u64> = ids
        .map(|(user, schedule)| start(UserId(Uuid::from_u128(user)), ScheduleId(Uuid::from_u128(schedule))))
        .collect();
    assert_eq!(starts.len(), 1_600);
    assert!(starts.iter().filter(|start| *start % 2 == 0).count().abs_diff(800) < 100);
}
