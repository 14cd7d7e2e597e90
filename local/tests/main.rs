//! Integration tests of the whole product, on the embedded engines. One program, so that it is linked once.

mod accounts;
mod capacity;
mod concerts;
mod contract;
mod examples;
mod faults;
mod flow;
mod races;
mod repository;
mod restart;
mod seats;
mod support;
mod tidy;
