//! Text people give: names, descriptions, places. Trimmed, normalised, bounded, without control characters.

use unicode_normalization::UnicodeNormalization;

/// A text is not what its field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// More characters than the field takes.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// A control character: NUL, escape, and the like.
    #[error("must not contain control characters")]
    Control,
}

/// Trims and composes (Unicode NFC) a one-line text of 1 to `characters_max` characters.
///
/// # Errors
/// When nothing is left, too much is, or a control character is in it.
pub fn line(given: &str, characters_max: usize) -> Result<String, TextError> {
    let text = paragraphs(given, characters_max)?;
    match text.as_str() {
        "" => Err(TextError::Empty),
        _ if text.contains('\n') => Err(TextError::Control),
        _ => Ok(text),
    }
}

/// Like [`line`], but it may be empty and may have line breaks.
///
/// # Errors
/// When it is too long or has a control character other than a line break.
pub fn paragraphs(given: &str, characters_max: usize) -> Result<String, TextError> {
    let text: String = given.trim().nfc().collect();
    if text.chars().any(|character| character.is_control() && character != '\n') {
        return Err(TextError::Control);
    }
    if text.chars().count() > characters_max {
        return Err(TextError::TooLong(characters_max));
    }
    Ok(text)
}

/// Folds a text for comparison: compatibility forms composed (NFKC), lower case.
#[must_use]
pub fn folded(given: &str) -> String {
    // A final sigma is the same letter as one within a word.
    given.nfkc().collect::<String>().to_lowercase().replace('ς', "σ").nfkc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_bounded_and_clean() {
        assert_eq!(line("  아이유 콘서트 ", 60).as_deref(), Ok("아이유 콘서트"));
        assert_eq!(line(" \t ", 60), Err(TextError::Empty));
        assert_eq!(line("a\0b", 60), Err(TextError::Control));
        assert_eq!(line("a\nb", 60), Err(TextError::Control));
        assert_eq!(line("abc", 2), Err(TextError::TooLong(2)));
        assert_eq!(paragraphs("a\nb", 60).as_deref(), Ok("a\nb"));
    }

    #[test]
    fn folding_ignores_case_and_compatibility_forms() {
        assert_eq!(folded("ＡBc"), "abc");
        assert!(folded("ΟΔΟΣΑ").contains(&folded("ΟΔΟΣ")));
        assert_eq!(folded("e\u{301}"), folded("É"));
    }
}
