//! $default — what no route is for: 404, or 405 where another method is.

use axum::http::Uri;
use onsale_platform::http::{Detail, Problem};

/// Why a request to `uri` is refused.
pub fn no_route(uri: &Uri) -> Problem {
    let document = crate::openapi();
    let exists = document.paths.paths.keys().any(|route| matches(route, uri.path()));
    Problem::new(if exists { Detail::MethodNotAllowed } else { Detail::NoRoute })
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
