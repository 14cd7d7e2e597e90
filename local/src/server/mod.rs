//! The ports that the stack serves.

pub mod connections;
pub mod openapi_page;
pub mod ports;
