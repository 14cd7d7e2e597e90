//! Reads `docs/requirements.md`: no requirement is missing, each says where it is built and what shows it, or why
//! nothing does yet, and what it names is there.

use std::collections::BTreeSet;

use local::aws::cloudformation::Template;

use crate::repository::{read, root, tests};

const PATH: &str = "docs/requirements.md";

/// The requirements in their order, by the ids of their rows. One is given up here, or not at all.
const IDS: [&str; 69] = [
    "R-001",
    "R-002",
    "R-003",
    "R-005",
    "R-006",
    "R-010",
    "R-011",
    "R-012",
    "R-014",
    "R-017",
    "R-018",
    "R-019",
    "R-020",
    "R-021",
    "R-023",
    "R-030–033",
    "R-034–037",
    "R-038",
    "R-050–052",
    "R-053",
    "R-055",
    "R-057",
    "R-058",
    "R-059",
    "R-061",
    "R-070",
    "R-072",
    "R-074",
    "R-076",
    "R-080–084",
    "R-086",
    "R-088",
    "R-100",
    "R-101",
    "R-104",
    "R-105",
    "R-108",
    "R-110",
    "R-120–123",
    "R-124–126",
    "R-128",
    "R-140–142",
    "R-150–152",
    "R-161",
    "R-163",
    "R-164–167",
    "R-170",
    "R-172",
    "R-173",
    "R-175",
    "R-176",
    "R-180",
    "R-181",
    "R-182",
    "R-183",
    "R-191",
    "R-192–195",
    "R-196",
    "R-197",
    "R-198–199",
    "R-210–211",
    "R-212",
    "R-213–215",
    "R-216",
    "R-221–225",
    "R-226",
    "R-227",
    "R-228",
    "R-229",
];

/// Fewest characters of the words that say why nothing shows a requirement yet.
const REASON_CHARACTERS_MIN: usize = 20;

/// Crates with unit tests, by the names that stand in the tables, and where their sources lie.
const CRATES: [(&str, &str); 4] = [
    ("domain", "shared/domain/src"),
    ("platform", "shared/platform/src"),
    ("local", "local/src"),
    ("simulation", "simulation/src"),
];

/// A row of a table, but for the words of its requirement.
struct Row {
    id: String,
    built: String,
    shown: String,
}

fn rows() -> Vec<Row> {
    let text = read(PATH);
    let rows = text.lines().filter(|line| line.starts_with("| R-"));
    let rows = rows.map(|line| {
        let fields: Vec<String> =
            line.trim().trim_matches('|').split('|').map(|field| field.trim().to_owned()).collect();
        let [id, _, built, shown]: [String; 4] =
            fields.try_into().unwrap_or_else(|_| panic!("a row of four fields: {line}"));
        Row { id, built, shown }
    });
    rows.collect()
}

/// What stands in code font.
fn code_spans(field: &str) -> impl Iterator<Item = &str> {
    field.split('`').skip(1).step_by(2)
}

/// Whether a field names something, or says behind a dash why it does not.
fn is_filled(field: &str) -> bool {
    match field.split_once('—') {
        Some((_, reason)) => reason.trim().chars().count() >= REASON_CHARACTERS_MIN,
        None => code_spans(field).next().is_some(),
    }
}

fn is_file(path: &str) -> bool {
    root().join(path).is_file()
}

/// Whether what shows a requirement is there: a test, a command, or a file.
fn is_there(name: &str, tests: &BTreeSet<String>) -> bool {
    // Settings stand before a command: ONSALE_SCALE=full.
    let words: Vec<&str> = name.split(' ').skip_while(|word| word.contains('=')).collect();
    match words.as_slice() {
        ["suite", modules] if modules.ends_with("::") => tests.iter().any(|test| test.starts_with(modules)),
        ["suite", test] => tests.contains(*test),
        ["cargo", words @ ..] => is_command(words, tests),
        [name, test] if CRATES.iter().any(|(known, _)| known == name) => {
            CRATES.iter().any(|(known, folder)| known == name && has_unit_test(folder, test))
        }
        [path, ..] => is_file(path),
        [] => false,
    }
}

/// Whether the workspace has such a package at its top.
fn is_member(package: &str) -> bool {
    read("Cargo.toml").contains(&format!("{package} = {{ path = \"{package}\" }}\n"))
}

/// Whether cargo has what it is asked for: the binary that it runs, a test that the filter lets through.
fn is_command(words: &[&str], tests: &BTreeSet<String>) -> bool {
    let after = |flag: &str| {
        let place = words.iter().position(|word| *word == flag)?;
        words.get(place + 1).copied()
    };
    match (words, after("-p"), after("suite")) {
        (["run", ..], Some(package), _) if !is_member(package) => false,
        (["run", ..], package, _) if package.is_some() || after("--bin").is_some() => {
            is_binary(package.unwrap_or("local"), after("--bin"))
        }
        (["test", ..], _, Some(filter)) => tests.iter().any(|test| test.contains(filter)),
        (["run"] | ["test"] | ["run", "--", "audit"], _, _) => true,
        _ => false,
    }
}

/// Whether `cargo run` finds one program of a package: the one of this name, or without a name its only one.
fn is_binary(package: &str, name: Option<&str>) -> bool {
    let manifest = read(&format!("{package}/Cargo.toml"));
    match name {
        Some(name) => manifest.contains(&format!("\n[[bin]]\nname = \"{name}\"\n")),
        None => manifest.matches("\n[[bin]]\n").count() == 1,
    }
}

/// Whether a crate has a unit test of that path: in the module's own file, or within the file of the module above.
fn has_unit_test(folder: &str, path: &str) -> bool {
    let Some((modules, name)) = path.rsplit_once("::") else { return false };
    let own = modules.replace("::", "/");
    let above = own.strip_suffix("/tests").unwrap_or(&own);
    let files = [own.as_str(), above].map(|file| [format!("{folder}/{file}.rs"), format!("{folder}/{file}/mod.rs")]);
    files.iter().flatten().any(|file| is_file(file) && has_test(&read(file), name))
}

fn has_test(text: &str, name: &str) -> bool {
    let begins = format!("fn {name}(");
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    lines.windows(2).any(|pair| pair[0] == "#[test]" && pair[1].starts_with(&begins))
}

#[test]
fn every_requirement_has_its_row() {
    let rows = rows();
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, IDS, "the rows of {PATH}");
}

#[test]
fn every_row_says_what_shows_it_or_why_nothing_does() {
    let rows = rows();
    let empty = rows.iter().filter(|row| !is_filled(&row.built) || !is_filled(&row.shown));
    let empty: Vec<&str> = empty.map(|row| row.id.as_str()).collect();
    assert!(empty.is_empty(), "rows of {PATH} without evidence, and without a reason: {empty:?}");
}

#[test]
fn what_a_row_names_is_there() {
    let template = Template::load().expect("the template");
    let functions: BTreeSet<&str> = template.functions.iter().map(|function| function.name.as_str()).collect();
    let tests = tests();
    let mut missing = Vec::new();
    for row in rows() {
        let built = code_spans(&row.built).filter(|name| !functions.contains(name) && !is_file(name));
        let shown = code_spans(&row.shown).filter(|name| !is_there(name, &tests));
        missing.extend(built.chain(shown).map(|name| format!("{}: {name}", row.id)));
    }
    assert!(missing.is_empty(), "{PATH} names what is not there: {missing:#?}");
}

#[test]
fn what_is_not_there_is_noticed() {
    let tests = tests();
    for name in [
        "suite flow::a_seat_is_held_paid_for_and_sold",
        "suite fault_matrix::",
        "domain reservations::hold::tests::refusals_have_an_order",
        "domain queue::tests::settings_have_ranges_that_are_told_in_order",
        "ONSALE_SCALE=full cargo test --test suite kills",
        "cargo run --release -p simulation --bin simulate -- --pairs",
        ".ci/run",
    ] {
        assert!(is_there(name, &tests), "{name} is there");
    }
    for name in [
        "suite flow::a_seat_is_sold_twice",
        "suite flaw::",
        "domain reservations::hold::tests::refusals_have_no_order",
        "domain reservations::hold::hold",
        "cargo test --test suite nobody_tests_this",
        "cargo run -p local --bin nobody_runs_this",
        "cargo run -p nobody_is_called_this -- --pairs",
        "cargo run -p simulation -- --pairs",
        "cargo sell",
        ".ci/walk",
        "",
    ] {
        assert!(!is_there(name, &tests), "{name:?} is not there");
    }
    assert!(is_filled("`pay`") && is_filled("— nobody has built this yet"));
    assert!(!is_filled("") && !is_filled("pay") && !is_filled("—") && !is_filled("`pay` · — later"));
}
