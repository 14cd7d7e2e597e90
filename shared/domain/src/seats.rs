//! Seats, their ids, and the values by which one comparison of strings decides who may take one.

use std::collections::BTreeMap;
use std::fmt;

use crate::id::{ReservationId, from_short, short};
use crate::text;
use crate::time::EpochSecond;

/// Neighbouring numbers of a row that share one item of the table. Full of held seats it is under 1 KB, so a
/// hold of any of them is one write unit.
pub const SEATS_PER_BLOCK: u16 = 25;
/// Highest number of a seat in its row.
pub const SEAT_NUMBER_MAX: u16 = 25_000;
/// Most seats of a section: its blocks are one partition and one page to read.
pub const SEATS_PER_SECTION_MAX: usize = 2_500;
/// Most sections of a schedule; their prices are read with it.
pub const SECTIONS_MAX: usize = 100;
/// Most characters of a section's or row's label.
pub const LABEL_CHARACTERS_MAX: usize = 16;

/// The name of a section or row: 1 to 16 digits, Latin letters or Hangul syllables, composed (Unicode NFC), so that a
/// label has one spelling wherever it comes from. No `-` and no `#`, so that a seat id has one reading and no key can
/// be forged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(String);

/// Not a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 16 digits, Latin letters or Hangul syllables")]
pub struct LabelError;

impl Label {
    /// Takes a section's or row's name, composed or not: a file from a Mac has its Hangul in parts.
    ///
    /// # Errors
    /// When it is empty, too long or has other characters.
    pub fn parse(given: &str) -> Result<Self, LabelError> {
        let allowed = |character: char| character.is_ascii_alphanumeric() || ('가'..='힣').contains(&character);
        let label = text::compose(given);
        let characters = label.chars().count();
        if (1..=LABEL_CHARACTERS_MAX).contains(&characters) && label.chars().all(allowed) {
            Ok(Self(label))
        } else {
            Err(LabelError)
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// One seat of a schedule: section, row and number, written `A-1-12`. Also the id of its ticket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeatId {
    /// Section, which has the price.
    pub section: Label,
    /// Row in the section.
    pub row: Label,
    /// Number in the row, from 1.
    pub number: u16,
}

/// Not a seat id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a seat id such as A-1-12")]
pub struct SeatIdError;

impl SeatId {
    /// Reads `section-row-number`.
    ///
    /// # Errors
    /// When it is of another form, or the number is not between 1 and [`SEAT_NUMBER_MAX`] without leading zeros.
    pub fn parse(given: &str) -> Result<Self, SeatIdError> {
        let mut parts = given.split('-');
        let (Some(section), Some(row), Some(number), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(SeatIdError);
        };
        let id = Self {
            section: Label::parse(section).map_err(|_| SeatIdError)?,
            row: Label::parse(row).map_err(|_| SeatIdError)?,
            number: number.parse().map_err(|_| SeatIdError)?,
        };
        let canonical = (1..=SEAT_NUMBER_MAX).contains(&id.number) && id.number.to_string() == number;
        if canonical { Ok(id) } else { Err(SeatIdError) }
    }

    /// The block that holds it.
    #[must_use]
    pub fn block(&self) -> BlockId {
        BlockId { section: self.section.clone(), row: self.row.clone(), index: block_number(self.number) }
    }
}

impl fmt::Display for SeatId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}-{}", self.section, self.row, self.number)
    }
}

/// The block of a seat number.
#[must_use]
pub fn block_number(number: u16) -> u16 {
    (number.max(1) - 1) / SEATS_PER_BLOCK
}

/// One item of up to 25 neighbouring seats of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId {
    /// Section.
    pub section: Label,
    /// Row.
    pub row: Label,
    /// (number − 1) / 25.
    pub index: u16,
}

/// Groups seats by the block that holds them, blocks and numbers in order.
#[must_use]
pub fn group_by_block<'a>(seats: impl IntoIterator<Item = &'a SeatId>) -> BTreeMap<BlockId, Vec<u16>> {
    let mut blocks: BTreeMap<BlockId, Vec<u16>> = BTreeMap::new();
    for seat in seats {
        blocks.entry(seat.block()).or_default().push(seat.number);
    }
    for numbers in blocks.values_mut() {
        numbers.sort_unstable();
    }
    blocks
}

/// The value of one seat in its block.
///
/// Written as text, values order themselves: free (`-`) before every time, sold (`~`) after. So a seat may be
/// taken exactly if its text is less than [`EpochSecond::to_hex`] of now, and is mine exactly if it equals my value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SeatValue {
    /// Nobody's.
    Free,
    /// Somebody's until a time has passed.
    Held {
        /// Epoch seconds; the seat is free for others from the second after.
        until: EpochSecond,
        /// The reservation that has it.
        reservation: ReservationId,
    },
    /// Sold.
    Sold {
        /// To whom.
        reservation: ReservationId,
    },
}

/// The state of a seat at a given time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatState {
    /// May be taken.
    Available,
    /// Held by a live reservation.
    Held,
    /// Sold.
    Sold,
}

impl SeatState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Available, Self::Held, Self::Sold];

    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Held => "held",
            Self::Sold => "sold",
        }
    }
}

impl SeatValue {
    /// Reads a value of a block; `None` if it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let reservation = |text: &str| from_short(text).map(ReservationId);
        match text.as_bytes().first()? {
            b'-' if text.len() == 1 => Some(Self::Free),
            b'~' => Some(Self::Sold { reservation: reservation(&text[1..])? }),
            _ => {
                let (until, owner) = text.split_at_checked(8)?;
                Some(Self::Held { until: EpochSecond::from_hex(until)?, reservation: reservation(owner)? })
            }
        }
    }

    /// Its state at `now`, an epoch second.
    #[must_use]
    pub fn state(self, now: EpochSecond) -> SeatState {
        match self {
            Self::Sold { .. } => SeatState::Sold,
            Self::Held { until, .. } if until >= now => SeatState::Held,
            Self::Held { .. } | Self::Free => SeatState::Available,
        }
    }

    /// The reservation it names, live or not.
    #[must_use]
    pub fn owner(self) -> Option<ReservationId> {
        match self {
            Self::Free => None,
            Self::Held { reservation, .. } | Self::Sold { reservation } => Some(reservation),
        }
    }
}

impl fmt::Display for SeatValue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Free => formatter.write_str("-"),
            Self::Held { until, reservation } => {
                write!(formatter, "{}{}", until.to_hex(), short(*reservation))
            }
            Self::Sold { reservation } => write!(formatter, "~{}", short(*reservation)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn values() -> impl Strategy<Value = SeatValue> {
        prop_oneof![
            Just(SeatValue::Free),
            (any::<u32>(), any::<u128>()).prop_map(|(until, id)| SeatValue::Held {
                until: EpochSecond(until),
                reservation: ReservationId(Uuid::from_u128(id))
            }),
            any::<u128>().prop_map(|id| SeatValue::Sold { reservation: ReservationId(Uuid::from_u128(id)) }),
        ]
    }

    proptest! {
        #[test]
        fn a_value_is_read_back(value in values()) {
            prop_assert_eq!(SeatValue::parse(&value.to_string()), Some(value));
        }

        #[test]
        fn one_comparison_of_text_decides(value in values(), now in any::<u32>()) {
            let may_be_taken = value.to_string() < EpochSecond(now).to_hex();
            prop_assert_eq!(may_be_taken, value.state(EpochSecond(now)) == SeatState::Available);
        }

        #[test]
        fn a_hold_ends_with_its_second(until in 0..u32::MAX) {
            let value = SeatValue::Held { until: EpochSecond(until), reservation: ReservationId(Uuid::nil()) };
            prop_assert_eq!(value.state(EpochSecond(until)), SeatState::Held);
            prop_assert_eq!(value.state(EpochSecond(until + 1)), SeatState::Available);
        }

        #[test]
        fn a_seat_id_is_read_back(section in "[0-9A-Za-z가-힣]{1,16}", row in "[0-9A-Z]{1,16}", number in 1..=SEAT_NUMBER_MAX) {
            let text = format!("{section}-{row}-{number}");
            prop_assert_eq!(SeatId::parse(&text).map(|id| id.to_string()), Ok(text));
        }

        #[test]
        fn any_text_is_read_without_harm(text in "\\PC*") {
            let _ = SeatValue::parse(&text);
            if let Ok(id) = SeatId::parse(&text) {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }

    #[test]
    fn what_is_no_seat_id_is_refused() {
        for given in ["", "A", "A-1", "A-1-0", "A-1-01", "A-1-25001", "A-1-1-1", "A--1", "A#B-1-1", "A-1- 1", "A-1-+1"]
        {
            assert_eq!(SeatId::parse(given), Err(SeatIdError), "{given:?}");
        }
    }

    #[test]
    fn neighbours_share_a_block() {
        let seats: Vec<SeatId> = ["A-1-25", "A-1-1", "A-1-26"].iter().filter_map(|id| SeatId::parse(id).ok()).collect();
        let blocks: Vec<Vec<u16>> = group_by_block(&seats).into_values().collect();
        assert_eq!(blocks, [vec![1, 25], vec![26]]);
    }

    #[test]
    fn a_full_block_of_held_seats_stays_within_a_kilobyte() {
        let value = SeatValue::Held { until: EpochSecond::MAX, reservation: ReservationId(Uuid::max()) }.to_string();
        let names: usize = (24_976..=25_000).map(|number: u32| number.to_string().len()).sum();
        let keys = "pk".len() + "SEATS#".len() + 36 + 1 + 48 + 2 + "sk".len() + "BLOCK#".len() + 48 + 4;
        let lease = "lease".len() + 8 + 22;
        assert!(names + 25 * value.len() + keys + lease <= 1024 + 64, "Hangul labels may cost a second unit");
        assert_eq!(value.len(), 30);
    }
}
