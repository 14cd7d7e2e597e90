//! $default — requests without a route: 404, or 405 with the methods of the path.

use std::collections::BTreeSet;

use axum::http::Uri;
use onsale_platform::http::{Detail, Problem, openapi};

/// Why a request to `uri` is refused.
pub fn no_route(uri: &Uri) -> Problem {
    let paths = crate::openapi().paths.paths.iter().filter(|(route, _)| matches(route, uri.path()));
    let methods: BTreeSet<&str> = paths.flat_map(|(_, item)| openapi::methods(item)).collect();
    if methods.is_empty() {
        return Problem::new(Detail::NoRoute);
    }
    Problem::new(Detail::MethodNotAllowed { methods: methods.into() })
}

/// Whether a path is of a route, whose `{parameters}` stand for one segment each.
fn matches(route: &str, path: &str) -> bool {
    let (mut route, mut path) = (route.split('/'), path.split('/'));
    loop {
        match (route.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given => {}
            (Some(wanted), Some(given)) if wanted.starts_with('{') && !given.is_empty() => {}
            _ => return false,
        }
    }
}
