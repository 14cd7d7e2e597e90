//! The service itself.

pub mod audit_ledger;
mod cross_origin;
mod currency;
mod get_health;
mod get_openapi;
mod get_page;
mod languages;
mod messages;
mod no_route;
mod openapi_page;
