//! The documents name files that are there.

use std::collections::BTreeSet;

use crate::repository::{files, read, root};

/// Where the files of the repository lie, but for those at its top.
const FOLDERS: [&str; 10] =
    ["functions", "shared", "local", "simulation", "events", "monitoring", "tools", "docs", ".ci", ".cargo"];

/// How the names of files end that documents name.
const ENDINGS: [&str; 8] = [".rs", ".py", ".sh", ".js", ".mjs", ".yaml", ".toml", ".patch"];

/// Files that do not exist and are named by an example of how to make them.
const EXAMPLES: [&str; 1] = ["get_wallet_entry.rs"];

/// All files, as paths from the root that begin with a slash.
fn all_files() -> BTreeSet<String> {
    let below = FOLDERS.iter().flat_map(|folder| files(folder, ""));
    let top = std::fs::read_dir(root()).expect("the root").map(|entry| entry.expect("an entry"));
    let top = top.filter(|entry| entry.path().is_file()).map(|entry| entry.file_name().to_string_lossy().into_owned());
    below.chain(top).map(|path| format!("/{path}")).collect()
}

/// The files and folders that a document names in code font.
fn named(document: &str) -> Vec<String> {
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

#[test]
fn what_documents_name_is_there() {
    let files = all_files();
    let is_there = |name: &str| match name.strip_suffix('/') {
        Some(folder) => files.iter().any(|path| path.contains(&format!("/{folder}/"))),
        None => files.iter().any(|path| path.ends_with(&format!("/{name}"))),
    };
    let tops = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(str::to_owned);
    let mut missing = Vec::new();
    for path in tops.into_iter().chain(crate::repository::files("docs", ".md")) {
        let gone = named(&read(&path)).into_iter();
        let gone = gone.filter(|name| !is_there(name) && !EXAMPLES.iter().any(|example| name.ends_with(example)));
        missing.extend(gone.map(|name| format!("{path}: {name}")));
    }
    assert!(missing.is_empty(), "named, and not there: {missing:#?}");
}
