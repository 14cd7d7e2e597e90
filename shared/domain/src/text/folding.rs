//! The same text for comparison and search: what looks alike, or is typed for the other, is one.

use icu_casemap::CaseMapper;
use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_properties::props::{Dash, GeneralCategory, QuotationMark, Script};
use icu_properties::{CodePointMapData, CodePointSetData};

use super::{compose, is_ignorable};

/// Folds a text for comparison and search. Two texts that fold into one are the same to somebody who searches; a text
/// is found by what folds into a part of its folded form.
///
/// 1. What cannot be seen goes: joiners, variation selectors, zero-width spaces (`Default_Ignorable_Code_Point`).
/// 2. Compatibility forms become plain (NFKD): full and half width, ligatures, superscripts, squared words. The letters
///    of Hangul as a keyboard types them (ㅋㅋ) stay as they are: one of them is no part of a syllable.
/// 3. Case goes, by Unicode's full case folding: ß is ss, ς is σ.
/// 4. Accents go from Latin, Greek and Cyrillic letters, points from Hebrew, vowel signs from Arabic: people leave them
///    out. Marks of all other scripts stay: they are letters, such as the dakuten of kana and the vowels of Devanagari.
/// 5. Eight Latin letters that have no decomposition become what a keyboard without them types: ı ø ł đ ħ ŧ æ œ.
/// 6. All quotation marks and apostrophes are `'`, all dashes `-`, wave dashes `~`, and white space is one space,
///    none at the ends.
/// 7. The rest is composed (NFC), so that a Hangul syllable and a kana with its dakuten are one character.
///
/// Folding a folded text changes nothing.
#[must_use]
pub fn fold(given: &str) -> String {
    let given = compose(given);
    let visible: String = given.chars().filter(|character| !is_ignorable(*character)).map(mark_of_writing).collect();
    // Case before accents: the small iota below a Greek vowel is a mark, and a letter once its case is folded.
    let caseless = without_accents(&CaseMapper::new().fold_string(&decompose(&visible)));
    let mut text = String::with_capacity(caseless.len());
    for character in caseless.chars() {
        match plain_letter(character) {
            Some(letters) => text.push_str(letters),
            None => text.push(mark_of_writing(character)),
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    compose(&words.join(" "))
}

/// The decomposition of a text (NFKD), but for the letters of Hangul that are typed alone.
fn decompose(text: &str) -> String {
    let is_jamo = |character: char| matches!(character, '\u{3131}'..='\u{318e}' | '\u{ffa1}'..='\u{ffdc}');
    let mut plain = String::with_capacity(text.len());
    for piece in text.split_inclusive(is_jamo) {
        let end = piece.char_indices().next_back().filter(|(_, last)| is_jamo(*last));
        let (before, jamo) = end.map_or((piece, None), |(at, last)| (&piece[..at], Some(last)));
        plain.push_str(&DecomposingNormalizerBorrowed::new_nfkd().normalize(before));
        plain.extend(jamo.map(full_width));
    }
    plain
}

/// A half-width letter of Hangul as its full-width one; any other character as it is.
fn full_width(character: char) -> char {
    let moved = |first: u32, to: u32| char::from_u32(u32::from(character) - first + to).unwrap_or(character);
    match character {
        '\u{ffa1}'..='\u{ffbe}' => moved(0xffa1, 0x3131),
        '\u{ffc2}'..='\u{ffc7}' => moved(0xffc2, 0x314f),
        '\u{ffca}'..='\u{ffcf}' => moved(0xffca, 0x3155),
        '\u{ffd2}'..='\u{ffd7}' => moved(0xffd2, 0x315b),
        '\u{ffda}'..='\u{ffdc}' => moved(0xffda, 0x3161),
        other => other,
    }
}

/// Without the marks that people leave out where they write quickly.
fn without_accents(decomposed: &str) -> String {
    let (categories, scripts) = (CodePointMapData::<GeneralCategory>::new(), CodePointMapData::<Script>::new());
    let mut letter = Script::Common;
    let kept = decomposed.chars().filter(|&character| {
        let (category, script) = (categories.get(character), scripts.get(character));
        if !matches!(category, GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark) {
            letter = script;
            return true;
        }
        match letter {
            Script::Latin | Script::Greek | Script::Cyrillic => false,
            Script::Arabic => !matches!(character, '\u{64b}'..='\u{652}' | '\u{670}'),
            Script::Hebrew => script != Script::Hebrew,
            _ => true,
        }
    });
    kept.collect()
}

/// The letters that a keyboard without this one types for it.
fn plain_letter(character: char) -> Option<&'static str> {
    Some(match character {
        'ı' => "i",
        'ø' => "o",
        'ł' => "l",
        'đ' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'æ' => "ae",
        'œ' => "oe",
        _ => return None,
    })
}

/// One quotation mark, one dash, one wave for all that look so; any other character as it is.
fn mark_of_writing(character: char) -> char {
    match character {
        // Not among Unicode's quotation marks, but typed and shown as such: grave and acute accents, primes,
        // modifier letters, Hebrew geresh and gershayim.
        '`' | '´' | 'ʹ' | 'ʺ' | 'ʻ' | 'ʼ' | 'ʽ' | 'ˈ' | '′' | '″' | '‵' | '‶' | '׳' | '״' | 'ꞌ' => {
            '\''
        }
        '\u{301c}' | '\u{3030}' | '\u{223c}' => '~',
        _ if CodePointSetData::new::<QuotationMark>().contains(character) => '\'',
        _ if CodePointSetData::new::<Dash>().contains(character) => '-',
        other => other,
    }
}
