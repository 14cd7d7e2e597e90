//! A call of the API and its answer, without HTTP.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::third_parties::payment_provider::error::ApiError;

/// Most parameters of a call.
const PARAMETERS_MAX: usize = 200;
/// Longest value of a parameter.
const VALUE_CHARACTERS_MAX: usize = 5_000;

/// The method of a call. The API has no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Changes something.
    Post,
}

impl Method {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A call of the API.
#[derive(Clone)]
pub struct Call {
    /// Its method.
    pub method: Method,
    /// Its path, such as `/v1/refunds`.
    pub path: String,
    /// The parameters of its query or form, decoded, with their brackets: `metadata[attempt_id]`.
    pub parameters: Vec<(String, String)>,
    /// The key that stands in its authorization: the secret one, the publishable one, a wrong one, or none.
    pub key: Option<String>,
    /// Its idempotency key.
    pub idempotency_key: Option<String>,
}

/// The answer to a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// The id of the request that made this answer; none for a read.
    pub request_id: Option<String>,
    /// The answer is the one that the idempotency key had before.
    pub replayed: bool,
    /// The call was acted upon, and its caller must not learn the answer.
    pub unanswered: bool,
    /// Nothing was done, and the connection is to be broken at once.
    pub dropped: bool,
}

impl Reply {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self { status, body, request_id: None, replayed: false, unanswered: false, dropped: false }
    }

    pub(crate) fn refusal(error: &ApiError) -> Self {
        Self::new(error.status, json!({ "error": error.to_json() }))
    }
}

/// The parameters of a call, for reading.
#[derive(Clone, Copy)]
pub(crate) struct Parameters<'a>(pub &'a [(String, String)]);

impl<'a> Parameters<'a> {
    /// Refuses parameters that are not among `names`: what is not understood must not be passed over.
    pub fn allow_only(self, names: &[&str]) -> Result<(), ApiError> {
        if self.0.len() > PARAMETERS_MAX {
            return Err(ApiError::invalid_request(None, format!("At most {PARAMETERS_MAX} parameters are allowed.")));
        }
        for (name, value) in self.0 {
            let root = name.split('[').next().unwrap_or_default();
            if !names.contains(&root) {
                let message = "Received unknown parameter.";
                return Err(ApiError::bad_parameter(Some("parameter_unknown"), name.clone(), message));
            }
            if value.chars().count() > VALUE_CHARACTERS_MAX {
                let message = format!("Values have at most {VALUE_CHARACTERS_MAX} characters.");
                return Err(ApiError::bad_parameter(None, name.clone(), message));
            }
        }
        Ok(())
    }

    /// A text; an empty one counts as none.
    pub fn text(self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().rev().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A text that must be there.
    pub fn required(self, name: &str) -> Result<&'a str, ApiError> {
        self.text(name).ok_or_else(|| ApiError::missing(name))
    }

    /// A whole number.
    pub fn integer(self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let number = text.parse().map_err(|_| {
            ApiError::bad_parameter(Some("parameter_invalid_integer"), name, "Invalid integer in a parameter.")
        })?;
        Ok(Some(number))
    }

    /// The values of `name[key]`, by key.
    pub fn map(self, name: &str) -> BTreeMap<String, String> {
        let entry = |(given, value): &(String, String)| {
            let key = given.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
            Some((key.to_owned(), value.clone()))
        };
        self.0.iter().filter_map(entry).collect()
    }

    /// The values of `name[]` or `name[0]`, `name[1]`, …, in their order.
    pub fn list(self, name: &str) -> Vec<&'a str> {
        let is_entry = |given: &str| {
            let index = given.strip_prefix(name).and_then(|rest| rest.strip_prefix('[')?.strip_suffix(']'));
            index.is_some_and(|index| index.bytes().all(|byte| byte.is_ascii_digit()))
        };
        self.0.iter().filter(|(given, _)| is_entry(given)).map(|(_, value)| value.as_str()).collect()
    }
}
