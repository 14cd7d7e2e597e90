//! Refusals in Stripe's form.

use serde_json::{Map, Value, json};

/// A refusal: its status and what stands below `error` in the answer.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub status: u16,
    kind: &'static str,
    pub code: Option<&'static str>,
    decline_code: Option<&'static str>,
    message: String,
    param: Option<String>,
    payment_intent: Option<Box<Value>>,
    /// Whether the operation had begun. Only then an idempotency key remembers the refusal.
    pub begun: bool,
}

impl ApiError {
    fn new(status: u16, kind: &'static str, code: Option<&'static str>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status, kind, code, decline_code: None, message, param: None, payment_intent: None, begun: true }
    }

    /// A refusal of what was asked.
    pub fn invalid_request(code: Option<&'static str>, message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", code, message)
    }

    /// A refusal of how it was asked, before the operation begins.
    pub fn bad_parameter(code: Option<&'static str>, param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { begun: false, ..Self::invalid_request(code, message) }.with_param(param)
    }

    /// A required parameter is missing.
    pub fn missing(param: &str) -> Self {
        Self::bad_parameter(Some("parameter_missing"), param, format!("Missing required param: {param}."))
    }

    /// There is no such object.
    pub fn no_such(kind: &str, id: &str, param: &str) -> Self {
        let error = Self::new(
            404,
            "invalid_request_error",
            Some("resource_missing"),
            format!("No such {kind}: '{}'", shorten(id)),
        );
        error.with_param(param)
    }

    /// The bank refuses the card, or the card's data are wrong.
    pub fn card(code: &'static str, decline_code: Option<&'static str>, message: &str) -> Self {
        Self { decline_code, ..Self::new(402, "card_error", Some(code), message) }
    }

    /// The key is missing or wrong.
    pub fn wrong_key(given: bool) -> Self {
        let message = if given { "Invalid API Key provided." } else { "You did not provide an API key." };
        Self { begun: false, ..Self::new(401, "invalid_request_error", None, message) }
    }

    /// The publishable key may not do this.
    pub fn secret_key_required() -> Self {
        let message = "This API call cannot be made with a publishable API key. Please use a secret API key.";
        Self { begun: false, ..Self::new(401, "invalid_request_error", Some("secret_key_required"), message) }
    }

    /// There is no such route.
    pub fn no_such_route(method: &str, path: &str) -> Self {
        let message = format!("Unrecognized request URL ({method}: {}).", shorten(path));
        Self { begun: false, ..Self::new(404, "invalid_request_error", None, message) }
    }

    /// Too many requests.
    pub fn rate_limit() -> Self {
        let message = "Request rate limit exceeded.";
        Self { begun: false, ..Self::new(429, "invalid_request_error", Some("rate_limit"), message) }
    }

    /// The idempotency key came before with other parameters.
    pub fn other_parameters() -> Self {
        let message =
            "Keys for idempotent requests can only be used with the same parameters they were first used with.";
        Self { begun: false, ..Self::new(400, "idempotency_error", None, message) }
    }

    /// The provider is out of order.
    pub fn out_of_order(status: u16, message: &str) -> Self {
        Self { begun: false, ..Self::new(status, "api_error", None, message) }
    }

    /// The same, of this parameter.
    pub fn with_param(self, param: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..self }
    }

    /// The same, with the payment intent as it stands.
    pub fn with_intent(self, payment_intent: Value) -> Self {
        Self { payment_intent: Some(Box::new(payment_intent)), ..self }
    }

    /// The value below `error`.
    pub fn to_json(&self) -> Value {
        let mut fields = Map::new();
        fields.insert("type".to_owned(), json!(self.kind));
        let mut add = |name: &str, value: Option<Value>| value.map(|value| fields.insert(name.to_owned(), value));
        add("code", self.code.map(Value::from));
        add("decline_code", self.decline_code.map(Value::from));
        add("message", Some(json!(self.message)));
        add("param", self.param.clone().map(Value::from));
        add("payment_intent", self.payment_intent.as_deref().cloned());
        Value::Object(fields)
    }
}

/// The beginning of a text from outside, for a message.
fn shorten(text: &str) -> String {
    text.chars().take(100).collect()
}
