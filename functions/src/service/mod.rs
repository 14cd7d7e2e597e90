//! The service itself.

use onsale_platform::lambda::Function;

pub mod audit_ledger;
pub mod get_health;
pub mod get_openapi;
pub mod no_route;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // GET /health: whether requests can be served.
    ("get_health", Function::Http(get_health::routes)),
    // GET /openapi.json: the contract.
    ("get_openapi", Function::Http(get_openapi::routes)),
    // $default: what no route is for.
    ("no_route", Function::Http(no_route::routes)),
    // Every day at 04:17: whether the books agree.
    ("audit_ledger", Function::Event(audit_ledger::answer)),
];
