//! The generation of a ticket: which of the codes that were ever made for it is good.

/// Most generations of a ticket; a new code is refused beyond, a cancellation never is.
pub const GENERATIONS_MAX: u16 = 1_000;

/// The generation of a ticket. It rises with each new code and when a sold ticket is given back, so a code of an earlier
/// one is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(u16);

impl Generation {
    /// The generation of a ticket when it is held.
    pub const FIRST: Self = Self(1);

    /// The generation of this number; `None` for 0 and beyond the last that a cancellation may reach.
    #[must_use]
    pub fn new(number: u16) -> Option<Self> {
        (1..=GENERATIONS_MAX + 1).contains(&number).then_some(Self(number))
    }

    /// Its number, from 1 on.
    #[must_use]
    pub fn get(self) -> u16 {
        self.0
    }

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1).min(GENERATIONS_MAX + 1))
    }
}

/// The place of a ticket in its reservation, from 1 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ordinal(u8);

/// Most tickets of one reservation.
pub const TICKETS_MAX: u8 = 50;

impl Ordinal {
    /// The ordinal of this number; `None` for 0 and beyond the most that a reservation has.
    #[must_use]
    pub fn new(number: u8) -> Option<Self> {
        (1..=TICKETS_MAX).contains(&number).then_some(Self(number))
    }

    /// The ordinal of the ticket at this index.
    #[must_use]
    pub fn at(index: usize) -> Option<Self> {
        u8::try_from(index).ok()?.checked_add(1).and_then(Self::new)
    }

    /// Its number, from 1 on.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

/// Why a ticket has no code, or gets no new one, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// The ticket was given back.
    #[error("the ticket is cancelled")]
    Cancelled,
    /// Its reservation is not paid.
    #[error("the reservation is not paid")]
    NotPaid,
    /// It has had as many codes as a ticket may have.
    #[error("the ticket has had too many codes")]
    TooMany,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::concerts::schedule::SEATS_PER_USER_MAX;

    #[test]
    fn numbers_are_those_of_tickets_that_there_are() {
        assert_eq!(u16::from(TICKETS_MAX), SEATS_PER_USER_MAX);
        assert_eq!(Ordinal::at(usize::from(TICKETS_MAX - 1)), Ordinal::new(TICKETS_MAX));
        for ordinal in
            [Ordinal::new(0), Ordinal::new(TICKETS_MAX + 1), Ordinal::at(TICKETS_MAX.into()), Ordinal::at(300)]
        {
            assert_eq!(ordinal, None);
        }
        let last = Generation::new(GENERATIONS_MAX + 1).expect("a generation");
        assert_eq!((last.next(), Generation::new(GENERATIONS_MAX + 2), Generation::new(0)), (last, None, None));
    }
}
