//! What was compared by this process so far: how much was equal, and what was not, by class.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use onsale_platform::memory::lock;
use serde_json::{Value, json};

use super::answers::Both;

/// The variable that names the folder for what was counted.
pub const FOLDER: &str = "ONSALE_ENGINES_REPORT";
/// How much of an example is kept.
const EXAMPLE_CHARACTERS: usize = 700;
/// How many unexplained differences are written down.
const PUZZLES_MAX: usize = 500;

static TALLY: Mutex<Tally> = Mutex::new(Tally::new());

/// What was counted.
pub struct Tally {
    /// By operation: how many, and how many with equal answers.
    operations: BTreeMap<String, (usize, usize)>,
    /// By the name of the class: how often, and one example.
    classes: BTreeMap<&'static str, (usize, String)>,
    unexplained: usize,
    /// Of what nothing explains, the first so many.
    puzzles: Vec<String>,
    tables: usize,
    items: usize,
}

impl Tally {
    const fn new() -> Self {
        Self {
            operations: BTreeMap::new(),
            classes: BTreeMap::new(),
            unexplained: 0,
            puzzles: Vec::new(),
            tables: 0,
            items: 0,
        }
    }
}

/// Counts one operation; what differs and is not explained comes back.
pub fn compare(both: &Both<'_>) -> Option<String> {
    let differs = both.differs();
    let mut tally = lock(&TALLY);
    let counted = tally.operations.entry(both.operation.to_owned()).or_default();
    counted.0 += 1;
    let Some(class) = differs else {
        counted.1 += 1;
        return None;
    };
    let example = both.example(EXAMPLE_CHARACTERS);
    match class {
        Some(class) => {
            let counted = tally.classes.entry(class.name).or_insert_with(|| (0, example));
            counted.0 += 1;
            None
        }
        None => {
            tally.unexplained += 1;
            if tally.puzzles.len() < PUZZLES_MAX {
                tally.puzzles.push(example.clone());
            }
            Some(example)
        }
    }
}

/// Counts a table that was compared as a whole, and writes all counts down if the environment says where.
pub fn table(items: usize) {
    let mut tally = lock(&TALLY);
    tally.tables += 1;
    tally.items += items;
    if let Some(folder) = std::env::var_os(FOLDER) {
        let path = PathBuf::from(folder).join(format!("{}.json", std::process::id()));
        std::fs::write(path, tally.as_json().to_string()).expect("the folder of the report can be written");
    }
}

/// In one line, for who looks on.
pub fn summary() -> String {
    let tally = lock(&TALLY);
    let (all, equal) = tally.operations.values().fold((0, 0), |(all, equal), (of, same)| (all + of, equal + same));
    let classes: Vec<String> = tally.classes.iter().map(|(name, (count, _))| format!("{count} {name}")).collect();
    format!("{all} operations, {equal} equal; {}; {} unexplained", classes.join(", "), tally.unexplained)
}

impl Tally {
    fn as_json(&self) -> Value {
        json!({
            "operations": self.operations, "classes": self.classes, "unexplained": self.unexplained, "puzzles": self.puzzles,
            "tables": self.tables, "items": self.items,
        })
    }
}
