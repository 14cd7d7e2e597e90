//! Everything of Onsale that touches the outside: the table, the queues, HTTP, Lambda, time and randomness.
//!
//! Rules that need none of these live in `onsale_domain`; nothing here decides what is allowed, it only asks,
//! keeps and answers.
#![forbid(unsafe_code)]

pub mod app;
pub mod config;
pub mod data_platform;
pub mod events;
pub mod http;
pub mod https;
pub mod lambda;
pub mod logs;
pub mod metrics;
pub mod passwords;
pub mod queue_pass;
pub mod refresh;
pub mod signing;
pub mod store;
pub mod tokens;
pub mod trace;
