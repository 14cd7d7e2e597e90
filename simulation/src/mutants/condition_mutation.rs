//! Condition mutation: each part of each condition is struck out in turn, and the simulation must notice.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

use crate::mutants::equivalent_mutants::{self, KeepReason};
use crate::pairs::{Extent, LeftOut, Search, search};
use crate::random::run::{Plan, run};
use crate::random::runner::run_seeds;
use crate::rng::Rng;
use local::output::complain;
use onsale_platform::memory::lock;

/// Where the table begins in a document, and where it ends.
const MARKS: [&str; 2] = ["<!-- guards: begin -->", "<!-- guards: end -->"];
/// Runs without a strike that say which guards there are.
const FIRST_RUNS: u64 = 40;

/// Most executions of each pair of operations in which a guard is looked for.
const EXECUTIONS_MAX: u64 = 150;

/// The result of striking out guards.
#[derive(Debug)]
pub struct MutationReport {
    /// Each guard, and the seed that notices that it is missing.
    pub table: String,
    /// Guards that nobody misses, without a reason why.
    pub unexplained: Vec<String>,
}

/// The result of striking out one guard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MutantOutcome {
    /// This seed misses it.
    Alone(u64),
    /// These two operations miss it when they meet.
    Meeting(String),
    /// This seed, or these two operations, miss it where those are missing too, and do not miss those alone.
    With(String, String),
    /// Nobody can miss it.
    Kept(String),
    /// Nobody does.
    Unnoticed,
}

/// Strikes out every guard that is sent in a few runs, and runs up to so many seeds until one notices. What `known`
/// says of a guard, as [`read_table`] gives it, is kept.
#[must_use]
pub fn mutate_all(
    plan: &Plan,
    seeds: Range<u64>,
    threads: usize,
    known: &BTreeMap<String, MutantOutcome>,
) -> MutationReport {
    let first = seeds.start..(seeds.start + FIRST_RUNS).min(seeds.end);
    let sent = run_seeds(plan, first, threads, &|_, _, _| ()).total.guards;
    let guards: Vec<String> = sent.into_keys().collect();
    let (next, rows) = (AtomicUsize::new(0), Mutex::new(vec![MutantOutcome::Unnoticed; guards.len()]));
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::SeqCst);
            let Some(guard) = guards.get(index) else { return };
            let found = known.get(guard).cloned().unwrap_or_else(|| {
                let found = mutate(plan, guard, &guards, seeds.clone());
                complain(format_args!("{} of {}: {guard}: {found:?}", index + 1, guards.len()));
                found
            });
            lock(&rows)[index] = found;
        }
    };
    std::thread::scope(|scope| (0..threads.max(1)).for_each(|_| drop(scope.spawn(work))));
    let rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    render(&guards, &rows, seeds.end - seeds.start)
}

/// Strikes out one guard.
fn mutate(plan: &Plan, guard: &str, guards: &[String], mut seeds: Range<u64>) -> MutantOutcome {
    let kept = equivalent_mutants::known_reason(guard);
    let function = guard.split(" · ").next().unwrap_or_default();
    let Some(KeepReason::With(others)) = kept else {
        let alone = [guard.to_owned()];
        let found = seeds.find(|seed| is_noticed(plan, *seed, &alone)).map(MutantOutcome::Alone);
        let found = found.or_else(|| match kept {
            Some(KeepReason::Because(reason)) => Some(MutantOutcome::Kept(reason.to_owned())),
            _ => noticing_pair(function, &alone).map(MutantOutcome::Meeting),
        });
        return found.unwrap_or(MutantOutcome::Unnoticed);
    };
    let is_other = |other: &&String| {
        let rest = other.strip_prefix(function).and_then(|rest| rest.strip_prefix(" · "));
        other.as_str() != guard && rest.is_some_and(|rest| others.iter().any(|part| rest.starts_with(part)))
    };
    let others: Vec<String> = guards.iter().filter(is_other).cloned().collect();
    let with: Vec<String> = others.iter().cloned().chain([guard.to_owned()]).collect();
    let found = seeds.find(|seed| is_noticed(plan, *seed, &with) && !is_noticed(plan, *seed, &others));
    let found = found.map(|seed| format!("seed {seed}")).or_else(|| match noticing_pair(function, &others) {
        None => noticing_pair(function, &with),
        Some(_) => None,
    });
    let rest = |other: &String| other.split_once(" · ").map_or(String::new(), |(_, rest)| format!("`{rest}`"));
    let others = others.iter().map(rest).collect::<Vec<_>>().join(", ");
    found.map_or(MutantOutcome::Unnoticed, |by| MutantOutcome::With(by, others))
}

/// Two operations, one of this function, whose concurrent calls in some order notice that the guards are missing.
fn noticing_pair(function: &str, struck: &[String]) -> Option<String> {
    let (function, struck) = (Some(function.to_owned()), struck.to_vec());
    let extent = Extent { faults: 0, left_out: LeftOut::Unraced, most: EXECUTIONS_MAX };
    let scenes = String::new();
    let wanted = Search { scenes, pairs: None, function, struck, tells: false, extent, threads: 1 };
    search(&wanted).err()?.into_iter().next()
}

/// Whether this seed notices that they are missing.
fn is_noticed(plan: &Plan, seed: u64, struck: &[String]) -> bool {
    run(&Plan { seed, struck: struck.to_vec(), ..plan.clone() }, Rng::from_seed(seed)).is_err()
}

fn render(guards: &[String], rows: &[MutantOutcome], seeds: u64) -> MutationReport {
    let count = |wanted: fn(&MutantOutcome) -> bool| rows.iter().filter(|row| wanted(row)).count();
    let alone = count(|row| matches!(row, MutantOutcome::Alone(_)));
    let meeting = count(|row| matches!(row, MutantOutcome::Meeting(_)));
    let together = count(|row| matches!(row, MutantOutcome::With(..)));
    let kept = count(|row| matches!(row, MutantOutcome::Kept(_)));
    let mut table = format!(
        "{} guards, each struck out in up to {seeds} runs: {alone} are missed, {meeting} more when two \
         operations meet in some order, {together} where another guard \
         that holds the same is missing too, and {kept} stay for a reason that no run can show.\n\n",
        guards.len(),
    );
    table.push_str("| Function | Item | Guard | Noticed by |\n|---|---|---|---|\n");
    let mut unexplained = Vec::new();
    for (guard, row) in guards.iter().zip(rows) {
        let why = match row {
            MutantOutcome::Alone(seed) => format!("{SEED}{seed}"),
            MutantOutcome::Meeting(pair) => pair.clone(),
            MutantOutcome::With(by, others) => format!("{by}{WITHOUT}{others}"),
            MutantOutcome::Kept(reason) => reason.clone(),
            MutantOutcome::Unnoticed => {
                unexplained.push(guard.clone());
                NOBODY.to_owned()
            }
        };
        let mut parts = guard.splitn(3, " · ");
        let mut part = || parts.next().unwrap_or_default();
        let _ = writeln!(table, "| {} | {} | `{}` | {why} |", part(), part(), part());
    }
    MutationReport { table, unexplained }
}

/// The guards of a document's table and what it says of them, but for those that nobody missed and those whose names
/// contain one of `again`: they are to be struck out again.
///
/// # Errors
/// When the document cannot be read.
pub fn read_table(path: &Path, again: &[String]) -> io::Result<BTreeMap<String, MutantOutcome>> {
    let text = fs::read_to_string(path)?;
    let table =
        text.split_once(MARKS[0]).and_then(|(_, rest)| rest.split_once(MARKS[1])).map_or("", |(table, _)| table);
    let rows = table.lines().filter_map(parse_row);
    let is_wanted = |guard: &str| again.iter().any(|part| guard.contains(part.as_str()));
    Ok(rows.filter(|(guard, outcome)| !is_wanted(guard) && *outcome != MutantOutcome::Unnoticed).collect())
}

/// A row of the table: the guard's name, and what is said of it.
fn parse_row(row: &str) -> Option<(String, MutantOutcome)> {
    let (function, rest) = row.strip_prefix("| ")?.split_once(" | ")?;
    let (item, rest) = rest.split_once(" | `")?;
    let (guard, said) = rest.split_once("` | ")?;
    let said = said.strip_suffix(" |")?;
    let guard = format!("{function} · {item} · {guard}");
    let outcome = if said == NOBODY {
        MutantOutcome::Unnoticed
    } else if let Some((by, others)) = said.split_once(WITHOUT) {
        MutantOutcome::With(by.to_owned(), others.to_owned())
    } else if let Some(seed) = said.strip_prefix(SEED) {
        MutantOutcome::Alone(seed.parse().ok()?)
    } else if matches!(equivalent_mutants::known_reason(&guard), Some(KeepReason::Because(reason)) if reason == said) {
        MutantOutcome::Kept(said.to_owned())
    } else {
        MutantOutcome::Meeting(said.to_owned())
    };
    Some((guard, outcome))
}

/// The words of the table for a guard that a seed notices, that is missed only without others, and that nobody misses.
const SEED: &str = "seed ";
const WITHOUT: &str = ", without ";
const NOBODY: &str = "**nobody**";

/// Puts the table into the document, between its marks.
///
/// # Errors
/// When the document cannot be read or written, or has no marks.
pub fn write_table(path: &Path, table: &str) -> io::Result<()> {
    let text = fs::read_to_string(path)?;
    let missing = || io::Error::other("the marks of the table are missing");
    let (before, rest) = text.split_once(MARKS[0]).ok_or_else(missing)?;
    let (_, after) = rest.split_once(MARKS[1]).ok_or_else(missing)?;
    fs::write(path, format!("{before}{}\n\n{}\n{}{after}", MARKS[0], table.trim_end(), MARKS[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let reason = "what is read first is there, and stays; a write with a wrong key must not make one";
        let guards = [
            "pay · ENTRY · a",
            "pay · RSV · b >= :c",
            "pay · STOCK · attribute_exists(pk)",
            "pay · UNPAID · d",
            "pay · X · e",
        ];
        let rows = [
            MutantOutcome::Alone(7),
            MutantOutcome::Meeting("a hold: pay with cancel_order".to_owned()),
            MutantOutcome::Kept(reason.to_owned()),
            MutantOutcome::With("seed 3".to_owned(), "`RSV · b`, `ENTRY · a`".to_owned()),
            MutantOutcome::Unnoticed,
        ];
        let guards = guards.map(str::to_owned);
        let table = render(&guards, &rows, 24).table;
        let read: Vec<(String, MutantOutcome)> = table.lines().filter_map(parse_row).collect();
        assert_eq!(read, guards.into_iter().zip(rows).collect::<Vec<_>>());
    }
}
