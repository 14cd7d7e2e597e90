//! Tests of texts, and of the searches that find them.

use proptest::prelude::*;

use super::*;

/// Names that people have, each with what it is trimmed and composed to.
const GOOD_LINES: [(&str, &str); 18] = [
    ("  아이유 콘서트 ", "아이유 콘서트"),
    ("\u{feff}Mina\u{200b}", "Mina"),
    ("\u{1100}\u{1161}", "가"),
    ("e\u{301}", "é"),
    ("Spring\u{200b}day", "Spring\u{200b}day"),
    // Joiners within emoji, Persian and Devanagari; variation selectors; the flag of Wales.
    ("👩\u{200d}👩\u{200d}👧", "👩\u{200d}👩\u{200d}👧"),
    ("می\u{200c}خواهم", "می\u{200c}خواهم"),
    ("क्\u{200d}ष", "क्\u{200d}ष"),
    ("❤\u{fe0f}", "❤\u{fe0f}"),
    ("1\u{fe0f}\u{20e3}", "1\u{fe0f}\u{20e3}"),
    ("葛\u{e0100}城", "葛\u{e0100}城"),
    (
        "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
        "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
    ),
    // A name of the other direction, with and without an isolate.
    ("שלום Seoul", "שלום Seoul"),
    ("\u{2067}שלום\u{2069} Seoul", "\u{2067}שלום\u{2069} Seoul"),
    ("Nguyễn Thị Ánh", "Nguyễn Thị Ánh"),
    ("น้ำผึ้ง", "น้ำผึ้ง"),
    ("ㅋㅋㅋ", "ㅋㅋㅋ"),
    ("\u{fffd}", "\u{fffd}"),
];

#[test]
fn a_line_is_kept_as_it_was_given_but_trimmed_and_composed() {
    for (given, kept) in GOOD_LINES {
        assert_eq!(parse_line(given, 60).as_deref(), Ok(kept), "{given:?}");
    }
    assert_eq!(parse_line("abc", 3).as_deref(), Ok("abc"));
    assert_eq!(parse_line("abc", 2), Err(TextError::TooLong(2)));
}

#[test]
fn what_is_blank_to_the_eye_is_no_line() {
    let blank = [
        "",
        " \t ",
        "\u{a0}",
        "\u{3000}",
        "\u{200b}",
        "\u{200c}",
        "\u{200d}",
        "\u{2060}",
        "\u{feff}",
        "\u{ad}",
        "\u{34f}",
        "\u{115f}",
        "\u{1160}",
        "\u{3164}",
        "\u{ffa0}",
        "\u{17b4}",
        "\u{180e}",
        "\u{2800}",
        "\u{fe0f}",
        "\u{e0100}",
        "\u{e0020}",
        "\u{301}",
        "\u{200e}",
        "\u{61c}",
        "\u{2066}\u{2069}",
        "\u{fffc}",
        "\u{1d159}",
        "\u{13441}",
        "\n",
        "\u{2028}",
        " \u{200b}\u{3164}\u{2800} ",
    ];
    for given in blank {
        assert_eq!(parse_line(given, 60), Err(TextError::Empty), "{given:?}");
    }
}

#[test]
fn a_line_is_one_line_in_every_reading_direction() {
    for given in ["a\nb", "a\rb", "a\u{b}b", "a\u{c}b", "a\u{85}b", "drink\u{2028}refunded", "a\u{2029}b"] {
        assert_eq!(parse_line(given, 60), Err(TextError::Lines), "{given:?}");
    }
    let turned = ["seat \u{202e}000,05", "a\u{202a}b", "a\u{202b}b", "a\u{202c}b", "a\u{202d}b"];
    let loose = ["a\u{2066}b", "a\u{2067}b", "a\u{2068}b", "a\u{2069}b", "\u{2069}a\u{2066}"];
    for given in turned.into_iter().chain(loose) {
        assert_eq!(parse_line(given, 60), Err(TextError::Direction), "{given:?}");
        assert_eq!(parse_paragraphs(given, 60), Err(TextError::Direction), "{given:?}");
    }
    assert_eq!(parse_paragraphs("\u{2066}a\nb\u{2069}", 60), Err(TextError::Direction));
}

#[test]
fn what_nobody_can_read_alike_is_refused() {
    for given in ["a\0b", "a\u{7f}b", "a\u{1b}[31m", "a\u{9f}b", "a\tb"] {
        assert_eq!(parse_line(given, 60), Err(TextError::Control), "{given:?}");
        assert_eq!(parse_paragraphs(given, 60), Err(TextError::Control), "{given:?}");
    }
    let meaningless = [
        "a\u{378}",
        "a\u{fffe}",
        "a\u{fdd0}",
        "a\u{10ffff}",
        "\u{e000}a",
        "a\u{f8ff}",
        "a\u{206a}",
        "a\u{fff9}",
        "a\u{e0001}",
        "a\u{e0041}",
        "🏴\u{e0067}",
        "🏴\u{e0067}b",
        "🏴\u{e007f}",
        "🏴a\u{e0067}\u{e007f}",
    ];
    for given in meaningless {
        assert_eq!(parse_line(given, 60), Err(TextError::Meaningless), "{given:?}");
    }
    assert_eq!(parse_line(&format!("e{}", "\u{301}\u{302}\u{303}".repeat(3)), 60), Err(TextError::Marks));
    assert_eq!(parse_line(&format!("e{}", "\u{fe00}".repeat(5)), 60), Err(TextError::Marks));
}

#[test]
fn a_line_break_of_a_description_is_a_line_feed_however_it_is_written() {
    let written = ["\r\n", "\r", "\n", "\u{85}", "\u{2028}", "\u{2029}"];
    for line_break in written {
        let given = format!(" Doors 18:00{line_break}{line_break}Show 19:30{line_break}");
        assert_eq!(parse_paragraphs(&given, 60).as_deref(), Ok("Doors 18:00\n\nShow 19:30"), "{line_break:?}");
    }
    assert_eq!(parse_paragraphs("", 60).as_deref(), Ok(""));
    assert_eq!(parse_paragraphs("a\nb", 2), Err(TextError::TooLong(2)));
}

/// A text, and what of it somebody types who has seen it.
const SEEN_AND_TYPED: [(&str, &[&str]); 22] = [
    ("Große Straße", &["GROSSE STRASSE", "große", "grosse", "GROẞE"]),
    ("İstanbul", &["istanbul", "ISTANBUL", "İSTANBUL", "ıstanbul"]),
    ("IŞIK", &["ışık", "isik", "Işık"]),
    ("Guns N’ Roses", &["n' roses", "N´ Roses", "n` roses", "N‘ Roses", "guns n＇"]),
    ("“Encore” – 2024—2025", &["\"encore\"", "«Encore»", "'encore' - 2024-2025", "「encore」", "2024\u{2011}2025"]),
    ("Spring\u{200b}day", &["springday", "Spring\u{ad}day", "SPRING\u{200d}DAY"]),
    ("Sigur Rós", &["sigur ros", "RÓS", "Ro\u{301}s"]),
    ("Beyoncé", &["beyonce", "BEYONCÉ"]),
    ("Ødegård & Łukasz, Đorđe, Ærø, œuvre", &["odegard", "lukasz", "dorde", "aero", "OEUVRE", "Œuvre"]),
    ("ΟΔΟΣ ΟΔΥΣΣΕΎΣ", &["οδος", "οδοσ", "οδυσσευς", "Οδυσσεύς"]),
    ("Артём Ёлкин", &["артем", "ёлкин", "ЕЛКИН"]),
    ("ＷＩＤＥ　ｎａｍｅ", &["wide name", "WIDE  NAME", "wide\u{a0}name"]),
    ("ﬁnale №5", &["finale no5", "FINALE"]),
    ("ガールズ", &["カ\u{3099}ールズ", "ｶﾞｰﾙｽﾞ", "ガール"]),
    ("株式会社", &["㍿"]),
    ("아이유 콘서트", &["\u{110b}\u{1161}이유", "콘서트", "아이유　콘서트"]),
    ("ㅋㅋㅏ", &["ㅋ", "ㅏ", "ﾻﾻ"]),
    ("שָׁלוֹם", &["שלום"]),
    ("مُحَمَّد", &["محمد"]),
    ("می\u{200c}خواهم", &["میخواهم"]),
    ("クラブ 〜夏〜", &["~夏~", "～夏"]),
    ("I ❤\u{fe0f} Seoul", &["i ❤ seoul"]),
];

#[test]
fn what_one_sees_can_be_found() {
    for (text, typed) in SEEN_AND_TYPED {
        for query in typed {
            assert!(fold(text).contains(&fold(query)), "{text} by {query}: {} {}", fold(text), fold(query));
        }
    }
}

#[test]
fn different_letters_stay_different() {
    // Marks of these scripts are letters.
    for (one, other) in [("ガ", "カ"), ("ぱ", "は"), ("가", "각"), ("कि", "क"), ("กา", "ก"), ("ㄱ", "가"), ("a", "b")]
    {
        assert_ne!(fold(one), fold(other));
    }
}

/// Every character there is, in the company of a Latin letter, a kana, a Hangul syllable and a mark.
#[test]
fn folding_again_changes_nothing_whatever_the_character() {
    // Ideographs and syllables are alike by the thousand: of those a few will do.
    let is_alike =
        |character: char| matches!(character, '\u{3400}'..='\u{a48f}' | '가'..='힣' | '\u{17000}'..='\u{18cff}');
    let is_asked = |character: &char| {
        use GeneralCategory::{PrivateUse, Unassigned};
        let is_thinned = is_alike(*character) || *character >= '\u{20000}' && *character < '\u{40000}';
        let is_one_of_a_few = !is_thinned || u32::from(*character) % 251 == 0;
        is_one_of_a_few && !matches!(category(*character), PrivateUse | Unassigned)
    };
    for character in ('\0'..=char::MAX).filter(is_asked) {
        let text = format!("a{character}か{character}가{character}\u{301}");
        let once = fold(&text);
        assert_eq!(fold(&once), once, "U+{:04X}", u32::from(character));
        assert!(!once.chars().any(is_ignorable), "U+{:04X}", u32::from(character));
        if let Ok(name) = parse_line(&character.to_string(), 60) {
            assert!(!fold(&name).is_empty(), "U+{:04X} is seen and cannot be found", u32::from(character));
        }
    }
}

/// Characters that are hard on each other: marks, jamo, joiners, quotes, letters that expand.
fn hard() -> impl Strategy<Value = String> {
    let characters: Vec<char> = "aAßİıſςΣ\u{301}\u{345}\u{3099}\u{200d}\u{200b}\u{fe0f}\u{2066}\u{2069}ㄱㅏﾡￂ가각\
        \u{1100}\u{1161}\u{11a8}カﾞｶ'’\"´ \u{a0}\u{3000}—-〜㌀ﷺ㍿ǆﬁéЙאָ\u{64e}ก็क्❤👩🏴\u{e0067}\u{e007f}\n\r\u{2028}\t"
        .chars()
        .collect();
    let one = prop_oneof![3 => proptest::sample::select(characters), 1 => any::<char>()];
    proptest::collection::vec(one, 0..24).prop_map(|characters| characters.into_iter().collect())
}

proptest! {
    #[test]
    fn folding_is_idempotent(text in hard()) {
        let once = fold(&text);
        prop_assert_eq!(fold(&once), once);
    }

    #[test]
    fn canonically_equal_texts_fold_alike(text in hard()) {
        let apart = icu_normalizer::DecomposingNormalizerBorrowed::new_nfd().normalize(&text).into_owned();
        prop_assert_eq!(fold(&apart), fold(&text));
        prop_assert_eq!(parse_line(&apart, 60), parse_line(&text, 60));
        prop_assert_eq!(parse_paragraphs(&apart, 60), parse_paragraphs(&text, 60));
    }

    #[test]
    fn what_is_kept_is_taken_again_as_it_is(text in hard()) {
        if let Ok(kept) = parse_line(&text, 60) {
            prop_assert_eq!(parse_line(&kept, 60), Ok(kept.clone()));
            let is_one_line = !kept.contains(['\n', '\r', '\u{2028}', '\u{2029}', '\u{202e}']);
            prop_assert!(is_one_line);
            prop_assert!(!fold(&kept).is_empty());
        }
        if let Ok(kept) = parse_paragraphs(&text, 60) {
            prop_assert_eq!(parse_paragraphs(&kept, 60), Ok(kept.clone()));
            let has_line_feeds_only = !kept.contains(['\r', '\u{2028}', '\u{2029}', '\u{202e}']);
            prop_assert!(has_line_feeds_only);
        }
    }

    /// Any words of a name find it, in lower or upper case.
    #[test]
    fn a_name_is_found_by_any_of_its_words(words in proptest::collection::vec("[\\w’'–-]{1,8}", 1..5), at in 0_usize..5) {
        let name = words.join(" ");
        let word = &words[at % words.len()];
        for typed in [word.clone(), word.to_uppercase(), word.to_lowercase()] {
            prop_assert!(fold(&name).contains(&fold(&typed)), "{name:?} by {typed:?}");
        }
    }
}
