//! Documents and assets for browsers: which language, what is compressed and kept, and the headers that keep strangers'
//! scripts out.

use std::io::Write as _;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;

use super::browser::PublicUrl;
use super::language::Language;
use super::response::{entity_tag, is_known};
use crate::app::App;

/// Headers of every answer of the page. Scripts and styles come from files of this origin alone, and a worker is made
/// by the policy `onsale` alone (docs/security.md).
const SECURITY_HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; \
         require-trusted-types-for 'script'; trusted-types onsale",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(self), geolocation=(), microphone=()"),
];
/// Browsers that came over TLS come back over TLS, for two years.
const TRANSPORT_SECURITY: &str = "max-age=63072000";
/// The cookie that keeps the language somebody chose, and for how long, in seconds: a year.
const LANGUAGE_COOKIE: &str = "language";
const LANGUAGE_SECONDS: u32 = 31_536_000;
/// When to try again after the table failed, in seconds.
const RETRY_SECONDS: &str = "2";

/// A request for a document.
#[derive(Debug)]
pub struct DocumentRequest {
    /// The language of its reader: the one that somebody chose, or else the browser's.
    pub language: Language,
    /// Path that is asked for.
    pub path: String,
    headers: HeaderMap,
    is_secure: bool,
    now: Timestamp,
}

/// The outcome of a request for a document, as its status tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is shown: 200, or 304 if the browser has it.
    Shown,
    /// It is not there: 404.
    Missing,
    /// It cannot be shown now: 503.
    Failed,
}

/// A file of the page, as it is sent to browsers that take it compressed and to others.
#[derive(Debug)]
pub struct Asset {
    /// Name, which is the end of its path.
    pub name: &'static str,
    /// Media type.
    pub content_type: &'static str,
    /// Content.
    pub plain: &'static [u8],
    /// The same, compressed by gzip.
    pub gzip: &'static [u8],
}

impl FromRequestParts<App> for DocumentRequest {
    /// The answer to somebody who changes the language by `?lang=`: the same page again, in that language.
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let url = PublicUrl::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        let request = Self {
            language: cookie_language(&parts.headers).unwrap_or_else(|| Language::from_headers(&parts.headers)),
            path: parts.uri.path().to_owned(),
            headers: parts.headers.clone(),
            is_secure: url.is_secure(),
            now: app.now(),
        };
        let query = parts.uri.query().unwrap_or_default();
        match query.split('&').find_map(|pair| pair.strip_prefix("lang=")).and_then(Language::parse) {
            Some(language) => Err(request.switch_to(language)),
            None => Ok(request),
        }
    }
}

fn cookie_language(headers: &HeaderMap) -> Option<Language> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == LANGUAGE_COOKIE).and_then(|(_, tag)| Language::parse(tag))
}

impl DocumentRequest {
    /// The document as an answer. A browser keeps it, and asks each time whether it has changed.
    #[must_use]
    pub fn answer(&self, told: Told, document: String) -> Response {
        let document = document.into_bytes();
        let tag = entity_tag(&document);
        let mut response = Response::new(Body::empty());
        self.add_headers(response.headers_mut(), &tag);
        *response.status_mut() = match told {
            Told::Shown if is_known(&self.headers, &tag) => {
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                return response;
            }
            Told::Shown => StatusCode::OK,
            Told::Missing => StatusCode::NOT_FOUND,
            Told::Failed => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        *response.body_mut() = Body::from(compress(&self.headers, response.headers_mut(), document));
        response
    }

    fn add_headers(&self, headers: &mut HeaderMap, tag: &str) {
        add_security_headers(headers);
        if self.is_secure {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TRANSPORT_SECURITY));
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding, accept-language, cookie"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(self.language.tag()));
        // The clock of the server: of the headers of its own document a script may read this one alone.
        let now = format!("now;desc=\"{}\"", self.now.as_millisecond());
        for (name, value) in [(header::ETAG, tag), (HeaderName::from_static("server-timing"), &now)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
    }

    /// Remembers the language, and leads back to the same page.
    fn switch_to(&self, language: Language) -> Response {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let tag = language.tag();
        let cookie = format!("{LANGUAGE_COOKIE}={tag}; Path=/; Max-Age={LANGUAGE_SECONDS}; SameSite=Lax{secure}");
        // A path that begins with two slashes would be another host.
        let back = format!("/{}", self.path.trim_start_matches('/'));
        let headers = [(header::SET_COOKIE, cookie), (header::LOCATION, back)];
        let mut response = (StatusCode::SEE_OTHER, headers).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        add_security_headers(response.headers_mut());
        response
    }
}

fn add_security_headers(headers: &mut HeaderMap) {
    for (name, value) in SECURITY_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Whether a browser takes what gzip has compressed (RFC 9110, 12.5.3); `gzip;q=0` refuses it.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && weight.replace(' ', "").trim_end_matches(['0', '.']) != "q="
    })
}

/// Compresses a document or a picture if the browser takes that, and says so: API Gateway's HTTP API compresses nothing.
pub(super) fn compress(request: &HeaderMap, answer: &mut HeaderMap, document: Vec<u8>) -> Vec<u8> {
    if !takes_gzip(request) {
        return document;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    match encoder.write_all(&document).and_then(|()| encoder.finish()) {
        Ok(compressed) => {
            answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            compressed
        }
        Err(_) => document,
    }
}

/// An asset, whose name has a hash of its content and so never means another; 404 without one.
#[must_use]
pub fn asset_response(asset: Option<&'static Asset>, request: &HeaderMap) -> Response {
    let Some(asset) = asset else {
        let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
        let mut response = (StatusCode::NOT_FOUND, headers, "Not Found\n").into_response();
        add_security_headers(response.headers_mut());
        return response;
    };
    let is_compressed = takes_gzip(request);
    let mut response = Response::new(Body::from(if is_compressed { asset.gzip } else { asset.plain }));
    let headers = response.headers_mut();
    add_security_headers(headers);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if is_compressed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_takes_gzip_is_sent_gzip() {
        for (accepted, expected) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.0", false),
            ("br", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
            assert_eq!(takes_gzip(&headers), expected, "{accepted:?}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
