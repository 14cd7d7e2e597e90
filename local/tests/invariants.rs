//! The codes of invariants: `docs/invariants.md` has a sentence for each, and each is checked where its row says.

use std::collections::{BTreeMap, BTreeSet};

use crate::repository::{files, read, tests};

const PATH: &str = "docs/invariants.md";

/// Letters that a code begins with: seats, stock, coupons, wallets, payments, gates, queues, events, answers.
const LETTERS: &str = "SKCWPGQEA";

/// The codes that a line cites; of a range, as in `Q1–Q5`, every one.
fn cited_codes(line: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut from = None;
    for word in line.split_inclusive(|sign: char| !sign.is_alphanumeric()) {
        let Some((letter, digit)) = code(word.trim_end_matches(|sign: char| !sign.is_alphanumeric())) else {
            from = None;
            continue;
        };
        // A seat is written `A1-1`, and no code has anything behind it.
        if word.ends_with('-') || word.ends_with('_') {
            continue;
        }
        let first = from.filter(|(other, _)| *other == letter).map_or(digit, |(_, first)| first);
        found.extend((first..=digit).map(|digit| format!("{letter}{digit}")));
        from = word.ends_with('–').then_some((letter, digit));
    }
    found
}

/// A word as a letter and a number, if it is a code.
fn code(word: &str) -> Option<(char, u32)> {
    let mut signs = word.chars();
    let letter = signs.next().filter(|letter| LETTERS.contains(*letter))?;
    let digit = signs.next()?.to_digit(10).filter(|digit| *digit > 0)?;
    signs.next().is_none().then_some((letter, digit))
}

/// The codes in the comments of a file.
fn cited_in(path: &str) -> BTreeSet<String> {
    let text = read(path);
    text.lines().filter_map(|line| line.split_once("//")).flat_map(|(_, comment)| cited_codes(comment)).collect()
}

/// The codes of the table and where each is checked.
fn rows() -> BTreeMap<String, Vec<String>> {
    let text = read(PATH);
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let fields: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [name, _, _, checked] = fields[..] else { continue };
        if code(name).is_some() {
            let places = checked.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            assert!(rows.insert(name.to_owned(), places).is_none(), "{name} has two rows");
        }
    }
    rows
}

#[test]
fn every_code_that_is_cited_has_its_row() {
    let rows = rows();
    let sources = ["shared", "functions/src", "local/src", "simulation/src"].map(|folder| files(folder, ".rs"));
    for path in sources.iter().flatten() {
        let without: Vec<String> = cited_in(path).into_iter().filter(|code| !rows.contains_key(code)).collect();
        assert!(without.is_empty(), "{path} cites {without:?}, of which {PATH} has no row");
    }
}

#[test]
fn every_row_names_what_checks_it() {
    let tests = tests();
    for (code, places) in rows() {
        assert!(!places.is_empty(), "nothing checks {code}");
        for place in places {
            let is_checked = match place.strip_prefix("suite ") {
                Some(modules) if modules.ends_with("::") => tests.iter().any(|test| test.starts_with(modules)),
                Some(test) => tests.contains(test),
                None => cited_in(&place).contains(&code),
            };
            assert!(is_checked, "{place} does not check {code}, or does not say so");
        }
    }
}

#[test]
fn codes_are_told_from_seats_and_words() {
    let is = |line: &str, codes: &[&str]| {
        let codes: BTreeSet<String> = codes.iter().map(|code| (*code).to_owned()).collect();
        assert_eq!(cited_codes(line), codes, "{line}");
    };
    is("K1: never below zero", &["K1"]);
    is("P1–P3, P5: they agree", &["P1", "P2", "P3", "P5"]);
    is("ended (S3, P1).", &["S3", "P1"]);
    is("seats A-1-1 and A1-1, UTF8, R2, S0, E12", &[]);
}
