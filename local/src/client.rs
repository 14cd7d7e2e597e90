//! Somebody who calls the API of a stack in this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use jiff::Timestamp;
use onsale_domain::id::UserId;
use onsale_platform::auth::access_token;
use onsale_platform::ids::Ids;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::stack::Stack;

/// Largest body that is read.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Why a call did not come to what it should.
pub type ClientError = Box<dyn std::error::Error + Send + Sync>;

/// An error with what is behind it: who asks over HTTP says only that it failed, and leaves the cause to its source.
#[must_use]
pub fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut messages: Vec<String> =
        std::iter::successors(Some(error), |error| (*error).source()).map(ToString::to_string).collect();
    messages.dedup();
    messages.join(": ")
}

/// Bytes of an answer's head: its headers, the status line, and `Date`, which the gateway adds.
#[must_use]
pub fn head_bytes(headers: &HeaderMap) -> usize {
    let lines = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    lines.sum::<usize>() + "HTTP/1.1 200 OK\r\nDate: Mon, 30 Nov 2026 10:00:00 GMT\r\n\r\n".len()
}

/// A caller with a token of their own, each of whose requests is a new one.
#[derive(Clone)]
pub struct Client {
    gateway: Router,
    /// The access token.
    pub token: String,
    received_bytes: Arc<AtomicU64>,
}

impl Stack {
    /// Puts a grant into the table as it is, past the functions and their log.
    ///
    /// # Errors
    /// When the engine refuses the item.
    pub fn put_grant(&self, user: UserId, role: &str) -> Result<(), String> {
        let text = |value: &str| json!({ "S": value });
        let item = json!({
            "pk": text(&format!("GRANTS#{user}")), "sk": text(role), "role": text(role), "owner": text("GRANTS"),
            "created_at": { "N": self.app().now().as_millisecond().to_string() },
        });
        let put = json!({ "TableName": self.template().table.name, "Item": item });
        self.dynamodb().call("PutItem", &put).map(|_| ()).map_err(|refused| format!("{refused:?}"))
    }

    /// Notes in the table that the address of an account is proven, as if its owner had followed the mailed link.
    ///
    /// # Errors
    /// When nobody has the address, or the engine refuses.
    pub fn put_proof(&self, address: &str) -> Result<(), String> {
        let ask = |operation: &str, key: (&str, &str), rest: Value| {
            let mut request = rest;
            request["TableName"] = self.template().table.name.clone().into();
            request["Key"] = json!({ "pk": { "S": key.0 }, "sk": { "S": key.1 } });
            self.dynamodb().call(operation, &request).map_err(|refused| format!("{refused:?}"))
        };
        let claim = ask("GetItem", (&format!("EMAIL#{address}"), "EMAIL"), json!({}))?;
        let user = claim["Item"]["user"]["S"].as_str().ok_or_else(|| format!("nobody has the address {address}"))?;
        let now = json!({ "N": self.app().now().as_millisecond().to_string() });
        let proof = json!({
            "UpdateExpression": "SET proven_at = :now", "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeValues": { ":now": now },
        });
        ask("UpdateItem", (&format!("USER#{user}"), "PROFILE"), proof).map(|_| ())
    }
}

impl Client {
    /// Somebody new.
    ///
    /// # Errors
    /// When no token can be signed.
    pub async fn new(stack: &Stack, at: Timestamp) -> Result<Self, ClientError> {
        Self::for_user(stack, UserId(stack.app().ids().uuid(at))).await
    }

    /// A new administrator.
    ///
    /// # Errors
    /// When no token can be signed, or the table refuses the grant.
    pub async fn new_admin(stack: &Stack, at: Timestamp) -> Result<Self, ClientError> {
        let user = UserId(stack.app().ids().uuid(at));
        stack.put_grant(user, "admin")?;
        Self::for_user(stack, user).await
    }

    /// Somebody whose id is known already, with a token that is new.
    ///
    /// # Errors
    /// When no token can be signed.
    pub async fn for_user(stack: &Stack, user: UserId) -> Result<Self, ClientError> {
        let token = access_token::sign(stack.app(), user, user.0).await?;
        Ok(Self { gateway: stack.gateway(), token, received_bytes: Arc::default() })
    }

    /// Bytes of all answers so far, with their heads.
    #[must_use]
    pub fn received_bytes(&self) -> u64 {
        self.received_bytes.load(Ordering::Relaxed)
    }

    /// The body of the answer, which has to be 201.
    ///
    /// # Errors
    /// When it is another.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value, ClientError> {
        self.send(Method::POST, path, Some(body), StatusCode::CREATED).await
    }

    /// The body of the answer, which has to be 200.
    ///
    /// # Errors
    /// When it is another.
    pub async fn get(&self, path: &str) -> Result<Value, ClientError> {
        self.send(Method::GET, path, None, StatusCode::OK).await
    }

    /// The body of the answer, which has to be of the status `expected`.
    ///
    /// # Errors
    /// When it is of another.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        expected: StatusCode,
    ) -> Result<Value, ClientError> {
        let called = format!("{method} {path}");
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", Ids::Random.uuid(Timestamp::UNIX_EPOCH).to_string())
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))?;
        let response = self.gateway.clone().oneshot(request).await?;
        let (status, head) = (response.status(), head_bytes(response.headers()));
        let bytes = axum::body::to_bytes(response.into_body(), BODY_BYTES_MAX).await?;
        self.received_bytes.fetch_add((head + bytes.len()) as u64, Ordering::Relaxed);
        if status != expected {
            return Err(format!("{called}: {status} {}", String::from_utf8_lossy(&bytes)).into());
        }
        Ok(serde_json::from_slice(&bytes)?)
    }

    /// Makes a concert with one schedule that is on sale: for administrators. Gives the schedule's id.
    ///
    /// # Errors
    /// When the API refuses.
    pub async fn open_schedule(&self, now: Timestamp, seats_per_user: u32) -> Result<String, ClientError> {
        let at = |hours: i64| (now + jiff::SignedDuration::from_hours(hours)).to_string();
        let concert = self.post("/concerts", json!({ "name": "Measured", "description": "" })).await?;
        let concert = concert["concert_id"].as_str().unwrap_or_default();
        let schedule = json!({
            "place": "Hall", "max_seats_per_user": seats_per_user,
            "starts_at": at(48), "sale_opens_at": at(-1), "sale_closes_at": at(24),
        });
        let schedule = self.post(&format!("/concerts/{concert}/schedules"), schedule).await?;
        Ok(schedule["schedule_id"].as_str().unwrap_or_default().to_owned())
    }
}
