//! Requests as API Gateway hands them to functions, and the answers of functions.

use onsale_domain::id::UserId;
use serde_json::{Value, json};
use uuid::Uuid;

/// Epoch second up to which the token of every caller lasts: some day in 2100.
const TOKEN_END: i64 = 4_102_444_800;

/// A call of the API.
#[derive(Clone, Debug)]
pub struct ApiCall {
    /// The function that answers it.
    pub function: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// Path, without a query.
    pub path: String,
    /// JSON, if it has a body.
    pub body: Option<Value>,
}

/// The caller of the API.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// The user of the token.
    pub user: UserId,
    /// The idempotency key, if the request has one.
    pub key: Option<Uuid>,
    /// The queue token, if there is one.
    pub queue_token: Option<&'a str>,
}

/// The event that API Gateway makes of a call.
#[must_use]
pub fn api_gateway_event(call: &ApiCall, caller: Identity<'_>) -> Value {
    let mut headers = json!({ "host": "onsale.example", "accept": "*/*" });
    if let Some(key) = caller.key {
        headers["idempotency-key"] = key.to_string().into();
    }
    if let Some(token) = caller.queue_token {
        headers["queue-token"] = token.into();
    }
    if call.body.is_some() {
        headers["content-type"] = "application/json".into();
    }
    let route = format!("{} {}", call.method, call.path);
    let nobody = Uuid::nil();
    json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": call.path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "onsale",
            "authorizer": { "lambda": {
                "sub": caller.user.0, "exp": TOKEN_END, "jti": nobody, "sid": nobody,
            } },
            "domainName": "onsale.example",
            "domainPrefix": "onsale",
            "http": {
                "method": call.method, "path": call.path, "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7", "userAgent": "simulation",
            },
            "requestId": "simulation",
            "routeKey": route,
            "stage": "$default",
            "time": "21/Nov/2026:10:00:00 +0000",
            "timeEpoch": 1_795_255_200_000_i64,
        },
        "body": call.body.as_ref().map(Value::to_string),
        "isBase64Encoded": false,
    })
}

/// The answer of a function.
#[derive(Clone, Debug)]
pub struct ApiAnswer {
    /// HTTP status.
    pub status: u16,
    /// JSON; null without a body.
    pub body: Value,
}

impl ApiAnswer {
    /// Reads the answer that API Gateway would be given.
    #[must_use]
    pub fn parse(given: &Value) -> Self {
        let status = given["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or_default();
        let body = serde_json::from_str(given["body"].as_str().unwrap_or_default()).unwrap_or(Value::Null);
        Self { status, body }
    }

    /// The code of a problem.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// A text of the body.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_default()
    }
}
