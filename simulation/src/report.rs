//! The report of a run.

use std::collections::BTreeMap;
use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Most lines of a trace that are kept.
const LINES_MAX: usize = 100_000;

/// The counts and the trace of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Calls that were decided on.
    pub steps: u64,
    /// Writes that were committed, after each of which the invariants were checked.
    pub commits: u64,
    /// How often each fault was made.
    pub faults: BTreeMap<&'static str, u64>,
    /// Other happenings, and how often.
    pub others: BTreeMap<&'static str, u64>,
    /// How often each function gave each answer.
    pub answers: BTreeMap<(&'static str, u16), u64>,
    /// The trace, line by line, if it is wanted.
    pub trace: Vec<String>,
    /// The parts of conditions that were sent, and how often.
    pub guards: BTreeMap<String, u64>,
    keeps_trace: bool,
    digest: Sha256,
}

impl Report {
    /// An empty one, that keeps the lines of the trace or only their digest.
    #[must_use]
    pub fn new(keeps_trace: bool) -> Self {
        Self { keeps_trace, ..Self::default() }
    }

    /// Adds a line to the trace.
    pub fn add_line(&mut self, line: &str) {
        self.digest.update(line);
        self.digest.update("\n");
        if self.keeps_trace && self.trace.len() < LINES_MAX {
            self.trace.push(line.to_owned());
        }
    }

    /// Counts a fault.
    pub fn count_fault(&mut self, name: &'static str) {
        *self.faults.entry(name).or_default() += 1;
    }

    /// Counts any other happening.
    pub fn count_other(&mut self, name: &'static str) {
        *self.others.entry(name).or_default() += 1;
    }

    /// The digest of all lines and of what the table had in the end.
    #[must_use]
    pub fn hash(&self, table: [u8; 32]) -> String {
        let all = self.digest.clone().chain_update(table).finalize();
        all.iter().take(8).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Adds another run.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.commits += other.commits;
        for (name, count) in &other.faults {
            *self.faults.entry(name).or_default() += count;
        }
        for (name, count) in &other.others {
            *self.others.entry(name).or_default() += count;
        }
        for (guard, count) in &other.guards {
            *self.guards.entry(guard.clone()).or_default() += count;
        }
        for (answer, count) in &other.answers {
            *self.answers.entry(*answer).or_default() += count;
        }
    }
}

/// Something that must never be.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{what}")]
pub struct Violation {
    /// The violation, in words.
    pub what: String,
    /// The trace until then, if it was kept.
    pub trace: Vec<String>,
    /// The random numbers that led to it.
    pub record: Vec<u32>,
}
