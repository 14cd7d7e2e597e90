//! `docs/reports/engines.md`, written from what the runs before have counted.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use onsale_platform::clock::Clock;
use serde_json::Value;

use super::classes::CLASSES;
use super::tally::FOLDER;
use crate::repository::root;

const HEAD: &str = "# Two engines

Tests, the simulation and the local stack run on an embedded engine. This page says how far its answers are those of
AWS's own DynamoDB Local, which itself is not DynamoDB. It is written by

```sh
tools/correctness/compare-with-dynamodb-local
```

which starts DynamoDB Local and runs a part of the suite with both engines side by side: each call of the product's SDK
clients goes to both, in the same order; **the product gets the answer of DynamoDB Local**; the two answers are
compared, and after each test the complete tables. Then come operations that a seed makes: two thirds on few keys with
conditions, updates, filters, ranges and values of all kinds, right and wrong; one third requests of the product with
values exchanged. A difference that is not explained below makes the run fail. The explanations stand beside the code
that recognises them, in `local/tests/engines/classes.rs`. Not compared: what makes and describes the table, its time to
live, and its stream. Statements about DynamoDB itself are from its documentation.
";
/// What a line of the page may have.
const LINE_CHARACTERS: usize = 120;

/// Sums up what was counted, if a folder of counts is given.
#[test]
fn the_report_is_written() {
    let Some(folder) = std::env::var_os(FOLDER).filter(|_| std::env::var("ONSALE_ENGINES_WRITE").is_ok()) else {
        return;
    };
    let mut operations: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut classes: BTreeMap<String, (u64, String)> = BTreeMap::new();
    let (mut tables, mut items, mut unexplained) = (0, 0, 0);
    for file in fs::read_dir(folder).expect("the folder") {
        let text = fs::read(file.expect("an entry").path()).expect("a file");
        let counted: Value = serde_json::from_slice(&text).expect("JSON");
        let count = |value: &Value| value.as_u64().unwrap_or(0);
        for (name, counts) in counted["operations"].as_object().into_iter().flatten() {
            let sum = operations.entry(name.clone()).or_default();
            *sum = (sum.0 + count(&counts[0]), sum.1 + count(&counts[1]));
        }
        for (name, class) in counted["classes"].as_object().into_iter().flatten() {
            let example = class[1].as_str().unwrap_or_default().to_owned();
            classes.entry(name.clone()).or_insert((0, example)).0 += count(&class[0]);
        }
        tables += count(&counted["tables"]);
        items += count(&counted["items"]);
        unexplained += count(&counted["unexplained"]);
    }
    let mut page = HEAD.to_owned();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let (all, equal) = operations.values().fold((0, 0), |(all, equal), (of, same)| (all + of, equal + same));
    let day = Clock::System.now().to_string()[..10].to_owned();
    let explained = all - equal - unexplained;
    let last = format!(
        "{day}, {cores} cores. {all} operations, {equal} with equal answers, {explained} with an explained difference, \
         {unexplained} with another. {tables} complete tables with {items} items were compared."
    );
    writeln!(page, "\n## The last run\n\n{}\n\n| operation | compared | equal |\n|---|---|---|", wrapped_text(&last))
        .expect("text");
    for (name, (of, same)) in &operations {
        writeln!(page, "| {name} | {of} | {same} |").expect("text");
    }
    page.push_str("\n## The differences\n");
    for class in CLASSES {
        let (count, example) = classes.get(class.name).cloned().unwrap_or_default();
        let why = wrapped_text(&format!("{count} times. {}", class.why));
        writeln!(page, "\n### {}\n\n{why}", class.name).expect("text");
        if count > 0 {
            writeln!(page, "\n```text\n{example}\n```").expect("text");
        }
    }
    fs::write(root().join("docs/reports/engines.md"), page).expect("the page is written");
    assert_eq!(unexplained, 0, "differences that nothing explains");
}

/// A text in lines.
fn wrapped_text(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= LINE_CHARACTERS {
            *line += &format!(" {word}");
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n")
}
