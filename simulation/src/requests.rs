//! Requests as API Gateway hands them to functions, and the answers of functions.

use onsale_domain::id::UserId;
use serde_json::{Value, json};
use uuid::Uuid;

/// Epoch second up to which the token of every caller lasts: some day in 2100.
const TOKEN_END: i64 = 4_102_444_800;

/// What is asked for.
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

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// Whose token.
    pub user: UserId,
    /// Of what role.
    pub role: &'static str,
    /// The idempotency key, if the request has one.
    pub key: Option<Uuid>,
    /// The queue token, if there is one.
    pub queue_token: Option<&'a str>,
}

/// The event that API Gateway makes of it.
#[must_use]
pub fn event(asked: &ApiCall, caller: Identity<'_>) -> Value {
    let mut headers = json!({ "host": "onsale.example", "accept": "*/*" });
    if let Some(key) = caller.key {
        headers["idempotency-key"] = key.to_string().into();
    }
    if let Some(token) = caller.queue_token {
        headers["queue-token"] = token.into();
    }
    if asked.body.is_some() {
        headers["content-type"] = "application/json".into();
    }
    let route = format!("{} {}", asked.method, asked.path);
    let nobody = Uuid::nil();
    json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": asked.path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "onsale",
            "authorizer": { "lambda": {
                "sub": caller.user.0, "role": caller.role, "exp": TOKEN_END, "jti": nobody, "sid": nobody,
            } },
            "domainName": "onsale.example",
            "domainPrefix": "onsale",
            "http": {
                "method": asked.method, "path": asked.path, "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7", "userAgent": "simulation",
            },
            "requestId": "simulation",
            "routeKey": route,
            "stage": "$default",
            "time": "21/Nov/2026:10:00:00 +0000",
            "timeEpoch": 1_795_255_200_000_i64,
        },
        "body": asked.body.as_ref().map(Value::to_string),
        "isBase64Encoded": false,
    })
}

/// What a function answered to it.
#[derive(Clone, Debug)]
pub struct ApiAnswer {
    /// HTTP status.
    pub status: u16,
    /// JSON; null without a body.
    pub body: Value,
}

impl ApiAnswer {
    /// Reads what API Gateway would be given.
    #[must_use]
    pub fn of(given: &Value) -> Self {
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
