//! Concerts and how their names are found.

use std::collections::BTreeSet;

use crate::text::{self, TextError};

/// Longest name of a concert; every pair of letters in it is an index entry written with it in one transaction.
pub const NAME_CHARACTERS_MAX: usize = 60;
/// Longest description.
pub const DESCRIPTION_CHARACTERS_MAX: usize = 2_000;
/// Longest search text.
pub const QUERY_CHARACTERS_MAX: usize = 60;

/// Longest folded name: some characters fold into several, and name and pairs must fit into one transaction.
const FOLDED_CHARACTERS_MAX: usize = 90;

/// A concert's name: one line of 1 to 60 characters.
///
/// # Errors
/// As [`text::line`]; also when it has characters that fold into many.
pub fn name(given: &str) -> Result<String, TextError> {
    let name = text::line(given, NAME_CHARACTERS_MAX)?;
    let folded = text::folded(&name).chars().count();
    if folded > FOLDED_CHARACTERS_MAX { Err(TextError::TooLong(NAME_CHARACTERS_MAX)) } else { Ok(name) }
}

/// A concert's description: up to 2,000 characters, may be empty.
///
/// # Errors
/// As [`text::paragraphs`].
pub fn description(given: &str) -> Result<String, TextError> {
    text::paragraphs(given, DESCRIPTION_CHARACTERS_MAX)
}

/// What somebody searches for, folded as names are; empty means everything.
///
/// # Errors
/// As [`text::paragraphs`].
pub fn query(given: &str) -> Result<String, TextError> {
    text::paragraphs(given, QUERY_CHARACTERS_MAX).map(|query| text::folded(&query))
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
    fn a_name_that_folds_into_a_long_one_is_refused() {
        // One character each, five when folded.
        assert_eq!(name(&"㌀".repeat(30)), Err(TextError::TooLong(60)));
        assert!(name(&"㌀".repeat(10)).is_ok());
    }

    #[test]
    fn pairs_cover_a_name_in_any_language() {
        assert_eq!(letter_pairs("aba"), ["ab", "ba"].map(str::to_owned).into());
        assert_eq!(letter_pairs("콘서트"), ["콘서", "서트"].map(str::to_owned).into());
        assert!(letter_pairs("a").is_empty());
    }
}
