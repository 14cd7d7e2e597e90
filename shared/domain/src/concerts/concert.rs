//! Concerts and how their names are found.

use std::collections::BTreeSet;

use crate::text::{self, TextError};

/// Longest name of a concert; every pair of letters in it is an index entry written with it in one transaction.
pub const NAME_CHARACTERS_MAX: usize = 60;
/// Most dates of a concert: eight a week for more than a year. All of them are one page of a query.
pub const DATES_MAX: u32 = 500;
/// Longest description.
pub const DESCRIPTION_CHARACTERS_MAX: usize = 2_000;
/// Longest search text.
pub const QUERY_CHARACTERS_MAX: usize = 60;

/// Most different pairs of neighbouring letters of a folded name: the concert, a look at its queue and an entry for
/// each pair are one transaction, of at most 100 items.
pub const LETTER_PAIRS_MAX: usize = 98;

/// A concert's name: one line of 1 to 60 characters, which can be found by any part of it.
///
/// # Errors
/// As [`text::parse_line`]; also when its characters stand for so many others that their pairs are more than
/// [`LETTER_PAIRS_MAX`].
pub fn parse_name(given: &str) -> Result<String, TextError> {
    let name = text::parse_line(given, NAME_CHARACTERS_MAX)?;
    let pairs = letter_pairs(&text::fold(&name)).len();
    if pairs > LETTER_PAIRS_MAX { Err(TextError::Expands) } else { Ok(name) }
}

/// A concert's description: up to 2,000 characters, may be empty.
///
/// # Errors
/// As [`text::parse_paragraphs`].
pub fn parse_description(given: &str) -> Result<String, TextError> {
    text::parse_paragraphs(given, DESCRIPTION_CHARACTERS_MAX)
}

/// A search text, folded as names are; empty, or with nothing to see in it, means everything. It is shown
/// to nobody, so it may be any text.
///
/// # Errors
/// When it is too long or has a control character other than white space.
pub fn parse_query(given: &str) -> Result<String, TextError> {
    let query = text::compose(given.trim());
    if query.chars().any(|character| character.is_control() && !character.is_whitespace()) {
        return Err(TextError::Control);
    }
    if query.chars().count() > QUERY_CHARACTERS_MAX {
        return Err(TextError::TooLong(QUERY_CHARACTERS_MAX));
    }
    Ok(text::fold(&query))
}

/// Every pair of neighbouring letters of a folded text. A text contains another only if it has all its pairs,
/// so one pair finds all candidates of a search of two letters or more, in any language.
#[must_use]
pub fn letter_pairs(folded: &str) -> BTreeSet<String> {
    let letters: Vec<char> = folded.chars().collect();
    letters.windows(2).map(|pair| pair.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_whose_letters_have_too_many_pairs_is_refused() {
        // One character stands for three to eighteen, but always the same: few pairs.
        for squared in ["\u{3300}", "\u{fdfa}", "\u{337f}", "…"] {
            assert!(parse_name(&squared.repeat(NAME_CHARACTERS_MAX)).is_ok(), "{squared}");
        }
        let different: String = ('\u{3300}'..='\u{333b}').collect();
        assert_eq!(parse_name(&different), Err(TextError::Expands));
        // Letters that stand for themselves never have too many.
        let letters: String = ('가'..).take(NAME_CHARACTERS_MAX).collect();
        assert!(parse_name(&letters).is_ok());
    }

    #[test]
    fn a_query_may_be_any_text_but_controls() {
        assert_eq!(parse_query("\u{202e}N’ Roses\u{200b}\n").as_deref(), Ok("n' roses"));
        assert_eq!(parse_query("\u{200b}").as_deref(), Ok(""));
        assert_eq!(parse_query("a\0b"), Err(TextError::Control));
        assert_eq!(parse_query(&"a".repeat(61)), Err(TextError::TooLong(60)));
    }

    #[test]
    fn pairs_cover_a_name_in_any_language() {
        assert_eq!(letter_pairs("aba"), ["ab", "ba"].map(str::to_owned).into());
        assert_eq!(letter_pairs("콘서트"), ["콘서", "서트"].map(str::to_owned).into());
        assert!(letter_pairs("a").is_empty());
    }
}
