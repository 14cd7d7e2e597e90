//! Coupons: a limited number of discounts, first come first served, one for each user.

use jiff::Timestamp;

use crate::id::{CouponId, OrderId};
use crate::money::AMOUNT_MAX;
use crate::products::stock::{QUANTITY_MAX, Shards};
use crate::text::{self, TextError};

/// Longest name of a coupon.
pub const NAME_CHARACTERS_MAX: usize = 60;
/// Most that a coupon takes off, of a hundred.
const PERCENT_MAX: i64 = 100;

/// A coupon's name: one line of 1 to 60 characters.
///
/// # Errors
/// As [`text::parse_line`].
pub fn parse_name(given: &str) -> Result<String, TextError> {
    text::parse_line(given, NAME_CHARACTERS_MAX)
}

/// The discount of a coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discount {
    /// So many minor units, or all if the order costs less.
    Amount(i64),
    /// So many hundredths, rounded down to whole minor units, at most `max`.
    Percent {
        /// 1 to 100.
        percent: i64,
        /// Most that is taken off, in minor units.
        max: Option<i64>,
    },
}

/// Not a discount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscountError {
    /// Neither of the kinds.
    #[error("must be amount or percent")]
    Kind,
    /// An amount that is none.
    #[error("must be between 1 and 10000000")]
    Amount,
    /// Not a part of a hundred.
    #[error("must be between 1 and 100")]
    Percent,
    /// A maximum that is none, or one for a fixed amount.
    #[error("is for percent only, and must be between 1 and 10000000")]
    Max,
}

impl Discount {
    /// The kinds as they are written.
    pub const KINDS: [&'static str; 2] = ["amount", "percent"];

    /// Takes a discount as it is written: `kind`, `value`, `max`.
    ///
    /// # Errors
    /// When they are not one.
    pub fn parse(kind: &str, value: i64, max: Option<i64>) -> Result<Self, DiscountError> {
        let is_amount = |minor_units: i64| (1..=AMOUNT_MAX).contains(&minor_units);
        match kind {
            "amount" if !is_amount(value) => Err(DiscountError::Amount),
            "amount" if max.is_some() => Err(DiscountError::Max),
            "amount" => Ok(Self::Amount(value)),
            "percent" if !(1..=PERCENT_MAX).contains(&value) => Err(DiscountError::Percent),
            "percent" if !max.is_none_or(is_amount) => Err(DiscountError::Max),
            "percent" => Ok(Self::Percent { percent: value, max }),
            _ => Err(DiscountError::Kind),
        }
    }

    /// It as it is written.
    #[must_use]
    pub fn to_parts(self) -> (&'static str, i64, Option<i64>) {
        match self {
            Self::Amount(minor_units) => ("amount", minor_units, None),
            Self::Percent { percent, max } => ("percent", percent, max),
        }
    }

    /// The discount of an order of `subtotal`: never more than that, never less than nothing.
    #[must_use]
    pub fn amount_off(self, subtotal: i64) -> i64 {
        let subtotal = subtotal.max(0);
        let off = match self {
            Self::Amount(minor_units) => minor_units,
            // In two steps, so that no subtotal overflows.
            Self::Percent { percent, max } => {
                let hundreds = subtotal / PERCENT_MAX * percent;
                let rest = subtotal % PERCENT_MAX * percent / PERCENT_MAX;
                (hundreds + rest).min(max.unwrap_or(i64::MAX))
            }
        };
        off.clamp(0, subtotal)
    }
}

/// A coupon. Nothing of it changes once it is made, but how many are left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupon {
    /// Id.
    pub id: CouponId,
    /// Name.
    pub name: String,
    /// Its discount.
    pub discount: Discount,
    /// How many there were to begin with.
    pub quantity: i64,
    /// Over how many items they are spread.
    pub shards: Shards,
    /// First instant in which it may be claimed and used.
    pub valid_from: Timestamp,
    /// First instant in which it may not any more.
    pub valid_until: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// Digest of the request that made it.
    pub fingerprint: String,
}

/// Not a plan of a coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CouponPlanError {
    /// It would never be valid.
    #[error("must be after valid_from")]
    EndsBeforeItBegins,
    /// None, or too many.
    #[error("must be between 1 and 1000000")]
    Quantity,
}

/// Checks what a new coupon is to be.
///
/// # Errors
/// When it would never be valid, or there were none of it.
pub fn check_plan(quantity: i64, valid_from: Timestamp, valid_until: Timestamp) -> Result<(), CouponPlanError> {
    if !(1..=QUANTITY_MAX).contains(&quantity) {
        Err(CouponPlanError::Quantity)
    } else if valid_until <= valid_from {
        Err(CouponPlanError::EndsBeforeItBegins)
    } else {
        Ok(())
    }
}

/// Why a coupon cannot be claimed, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Before its time, or after it.
    #[error("it may be claimed from valid_from until valid_until")]
    NotOpen,
    /// None is left.
    #[error("none is left")]
    Exhausted,
}

impl Coupon {
    /// Whether its time is over at `now`: a coupon is made only before that.
    #[must_use]
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.valid_until <= now
    }

    /// Whether it may be claimed at `now`, if one is left.
    ///
    /// # Errors
    /// Outside its dates.
    pub fn may_be_claimed(&self, now: Timestamp) -> Result<(), ClaimError> {
        if self.valid_from <= now && now < self.valid_until { Ok(()) } else { Err(ClaimError::NotOpen) }
    }
}

/// A coupon that a user has claimed, with its terms as they were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The coupon.
    pub coupon: CouponId,
    /// Its name.
    pub name: String,
    /// Its discount.
    pub discount: Discount,
    /// First instant in which it may be used.
    pub valid_from: Timestamp,
    /// First instant in which it may not any more.
    pub valid_until: Timestamp,
    /// When it was claimed.
    pub claimed_at: Timestamp,
    /// The order that uses it.
    pub used_by: Option<OrderId>,
}

/// Why a claimed coupon cannot be used, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CouponError {
    /// The user has not claimed it.
    #[error("claim the coupon first")]
    NotYours,
    /// Another order uses it.
    #[error("another order uses the coupon")]
    Used,
    /// Its time has not come, by this instance's clock.
    #[error("the coupon is not valid yet")]
    NotOpen,
    /// Its time is over.
    #[error("the coupon has expired")]
    Expired,
    /// It would be spent, and take nothing off: a part of the price that rounds down to nothing, or of an order that
    /// costs nothing.
    #[error("the coupon takes nothing off this order; order without it, and keep it")]
    NotApplicable,
}

impl Claim {
    /// The words that [`Claim::state_at`] gives.
    pub const STATES: [&'static str; 3] = ["unused", "used", "expired"];

    /// The discount of an order of `subtotal` that is placed at `now`: 1 minor unit or more.
    ///
    /// # Errors
    /// When another order uses it, outside its dates, or when it would take nothing off.
    pub fn redeem(&self, subtotal: i64, now: Timestamp) -> Result<i64, CouponError> {
        if self.used_by.is_some() {
            Err(CouponError::Used)
        } else if now < self.valid_from {
            Err(CouponError::NotOpen)
        } else if now >= self.valid_until {
            Err(CouponError::Expired)
        } else {
            Some(self.discount.amount_off(subtotal)).filter(|off| *off > 0).ok_or(CouponError::NotApplicable)
        }
    }

    /// How it stands at `now`, in a word: `used`, `expired` or `unused`.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> &'static str {
        if self.used_by.is_some() {
            "used"
        } else if now >= self.valid_until {
            "expired"
        } else {
            "unused"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn claim() -> Claim {
        Claim {
            coupon: CouponId(Uuid::from_u128(1)),
            name: "Ten off".to_owned(),
            discount: Discount::Amount(10),
            valid_from: at(100),
            valid_until: at(200),
            claimed_at: at(100),
            used_by: None,
        }
    }

    fn discounts() -> impl Strategy<Value = Discount> {
        prop_oneof![
            (1..=AMOUNT_MAX).prop_map(Discount::Amount),
            (1..=100_i64, proptest::option::of(1..=AMOUNT_MAX))
                .prop_map(|(percent, max)| Discount::Percent { percent, max }),
        ]
    }

    proptest! {
        /// C3: 0 ≤ discount ≤ subtotal, whatever is bought; a percentage is exact to the won, rounded down.
        #[test]
        fn a_discount_is_between_nothing_and_everything(discount in discounts(), subtotal in 0..=i64::MAX) {
            let off = discount.amount_off(subtotal);
            prop_assert!((0..=subtotal).contains(&off));
            if let Discount::Percent { percent, max } = discount {
                let exact = i64::try_from(i128::from(subtotal) * i128::from(percent) / 100).expect("a part of it");
                prop_assert_eq!(off, exact.min(max.unwrap_or(i64::MAX)));
            }
        }

        /// More in the basket never makes it less to pay.
        #[test]
        fn buying_more_never_costs_less(discount in discounts(), less in 0..AMOUNT_MAX, more in 0..AMOUNT_MAX) {
            let pay = |subtotal: i64| subtotal - discount.amount_off(subtotal);
            prop_assert!(pay(less) <= pay(less + more));
        }

        #[test]
        fn what_is_written_is_read_again(discount in discounts()) {
            let (kind, value, max) = discount.to_parts();
            prop_assert_eq!(Discount::parse(kind, value, max), Ok(discount));
        }
    }

    #[test]
    fn a_discount_is_refused_for_what_is_wrong_with_it() {
        for (given, expected) in [
            (("amount", 0, None), DiscountError::Amount),
            (("amount", AMOUNT_MAX + 1, None), DiscountError::Amount),
            (("amount", 1, Some(1)), DiscountError::Max),
            (("percent", 0, None), DiscountError::Percent),
            (("percent", 101, None), DiscountError::Percent),
            (("percent", 10, Some(0)), DiscountError::Max),
            (("half", 1, None), DiscountError::Kind),
        ] {
            assert_eq!(Discount::parse(given.0, given.1, given.2), Err(expected));
        }
    }

    proptest! {
        /// A coupon that takes nothing off is refused, never spent; whatever else is wrong with it is told first.
        #[test]
        fn a_coupon_that_is_used_takes_something_off(
            discount in discounts(), subtotal in prop_oneof![0..200_i64, 0..=AMOUNT_MAX], second in 90..210_i64,
        ) {
            let claim = Claim { discount, ..claim() };
            match claim.redeem(subtotal, at(second)) {
                Ok(off) => prop_assert!((1..=subtotal).contains(&off)),
                Err(CouponError::NotApplicable) => {
                    prop_assert_eq!(discount.amount_off(subtotal), 0);
                    prop_assert!((100..200).contains(&second));
                }
                Err(_) => prop_assert!(!(100..200).contains(&second)),
            }
        }
    }

    #[test]
    fn a_claim_is_redeemed_within_its_dates_by_one_order() {
        assert_eq!(claim().redeem(100, at(100)), Ok(10));
        assert_eq!(claim().redeem(7, at(199)), Ok(7));
        assert_eq!(claim().redeem(100, at(99)), Err(CouponError::NotOpen));
        assert_eq!(claim().redeem(100, at(200)), Err(CouponError::Expired));
        let used = Claim { used_by: Some(OrderId(Uuid::from_u128(5))), ..claim() };
        assert_eq!(used.redeem(0, at(200)), Err(CouponError::Used));
        assert_eq!(claim().redeem(0, at(199)), Err(CouponError::NotApplicable));
        assert_eq!(
            [used.state_at(at(300)), claim().state_at(at(200)), claim().state_at(at(199))],
            ["used", "expired", "unused"]
        );
    }

    #[test]
    fn a_coupon_has_dates_and_a_number() {
        assert_eq!(check_plan(1, at(1), at(1)), Err(CouponPlanError::EndsBeforeItBegins));
        assert_eq!(check_plan(0, at(1), at(2)), Err(CouponPlanError::Quantity));
        assert_eq!(check_plan(1, at(1), at(2)), Ok(()));
    }
}
