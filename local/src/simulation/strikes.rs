//! Guards bear load: each part of each condition is struck out in turn, and the simulation must notice.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

use super::dice::Dice;
use super::many::many;
use super::run::{Plan, run};
use super::survivors;

/// Where the table begins in a document, and where it ends.
const MARKS: [&str; 2] = ["<!-- guards: begin -->", "<!-- guards: end -->"];
/// Runs without a strike that say which guards there are.
const FIRST_RUNS: u64 = 20;

/// What became of it.
#[derive(Debug)]
pub struct Strikes {
    /// Every guard, and the seed that notices that it is missing.
    pub table: String,
    /// Guards that nobody misses, without a reason why.
    pub unexplained: Vec<String>,
}

/// Strikes out every guard that is sent in a few runs, and runs up to so many seeds until one notices.
#[must_use]
pub fn all(plan: &Plan, seeds: Range<u64>, threads: usize) -> Strikes {
    let first = seeds.start..(seeds.start + FIRST_RUNS).min(seeds.end);
    let seen = many(plan, first, threads, &|_, _, _| ()).total.guards;
    let guards: Vec<(String, u64)> = seen.into_iter().collect();
    let (next, rows) = (AtomicUsize::new(0), Mutex::new(vec![None; guards.len()]));
    let work = || {
        while let Some((guard, _)) = guards.get(next.fetch_add(1, Ordering::SeqCst)).cloned() {
            let found = noticed(&Plan { struck: Some(guard.clone()), ..plan.clone() }, seeds.clone());
            eprintln!(
                "{guard}: {}",
                found.as_ref().map_or("nobody notices".to_owned(), |(seed, what)| format!("{seed}: {what}"))
            );
            let place = guards.iter().position(|(other, _)| *other == guard).unwrap_or_default();
            rows.lock().unwrap_or_else(PoisonError::into_inner)[place] = found;
        }
    };
    std::thread::scope(|scope| (0..threads.max(1)).for_each(|_| drop(scope.spawn(work))));
    let rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    written(&guards, &rows, seeds.end - seeds.start)
}

fn noticed(plan: &Plan, seeds: Range<u64>) -> Option<(u64, String)> {
    seeds.into_iter().find_map(|seed| {
        let violation = run(&Plan { seed, ..plan.clone() }, Dice::of_seed(seed)).err()?;
        Some((seed, violation.what.lines().last().unwrap_or_default().to_owned()))
    })
}

fn written(guards: &[(String, u64)], rows: &[Option<(u64, String)>], seeds: u64) -> Strikes {
    let mut unexplained = Vec::new();
    let caught = rows.iter().flatten().count();
    let mut table =
        format!("{} guards, each struck out in turn; {caught} are missed within {seeds} seeds.\n\n", guards.len());
    table.push_str("| Function | Item | Guard | Seed that notices, or why nobody does |\n|---|---|---|---|\n");
    for ((guard, _), row) in guards.iter().zip(rows) {
        let why = match (row, survivors::reason(guard)) {
            (Some((seed, _)), _) => format!("seed {seed}"),
            (None, Some(reason)) => reason.to_owned(),
            (None, None) => {
                unexplained.push(guard.clone());
                "nobody".to_owned()
            }
        };
        let mut parts = guard.splitn(3, " · ");
        let mut part = || parts.next().unwrap_or_default();
        let _ = writeln!(table, "| {} | {} | `{}` | {why} |", part(), part(), part());
    }
    Strikes { table, unexplained }
}

/// Puts the table into the document, between its marks.
///
/// # Errors
/// When the document cannot be read or written, or has no marks.
pub fn keep(path: &Path, table: &str) -> io::Result<()> {
    let text = fs::read_to_string(path)?;
    let missing = || io::Error::other("the marks of the table are missing");
    let (before, rest) = text.split_once(MARKS[0]).ok_or_else(missing)?;
    let (_, after) = rest.split_once(MARKS[1]).ok_or_else(missing)?;
    fs::write(path, format!("{before}{}\n\n{}\n{}{after}", MARKS[0], table.trim_end(), MARKS[1]))
}
