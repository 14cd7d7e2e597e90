//! Tickets: the codes that prove them, and the generations by which a code dies.

pub mod code;
pub mod generation;
