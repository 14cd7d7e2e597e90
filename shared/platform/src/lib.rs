//! Everything of Onsale that touches the outside: the table, the queues, HTTP, Lambda, time and randomness.
//!
//! Rules that need none of these live in `onsale_domain`; nothing here decides what is allowed, it only asks,
//! keeps and answers.
#![forbid(unsafe_code)]

pub mod app;
pub mod auth;
pub mod card_provider;
pub mod clock;
pub mod config;
pub mod events;
pub mod failure;
pub mod http;
pub mod ids;
pub mod lambda;
pub mod memory;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod webhook;
