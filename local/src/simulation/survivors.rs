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

/// A function, or `*`; the beginning of what follows in a guard's name; and why.
const KEPT: &[(&str, &str, Kept)] = &[];

/// Why this guard stays though nobody may miss it, if that is known.
#[must_use]
pub fn kept(guard: &str) -> Option<Kept> {
    let (function, rest) = guard.split_once(" · ")?;
    let of = |(named, _, _): &&(&str, &str, Kept)| *named == "*" || *named == function;
    KEPT.iter().filter(of).find(|(_, part, _)| rest.starts_with(part)).map(|(.., kept)| *kept)
}
