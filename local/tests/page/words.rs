//! The words of the page: each is in both languages, and is used.

use std::collections::{BTreeMap, BTreeSet};

use crate::repository::{files, read};

fn words() -> BTreeMap<String, [String; 2]> {
    serde_json::from_str(&read("page/words.json")).expect("page/words.json")
}

/// The names in braces of a text, which stand for values.
fn values(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
}

#[test]
fn each_has_both_languages_and_the_same_values() {
    for (key, [english, korean]) in words() {
        assert!(!english.trim().is_empty() && !korean.trim().is_empty(), "{key}");
        assert_eq!(values(&english), values(&korean), "{key}");
        let is_hangul = |sign: char| ('가'..='힣').contains(&sign);
        assert!(!english.chars().any(is_hangul), "{key}: {english}");
    }
}

#[test]
fn each_is_used_by_a_document_or_a_script() {
    let sources: String =
        files("page", "").iter().filter(|path| !path.ends_with(".json")).map(|path| read(path)).collect();
    // A key that is put together, such as that of a state, is used by the part of it that stands there.
    let is_used = |key: &str| {
        let (beginning, end) = key.rsplit_once('.').unwrap_or((key, ""));
        let parts = [format!("\"{key}\""), format!("`{beginning}.${{"), format!("}}.{end}`")];
        // A question belongs to the word of the button that asks it.
        if let Some(asked) = key.strip_suffix("_question").filter(|_| sources.contains("}_question`")) {
            return sources.contains(&format!("\"{asked}\""));
        }
        parts.iter().any(|part| sources.contains(part.as_str()))
    };
    let unused: Vec<String> = words().into_keys().filter(|key| !is_used(key)).collect();
    assert!(unused.is_empty(), "words that nothing shows: {unused:?}");
}
