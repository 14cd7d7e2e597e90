//! Integration tests of the whole product, on the embedded engines. One program, so that it is linked once.

mod accounts;
mod capacity;
mod concerts;
mod faults;
mod flow;
mod races;
mod restart;
mod seats;
mod support;
