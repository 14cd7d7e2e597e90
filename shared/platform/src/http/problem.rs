//! Problems (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use onsale_domain::id::ReservationId;
use serde::Serialize;
use utoipa::openapi::schema::Object;
use uuid::Uuid;

use super::code::Code;
use super::language::Language;
use super::messages::{Detail, Expected, Reader};
use super::openapi::one_of;

/// An invalid field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Path of the field, such as `items[0].quantity`, or name of the parameter or header.
    pub field: String,
    /// Message that says what the field must be, in the language of the response.
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
    one_of("Machine-readable code of the problem.", Code::ALL.map(Code::as_str))
}

/// A problem: the body of every error response of a function (RFC 9457).
#[derive(Serialize, utoipa::ToSchema)]
#[schema(example = json!({
    "type": "https://onsale.example/problems/seat-taken",
    "title": "The seat is already taken",
    "status": 409,
    "detail": "Another buyer holds or owns these seats. Choose other seats.",
    "instance": "0193a000-0000-7000-8000-000000000001",
    "code": "seat-taken",
    "seats": ["A-1-12"],
}))]
pub struct ProblemOut {
    /// URI of the problem type; it ends in the code.
    #[serde(rename = "type")]
    kind: String,
    /// Short summary of the problem type, in the language of the response.
    title: &'static str,
    /// HTTP status code.
    status: u16,
    /// Explanation of this problem, in the language of the response.
    detail: String,
    /// Id of the request; report it to support.
    instance: String,
    #[schema(schema_with = codes)]
    code: &'static str,
    /// For `invalid-request`: the invalid fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// For `seat-taken`, `seat-yours` and `seat-not-found`: ids of the seats.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    seats: Vec<String>,
    /// For `seat-yours`: id of your reservation of the seats.
    #[serde(skip_serializing_if = "Option::is_none")]
    reservation_id: Option<Uuid>,
    /// For `out-of-stock`, `price-changed`, `not-selling` and `product-limit`: ids of the products.
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

    /// The detail, and the errors of fields, for a reader.
    fn texts(&self, reader: Reader) -> (String, Vec<FieldError>) {
        match &self.reason {
            Reason::Detail(detail) => (detail.text(reader), Vec::new()),
            Reason::Fields(fields) => {
                let error = |wrong: &WrongField| FieldError {
                    field: wrong.field.clone(),
                    message: wrong.expected.text(reader),
                };
                let errors: Vec<FieldError> = fields.iter().map(error).collect();
                let sentence = |error: &FieldError| match reader.language {
                    Language::English => format!("{} {}", error.field, error.message),
                    Language::Korean => format!("{}: {}", error.field, error.message),
                };
                (errors.iter().map(sentence).collect::<Vec<_>>().join("; "), errors)
            }
        }
    }

    pub(super) fn into_localized_response(self, reader: Reader, request_id: &str) -> Response {
        let language = reader.language;
        let (status, code, english, korean) = self.code().facts();
        let (detail, errors) = self.texts(reader);
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
        if let Reason::Detail(Detail::MethodNotAllowed { methods }) = &self.reason
            && let Ok(methods) = HeaderValue::try_from(methods.to_string())
        {
            headers.insert(header::ALLOW, methods);
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
