//! Integration tests of the whole product, on the embedded engines. One program, so that it is linked once.

mod accounts;
mod concerts;
mod flow;
mod seats;
mod support;
