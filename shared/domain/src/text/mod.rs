//! Text people give: names, memos, places, descriptions. Trimmed, composed, bounded, and safe to show beside other
//! text.
//!
//! A text is kept as it was given but for three things: white space at its ends goes, canonically equal spellings
//! become one (Unicode NFC), and every way to write a line break becomes a line feed. Anything else that is not
//! acceptable is refused, never silently taken out. The same text for comparison and search is [`fold`].

mod folding;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup as Group};
use icu_properties::{CodePointMapData, CodePointSetData};

pub use folding::fold;

/// Most nonspacing marks in a row; real orthographies need fewer, and more of them run over the lines around
/// (Unicode Technical Standard #39, 5.4, *Optional Detection*).
pub const MARKS_IN_A_ROW_MAX: usize = 4;

/// Why a text is refused. Of several reasons the first is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing in it can be seen: white space, zero-width characters, fillers.
    #[error("must have at least one character that can be seen")]
    Empty,
    /// A line break where one line is asked for, by any character that Unicode gives for it.
    #[error("must be one line")]
    Lines,
    /// A control character: NUL, escape, and the like.
    #[error("must not contain control characters")]
    Control,
    /// A character without a shape and meaning that everybody shares.
    #[error("must not contain characters that Unicode has not assigned, has deprecated, or leaves to private use")]
    Meaningless,
    /// Letters that are shown in another order than they are written, and text around them with it.
    #[error("must not override the reading direction; each isolate (U+2066 to U+2068) needs its end (U+2069)")]
    Direction,
    /// So many marks on one letter that they cover other lines.
    #[error("must not have more than 4 accents or other marks on one letter")]
    Marks,
    /// More characters than the field takes.
    #[error("must have at most {0} characters")]
    TooLong(usize),
    /// Squared words and ligatures that stand for more letters than a search can find.
    #[error("must not have so many characters that stand for whole words, such as \u{337f}; write them out")]
    Expands,
}

/// Trims and composes (Unicode NFC) a one-line text of 1 to `characters_max` characters, one of which can be seen.
///
/// # Errors
/// When it is not such a text.
pub fn parse_line(given: &str, characters_max: usize) -> Result<String, TextError> {
    let text = compose(trim_invisible(given));
    if !text.chars().any(is_visible) {
        return Err(TextError::Empty);
    }
    if text.chars().any(is_line_break) {
        return Err(TextError::Lines);
    }
    check(&text, characters_max)?;
    Ok(text)
}

/// Like [`parse_line`], but it may be empty and may have line breaks, which become line feeds however they are written.
///
/// # Errors
/// When it is too long, or one of its lines is not acceptable.
pub fn parse_paragraphs(given: &str, characters_max: usize) -> Result<String, TextError> {
    let breaks = ["\r\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"];
    let given = breaks.into_iter().fold(given.to_owned(), |text, written| text.replace(written, "\n"));
    let text = compose(trim_invisible(&given));
    check(&text, characters_max)?;
    Ok(text)
}

/// The canonical composition of a text (Unicode NFC): one spelling for what is the same.
#[must_use]
pub fn compose(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(text).into_owned()
}

/// The compatibility composition (Unicode NFKC): also one width and one form for each letter.
#[must_use]
pub fn compose_compatible(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfkc().normalize(text).into_owned()
}

/// Whether a character is passed over where it is shown (Unicode `Default_Ignorable_Code_Point`): joiners, variation
/// selectors, zero-width spaces, the soft hyphen, Hangul fillers, tags, marks of direction.
#[must_use]
pub fn is_ignorable(character: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
}

/// Without what cannot be seen at its ends.
fn trim_invisible(text: &str) -> &str {
    // Joiners and variation selectors stay: they belong to the character before them.
    let unseen = ['\u{ad}', '\u{200b}', '\u{2060}', '\u{2800}', '\u{3164}', '\u{feff}', '\u{ffa0}'];
    text.trim_matches(|character: char| character.is_whitespace() || unseen.contains(&character))
}

fn is_line_break(character: char) -> bool {
    matches!(character, '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Characters that have a category of their own, and no ink.
const BLANKS: [char; 5] = ['\u{2800}', '\u{fffc}', '\u{13441}', '\u{13442}', '\u{1d159}'];

/// Whether a character alone is something to see: a letter, number, punctuation mark or symbol.
fn is_visible(character: char) -> bool {
    let inked = [Group::Letter, Group::Number, Group::Punctuation, Group::Symbol];
    let is_inked = inked.into_iter().any(|group| group.contains(category(character)));
    is_inked && !is_ignorable(character) && !BLANKS.contains(&character)
}

fn category(character: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(character)
}

fn check(text: &str, characters_max: usize) -> Result<(), TextError> {
    let (mut characters, mut marks) = (0, 0);
    for character in text.chars() {
        characters += 1;
        let category = category(character);
        let is_mark = matches!(category, GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark);
        marks = if is_mark { marks + 1 } else { 0 };
        match category {
            GeneralCategory::Control if character != '\n' => return Err(TextError::Control),
            GeneralCategory::Unassigned | GeneralCategory::PrivateUse => return Err(TextError::Meaningless),
            _ if is_deprecated(character) => return Err(TextError::Meaningless),
            // Embeddings and overrides: what they reach is not what it seems (Unicode Technical Report #36, 2.1).
            _ if matches!(character, '\u{202a}'..='\u{202e}') => return Err(TextError::Direction),
            _ if marks > MARKS_IN_A_ROW_MAX => return Err(TextError::Marks),
            _ => {}
        }
    }
    if has_loose_tags(text) {
        return Err(TextError::Meaningless);
    }
    if !text.split('\n').all(has_balanced_isolates) {
        return Err(TextError::Direction);
    }
    if characters > characters_max { Err(TextError::TooLong(characters_max)) } else { Ok(()) }
}

/// Controls of shapes, annotations and languages that Unicode asks nobody to use any more.
fn is_deprecated(character: char) -> bool {
    matches!(character, '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0001}')
}

const BLACK_FLAG: char = '\u{1f3f4}';
const TAG_END: char = '\u{e007f}';

/// Whether tag characters stand elsewhere than in the flag of a region, 🏴 with tags and their end. They hide any text.
fn has_loose_tags(text: &str) -> bool {
    let (mut in_flag, mut tags) = (false, 0);
    for character in text.chars() {
        match character {
            '\u{e0020}'..='\u{e007e}' if in_flag => tags += 1,
            TAG_END if in_flag && tags > 0 => (in_flag, tags) = (false, 0),
            '\u{e0020}'..='\u{e007f}' => return true,
            _ if tags > 0 => return true,
            _ => in_flag = character == BLACK_FLAG,
        }
    }
    tags > 0
}

/// Whether each isolate of a line ends in it, so that nothing after the line is read in its direction.
fn has_balanced_isolates(line: &str) -> bool {
    let mut open = 0_usize;
    for character in line.chars() {
        match character {
            '\u{2066}'..='\u{2068}' => open += 1,
            '\u{2069}' if open == 0 => return false,
            '\u{2069}' => open -= 1,
            _ => {}
        }
    }
    open == 0
}

#[cfg(test)]
mod tests;
