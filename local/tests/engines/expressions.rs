//! Expressions of conditions, filters, ranges and updates, and values of every type.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Attributes besides the keys. `state`, `name`, `count` and `size` are reserved words.
pub const NAMES: [&str; 8] = ["a", "n", "state", "name", "count", "list", "map", "set"];

/// The names and values that an expression uses.
#[derive(Default)]
pub struct Names {
    pub names: BTreeMap<String, Value>,
    pub values: BTreeMap<String, Value>,
}

impl Names {
    pub fn value(&mut self, value: Value) -> String {
        let name = format!(":v{}", self.values.len());
        self.values.insert(name.clone(), value);
        name
    }

    /// By a placeholder.
    pub fn name(&mut self, name: &str) -> String {
        let placeholder = format!("#{name}");
        self.names.insert(placeholder.clone(), json!(name));
        placeholder
    }

    /// An attribute, or a part of one, at times by a word that is reserved.
    pub fn path(&mut self, dice: &mut fastrand::Rng) -> String {
        let name = *dice.choice(&NAMES).unwrap_or(&"a");
        match dice.usize(0..40) {
            0 => name.to_owned(),
            1 => self.name("pk"),
            2..6 => format!("{}[{}]", self.name("list"), dice.usize(0..3)),
            6..10 => format!("{}.{}", self.name("map"), self.name("a")),
            _ => self.name(name),
        }
    }
}

/// A number as somebody may write it.
pub fn number(dice: &mut fastrand::Rng) -> Value {
    let odd = [
        "0",
        "-0",
        "01",
        "1.0",
        "1.50",
        "1e2",
        "1E+3",
        "-5",
        "0.000",
        "12345678901234567890123456789012345678",
        "123456789012345678901234567890123456789",
        "9.99e125",
        "1e126",
        "1e-130",
        "1e-131",
        "",
        "abc",
        " 1",
        "+7",
        ".5",
    ];
    match dice.usize(0..15) {
        0 => json!({ "N": *dice.choice(&odd).unwrap_or(&"0") }),
        _ => json!({ "N": dice.i64(-5..20).to_string() }),
    }
}

/// A value of any type.
pub fn value(dice: &mut fastrand::Rng, depth: usize) -> Value {
    let texts = ["", "a", "ab", "b", "좌석", "A-1-1", "~"];
    let text = |dice: &mut fastrand::Rng| *dice.choice(&texts).unwrap_or(&"a");
    match dice.usize(0..if depth < 2 { 24 } else { 14 }) {
        0..6 => json!({ "S": text(dice) }),
        6..12 => number(dice),
        12 => json!({ "BOOL": dice.bool() }),
        13 => json!({ "NULL": true }),
        14 => json!({ "B": *dice.choice(&["YQ==", "", "/////w=="]).unwrap_or(&"") }),
        15..17 => json!({ "SS": (0..dice.usize(0..8) % 3).map(|_| text(dice)).collect::<Vec<_>>() }),
        17..19 => json!({ "NS": (0..dice.usize(0..8) % 3).map(|_| number(dice)["N"].clone()).collect::<Vec<_>>() }),
        19..21 => json!({ "L": (0..dice.usize(0..4)).map(|_| value(dice, depth + 1)).collect::<Vec<_>>() }),
        21..23 => json!({ "M": { "a": value(dice, depth + 1), "좌석": value(dice, depth + 1) } }),
        _ if dice.usize(0..6) == 0 => json!({ "S": "x", "N": "1" }),
        _ => json!({ "BOOL": true }),
    }
}

/// An operand of the same kinds of value that conditions of the product compare.
fn operand(dice: &mut fastrand::Rng, names: &mut Names) -> String {
    let depth = if dice.usize(0..4) == 0 { 0 } else { 2 };
    let value = value(dice, depth);
    names.value(value)
}

/// A condition or filter.
pub fn condition(dice: &mut fastrand::Rng, names: &mut Names, depth: usize) -> String {
    let path = names.path(dice);
    match dice.usize(0..if depth < 2 { 20 } else { 14 }) {
        0 => "attribute_exists(pk)".to_owned(),
        1 => "attribute_not_exists(pk)".to_owned(),
        2 => format!("attribute_exists({path})"),
        3 => format!("attribute_not_exists({path})"),
        4..8 => {
            let sign = *dice.choice(&["=", "<>", "<", "<=", ">", ">="]).unwrap_or(&"=");
            format!("{path} {sign} {}", operand(dice, names))
        }
        8 => {
            let (low, high) = (names.value(number(dice)), names.value(number(dice)));
            format!("{path} BETWEEN {low} AND {high}")
        }
        9 => format!("{path} IN ({}, {})", operand(dice, names), operand(dice, names)),
        10 => format!("begins_with({path}, {})", operand(dice, names)),
        11 => format!("contains({path}, {})", operand(dice, names)),
        12 => format!("size({path}) > {}", names.value(number(dice))),
        13 => {
            let kind = *dice.choice(&["S", "N", "L", "M", "SS", "NULL", "BOOL", "X"]).unwrap_or(&"S");
            format!("attribute_type({path}, {})", names.value(json!({ "S": kind })))
        }
        14..16 => format!("NOT {}", condition(dice, names, depth + 1)),
        sign => {
            let sign = if sign % 2 == 0 { "AND" } else { "OR" };
            let left = condition(dice, names, depth + 1);
            let right = condition(dice, names, depth + 1);
            if dice.bool() { format!("({left}) {sign} ({right})") } else { format!("{left} {sign} {right}") }
        }
    }
}

/// What may follow the partition in a condition on keys.
pub fn range(dice: &mut fastrand::Rng, names: &mut Names, sort: &str, text: bool) -> String {
    let bound = |dice: &mut fastrand::Rng| {
        if dice.usize(0..30) == 0 {
            json!({ "S": "" })
        } else if text {
            json!({ "S": format!("S#{}", dice.usize(0..6)) })
        } else {
            json!({ "N": dice.i64(-5..20).to_string() })
        }
    };
    let (low, high) = (names.value(bound(dice)), bound(dice));
    let sort = names.name(sort);
    match dice.usize(0..9) {
        0..2 => format!(" AND begins_with({sort}, {low})"),
        2..4 => {
            let high = names.value(high);
            format!(" AND {sort} BETWEEN {low} AND {high}")
        }
        4 => format!(" AND {sort} <> {low}"),
        sign => format!(" AND {sort} {} {low}", ["=", "<", "<=", ">", ">="][sign % 5]),
    }
}

/// What changes an item.
pub fn update(dice: &mut fastrand::Rng, names: &mut Names) -> String {
    let mut parts = Vec::new();
    if dice.usize(0..4) > 0 {
        let sets: Vec<String> = (0..dice.usize(1..3)).map(|_| assignment(dice, names)).collect();
        parts.push(format!("SET {}", sets.join(", ")));
    }
    if dice.usize(0..4) == 0 {
        parts.push(format!("REMOVE {}", names.path(dice)));
    }
    if dice.usize(0..4) == 0 {
        let path = names.path(dice);
        let value = if dice.bool() { number(dice) } else { value(dice, 0) };
        parts.push(format!("ADD {path} {}", names.value(value)));
    }
    if dice.usize(0..8) == 0 || parts.is_empty() {
        let value = names.value(json!({ "SS": ["a"] }));
        parts.push(format!("DELETE {} {value}", names.name("set")));
    }
    parts.join(" ")
}

fn assignment(dice: &mut fastrand::Rng, names: &mut Names) -> String {
    let path = match dice.usize(0..12) {
        0 => names.name("owner"),
        1 => names.name("created_at"),
        _ => names.path(dice),
    };
    let other = names.path(dice);
    match dice.usize(0..10) {
        0..3 => {
            let by = names.value(number(dice));
            format!("{path} = {other} {} {by}", if dice.bool() { "+" } else { "-" })
        }
        3..5 => format!("{path} = if_not_exists({other}, {})", operand(dice, names)),
        5 => {
            let tail = names.value(json!({ "L": [value(dice, 2)] }));
            format!("{path} = list_append({other}, {tail})")
        }
        6 => format!("{path} = {other}"),
        _ => {
            let value = value(dice, 0);
            format!("{path} = {}", names.value(value))
        }
    }
}
