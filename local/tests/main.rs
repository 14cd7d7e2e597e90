//! Integration tests of the whole product, on the embedded engines. One program, so that it is linked once.

mod accounts;
mod bad_input;
mod concerts;
mod events;
mod flow;
mod payments;
mod reservations;
mod seats;
mod service;
mod support;
mod wallet;
