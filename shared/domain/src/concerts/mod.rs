//! Concerts and their dates.

pub mod concert;
pub mod schedule;
