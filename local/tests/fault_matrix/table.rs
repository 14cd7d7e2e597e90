//! Reads `docs/reports/fault-matrix.md`: no cell is missing, each names tests that there are or says why there is none,
//! and each test of the matrix has its cell.

use std::collections::{BTreeMap, BTreeSet};

use super::case::OPERATIONS;
use crate::repository::{read, tests};

const PATH: &str = "docs/reports/fault-matrix.md";
const FAULTS: usize = 22;

/// One field of the table.
#[derive(Debug)]
enum Cell {
    /// Tests, by the names that stand there.
    Tests(Vec<String>),
    /// The number of the note that says why there is none.
    None(usize),
}

/// The table: its faults by the modules of their tests, and its rows in order.
struct Matrix {
    modules: Vec<String>,
    rows: Vec<(String, Vec<Cell>)>,
    notes: BTreeMap<usize, String>,
}

impl Matrix {
    fn read() -> Self {
        let text = read(PATH);
        let fields = |line: &str| -> Vec<String> {
            line.trim().trim_matches('|').split('|').map(|field| field.trim().to_owned()).collect()
        };
        let (_, table) = text.split_once("## The matrix").expect("the matrix");
        let mut lines = table.lines().filter(|line| line.starts_with('|'));
        let head = fields(lines.next().expect("a head"));
        let modules = head[1..].iter().enumerate().map(|(index, field)| {
            let module =
                field.strip_prefix(&format!("F{} ", index + 1)).unwrap_or_else(|| panic!("{field}: its number"));
            module.trim_matches('`').to_owned()
        });
        let modules: Vec<String> = modules.collect();
        let rows = lines.skip(1).map(|line| {
            let fields = fields(line);
            (fields[0].trim_matches('`').to_owned(), fields[1..].iter().map(|field| cell(field)).collect())
        });
        let rows = rows.collect();
        let notes = table.lines().filter_map(|line| {
            let (number, note) = line.split_once(". ")?;
            Some((number.parse().ok()?, note.trim().to_owned()))
        });
        let notes = notes.collect();
        Self { modules, rows, notes }
    }
}

fn cell(field: &str) -> Cell {
    if let Some(note) = field.strip_prefix("— (") {
        let note = note.strip_suffix(')').and_then(|note| note.parse().ok());
        return Cell::None(note.unwrap_or_else(|| panic!("{field}: a dash has the number of its reason")));
    }
    let names = field.split(", ").map(|name| {
        let inner = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'));
        inner.filter(|name| !name.is_empty()).unwrap_or_else(|| panic!("{field:?} is no test")).to_owned()
    });
    Cell::Tests(names.collect())
}

#[test]
fn no_cell_is_missing() {
    let matrix = Matrix::read();
    assert_eq!(matrix.modules.len(), FAULTS);
    let operations: Vec<&str> = matrix.rows.iter().map(|(operation, _)| operation.as_str()).collect();
    assert_eq!(operations, OPERATIONS.map(|(operation, _)| operation), "the rows of {PATH}");
    for (operation, cells) in &matrix.rows {
        assert_eq!(cells.len(), FAULTS, "{operation} has a cell for each fault");
    }
}

#[test]
fn every_cell_is_a_test_and_every_test_has_its_cell() {
    let (matrix, tests) = (Matrix::read(), tests());
    let mut without: BTreeSet<&str> = tests.iter().map(String::as_str).collect();
    without.retain(|test| test.starts_with("fault_matrix::") && !test.starts_with("fault_matrix::table::"));
    for (operation, cells) in &matrix.rows {
        for (module, cell) in matrix.modules.iter().zip(cells) {
            let own = format!("fault_matrix::{module}::{operation}");
            let Cell::Tests(names) = cell else {
                assert!(!tests.contains(&own), "{own} is there, and its cell has a dash");
                continue;
            };
            let mut found = Vec::new();
            for name in names {
                // Of its column, of the matrix, or of somewhere else.
                let places = [format!("fault_matrix::{module}::{name}"), format!("fault_matrix::{name}"), name.clone()];
                let test = places.into_iter().find(|place| tests.contains(place));
                let test = test.unwrap_or_else(|| panic!("{operation}, {module}: there is no test {name}"));
                without.remove(test.as_str());
                found.push(test);
            }
            assert!(!tests.contains(&own) || found.contains(&own), "{own} is not in its own cell");
        }
    }
    assert!(without.is_empty(), "in no cell of {PATH}: {without:#?}");
}

#[test]
fn every_dash_has_its_reason() {
    let matrix = Matrix::read();
    let cells = matrix.rows.iter().flat_map(|(_, cells)| cells);
    let used: BTreeSet<usize> =
        cells.filter_map(|cell| if let Cell::None(note) = cell { Some(*note) } else { None }).collect();
    let given: BTreeSet<usize> = matrix.notes.keys().copied().collect();
    assert_eq!(used, given, "notes that are used, and notes that there are");
    for (number, note) in &matrix.notes {
        assert!(note.len() > 20 && note.ends_with('.'), "{number}: {note:?} is no reason");
    }
}
