//! The service itself: its page, its contract, its health.

mod response;

use onsale_platform::lambda::Function;
use utoipa_axum::routes;

pub mod audit_ledger;
pub mod get_health;
pub mod get_openapi;
pub mod get_page;
pub mod no_route;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // GET / · GET /app/{path+} · GET /assets/{path+}: the page that people use.
    ("get_page", Function::Page(get_page::get_page)),
    // GET /health: whether requests can be served.
    ("get_health", Function::Http(|| routes!(get_health::get_health))),
    // GET /openapi.json: the contract.
    ("get_openapi", Function::Http(|| routes!(get_openapi::get_openapi))),
    // $default: what no route is for.
    ("no_route", Function::Default(no_route::no_route)),
    // Every day at 04:17: whether the books agree.
    ("audit_ledger", Function::Event(audit_ledger::handler)),
];
