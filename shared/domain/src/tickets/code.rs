//! The code of a ticket: what it says, and how it is written. A signature says who wrote it, which is not told here.
//!
//! A code is `T1.` and base64url of 37 bytes that say which ticket it is, and of the 64 bytes of their Ed25519
//! signature: 138 characters. It has no seat and no time, because both can change without the ticket.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::id::{ReservationId, ScheduleId};
use crate::tickets::generation::{Generation, Ordinal};

/// The beginning of every code.
const PREFIX: &str = "T1.";
/// The first byte of what is signed. Another version may have other parts.
const VERSION: u8 = 1;
/// Bytes that are signed.
pub const PAYLOAD_BYTES: usize = 37;
/// Bytes of a signature.
pub const SIGNATURE_BYTES: usize = 64;
const BYTES: usize = PAYLOAD_BYTES + SIGNATURE_BYTES;
/// Characters of a code.
pub const CODE_CHARACTERS: usize = PREFIX.len() + (BYTES * 4).div_ceil(3);

/// The parts of a code that are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicketCode {
    /// Number of the key that signs it.
    pub key: u8,
    /// The date.
    pub schedule: ScheduleId,
    /// The reservation.
    pub reservation: ReservationId,
    /// The ticket's place in the reservation.
    pub ordinal: Ordinal,
    /// The ticket's generation.
    pub generation: Generation,
}

/// A code with its signature, which may be anybody's. Its debug output has no signature, so nobody comes in by a log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignedCode {
    /// The parts that are signed.
    pub code: TicketCode,
    /// The signature.
    pub signature: [u8; SIGNATURE_BYTES],
}

/// Why a text is no code, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseCodeError {
    /// It does not begin as a code does, or has other characters.
    #[error("not a ticket's code")]
    NotACode,
    /// Its version is none that is known here.
    #[error("a code of version {0}, which is unknown")]
    UnknownVersion(u8),
    /// It is shorter than a code.
    #[error("a code that was cut short")]
    CutShort,
    /// It is longer than a code.
    #[error("a code with something behind it")]
    TooLong,
    /// Its ticket has a number that no ticket has.
    #[error("a code of no ticket")]
    NoTicket,
}

impl TicketCode {
    /// The bytes that are signed: version, number of the key, date, reservation, ordinal, and generation with its high
    /// byte first.
    #[must_use]
    pub fn payload(&self) -> [u8; PAYLOAD_BYTES] {
        let mut bytes = [0; PAYLOAD_BYTES];
        bytes[0] = VERSION;
        bytes[1] = self.key;
        bytes[2..18].copy_from_slice(self.schedule.0.as_bytes());
        bytes[18..34].copy_from_slice(self.reservation.0.as_bytes());
        bytes[34] = self.ordinal.get();
        bytes[35..].copy_from_slice(&self.generation.get().to_be_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let id = |range: std::ops::Range<usize>| Uuid::from_slice(bytes.get(range)?).ok();
        let generation = u16::from_be_bytes([*bytes.get(35)?, *bytes.get(36)?]);
        Some(Self {
            key: *bytes.get(1)?,
            schedule: ScheduleId(id(2..18)?),
            reservation: ReservationId(id(18..34)?),
            ordinal: Ordinal::new(*bytes.get(34)?)?,
            generation: Generation::new(generation)?,
        })
    }
}

impl fmt::Debug for SignedCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SignedCode").field("code", &self.code).finish_non_exhaustive()
    }
}

impl SignedCode {
    /// The code as a text.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode([&self.code.payload()[..], &self.signature[..]].concat()))
    }

    /// Reads a text. The signature is not verified.
    ///
    /// # Errors
    /// When it is no code.
    pub fn parse(text: &str) -> Result<Self, ParseCodeError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(ParseCodeError::NotACode)?;
        if !encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            return Err(ParseCodeError::NotACode);
        }
        // The version is told of what is there: another version may have another length.
        let begins = encoded.get(..4).ok_or(ParseCodeError::CutShort)?;
        let begins = URL_SAFE_NO_PAD.decode(begins).map_err(|_| ParseCodeError::NotACode)?;
        match begins.first() {
            Some(&VERSION) => {}
            Some(&version) => return Err(ParseCodeError::UnknownVersion(version)),
            None => return Err(ParseCodeError::CutShort),
        }
        match text.len() {
            ..CODE_CHARACTERS => return Err(ParseCodeError::CutShort),
            CODE_CHARACTERS => {}
            _ => return Err(ParseCodeError::TooLong),
        }
        // Bits behind the last byte must be zero: each code has one text.
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| ParseCodeError::NotACode)?;
        let (payload, signature) = bytes.split_at_checked(PAYLOAD_BYTES).ok_or(ParseCodeError::CutShort)?;
        let signature = signature.try_into().map_err(|_| ParseCodeError::CutShort)?;
        let code = TicketCode::read(payload).ok_or(ParseCodeError::NoTicket)?;
        Ok(Self { code, signature })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tickets::generation::{GENERATIONS_MAX, TICKETS_MAX};
    use proptest::prelude::*;

    fn codes() -> impl Strategy<Value = SignedCode> {
        let ids = (any::<u128>(), any::<u128>());
        let numbers = (any::<u8>(), 1..=TICKETS_MAX, 1..=GENERATIONS_MAX);
        let signature = (any::<[u8; 32]>(), any::<[u8; 32]>());
        (ids, numbers, signature).prop_map(|(ids, (key, ordinal, generation), halves)| {
            let mut signature = [0; SIGNATURE_BYTES];
            signature[..32].copy_from_slice(&halves.0);
            signature[32..].copy_from_slice(&halves.1);
            let code = TicketCode {
                key,
                schedule: ScheduleId(Uuid::from_u128(ids.0)),
                reservation: ReservationId(Uuid::from_u128(ids.1)),
                ordinal: Ordinal::new(ordinal).expect("an ordinal"),
                generation: Generation::new(generation).expect("a generation"),
            };
            SignedCode { code, signature }
        })
    }

    #[test]
    fn texts_that_are_no_codes_say_why() {
        let version = |version: u8| format!("T1.{}", URL_SAFE_NO_PAD.encode([&[version; 1][..], &[1; 100]].concat()));
        for (text, problem) in [
            (String::new(), ParseCodeError::NotACode),
            ("T1".to_owned(), ParseCodeError::NotACode),
            ("t1.AQEB".to_owned(), ParseCodeError::NotACode),
            ("A-1-1".to_owned(), ParseCodeError::NotACode),
            ("T1.한국어".to_owned(), ParseCodeError::NotACode),
            ("T1.AQE=".to_owned(), ParseCodeError::NotACode),
            ("T1.".to_owned(), ParseCodeError::CutShort),
            ("T1.AQEB".to_owned(), ParseCodeError::CutShort),
            ("T1.AgEB".to_owned(), ParseCodeError::UnknownVersion(2)),
            (version(0), ParseCodeError::UnknownVersion(0)),
            (format!("{}AAAA", version(1)), ParseCodeError::TooLong),
            (format!("T1.{}", URL_SAFE_NO_PAD.encode([&[1; 34][..], &[0; 67]].concat())), ParseCodeError::NoTicket),
        ] {
            assert_eq!(SignedCode::parse(&text), Err(problem), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_code_is_read_as_it_was_written(code in codes()) {
            let text = code.text();
            prop_assert!(text.len() == CODE_CHARACTERS && CODE_CHARACTERS <= 150);
            prop_assert_eq!(SignedCode::parse(&text), Ok(code));
        }

        #[test]
        fn a_part_of_a_code_is_no_code(code in codes(), kept in 0..CODE_CHARACTERS) {
            let text = &code.text()[..kept];
            let expected = if kept < 3 { ParseCodeError::NotACode } else { ParseCodeError::CutShort };
            prop_assert_eq!(SignedCode::parse(text), Err(expected));
        }

        #[test]
        fn any_text_is_a_code_or_has_a_reason(text in ".{0,200}", tail in "[A-Za-z0-9_-]{0,200}") {
            for text in [text.clone(), format!("T1.{text}"), format!("T1.{tail}"), format!("T1.AQ{tail}")] {
                if let Ok(code) = SignedCode::parse(&text) {
                    prop_assert_eq!(code.text(), text);
                }
            }
        }

        #[test]
        fn another_character_is_another_code_or_none(
            code in codes(), at in 3..CODE_CHARACTERS, other in proptest::sample::select(b"AQgw-_09z".to_vec()),
        ) {
            let mut text = code.text().into_bytes();
            let same = text[at] == other;
            text[at] = other;
            let text = String::from_utf8(text).expect("ASCII");
            prop_assert_eq!(SignedCode::parse(&text) == Ok(code), same);
        }
    }
}
