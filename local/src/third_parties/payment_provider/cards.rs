//! The test cards: Stripe's, and some of our own for what Stripe has no card for.

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use crate::third_parties::payment_provider::error::ApiError;

/// How many years ahead a card may end.
const YEARS_AHEAD_MAX: i16 = 50;

/// How money behaves that a card has promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// Everything succeeds.
    Ordinary,
    /// The holder must prove who they are, which this provider cannot do: the payment stays in `requires_action`.
    RequiresAction,
    /// The charge is `processing` for some seconds and succeeds then: late money.
    Processing,
    /// The authorisation succeeds; the capture is refused for good.
    CaptureRefused,
    /// A refund fails in the answer that makes it.
    RefundFailsAtOnce,
    /// A refund is `succeeded`, and after some seconds `failed`.
    RefundFailsLater,
    /// A refund is `pending`, and after some seconds `succeeded`.
    RefundPending,
}

/// A refusal by the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decline {
    code: &'static str,
    decline_code: Option<&'static str>,
    message: &'static str,
}

/// The bank's answer when a payment is confirmed with a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The bank agrees.
    Accepted(Behaviour),
    /// The bank refuses.
    Declined(Decline),
}

const fn declined(code: &'static str, decline_code: Option<&'static str>, message: &'static str) -> Outcome {
    Outcome::Declined(Decline { code, decline_code, message })
}

const DECLINED: &str = "Your card was declined.";
/// The bank's refusal without a reason.
const GENERIC_DECLINE: Decline =
    Decline { code: "card_declined", decline_code: Some("generic_decline"), message: DECLINED };

/// Every card that is known, with what it does. Those whose numbers begin with 4000 0000 0000 9 are ours, not Stripe's.
pub const CARDS: [(&str, Outcome); 14] = [
    ("4242424242424242", Outcome::Accepted(Behaviour::Ordinary)),
    ("4000000000000002", Outcome::Declined(GENERIC_DECLINE)),
    ("4000000000009995", declined("card_declined", Some("insufficient_funds"), "Your card has insufficient funds.")),
    ("4000000000009987", declined("card_declined", Some("lost_card"), DECLINED)),
    ("4000000000000069", declined("expired_card", None, "Your card has expired.")),
    ("4000000000000127", declined("incorrect_cvc", None, "Your card's security code is incorrect.")),
    ("4000000000000119", declined("processing_error", None, "An error occurred while processing your card.")),
    ("4000000000003220", Outcome::Accepted(Behaviour::RequiresAction)),
    ("4000000000005126", Outcome::Accepted(Behaviour::RefundFailsLater)),
    ("4000000000007726", Outcome::Accepted(Behaviour::RefundPending)),
    ("4000000000009003", Outcome::Accepted(Behaviour::CaptureRefused)),
    ("4000000000009011", Outcome::Accepted(Behaviour::RefundFailsAtOnce)),
    ("4000000000009029", Outcome::Accepted(Behaviour::Processing)),
    // Another card of the kind that always succeeds, for tests that need two.
    ("5555555555554444", Outcome::Accepted(Behaviour::Ordinary)),
];

impl Decline {
    /// The bank's refusal without a reason.
    #[must_use]
    pub fn generic() -> Self {
        GENERIC_DECLINE
    }

    pub(crate) fn to_error(self) -> ApiError {
        ApiError::card(self.code, self.decline_code, self.message)
    }
}

/// The data of a card, as they are typed.
pub(crate) struct Card<'a> {
    pub number: &'a str,
    pub month: i64,
    pub year: i64,
    pub cvc: Option<&'a str>,
}

impl Card<'_> {
    /// The bank's answer to it, if the data can be a card's at all.
    pub fn outcome(&self, now: Timestamp) -> Result<Outcome, ApiError> {
        let number: String = self.number.chars().filter(|character| !matches!(character, ' ' | '-')).collect();
        if !is_card_number(&number) {
            let message = "Your card number is incorrect.";
            return Err(ApiError::card("incorrect_number", None, message).with_param("number"));
        }
        self.check_date(now)?;
        let is_cvc = |cvc: &str| matches!(cvc.len(), 3 | 4) && cvc.bytes().all(|byte| byte.is_ascii_digit());
        if self.cvc.is_some_and(|cvc| !is_cvc(cvc)) {
            let message = "Your card's security code is invalid.";
            return Err(ApiError::card("invalid_cvc", None, message).with_param("cvc"));
        }
        let known = CARDS.iter().find(|(known, _)| *known == number);
        known.map(|(_, outcome)| *outcome).ok_or_else(|| {
            let message = "Your card was declined. Your request was in test mode, but used a non test card.";
            ApiError::card("card_declined", Some("test_mode_live_card"), message)
        })
    }

    fn check_date(&self, now: Timestamp) -> Result<(), ApiError> {
        let today = Offset::UTC.to_datetime(now).date();
        if !(1..=12).contains(&self.month) {
            let message = "Your card's expiration month is invalid.";
            return Err(ApiError::card("invalid_expiry_month", None, message).with_param("exp_month"));
        }
        let year = if (0..100).contains(&self.year) { self.year + 2000 } else { self.year };
        let (this_year, this_month) = (i64::from(today.year()), i64::from(today.month()));
        let last_year = this_year + i64::from(YEARS_AHEAD_MAX);
        if (this_year..=last_year).contains(&year) && (year, self.month) >= (this_year, this_month) {
            return Ok(());
        }
        let (code, message, param) = if year == this_year {
            ("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month")
        } else {
            ("invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year")
        };
        Err(ApiError::card(code, None, message).with_param(param))
    }
}

/// Whether the digits are as many as a card's and end in the right check digit (Luhn).
fn is_card_number(number: &str) -> bool {
    let digits: Option<Vec<u32>> = number.chars().map(|character| character.to_digit(10)).collect();
    let Some(digits) = digits.filter(|digits| (12..=19).contains(&digits.len())) else { return false };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => *digit,
            (_, double @ 0..=9) => double,
            (_, double) => double - 9,
        })
        .sum();
    sum.is_multiple_of(10)
}
