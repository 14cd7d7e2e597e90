//! $default — what no route is for: 404, or 405 where another method is.

use axum::http::Uri;
use onsale_platform::app::App;
use onsale_platform::http::{Detail, Problem};
use utoipa_axum::router::OpenApiRouter;

async fn handle(uri: Uri) -> Problem {
    let document = crate::openapi();
    let exists = document.paths.paths.keys().any(|route| matches(route, uri.path()));
    match exists {
        true => Problem::new(Detail::MethodNotAllowed),
        false => Problem::new(Detail::NoRoute),
    }
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

/// It has no route of its own: it is what is left.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().fallback(handle)
}
