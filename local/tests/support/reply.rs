//! Answers, and what tests insist on of them.

use axum::http::{HeaderMap, StatusCode, header};
use serde_json::Value;

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub request: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    pub body: Value,
}

impl Reply {
    /// Insists on a status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.request, String::from_utf8_lossy(&self.bytes));
        self
    }

    /// Insists on a problem: status, code and the shape all problems have.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        let reply = self.expect(status);
        assert_eq!(reply.body["code"], code, "{}: {}", reply.request, reply.body);
        assert_eq!(reply.body["status"], status);
        assert_eq!(reply.headers[header::CONTENT_TYPE], "application/problem+json");
        assert!(reply.body["type"].as_str().is_some_and(|kind| kind.ends_with(&format!("/problems/{code}"))));
        for field in ["title", "detail", "instance"] {
            assert!(reply.body[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {}", reply.body);
        }
        reply
    }

    /// A text of the body.
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_else(|| panic!("no text {name} in {}", self.body)).to_owned()
    }

    /// The body without what names this one request: two refusals that must not differ.
    pub fn apart_from_instance(&self) -> String {
        let instance = self.text("instance");
        String::from_utf8_lossy(&self.bytes).replace(&instance, "")
    }

    /// Insists that a 400 is about this field and no other.
    #[track_caller]
    pub fn expect_invalid(self, field: &str) -> Self {
        let reply = self.expect_problem(400, "invalid-request");
        let fields: Vec<&str> =
            reply.body["errors"].as_array().into_iter().flatten().filter_map(|error| error["field"].as_str()).collect();
        assert_eq!(fields, [field], "{}: {}", reply.request, reply.body);
        reply
    }

    /// Whether it says that the request had been carried out before.
    pub fn replayed(&self) -> bool {
        self.headers.contains_key("idempotent-replayed")
    }

    /// The reservation's id.
    #[track_caller]
    pub fn reservation(&self) -> String {
        self.text("reservation_id")
    }
}
