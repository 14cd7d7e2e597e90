//! The service itself.

mod get_health;
mod get_openapi;
mod no_route;
