//! Guards that nobody misses when they alone are struck out, and why they stay.

/// Why a guard stays that nobody misses.
#[derive(Clone, Copy, Debug)]
pub enum Kept {
    /// Others of the same function, by the beginnings of what follows in their names, hold the same thing: struck out
    /// together with them it must be missed, and they without it not, in the same run.
    With(&'static [&'static str]),
    /// No run of the simulation can miss it.
    Because(&'static str),
}

const THERE: &str = "what is read first is there, and stays; a write with a wrong key must not make one";
const COUNT: &str = "right as long as the others hold; a count that is wrong must not go on";
const OWNER: &str = "changes only with its reservation or order, whose version is asked for";

/// A function, or `*`; the beginning of what follows in a guard's name; and why.
const KEPT: &[(&str, &str, Kept)] = &[
    ("*", "STOCK · attribute_exists(pk)", Kept::Because(THERE)),
    ("*", "QUEUE · attribute_exists(pk)", Kept::Because(THERE)),
    ("*", "BATCH · attribute_exists(pk)", Kept::Because(THERE)),
    ("*", "CLAIM · attribute_exists(pk)", Kept::Because(THERE)),
    ("*", "SCHEDULE · attribute_exists(pk)", Kept::Because(THERE)),
    ("*", "BLOCK · attribute_exists(pk)", Kept::Because(THERE)),
    ("*", "ALLOWANCE · #count >= :seats", Kept::Because(COUNT)),
    ("*", "ENTRY · attribute_not_exists(pk)", Kept::With(&["WALLET · seq"])),
    ("*", "WALLET · seq", Kept::With(&["ENTRY"])),
    ("*", "CLAIM · used_by = :order", Kept::Because(OWNER)),
    ("cancel_payment", "BLOCK · #N = :mine", Kept::Because(OWNER)),
];

/// Why this guard stays though nobody may miss it, if that is known.
#[must_use]
pub fn kept(guard: &str) -> Option<Kept> {
    let (function, rest) = guard.split_once(" · ")?;
    let of = |(named, _, _): &&(&str, &str, Kept)| *named == "*" || *named == function;
    KEPT.iter().filter(of).find(|(_, part, _)| rest.starts_with(part)).map(|(.., kept)| *kept)
}
