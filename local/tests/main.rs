//! Integration tests of the whole product, on the embedded engines. One program, so that it is linked once.

mod accounts;
mod bad_input;
mod capacity;
mod concerts;
mod contract;
mod events;
mod examples;
mod faults;
mod flow;
mod logs;
mod payments;
mod permissions;
mod queue;
mod races;
mod repository;
mod reservations;
mod restart;
mod seats;
mod service;
mod support;
mod tidy;
mod wallet;
