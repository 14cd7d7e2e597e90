//! Times as they are written: RFC 3339, kept to the millisecond; and as holds and admissions end: whole epoch seconds.

use std::fmt;

use jiff::Timestamp;

/// First instant that may be named: of 2000.
pub const TIME_MIN: Timestamp = Timestamp::constant(946_684_800, 0);
/// Last instant that may be named: the first of 2100. Seats and keys count in seconds of that time.
pub const TIME_MAX: Timestamp = Timestamp::constant(4_102_444_800, 0);
/// Most digits of a fraction of a second that are read; what is below a millisecond is cut off.
const FRACTION_DIGITS_MAX: usize = 9;
/// Date and time of day by RFC 3339; each `d` is a digit.
const SHAPE: &[u8] = b"dddd-dd-ddTdd:dd:dd";
/// Offset from UTC by RFC 3339, after its sign.
const OFFSET_SHAPE: &[u8] = b"dd:dd";

/// Not a time that may be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not of the form of RFC 3339; or a day, an hour or an offset that does not exist.
    #[error("must be a time such as 2030-12-20T19:00:00+09:00, with Z or an offset, and without a zone in brackets")]
    Form,
    /// Before 2000 or after 2100.
    #[error("must be between 2000 and 2100")]
    Range,
}

/// Reads a time: RFC 3339, with `Z` or an offset of up to 23:59 hours. A zone in brackets is refused: it repeats the
/// offset or contradicts it. What is below a millisecond is cut off here, so that what is answered is what is kept.
///
/// # Errors
/// When it is not of that form, or not between [`TIME_MIN`] and [`TIME_MAX`].
pub fn parse(given: &str) -> Result<Timestamp, TimeError> {
    if !has_form(given.as_bytes()) {
        return Err(TimeError::Form);
    }
    let read: Timestamp = given.parse().map_err(|_| TimeError::Form)?;
    if !(TIME_MIN..=TIME_MAX).contains(&read) {
        return Err(TimeError::Range);
    }
    Timestamp::from_millisecond(read.as_millisecond()).map_err(|_| TimeError::Range)
}

/// A whole second since 1970-01-01T00:00:00Z, as holds, admissions and pauses begin and end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EpochSecond(pub u32);

impl EpochSecond {
    /// The last one: of 2106.
    pub const MAX: Self = Self(u32::MAX);

    /// The second that has begun at `time`: what "now" is to a seat. Of a time that no second names, the nearest.
    #[must_use]
    pub fn begun(time: Timestamp) -> Self {
        Self(u32::try_from(time.as_second()).unwrap_or(if time.as_second() < 0 { 0 } else { u32::MAX }))
    }

    /// The first second that begins at or after `time`: holds are never short.
    #[must_use]
    pub fn at_or_after(time: Timestamp) -> Self {
        Self::begun(time).plus(u32::from(time.subsec_nanosecond() > 0))
    }

    /// The second as many seconds later, [`EpochSecond::MAX`] at most.
    #[must_use]
    pub fn plus(self, seconds: u32) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// The second before this one; the first has none before it.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// By how many seconds it is later than `earlier`; 0 when it is not.
    #[must_use]
    pub fn since(self, earlier: Self) -> u32 {
        self.0.saturating_sub(earlier.0)
    }

    /// Its first instant.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp::from_second(self.0.into()).unwrap_or(Timestamp::MAX)
    }

    /// The first instant after it.
    #[must_use]
    pub fn end(self) -> Timestamp {
        Timestamp::from_second(i64::from(self.0) + 1).unwrap_or(Timestamp::MAX)
    }

    /// It as the text that seat values are compared with: 8 hexadecimal digits, which sort as seconds do.
    #[must_use]
    pub fn to_hex(self) -> String {
        format!("{:08x}", self.0)
    }

    /// The second of that text.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        u32::from_str_radix(text, 16).ok().map(Self)
    }
}

impl From<EpochSecond> for i64 {
    fn from(second: EpochSecond) -> Self {
        second.0.into()
    }
}

impl fmt::Display for EpochSecond {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

fn has_form(given: &[u8]) -> bool {
    let Some((clock, rest)) = given.split_at_checked(SHAPE.len()) else { return false };
    // The 61st second of a minute would be kept as another one.
    let seconds = clock.get(SHAPE.len() - 2..).unwrap_or_default();
    matches_shape(clock, SHAPE) && seconds < b"60".as_slice() && is_offset(without_fraction(rest))
}

/// The rest after a fraction of a second, if there is one.
fn without_fraction(rest: &[u8]) -> &[u8] {
    let Some(fraction) = rest.strip_prefix(b".") else { return rest };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if (1..=FRACTION_DIGITS_MAX).contains(&digits) { &fraction[digits..] } else { &[] }
}

fn is_offset(given: &[u8]) -> bool {
    match given {
        b"Z" | b"z" => true,
        [b'+' | b'-', offset @ ..] => {
            matches_shape(offset, OFFSET_SHAPE) && offset[..2] < b"24"[..] && offset[3..] < b"60"[..]
        }
        _ => false,
    }
}

fn matches_shape(given: &[u8], shape: &[u8]) -> bool {
    let fits = |given: u8, wanted: u8| match wanted {
        b'd' => given.is_ascii_digit(),
        wanted => given.eq_ignore_ascii_case(&wanted),
    };
    given.len() == shape.len() && given.iter().zip(shape).all(|(given, wanted)| fits(*given, *wanted))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_rfc_3339_says_is_read() {
        for (given, expected) in [
            ("2027-03-28T03:30:00Z", "2027-03-28T03:30:00Z"),
            ("2027-03-28t03:30:00z", "2027-03-28T03:30:00Z"),
            ("2027-03-28T03:30:00+09:00", "2027-03-27T18:30:00Z"),
            ("2027-03-28T03:30:00-00:00", "2027-03-28T03:30:00Z"),
            ("2027-03-28T03:30:00+23:59", "2027-03-27T03:31:00Z"),
            ("2028-02-29T23:59:59-12:00", "2028-03-01T11:59:59Z"),
            ("2027-03-28T03:30:00.5Z", "2027-03-28T03:30:00.5Z"),
            ("2027-03-28T03:30:00.123456Z", "2027-03-28T03:30:00.123Z"),
            ("2027-03-28T03:30:00.999999999Z", "2027-03-28T03:30:00.999Z"),
            ("2000-01-01T00:00:00Z", "2000-01-01T00:00:00Z"),
            ("2100-01-01T00:00:00Z", "2100-01-01T00:00:00Z"),
        ] {
            assert_eq!(parse(given).map(|time| time.to_string()), Ok(expected.to_owned()), "{given}");
        }
    }

    #[test]
    fn what_contradicts_itself_or_is_something_else_is_refused() {
        for given in [
            "2027-03-28T03:30:00+09:00[Europe/Berlin]",
            "2027-03-28T03:30:00+02:00[Europe/Berlin]",
            "2027-03-28T03:30:00Z[UTC]",
            "2027-03-28T03:30:00+25:00",
            "2027-03-28T03:30:00+24:00",
            "2027-03-28T03:30:00+09:60",
            "2027-03-28T03:30:00+09",
            "2027-03-28T03:30:00+0900",
            "2027-03-28T03:30:00+09:00:00",
            "2027-03-28T03:30:00 +09:00",
            "2027-03-28T03:30:00",
            "2027-03-28T03:30Z",
            "2027-03-28T24:00:00Z",
            "2027-03-28T03:60:00Z",
            "2027-03-28T03:30:60Z",
            "2027-02-29T03:30:00Z",
            "2027-13-01T03:30:00Z",
            "2027-03-28 03:30:00Z",
            "20270328T033000Z",
            "2027-W13-7T03:30:00Z",
            "2027-03-28T03:30:00,5Z",
            "2027-03-28T03:30:00.Z",
            "2027-03-28T03:30:00.1234567890Z",
            "+002027-03-28T03:30:00Z",
            " 2027-03-28T03:30:00Z",
            "2027-03-28T03:30:00Z ",
            "２027-03-28T03:30:00Z",
            "1806204600",
            "tomorrow",
            "",
        ] {
            assert_eq!(parse(given), Err(TimeError::Form), "{given}");
        }
        for given in ["1999-12-31T23:59:59.999999999Z", "2100-01-01T00:00:00.000000001Z", "0000-01-01T00:00:00Z"] {
            assert_eq!(parse(given), Err(TimeError::Range), "{given}");
        }
    }

    #[test]
    fn a_second_begins_and_ends() {
        let half = Timestamp::from_millisecond(1_500).expect("a time");
        assert_eq!((EpochSecond::begun(half), EpochSecond::at_or_after(half)), (EpochSecond(1), EpochSecond(2)));
        assert_eq!(EpochSecond::at_or_after(EpochSecond(2).start()), EpochSecond(2));
        assert_eq!(EpochSecond(1).end(), EpochSecond(2).start());
        assert_eq!(
            (EpochSecond::begun(Timestamp::MIN), EpochSecond::begun(Timestamp::MAX)),
            (EpochSecond(0), EpochSecond::MAX)
        );
        assert_eq!((EpochSecond(5).since(EpochSecond(2)), EpochSecond(2).since(EpochSecond(5))), (3, 0));
        assert_eq!(EpochSecond::from_hex(&EpochSecond(0x1f).to_hex()), Some(EpochSecond(0x1f)));
    }

    proptest! {
        /// A time that is written and read again is the same.
        #[test]
        fn what_is_read_is_read_again(millisecond in 946_684_800_000_i64..=4_102_444_800_000) {
            let time = Timestamp::from_millisecond(millisecond).expect("a time");
            prop_assert_eq!(parse(&time.to_string()), Ok(time));
        }

        #[test]
        fn whatever_is_read_is_whole_milliseconds(given in "20[0-9]{2}-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:\
            [0-6][0-9](\\.[0-9]{0,10})?(Z|[+-][0-2][0-9]:[0-6][0-9])?(\\[UTC\\])?") {
            if let Ok(time) = parse(&given) {
                prop_assert_eq!(time.subsec_nanosecond() % 1_000_000, 0);
                prop_assert!((TIME_MIN..=TIME_MAX).contains(&time));
            }
        }
    }
}
