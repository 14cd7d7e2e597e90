//! Every function of Onsale: one file each, in the folder of its domain. `template.yaml` says which route or
//! trigger calls which.
#![forbid(unsafe_code)]
#![expect(
    clippy::missing_errors_doc,
    reason = "how a handler refuses stands in its attribute, for the OpenAPI document"
)]

pub mod accounts;
pub mod concerts;
pub mod events;
pub mod orders;
pub mod payments;
pub mod products;
pub mod queue;
pub mod recovery;
pub mod reservations;
pub mod roles;
pub mod seats;
pub mod service;
pub mod tickets;
pub mod wallet;

use std::sync::OnceLock;

use onsale_platform::http::openapi;
use onsale_platform::lambda::Function;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// The functions of each domain, which is a folder here and a tag of the OpenAPI document.
const DOMAINS: [(&str, &[(&str, Function)]); 14] = [
    ("accounts", accounts::FUNCTIONS),
    ("recovery", recovery::FUNCTIONS),
    ("roles", roles::FUNCTIONS),
    ("queue", queue::FUNCTIONS),
    ("concerts", concerts::FUNCTIONS),
    ("seats", seats::FUNCTIONS),
    ("reservations", reservations::FUNCTIONS),
    ("tickets", tickets::FUNCTIONS),
    ("wallet", wallet::FUNCTIONS),
    ("payments", payments::FUNCTIONS),
    ("products", products::FUNCTIONS),
    ("orders", orders::FUNCTIONS),
    ("events", events::FUNCTIONS),
    ("service", service::FUNCTIONS),
];

/// Every function by its name, which is also the name of its file, binary and example event.
#[must_use]
pub fn all() -> Vec<(&'static str, Function)> {
    DOMAINS.iter().flat_map(|(_, functions)| functions.iter().cloned()).collect()
}

/// The OpenAPI document of all routes, from the descriptions above the handlers; made once per process.
pub fn openapi() -> &'static OpenApi {
    static DOCUMENT: OnceLock<OpenApi> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let mut document = OpenApi::default();
        for (domain, functions) in DOMAINS {
            for (_, function) in functions {
                if let Function::Http(route) = function {
                    let mut described = OpenApiRouter::new().routes(route()).into_openapi();
                    openapi::tag(&mut described, domain);
                    document.merge(described);
                }
            }
        }
        openapi::describe(&mut document);
        document
    })
}
