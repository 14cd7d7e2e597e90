//! A problem as it is sent (RFC 9457), in the caller's language.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::language::Language;
use super::problem::{Problem, Reason, WrongField};

/// A field that is not what it must be.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Name of the field, parameter or header.
    pub field: String,
    /// What it must be; never what it was.
    pub message: String,
}

/// The body of every refusal (RFC 9457).
#[derive(Serialize, utoipa::ToSchema)]
pub struct ProblemOut {
    /// A URI that names the code.
    #[serde(rename = "type")]
    kind: String,
    /// What went wrong, in the caller's language.
    title: &'static str,
    /// HTTP status.
    status: u16,
    /// What went wrong this time.
    detail: String,
    /// Id of the request, for support.
    instance: String,
    /// Machine-readable name of the problem.
    code: &'static str,
    /// For `invalid-request`: what is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// For `seat-taken` and `seat-not-found`: which seats.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    seats: Vec<String>,
    /// For `out-of-stock`, `price-changed` and `not-selling`: which products.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<String>,
}

/// Where problem types live.
const TYPE_PREFIX: &str = "https://onsale.example/problems/";

impl Problem {
    /// What went wrong this time, and with which fields.
    fn texts(&self, language: Language) -> (String, Vec<FieldError>) {
        match &self.reason {
            Reason::Detail(detail) => (detail.text(language), Vec::new()),
            Reason::Fields(fields) => {
                let error = |wrong: &WrongField| FieldError {
                    field: wrong.field.clone(),
                    message: wrong.expected.text(language),
                };
                let errors: Vec<FieldError> = fields.iter().map(error).collect();
                let sentence = |error: &FieldError| match language {
                    Language::English => format!("{} {}", error.field, error.message),
                    Language::Korean => format!("{}: {}", error.field, error.message),
                };
                (errors.iter().map(sentence).collect::<Vec<_>>().join("; "), errors)
            }
        }
    }

    pub(super) fn write(self, language: Language, request_id: &str) -> Response {
        let (status, code, english, korean) = self.code().facts();
        let (detail, errors) = self.texts(language);
        let body = ProblemOut {
            kind: format!("{TYPE_PREFIX}{code}"),
            title: match language {
                Language::English => english,
                Language::Korean => korean,
            },
            status: status.as_u16(),
            detail,
            instance: request_id.to_owned(),
            code,
            errors,
            seats: self.seats,
            items: self.items,
        };
        let mut response = (status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        headers.insert(header::VARY, HeaderValue::from_static("accept-language"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
