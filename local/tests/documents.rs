//! The documents name files that are there, their links lead somewhere, and their figures stand in one page.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use local::aws::cloudformation::Template;

use crate::repository::{files, read, root};

/// Where the files of the repository lie, but for those at its top.
const FOLDERS: [&str; 12] = [
    "functions",
    "mail",
    "page",
    "shared",
    "local",
    "simulation",
    "events",
    "monitoring",
    "tools",
    "docs",
    ".ci",
    ".cargo",
];

/// How the names of files end that documents name.
const ENDINGS: [&str; 8] = [".rs", ".py", ".sh", ".js", ".mjs", ".yaml", ".toml", ".patch"];

/// The most lines of documents that a newcomer reads from top to bottom.
const LINES_MAX: [(&str, usize); 2] = [("README.md", 150), ("ARCHITECTURE.md", 170)];

/// Files that do not exist and are named by an example of how to make them.
const EXAMPLES: [&str; 1] = ["get_hello.rs"];

/// All files, as paths from the root that begin with a slash.
fn all_files() -> BTreeSet<String> {
    let below = FOLDERS.iter().flat_map(|folder| files(folder, ""));
    let top = std::fs::read_dir(root()).expect("the root").map(|entry| entry.expect("an entry"));
    let top = top.filter(|entry| entry.path().is_file()).map(|entry| entry.file_name().to_string_lossy().into_owned());
    below.chain(top).map(|path| format!("/{path}")).collect()
}

/// The files and folders that a document names in code font.
fn named_paths(document: &str) -> Vec<String> {
    let mut named = Vec::new();
    for line in document.lines() {
        for word in line.split('`').skip(1).step_by(2) {
            let is_path = word.chars().all(|sign| sign.is_alphanumeric() || "/._-".contains(sign));
            let is_file = ENDINGS.iter().any(|ending| word.ends_with(ending) && word.len() > ending.len());
            let is_folder = word.ends_with('/') && !word.starts_with('/');
            if is_path && (is_file || is_folder) {
                named.push(word.to_owned());
            }
        }
    }
    named
}

/// All documents of the repository, as paths from the root.
fn documents() -> impl Iterator<Item = String> {
    let tops = std::fs::read_dir(root()).expect("the root").map(|entry| entry.expect("an entry").file_name());
    let tops = tops.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.ends_with(".md"));
    tops.chain(files("docs", ".md"))
}

/// The lines of a document outside of its blocks of code.
fn prose(document: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    document.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        inside ^= fence;
        !inside && !fence
    })
}

/// The targets of a document's links that lead to files or headings of the repository.
fn links(document: &str) -> Vec<String> {
    let links = prose(document).flat_map(|line| line.split("](").skip(1));
    let targets = links.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned());
    targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:")).collect()
}

/// The anchors that a forge makes of a document's headings: lower case, without punctuation, spaces as hyphens.
fn anchors(document: &str) -> BTreeSet<String> {
    let headings = prose(document)
        .filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')));
    headings
        .map(|heading| {
            let kept = heading.to_lowercase();
            let kept = kept.chars().filter(|sign| sign.is_alphanumeric() || " -_".contains(*sign));
            kept.map(|sign| if sign == ' ' { '-' } else { sign }).collect()
        })
        .collect()
}

/// A path from the root without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            Component::Normal(name) => normal.push(name),
            _ => {}
        }
    }
    normal
}

#[test]
fn links_of_documents_lead_somewhere() {
    let texts: BTreeMap<PathBuf, String> = documents().map(|path| (PathBuf::from(&path), read(&path))).collect();
    let mut dead = Vec::new();
    for (path, text) in &texts {
        for link in links(text) {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let folder = path.parent().unwrap_or(Path::new(""));
            let target = if file.is_empty() { path.clone() } else { normal(&folder.join(file)) };
            let is_heading = || texts.get(&target).is_some_and(|text| anchors(text).contains(anchor));
            if !root().join(&target).exists() || !(anchor.is_empty() || is_heading()) {
                dead.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(dead.is_empty(), "links that lead nowhere: {dead:#?}");
}

#[test]
fn anchors_are_those_of_a_forge() {
    assert_eq!(
        anchors("# What it costs, in capacity\n```sh\n# not this\n```\n## `x` — *y*_z\n#no heading"),
        ["what-it-costs-in-capacity", "x--y_z"].map(str::to_owned).into()
    );
    assert_eq!(links("see [a](b.md#c), [d](#e), [f](https://g)\n```\n[h](i)\n```"), ["b.md#c", "#e"]);
}

#[test]
fn what_documents_name_is_there() {
    let files = all_files();
    let is_there = |name: &str| match name.strip_suffix('/') {
        Some(folder) => files.iter().any(|path| path.contains(&format!("/{folder}/"))),
        None => files.iter().any(|path| path.ends_with(&format!("/{name}"))),
    };
    let mut missing = Vec::new();
    for path in documents() {
        let gone = named_paths(&read(&path)).into_iter();
        let gone = gone.filter(|name| !is_there(name) && !EXAMPLES.iter().any(|example| name.ends_with(example)));
        missing.extend(gone.map(|name| format!("{path}: {name}")));
    }
    assert!(missing.is_empty(), "named, and not there: {missing:#?}");
}

#[test]
fn what_is_read_first_stays_short() {
    for (document, most) in LINES_MAX {
        let lines = read(document).lines().count();
        assert!(lines <= most, "{document} has {lines} lines; {most} is the limit");
    }
}

#[test]
fn documents_know_how_many_functions_there_are() {
    let functions = Template::load().expect("the template").functions.len();
    for (document, words) in [("README.md", "AWS Lambda functions"), ("docs/diagrams/infrastructure.md", "functions")] {
        let text = read(document).split_whitespace().collect::<Vec<&str>>().join(" ");
        assert!(text.contains(&format!("{functions} {words}")), "{document} does not say {functions} {words}");
    }
}

/// The cells of the table rows of a text that have so many cells.
fn table_rows(text: &str, cells: usize) -> Vec<Vec<&str>> {
    let rows = text.lines().filter(|line| line.starts_with("| "));
    let rows = rows.map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect::<Vec<&str>>());
    rows.filter(|row| row.len() == cells).collect()
}

/// The numbers of a text, as they are written: `5.9`, `3,051`.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|sign: char| !(sign.is_ascii_digit() || ".,".contains(sign)));
    words.map(|word| word.trim_matches(['.', ','])).filter(|word| !word.is_empty())
}

#[test]
fn figures_stand_in_one_page_and_those_of_reports_in_their_reports() {
    let benchmarks = read("docs/benchmarks.md");
    let rows = table_rows(&benchmarks, 5);
    let readme = read("README.md");
    let (_, measured) = readme.split_once("## Measured").expect("a section");
    let (measured, _) = measured.split_once("\n## ").expect("what follows it");
    let shown = table_rows(measured, 2).into_iter().filter(|row| numbers(row[1]).next().is_some());
    let shown: Vec<Vec<&str>> = shown.collect();
    assert!(!shown.is_empty(), "README.md has figures");
    for row in shown {
        assert!(rows.iter().any(|other| other[..2] == row[..]), "README.md: {row:?} is no row of docs/benchmarks.md");
    }
    for price in readme.split("USD ").skip(1).filter_map(|rest| numbers(rest).next()) {
        assert!(rows.iter().any(|row| row[1] == price), "README.md: {price} is no figure of docs/benchmarks.md");
    }
    let mut looked_up = 0;
    for row in rows {
        let Some((_, target)) = row[4].split_once("](reports/") else { continue };
        let report = read(&format!("docs/reports/{}", target.trim_end_matches(')')));
        let there: BTreeSet<&str> = numbers(&report).collect();
        for number in numbers(row[1]) {
            assert!(there.contains(number), "docs/benchmarks.md: {number} of {:?} is not in its report", row[0]);
            looked_up += 1;
        }
    }
    assert!(looked_up > 10, "only {looked_up} figures were looked up");
}
