//! Money: whole minor units of the shop's currency, never a float (W5).

mod currency;

pub use currency::{Currency, CurrencyError, DecimalError};

/// The largest balance a top-up may end in, and so the most that a seat, an order or a reservation may cost: 10,000,000
/// minor units.
pub const AMOUNT_MAX: i64 = 10_000_000;

/// Most that may be topped up in a day (UTC). A refund always fits, also above [`AMOUNT_MAX`], so the cap of a balance
/// alone would bound nothing: pay, top up again, and have the payments given back.
pub const TOP_UPS_OF_A_DAY_MAX: i64 = AMOUNT_MAX;

/// An amount somebody asks to move: at least 1 and at most [`AMOUNT_MAX`] minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(i64);

/// The price of one seat: 0 (a guest) to [`AMOUNT_MAX`] minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(i64);

/// Not an amount or price that may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Zero or negative where something must move.
    #[error("must be at least 1")]
    TooSmall,
    /// A price below zero.
    #[error("must not be negative")]
    Negative,
    /// Above [`AMOUNT_MAX`].
    #[error("must be at most 10000000")]
    TooLarge,
}

impl Amount {
    /// Takes minor units as an amount to move.
    ///
    /// # Errors
    /// When it is below 1 or above [`AMOUNT_MAX`].
    pub fn parse(minor_units: i64) -> Result<Self, MoneyError> {
        match minor_units {
            ..1 => Err(MoneyError::TooSmall),
            1..=AMOUNT_MAX => Ok(Self(minor_units)),
            _ => Err(MoneyError::TooLarge),
        }
    }

    /// Takes minor units as an amount to move, if there is something to move: what costs nothing moves nothing.
    ///
    /// # Errors
    /// When it is negative or above [`AMOUNT_MAX`].
    pub fn unless_zero(minor_units: i64) -> Result<Option<Self>, MoneyError> {
        match minor_units {
            0 => Ok(None),
            ..0 => Err(MoneyError::Negative),
            _ => Self::parse(minor_units).map(Some),
        }
    }

    /// Minor units.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

impl Price {
    /// The price of a seat when nobody says otherwise.
    pub const DEFAULT: Self = Self(50_000);

    /// Takes minor units as a price.
    ///
    /// # Errors
    /// When it is negative or above [`AMOUNT_MAX`].
    pub fn parse(minor_units: i64) -> Result<Self, MoneyError> {
        match minor_units {
            ..0 => Err(MoneyError::Negative),
            0..=AMOUNT_MAX => Ok(Self(minor_units)),
            _ => Err(MoneyError::TooLarge),
        }
    }

    /// Minor units.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_moves_something_and_stays_under_the_cap() {
        for (given, expected) in [
            (i64::MIN, Err(MoneyError::TooSmall)),
            (0, Err(MoneyError::TooSmall)),
            (1, Ok(1)),
            (AMOUNT_MAX, Ok(AMOUNT_MAX)),
            (AMOUNT_MAX + 1, Err(MoneyError::TooLarge)),
        ] {
            assert_eq!(Amount::parse(given).map(Amount::get), expected);
        }
        for (given, expected) in [
            (-1, Err(MoneyError::Negative)),
            (0, Ok(None)),
            (1, Ok(Some(Amount(1)))),
            (AMOUNT_MAX, Ok(Some(Amount(AMOUNT_MAX)))),
            (AMOUNT_MAX + 1, Err(MoneyError::TooLarge)),
        ] {
            assert_eq!(Amount::unless_zero(given), expected);
        }
        assert_eq!(Price::parse(AMOUNT_MAX + 1), Err(MoneyError::TooLarge), "nobody could ever pay it");
        assert_eq!(Price::parse(0).map(Price::get), Ok(0));
        assert_eq!(Price::parse(-1), Err(MoneyError::Negative));
    }
}
