//! Problems (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use onsale_domain::id::ReservationId;
use serde::Serialize;
use utoipa::openapi::schema::Object;
use uuid::Uuid;

use super::code::Code;
use super::language::Language;
use super::messages::{Detail, Expected};
use super::openapi::one_of;

/// A field that is not what it must be.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Name of the field, parameter or header.
    pub field: String,
    /// The expectation of the field; never its value.
    pub message: String,
}

/// A problem on its way to the caller.
#[derive(Clone, Debug)]
pub struct Problem {
    reason: Reason,
    seats: Vec<String>,
    reservation: Option<ReservationId>,
    items: Vec<String>,
    retry_after_seconds: Option<i64>,
}

/// Why a request is refused.
#[derive(Clone, Debug)]
enum Reason {
    Detail(Detail),
    Fields(Vec<WrongField>),
}

/// A field, and what it must be.
#[derive(Clone, Debug)]
pub(super) struct WrongField {
    pub(super) field: String,
    pub(super) expected: Expected,
}

fn codes() -> Object {
    one_of(Code::ALL.map(Code::as_str))
}

/// The body of every refusal (RFC 9457).
#[derive(Serialize, utoipa::ToSchema)]
pub struct ProblemOut {
    /// A URI that names the code.
    #[serde(rename = "type")]
    kind: String,
    /// The title of the problem, in the caller's language.
    title: &'static str,
    /// HTTP status.
    status: u16,
    /// The detail: the reason this time.
    detail: String,
    /// Id of the request, for support.
    instance: String,
    /// Machine-readable name of the problem.
    #[schema(schema_with = codes)]
    code: &'static str,
    /// For `invalid-request`: what is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// For `seat-taken`, `seat-yours` and `seat-not-found`: which seats.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    seats: Vec<String>,
    /// For `seat-yours`: the caller's reservation that has the seats.
    #[serde(skip_serializing_if = "Option::is_none")]
    reservation_id: Option<Uuid>,
    /// For `out-of-stock`, `price-changed`, `not-selling` and `product-limit`: which products.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<String>,
}

/// Where problem types live.
const TYPE_PREFIX: &str = "https://onsale.example/problems/";

impl Problem {
    /// A problem with what is said of it; its code follows from that.
    #[must_use]
    pub fn new(detail: Detail) -> Self {
        Self::from_reason(Reason::Detail(detail))
    }

    /// A 400 for several fields at once.
    pub(super) fn from_fields(fields: Vec<WrongField>) -> Self {
        Self::from_reason(Reason::Fields(fields))
    }

    fn from_reason(reason: Reason) -> Self {
        Self { reason, seats: Vec::new(), reservation: None, items: Vec::new(), retry_after_seconds: None }
    }

    /// The same, with the seats it is about.
    #[must_use]
    pub fn with_seats(mut self, seats: impl IntoIterator<Item = impl ToString>) -> Self {
        self.seats = seats.into_iter().map(|seat| seat.to_string()).collect();
        self
    }

    /// The same, with the caller's reservation it is about.
    #[must_use]
    pub fn with_reservation(mut self, reservation: ReservationId) -> Self {
        self.reservation = Some(reservation);
        self
    }

    /// The same, with the products it is about.
    #[must_use]
    pub fn with_items(mut self, products: impl IntoIterator<Item = impl ToString>) -> Self {
        self.items = products.into_iter().map(|product| product.to_string()).collect();
        self
    }

    /// The same, with when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: i64) -> Self {
        self.retry_after_seconds = Some(seconds.max(1));
        self
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> Code {
        match &self.reason {
            Reason::Detail(detail) => detail.code(),
            Reason::Fields(_) => Code::InvalidRequest,
        }
    }

    /// The detail, and the errors of fields, in a language.
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

    pub(super) fn into_localized_response(self, language: Language, request_id: &str) -> Response {
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
            reservation_id: self.reservation.map(|reservation| reservation.0),
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

/// Builds a 400 for one field; `map_err(invalid("price"))`.
pub fn invalid<E: Into<Expected>>(field: &str) -> impl FnOnce(E) -> Problem {
    let field = field.to_owned();
    move |error| Problem::from_fields(vec![WrongField { field, expected: error.into() }])
}

/// A problem waits in the response's extensions until the layer of `finish` knows the caller's language.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.code().facts().0.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
