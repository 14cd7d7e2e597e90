//! Texts that are difficult to keep, compare, find or show.

/// Texts that have been trouble elsewhere: blank to the eye, in two spellings, of another direction, longer than they
/// look, joined, split, or at a limit.
const TEXTS: [&str; 84] = [
    // Nothing to see.
    "",
    " \t ",
    "\u{a0}\u{3000}",
    "\u{200b}",
    "\u{3164}",
    "\u{ffa0}",
    "\u{115f}\u{1160}",
    "\u{2800}",
    "\u{ad}",
    "\u{feff}",
    "\u{2060}\u{200d}\u{fe0f}",
    "\u{e0041}\u{e0042}",
    "\u{301}",
    "\u{fffc}",
    // Something not to be seen.
    "Spring\u{200b}day",
    "\u{feff}Mina",
    "soft\u{ad}hyphen",
    "می\u{200c}خواهم",
    "श्री\u{200d}कान्त",
    "👩\u{200d}👩\u{200d}👧",
    "❤\u{fe0f}",
    "葛\u{e0100}城",
    "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
    "🏴\u{e0067}\u{e0062}",
    "hidden\u{e0068}\u{e0069}",
    // More than one line.
    "a\nb",
    "a\r\nb",
    "a\rb",
    "a\u{85}b",
    "drink\u{2028}refunded",
    "a\u{2029}b",
    "a\u{b}b",
    // Of another direction.
    "seat \u{202e}000,05",
    "a\u{202a}b\u{202c}",
    "a\u{2067}b",
    "\u{2067}שלום\u{2069} Seoul",
    "שָׁלוֹם",
    "مُحَمَّد 2030",
    // Of no meaning that all share.
    "nul\u{0}nul",
    "\u{1b}[31mred",
    "a\u{7f}b",
    "\u{e000}",
    "a\u{fffe}b",
    "a\u{378}b",
    "a\u{10ffff}b",
    "a\u{fff9}b\u{fffb}",
    "a\u{206a}b",
    "\u{fffd}",
    // Accents in plenty.
    "Z\u{301}\u{302}\u{303}\u{304}\u{305}algo",
    "e\u{301}a\u{308}",
    "Sigur Rós",
    "Nguyễn Thị Ánh",
    // Case that is more than two halves of ASCII.
    "Große Straße",
    "İstanbul",
    "ISPARTA ısparta",
    "ΟΔΟΣ ΟΔΥΣΣΕΎΣ",
    "ǅungla ﬁnale ŉ",
    "ᾳᾼ",
    "Ꭰꭰ",
    "𐐀𐐨",
    // Quotes, dashes, spaces, width.
    "Guns N’ Roses",
    "“Encore” – 2024—2025",
    "ＷＩＤＥ　ｎａｍｅ",
    "´`¨",
    "\"\\/\u{2215}%_*?",
    "ｶﾞｰﾙｽﾞ",
    "夏〜2030",
    // Hangul in parts, and alone.
    "\u{1100}\u{1161}\u{11a8}나",
    "ㅋㅋㅋㅠ",
    "ㄱㅏ",
    "ﾡￂ",
    // One that stands for many.
    "\u{fdfa}",
    "\u{3300}\u{3301}\u{3302}",
    "㍿ ㈜ ℡ №",
    "１２３⑳½",
    // Pieces of requests, keys and expressions.
    "USER#0193a000-0000-7000-8000-000000000001",
    "#n = :mine OR attribute_exists(pk)",
    "'; DROP TABLE onsale; --",
    "<script>alert(1)</script>",
    "../../etc/passwd%00",
    "{{7*7}} ${x}",
    "null",
    "👩🏽‍🚀🇰🇷",
    "𒐫𒐫𒐫𒐫",
];

/// Texts at the limits of a field of 60 characters, where their folded forms and their bytes are the longest.
fn long_texts() -> Vec<String> {
    let characters =
        ["a", "힣", "😀", "\u{fdfa}", "\u{3300}", "\u{337f}", "ß", "\u{fb2c}", "\u{958}", "\u{1d160}", "\\"];
    let lengths = [30, 60, 61];
    let repeated = characters.into_iter().flat_map(|one| lengths.map(|length| one.repeat(length)));
    let squared: String = ('\u{3300}'..'\u{333c}').collect();
    repeated.chain([squared, "x".repeat(5_000)]).collect()
}

/// All of them.
pub fn texts() -> Vec<String> {
    TEXTS.map(str::to_owned).into_iter().chain(long_texts()).collect()
}
