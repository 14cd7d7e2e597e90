//! Best available seats: which of the free ones a buyer gets who names none.
//!
//! A *place* is a choice of neighbours in one row. Places are ranked by the single seats they leave alone, then by
//! their distance from the section's focus, the middle of its front row. Free neighbours are cut into places side by
//! side, so that two places never share a seat and a row fills up without holes.
//!
//! Taking the first place of that ranking is right for one caller and wrong for a thousand: all of them would write the
//! same seats, and all but one would lose. So in a crowd a caller draws one of the [`NEAR_PLACES`] nearest, and a caller
//! who lost draws from those beyond, where the first tries of others do not reach. The price is distance: no choice
//! leaves more single seats alone than it must. The tests in `crowd.rs` measure both.

#[cfg(test)]
mod crowd;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::concerts::schedule::SEATS_PER_USER_MAX;
use crate::id::{ScheduleId, UserId};
use crate::money::Price;
use crate::seats::{Label, SEAT_NUMBER_MAX, SEATS_PER_BLOCK, SeatId, block_number};

/// Places among which a crowd draws at the first try. Of 100 callers who read the same state about three in ten lose.
/// With twice as many places one in six would, and all would sit two fifths farther from the focus.
pub const NEAR_PLACES: usize = 128;
/// Places among which those draw who lost a try, the near ones not counted.
const FAR_PLACES: usize = 1_024;
/// Seats aside that are as far from the focus as one row behind.
const SEATS_PER_ROW_BEHIND: u32 = 2;
/// Rows behind that are as far as the next section.
const ROWS_PER_SECTION_ASIDE: u32 = 10_000;

/// How many seats somebody asks for, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BestRequest {
    count: u16,
    section: Option<Label>,
    max_price: Option<Price>,
    apart: bool,
}

/// Not a number of seats that may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be between 1 and 50")]
pub struct BestCountError;

impl BestRequest {
    /// Asks for `count` seats, in `section` if it is given, of at most `max_price` each if that is given. If they may
    /// be `apart`, they are split when no row has them together.
    ///
    /// # Errors
    /// When `count` is 0 or above [`SEATS_PER_USER_MAX`].
    pub fn new(
        count: u16,
        section: Option<Label>,
        max_price: Option<Price>,
        apart: bool,
    ) -> Result<Self, BestCountError> {
        if (1..=SEATS_PER_USER_MAX).contains(&count) {
            Ok(Self { count, section, max_price, apart })
        } else {
            Err(BestCountError)
        }
    }

    /// Number.
    #[must_use]
    pub fn count(&self) -> u16 {
        self.count
    }

    /// The same request for seats that must be together.
    pub fn together(&self) -> Self {
        Self { apart: false, ..self.clone() }
    }

    /// The section that is named, if one is.
    pub fn section(&self) -> Option<&Label> {
        self.section.as_ref()
    }

    /// Whether seats of a section at this price may be chosen: others need not be read.
    #[must_use]
    pub fn allows(&self, section: &Label, price: Price) -> bool {
        self.section.as_ref().is_none_or(|wanted| wanted == section) && self.max_price.is_none_or(|most| price <= most)
    }
}

/// One row of a section, or a part of it: which numbers exist, and which of them are free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    label: Label,
    /// Sorted by number, each number once.
    seats: Vec<(u16, bool)>,
}

impl Row {
    /// Takes the numbers of a row in any order, each with whether it is free. A number given twice is free only if it
    /// is so both times; numbers that no seat can have are left out.
    #[must_use]
    pub fn new(label: Label, mut seats: Vec<(u16, bool)>) -> Self {
        seats.retain(|(number, _)| (1..=SEAT_NUMBER_MAX).contains(number));
        let mut row = Self { label, seats };
        row.sort();
        row
    }

    /// `false` sorts first, and the first of equal numbers stays.
    fn sort(&mut self) {
        self.seats.sort_unstable();
        self.seats.dedup_by_key(|(number, _)| *number);
    }

    /// Free neighbours between taken or absent seats.
    fn runs(&self, place: (u32, u32), lost: &[u16], runs: &mut Vec<Run>) {
        let (Some((lowest, _)), Some((highest, _))) = (self.seats.first(), self.seats.last()) else { return };
        let twice_centre = i32::from(*lowest) + i32::from(*highest);
        let mut current: Option<Run> = None;
        for (number, free) in &self.seats {
            let free = *free && (lost.is_empty() || !lost.contains(number));
            match &mut current {
                Some(run) if free && run.first + run.length == *number => run.length += 1,
                _ => {
                    runs.extend(current.take());
                    let run = Run { section: place.0, row: place.1, first: *number, length: 1, twice_centre };
                    current = free.then_some(run);
                }
            }
        }
        runs.extend(current);
    }
}

/// The seats of one section, as read at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionSeats {
    label: Label,
    price: Price,
    /// From the front.
    rows: Vec<Row>,
}

impl SectionSeats {
    /// Takes all rows of a section in any order, also those without free seats: they are part of how far the others are
    /// from the front. Parts of a row, such as its blocks, may come one by one. The front row is `1` before `2` before
    /// `10`, and `A` before `B` before `AA`.
    #[must_use]
    pub fn new(label: Label, price: Price, mut rows: Vec<Row>) -> Self {
        rows.sort_by_cached_key(|row| (from_the_front(row.label.as_str()), row.label.clone()));
        rows.dedup_by(|part, row| {
            let is_same = part.label == row.label;
            if is_same {
                row.seats.append(&mut part.seats);
                row.sort();
            }
            is_same
        });
        Self { label, price, rows }
    }

    fn runs(&self, index: u32, lost: &BTreeSet<SeatId>) -> Vec<Run> {
        let mut lost_numbers: BTreeMap<&Label, Vec<u16>> = BTreeMap::new();
        for seat in lost.iter().filter(|seat| seat.section == self.label) {
            lost_numbers.entry(&seat.row).or_default().push(seat.number);
        }
        let mut runs = Vec::with_capacity(self.rows.len());
        for (row, position) in self.rows.iter().zip(0..) {
            let lost = lost_numbers.get(&row.label).map_or(&[][..], Vec::as_slice);
            row.runs((index, position), lost, &mut runs);
        }
        runs
    }
}

/// The parts of a row's label by which rows are sorted: digits by their value and before letters, fewer letters before
/// more.
fn from_the_front(label: &str) -> Vec<(bool, usize, String)> {
    let characters: Vec<char> = label.chars().collect();
    let parts = characters.chunk_by(|left, right| left.is_ascii_digit() == right.is_ascii_digit());
    let part = |part: &[char]| {
        let is_text = !part[0].is_ascii_digit();
        let zeros = part.iter().take_while(|character| !is_text && **character == '0').count();
        (is_text, part.len() - zeros, part[zeros..].iter().collect())
    };
    parts.map(part).collect()
}

/// How many others are choosing at the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowd {
    /// Hardly anybody: the first try takes the very best place.
    Few,
    /// Up to a hundred who see the same state: the first try is drawn from the [`NEAR_PLACES`] nearest.
    Many,
}

/// One caller's try, unlike those of others. Equal draws over equal seats choose equally.
#[derive(Clone, Copy, Debug)]
pub struct Draw<'a> {
    /// Where the caller begins: [`start`], or numbers that follow each other, which choose different places.
    pub start: u64,
    /// How many others there are.
    pub crowd: Crowd,
    /// Seats that earlier tries of this request chose and somebody else got. They count as taken, whatever the seats
    /// that were read say of them: these may have been read before.
    pub lost: &'a BTreeSet<SeatId>,
}

impl Draw<'_> {
    /// The ranks among which is drawn, if there are so many.
    fn ranks(&self) -> Range<usize> {
        match (self.crowd, self.lost.is_empty()) {
            (Crowd::Few, true) => 0..1,
            (Crowd::Few, false) | (Crowd::Many, true) => 0..NEAR_PLACES,
            (Crowd::Many, false) => NEAR_PLACES..NEAR_PLACES + FAR_PLACES,
        }
    }

    /// A number that differs from try to try: two who began at the same place must not go on together.
    fn turn(&self) -> u64 {
        let lost = self.lost.len() as u64;
        if lost == 0 { self.start } else { mix(self.start ^ mix(lost)) }
    }
}

/// Where a user begins to look for seats of a schedule: always there, and spread evenly over users.
#[must_use]
pub fn start(user: UserId, schedule: ScheduleId) -> u64 {
    let (user, schedule) = (user.0.as_u64_pair(), schedule.0.as_u64_pair());
    mix(mix(mix(mix(user.0) ^ user.1) ^ schedule.0) ^ schedule.1)
}

/// Spreads a number over 64 bits (SplitMix64), so that similar numbers have nothing in common.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// Why no seats are chosen, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BestError {
    /// Fewer seats are free where the request allows them.
    #[error("fewer seats are free")]
    NotEnough,
    /// No row has so many free neighbours, and the request does not allow seats apart.
    #[error("no row has so many free seats next to each other")]
    NotTogether,
}

/// Free neighbours of a row.
#[derive(Clone, Copy, Debug)]
struct Run {
    section: u32,
    /// From the front.
    row: u32,
    first: u16,
    length: u16,
    /// Lowest and highest number of the row added up.
    twice_centre: i32,
}

/// Seats that may be chosen. The order is the ranking; `row` and `first` make it one of which no two are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    singles: u16,
    /// In halves of a seat's width.
    distance: u32,
    section: u32,
    row: u32,
    first: u16,
    count: u16,
}

/// Where nearness is measured from.
#[derive(Clone, Copy, Debug, Default)]
struct Focus {
    section: u32,
    row: u32,
    /// From the centre of its row, in halves of a seat's width.
    aside: i32,
}

impl Run {
    /// The place of `count` of its seats, `skipped` of them to the left.
    fn place(&self, skipped: u16, count: u16, focus: Focus) -> Place {
        let (left, right) = (skipped, self.length - skipped - count);
        let first = self.first + skipped;
        let aside = self.aside(first, count).abs_diff(focus.aside);
        let sections = self.section.abs_diff(focus.section);
        let rows = if sections == 0 { self.row.abs_diff(focus.row) } else { self.row };
        Place {
            singles: u16::from(left == 1) + u16::from(right == 1),
            distance: aside + 2 * SEATS_PER_ROW_BEHIND * (sections * ROWS_PER_SECTION_ASIDE + rows),
            section: self.section,
            row: self.row,
            first,
            count,
        }
    }

    fn contains(&self, place: &Place) -> bool {
        (self.section, self.row) == (place.section, place.row)
            && (self.first..self.first + self.length).contains(&place.first)
    }

    /// Distance of seats from the centre of their row, in halves of a seat's width.
    fn aside(&self, first: u16, count: u16) -> i32 {
        2 * i32::from(first) + i32::from(count) - 1 - self.twice_centre
    }

    /// Its seats cut into places side by side from the left. If one seat would be left at the right end, the last place
    /// moves there: by itself it leaves none alone.
    fn places(self, count: u16, focus: Focus) -> impl Iterator<Item = Place> {
        let pieces = self.length / count;
        let moved = u16::from(self.length % count == 1 && pieces > 1);
        (0..pieces).map(move |piece| {
            let skipped = piece * count + if piece + 1 == pieces { moved } else { 0 };
            self.place(skipped, count, focus)
        })
    }
}

/// Chooses seats: together in the first section that can seat them so; otherwise apart, if the request allows it, in
/// the first section that has enough, otherwise over several. Sections come in order of preference; those that the
/// request does not allow are passed over. The seats are sorted.
///
/// # Errors
/// When fewer seats are free, or no row has them together though they must be.
pub fn choose(request: &BestRequest, sections: &[SectionSeats], draw: Draw<'_>) -> Result<Vec<SeatId>, BestError> {
    let mut free_runs: Vec<Vec<Run>> = Vec::new();
    for (section, index) in sections.iter().zip(0..) {
        if request.allows(&section.label, section.price) {
            let runs = section.runs(index, draw.lost);
            if let Some(place) = together(request.count, &runs, draw) {
                return Ok(seats(sections, &[place]));
            }
            free_runs.push(runs);
        }
    }
    let has_enough = |runs: &Vec<Run>| free(runs) >= usize::from(request.count);
    let total: usize = free_runs.iter().map(|runs| free(runs)).sum();
    if total < usize::from(request.count) {
        return Err(BestError::NotEnough);
    }
    if !request.apart {
        return Err(BestError::NotTogether);
    }
    let runs = free_runs.iter().position(has_enough).map(|index| free_runs.swap_remove(index));
    Ok(seats(sections, &apart(request.count, runs.unwrap_or_else(|| free_runs.concat()), draw)))
}

fn free(runs: &[Run]) -> usize {
    runs.iter().map(|run| usize::from(run.length)).sum()
}

/// One place for all in one section; `None` if no run is long enough.
fn together(count: u16, runs: &[Run], draw: Draw<'_>) -> Option<Place> {
    let mut places: Vec<Place> = Vec::new();
    // Of places that leave more singles none is ever drawn.
    let mut fewest = u16::MAX;
    for place in runs.iter().flat_map(|run| run.places(count, Focus::default())) {
        if place.singles < fewest {
            fewest = place.singles;
            places.clear();
        }
        if place.singles == fewest {
            places.push(place);
        }
    }
    drawn(places, draw)
}

/// As few groups as possible: the longest runs whole, and the rest where it leaves the fewest singles. The first group
/// is drawn; the others are near it.
fn apart(count: u16, mut runs: Vec<Run>, draw: Draw<'_>) -> Vec<Place> {
    let mut groups: Vec<Place> = Vec::new();
    let mut rest = count;
    let mut focus = None;
    while let Some(longest) = runs.iter().map(|run| run.length).max().filter(|_| rest > 0) {
        // Of runs shorter than this none has a place.
        let size = longest.min(rest);
        let mut places: Vec<Place> = runs.iter().flat_map(|run| run.places(size, focus.unwrap_or_default())).collect();
        if focus.is_none() {
            places = drawn(places, draw).into_iter().collect();
        } else {
            // All groups of this size at once: hundreds of short runs are ranked once.
            keep_first(&mut places, usize::from(rest / size));
        }
        for place in &places {
            let is_of = |run: &Run| run.contains(place);
            let Some(index) = runs.iter().position(is_of) else { continue };
            let run = runs.swap_remove(index);
            let aside = run.aside(place.first, place.count);
            focus = focus.or(Some(Focus { section: run.section, row: run.row, aside }));
            rest -= place.count;
        }
        groups.append(&mut places);
    }
    groups
}

/// Keeps so many of the highest rank, in any order.
fn keep_first(places: &mut Vec<Place>, count: usize) {
    if count < places.len() {
        places.select_nth_unstable(count);
        places.truncate(count);
    }
}

/// One of the places, which come row by row and from the left: the ranks that the draw allows are dealt out block by
/// block, one of each block in turn. A block is in one transaction at a time, so neighbours in the deal get different
/// ones.
fn drawn(mut places: Vec<Place>, draw: Draw<'_>) -> Option<Place> {
    let ranks = draw.ranks();
    // Those who lost go where there is room for them: near the end, anywhere.
    let ranks = if places.len() < 2 * ranks.start { 0..ranks.end } else { ranks };
    let mut ranked = places.clone();
    if ranks.end < ranked.len() {
        let last = *ranked.select_nth_unstable(ranks.end - 1).1;
        places.retain(|place| *place <= last);
        ranked.truncate(ranks.end);
    }
    if ranks.start > 0 {
        let first = *ranked.select_nth_unstable(ranks.start).1;
        places.retain(|place| *place >= first);
    }
    let block = |place: &Place| (place.section, place.row, block_number(place.first));
    let blocks: Vec<&[Place]> = places.chunk_by(|one, other| block(one) == block(other)).collect();
    let rounds = 0..usize::from(SEATS_PER_BLOCK);
    let dealt = rounds.flat_map(|round| blocks.iter().filter_map(move |block| block.get(round)));
    let turn = draw.turn().checked_rem(places.len() as u64)?;
    dealt.copied().nth(usize::try_from(turn).ok()?)
}

/// The ids of chosen places.
fn seats(sections: &[SectionSeats], places: &[Place]) -> Vec<SeatId> {
    let mut seats = Vec::new();
    for place in places {
        let section = &sections[place.section as usize];
        let row = &section.rows[place.row as usize];
        let numbers = place.first..place.first + place.count;
        seats.extend(numbers.map(|number| SeatId { section: section.label.clone(), row: row.label.clone(), number }));
    }
    seats.sort_unstable();
    seats
}
