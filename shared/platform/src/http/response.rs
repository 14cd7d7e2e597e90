//! Successful answers.

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::store::Page;
use crate::store::dynamodb::idempotency::Once;

/// Tells a client that its request had been carried out before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// An answer with a body.
#[derive(Debug)]
pub struct Answer<T> {
    status: StatusCode,
    replayed: bool,
    cookie: Option<HeaderValue>,
    body: T,
}

impl<T> Answer<T> {
    /// 200.
    pub fn ok(body: T) -> Self {
        Self { status: StatusCode::OK, replayed: false, cookie: None, body }
    }

    /// 201.
    pub fn created(body: T) -> Self {
        Self { status: StatusCode::CREATED, replayed: false, cookie: None, body }
    }

    /// The same with a cookie for the browser to keep.
    #[must_use]
    pub fn with_cookie(mut self, cookie: Option<HeaderValue>) -> Self {
        self.cookie = cookie;
        self
    }
}

impl<T> From<Once<T>> for Answer<T> {
    /// 201 for what is done now, and for a repeat of the same request, which is marked as one; 200 for what was there.
    fn from(done: Once<T>) -> Self {
        match done {
            Once::New(body) => Self::created(body),
            Once::Replayed(body) => Self { replayed: true, ..Self::created(body) },
            Once::Existing(body) => Self::ok(body),
        }
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(cookie) = self.cookie {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        if self.replayed {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// 204.
#[derive(Debug, Default)]
pub struct NoContent {
    cookie: Option<HeaderValue>,
}

impl NoContent {
    /// 204.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// 204, with a cookie for the browser to keep or forget.
    #[must_use]
    pub fn with_cookie(cookie: Option<HeaderValue>) -> Self {
        Self { cookie }
    }
}

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        let mut response = StatusCode::NO_CONTENT.into_response();
        if let Some(cookie) = self.cookie {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// An answer to what will be done, and says nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Accepted;

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        StatusCode::ACCEPTED.into_response()
    }
}

/// The answer to a request to delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, utoipa::IntoResponses)]
pub enum Deleted {
    /// Deleted (or already deleted).
    #[response(status = 204)]
    Done,
    /// Accepted: the deletion continues in the background; repeat the request until it answers 204.
    #[response(status = 202)]
    Accepted,
}

/// When to ask again after a deletion that goes on, in seconds.
const DELETION_RETRY_SECONDS: &str = "30";

impl IntoResponse for Deleted {
    fn into_response(self) -> Response {
        match self {
            Self::Done => NoContent::default().into_response(),
            Self::Accepted => (StatusCode::ACCEPTED, [(header::RETRY_AFTER, DELETION_RETRY_SECONDS)]).into_response(),
        }
    }
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PageOut<T> {
    /// Items of the page.
    pub items: Vec<T>,
    /// Cursor of the next page; null on the last page.
    pub next: Option<String>,
}

impl<T> PageOut<T> {
    /// A page of the store as an answer.
    pub fn from_page<S>(page: Page<S>, shown: impl FnMut(S) -> T) -> Self {
        Self { items: page.items.into_iter().map(shown).collect(), next: page.next }
    }
}

/// The entity tag of a body.
#[must_use]
pub fn entity_tag(body: &[u8]) -> String {
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(body)[..12]))
}

/// Whether a request's `If-None-Match` names this tag.
#[must_use]
pub fn is_known(request: &HeaderMap, tag: &str) -> bool {
    let known = request.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or("");
    known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag || known.trim() == "*")
}

/// An answer for many readers: with an entity tag of the body as it is sent, and a short life in caches.
#[derive(Debug)]
pub struct Cacheable {
    body: Vec<u8>,
    tag: String,
    is_known: bool,
    max_age_seconds: u32,
    shared: bool,
}

impl Cacheable {
    /// The body, or nothing if the caller's `If-None-Match` names it.
    ///
    /// # Errors
    /// When the body cannot be written.
    pub fn new(
        body: &impl Serialize,
        request: &HeaderMap,
        max_age_seconds: u32,
    ) -> Result<Self, crate::failure::Failure> {
        let body = serde_json::to_vec(body).map_err(|error| crate::failure::Failure::Internal(error.to_string()))?;
        let tag = entity_tag(&body);
        let is_known = is_known(request, &tag);
        Ok(Self { body, tag, is_known, max_age_seconds, shared: true })
    }

    /// The same for one viewer only: no cache between may give it to another.
    #[must_use]
    pub fn private(mut self, private: bool) -> Self {
        self.shared = !private;
        self
    }
}

impl IntoResponse for Cacheable {
    fn into_response(self) -> Response {
        let status = if self.is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let whose = if self.shared { "public" } else { "private" };
        let cache = format!("{whose}, max-age={}", self.max_age_seconds);
        let headers = [(header::ETAG, self.tag), (header::CACHE_CONTROL, cache)];
        if self.is_known {
            return (status, headers).into_response();
        }
        (status, headers, [(header::CONTENT_TYPE, "application/json")], self.body).into_response()
    }
}
