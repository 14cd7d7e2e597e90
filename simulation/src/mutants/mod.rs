//! Conditions that are struck out one part at a time, which a run must notice.

pub mod condition_mutation;
pub(crate) mod conditions;
pub(crate) mod equivalent_mutants;
