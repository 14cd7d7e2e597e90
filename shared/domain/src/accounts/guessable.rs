//! Passwords that somebody who knows a person, or Korean, tries first: made of the person's own name or address, or of
//! a common word typed on a keyboard with both Latin and Hangul letters on its keys.

use std::collections::BTreeSet;

use crate::accounts::account::Email;
use crate::text;

/// Fewest letters that a password needs beside a person's own words: fewer are guessed as an ending.
pub const OTHER_LETTERS_MIN: usize = 4;
/// Fewest characters of a word of a person in an alphabet: shorter ones are in passwords by chance.
const WORD_CHARACTERS_MIN: usize = 3;
/// The same of a word in syllables or ideographs, which say more each.
const SYLLABLES_MIN: usize = 2;
/// Most words of one person that are looked for.
const WORDS_MAX: usize = 64;

/// The words of which somebody's name and address are made, folded.
#[derive(Clone)]
pub struct OwnWords {
    /// Of the name, and of the address before the `@`.
    personal: Vec<String>,
    /// Of the address behind it: others share them, so they count apart.
    domain: Vec<String>,
}

impl OwnWords {
    /// Takes a name and an address apart.
    #[must_use]
    pub fn new(email: &Email, name: &str) -> Self {
        let (local, domain) = email.as_str().split_once('@').unwrap_or((email.as_str(), ""));
        let labels = domain.rsplit_once('.').map_or(domain, |(labels, _)| labels);
        // The address as a whole is the person's own, too.
        let addresses = [format!("{local}{domain}"), format!("{local}{labels}")].map(|address| letters(&address));
        let mut personal = words(&[local, name]);
        personal.splice(0..0, addresses.into_iter().filter(|address| is_word(address)));
        Self { personal, domain: words(&[labels]) }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.personal.iter().chain(&self.domain).map(String::as_str)
    }

    /// Whether a password is made of them: without the words of the person, or without those of the domain, written
    /// forwards or backwards, it has fewer than [`OTHER_LETTERS_MIN`] letters. Digits and punctuation count for
    /// nothing.
    #[must_use]
    pub fn make_up(&self, password: &str) -> bool {
        let spellings = [text::fold(password), keystrokes(password).to_lowercase()];
        [&self.personal, &self.domain]
            .into_iter()
            .any(|words| spellings.iter().any(|spelling| is_made_of(spelling, words)))
    }
}

/// A text without all that is between its words.
fn letters(text: &str) -> String {
    text::fold(text).replace(|character: char| !character.is_alphanumeric(), "")
}

/// The words of some texts, longest first: as written, without their digits, and as they are typed on two-set keys.
fn words(texts: &[&str]) -> Vec<String> {
    let mut found = BTreeSet::new();
    for text in texts {
        let folded = text::fold(text);
        let is_break = |character: char| !character.is_alphanumeric();
        let whole = letters(text);
        let parts = folded.split(is_break).flat_map(|part| part.split(char::is_numeric).chain([part]));
        for word in parts.chain([whole.as_str()]).map(str::to_owned).take(WORDS_MAX) {
            // Of a Korean name also the given name, which follows a family name of one syllable.
            let given_name = word.char_indices().nth(1).filter(|_| word.chars().all(is_syllable));
            found.extend(given_name.map(|(at, _)| word[at..].to_owned()));
            found.insert(word);
        }
    }
    let typed: Vec<String> = found.iter().filter(|word| is_word(word)).map(|word| keystrokes(word)).collect();
    found.extend(typed.into_iter().map(|word| word.to_lowercase()));
    let mut words: Vec<String> = found.into_iter().filter(|word| is_word(word)).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    words.truncate(WORDS_MAX);
    words
}

fn is_word(word: &str) -> bool {
    let characters = word.chars().count();
    let needed = if word.is_ascii() { WORD_CHARACTERS_MIN } else { SYLLABLES_MIN };
    characters >= needed && word.chars().any(char::is_alphabetic)
}

fn is_made_of(password: &str, words: &[String]) -> bool {
    let mut left: String = password.chars().filter(|character| character.is_alphanumeric()).collect();
    let before = left.len();
    for word in words {
        let backwards: String = word.chars().rev().collect();
        // Parts that stood apart do not come together.
        left = left.replace(word.as_str(), " ").replace(&backwards, " ");
    }
    let letters = left.chars().filter(|character| character.is_alphabetic()).count();
    left.len() < before && letters < OTHER_LETTERS_MIN
}

fn is_syllable(character: char) -> bool {
    ('가'..='힣').contains(&character)
}

/// Keys of the two-set layout (KS X 5002) by the order in which Unicode has initial consonants, …
const INITIALS: [&str; 19] =
    ["r", "R", "s", "e", "E", "f", "a", "q", "Q", "t", "T", "d", "w", "W", "c", "z", "x", "v", "g"];
/// … vowels, …
const VOWELS: [&str; 21] =
    ["k", "o", "i", "O", "j", "p", "u", "P", "h", "hk", "ho", "hl", "y", "n", "nj", "np", "nl", "b", "m", "ml", "l"];
/// … final consonants, the first of which is none, …
const FINALS: [&str; 28] = [
    "", "r", "R", "rt", "s", "sw", "sg", "e", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "a", "q", "qt", "t", "T",
    "d", "w", "c", "z", "x", "v", "g",
];
/// … and letters that stand alone.
const ALONE: [&str; 51] = [
    "r", "R", "rt", "s", "sw", "sg", "e", "E", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "a", "q", "Q", "qt", "t",
    "T", "d", "w", "W", "c", "z", "x", "v", "g", "k", "o", "i", "O", "j", "p", "u", "P", "h", "hk", "ho", "hl", "y",
    "n", "nj", "np", "nl", "b", "m", "ml", "l",
];

/// A text by the Latin letters on the keys with which its Hangul is typed in the two-set layout; what is not Hangul
/// stays. 비밀번호 is `qlalfqjsgh`.
#[must_use]
pub fn keystrokes(text: &str) -> String {
    let mut keys = String::with_capacity(text.len());
    for character in text::compose(text).chars() {
        let at = |first: u32| (u32::from(character) - first) as usize;
        match character {
            '가'..='힣' => {
                let index = at(0xac00);
                keys.push_str(INITIALS[index / 588]);
                keys.push_str(VOWELS[index % 588 / 28]);
                keys.push_str(FINALS[index % 28]);
            }
            // Standing alone: as typed, and as a password has them that was normalised (NFKC).
            '\u{3131}'..='\u{3163}' => keys.push_str(ALONE[at(0x3131)]),
            '\u{1100}'..='\u{1112}' => keys.push_str(INITIALS[at(0x1100)]),
            '\u{1161}'..='\u{1175}' => keys.push_str(VOWELS[at(0x1161)]),
            '\u{11a8}'..='\u{11c2}' => keys.push_str(FINALS[at(0x11a7)]),
            other => keys.push(other),
        }
    }
    keys
}

/// Words that Korean speakers make passwords of, the likeliest first. Lists of common passwords that are in English
/// know few of them.
pub const KOREAN_WORDS: [&str; 96] = [
    "비밀번호",
    "사랑해",
    "안녕하세요",
    "안녕",
    "사랑",
    "대한민국",
    "한국",
    "비번",
    "암호",
    "패스워드",
    "관리자",
    "아이디",
    "로그인",
    "사랑해요",
    "사랑합니다",
    "내사랑",
    "영원히",
    "행복",
    "행복해",
    "희망",
    "행운",
    "소망",
    "믿음",
    "감사",
    "가족",
    "엄마",
    "아빠",
    "어머니",
    "아버지",
    "우리집",
    "우리",
    "여보",
    "자기야",
    "오빠",
    "누나",
    "언니",
    "동생",
    "친구",
    "아가",
    "애기",
    "천사",
    "공주",
    "왕자",
    "바보",
    "돼지",
    "멍청이",
    "강아지",
    "고양이",
    "호랑이",
    "토끼",
    "곰돌이",
    "나비",
    "하늘",
    "바다",
    "구름",
    "나무",
    "별빛",
    "태양",
    "바람",
    "무지개",
    "서울",
    "부산",
    "대구",
    "인천",
    "광주",
    "제주도",
    "독도",
    "태극기",
    "무궁화",
    "김치",
    "라면",
    "치킨",
    "커피",
    "컴퓨터",
    "인터넷",
    "네이버",
    "카카오",
    "게임",
    "축구",
    "야구",
    "음악",
    "노래",
    "가수",
    "콘서트",
    "티켓",
    "아이돌",
    "방탄소년단",
    "학교",
    "학생",
    "선생님",
    "회사",
    "은행",
    "부자",
    "예수님",
    "하나님",
    "미안해",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn own(email: &str, name: &str) -> OwnWords {
        OwnWords::new(&Email::parse(email).expect("an address"), name)
    }

    #[test]
    fn hangul_has_the_keys_of_the_two_set_layout() {
        let cases = [
            ("비밀번호", "qlalfqjsgh"),
            ("안녕하세요", "dkssudgktpdy"),
            ("사랑해", "tkfkdgo"),
            ("값 왜 뷁", "rkqt dho qnpfr"),
            ("ㅔㅁㄴㄴ잭ㅇ", "password"),
            ("까치2", "Rkcl2"),
            ("latin", "latin"),
        ];
        for (text, keys) in cases {
            assert_eq!(keystrokes(text), keys);
            // As a password has it, and as a Mac has it.
            assert_eq!(keystrokes(&text::compose_compatible(text)), keys);
            let apart = icu_normalizer::DecomposingNormalizerBorrowed::new_nfd().normalize(text).into_owned();
            assert_eq!(keystrokes(&apart), keys);
        }
    }

    #[test]
    fn a_password_of_ones_own_words_is_known() {
        let mina = own("kim.mina87@example.com", "김민아 Mina-Lee");
        let made = [
            "minamina",
            "Mina1987",
            "mina58204719",
            "kimmina1987!",
            "ANIM-1987",
            "anim1987xx",
            "mina.kim.87",
            "minalee!!",
            "eelanim0",
            "김민아김민아1",
            "민아민아민아",
            "rlaalsdk1",
            "alsdkalsdk",
            "ㅡㅑㅜㅁ1234",
            "example1",
            "kim.mina87@example.com",
            "kim.mina87@example",
            "example.2024",
            "elpmaxe99",
            "mïna-2024",
            "ＭＩＮＡ２０２４",
            "kimmina87",
        ];
        for password in made {
            assert!(mina.make_up(password), "{password}");
        }
        let other = [
            "violet-tractor-58",
            "mina-violet-42",
            "correct horse battery",
            "12345678",
            "kimono-garden",
            "x7!k2qz9",
            "example-violet-3",
            "민아는빨간자전거",
        ];
        for password in other {
            assert!(!mina.make_up(password), "{password}");
        }
    }

    #[test]
    fn words_that_are_too_short_are_no_ones_own() {
        let ng = own("ng@ab.example", "Bo Ng");
        for password in ["bongo-drums-7", "ng-violet-tractor", "abacus77"] {
            assert!(!ng.make_up(password), "{password}");
        }
    }

    #[test]
    fn the_words_of_a_long_name_are_bounded() {
        let name = (0..30).map(|number| format!("{number:02}a")).collect::<Vec<_>>().join(" ");
        assert!(own("mina@example.com", &name).iter().count() <= 2 * WORDS_MAX);
    }
}
