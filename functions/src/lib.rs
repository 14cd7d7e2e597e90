//! Every function of Onsale: one file each, in the folder of its domain. `template.yaml` says which route or
//! trigger calls which.
#![forbid(unsafe_code)]

pub mod accounts;
pub mod concerts;
pub mod coupons;
pub mod events;
pub mod orders;
pub mod payments;
pub mod products;
pub mod queue;
pub mod reservations;
pub mod seats;
pub mod service;
pub mod wallet;

use std::sync::OnceLock;

use onsale_platform::lambda::Function;
use utoipa::openapi::OpenApi;

/// Every function by its name, which is also the name of its file, binary and example event.
#[must_use]
pub fn all() -> Vec<(&'static str, Function)> {
    [
        accounts::FUNCTIONS,
        queue::FUNCTIONS,
        concerts::FUNCTIONS,
        seats::FUNCTIONS,
        reservations::FUNCTIONS,
        wallet::FUNCTIONS,
        payments::FUNCTIONS,
        products::FUNCTIONS,
        orders::FUNCTIONS,
        coupons::FUNCTIONS,
        events::FUNCTIONS,
        service::FUNCTIONS,
    ]
    .concat()
}

/// The OpenAPI document of all routes, from the descriptions above the handlers; made once per process.
pub fn openapi() -> &'static OpenApi {
    static DOCUMENT: OnceLock<OpenApi> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let mut document = OpenApi::default();
        for (_, function) in all() {
            if let Function::Http(routes) = function {
                document.merge(routes().into_openapi());
            }
        }
        service::get_openapi::describe(&mut document);
        document
    })
}
