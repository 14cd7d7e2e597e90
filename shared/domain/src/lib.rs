//! The rules of an on-sale.
//!
//! Everything here is a pure function or a value that cannot be wrong: no AWS, no HTTP, no async, no clock, no
//! randomness and no wire format. The time is an argument; ids are arguments.
#![forbid(unsafe_code)]

pub mod accounts;
pub mod audit;
pub mod concerts;
pub mod id;
pub mod money;
pub mod orders;
pub mod products;
pub mod purchases;
pub mod queue;
pub mod reservations;
pub mod seats;
pub mod text;
pub mod tickets;
pub mod time;
pub mod wallet;
