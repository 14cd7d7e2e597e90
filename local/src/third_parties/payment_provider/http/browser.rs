//! The files for browsers: Stripe's script in small, and the document of the frame in which card data are typed.

use axum::http::{HeaderValue, header};
use axum::response::Response;

use crate::third_parties::payment_provider::http::text;

const SCRIPT: &str = include_str!("../script/provider.js");
const DOCUMENT: &str = include_str!("../script/elements.html");
const DOCUMENT_SCRIPT: &str = include_str!("../script/elements.js");
const STYLE: &str = include_str!("../script/provider.css");

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
/// A script or a style is no document.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";
/// The frame may be opened by every page of this machine, whatever its port.
const FRAME: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
                     form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'; \
                     frame-ancestors http://localhost:* http://127.0.0.1:* https://localhost:* https://127.0.0.1:*";

pub(crate) async fn script() -> Response {
    let mut response = text(JAVASCRIPT, NOTHING, SCRIPT.to_owned());
    // Pages of another origin load it.
    let cross_origin = HeaderValue::from_static("cross-origin");
    response.headers_mut().insert(header::HeaderName::from_static("cross-origin-resource-policy"), cross_origin);
    response
}

pub(crate) async fn document() -> Response {
    text("text/html; charset=utf-8", FRAME, DOCUMENT.to_owned())
}

pub(crate) async fn document_script() -> Response {
    text(JAVASCRIPT, NOTHING, DOCUMENT_SCRIPT.to_owned())
}

pub(crate) async fn style() -> Response {
    text("text/css; charset=utf-8", NOTHING, STYLE.to_owned())
}
