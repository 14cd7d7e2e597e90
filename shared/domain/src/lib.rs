//! The rules of an on-sale.
//!
//! Everything here is a pure function or a value that cannot be wrong: no AWS, no HTTP, no async, no clock, no
//! randomness and no wire format. The time is an argument; ids are arguments.
#![forbid(unsafe_code)]

pub mod account;
pub mod attempts;
pub mod audit;
pub mod concert;
pub mod coupon;
pub mod guessable;
pub mod hold;
pub mod id;
pub mod lapses;
pub mod money;
pub mod numbers;
pub mod order;
pub mod placing;
pub mod product;
pub mod queue;
pub mod queue_token;
pub mod reservation;
pub mod schedule;
pub mod seat;
pub mod stock;
pub mod text;
pub mod time;
pub mod unpaid;
pub mod wallet;
