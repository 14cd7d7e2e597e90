//! The Lambda authorizer of the HTTP API: asks its function who calls, and remembers the answer for a while.

use std::collections::HashMap;
use std::sync::Mutex;

use axum::http::{HeaderMap, request};
use jiff::{SignedDuration, Timestamp};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use onsale_platform::memory::lock;
use serde_json::{Value, json};

use crate::aws::api_gateway::refusal::Refusal;
use crate::aws::cloudformation::{self, ACCOUNT, REGION};
use crate::aws::lambda::Functions;

/// Answers remembered at most; then those whose time is over are dropped, or all.
const REMEMBERED_MAX: usize = 10_000;

/// The fields the authorizer gives to the function.
type Fields = HashMap<String, Value>;

/// An answer and when it ends: the fields, or none for a no.
type Remembered = (Timestamp, Option<Fields>);

/// The authorizer with its memory.
pub struct Authorizer {
    declaration: cloudformation::Authorizer,
    remembered: Mutex<HashMap<Vec<String>, Remembered>>,
}

impl Authorizer {
    /// Nothing is remembered yet.
    #[must_use]
    pub fn new(declaration: cloudformation::Authorizer) -> Self {
        Self { declaration, remembered: Mutex::default() }
    }

    /// Asks the authorizer function, and gives the caller's identity in its words.
    ///
    /// # Errors
    /// When an identity is missing, the authorizer says no, or it fails.
    pub async fn authorize(
        &self,
        functions: &Functions,
        parts: &request::Parts,
        context: &ApiGatewayV2httpRequestContext,
    ) -> Result<Fields, Refusal> {
        let identity = self.identity(parts).ok_or(Refusal::Unauthorized)?;
        let now = functions.now();
        if let Some(answer) = self.cached(&identity, now) {
            return answer.ok_or(Refusal::Forbidden);
        }
        let event = event(parts, context, &identity);
        let answer = functions.call(&self.declaration.function, event).await.map_err(|problem| {
            tracing::error!(%problem, "the authorizer failed");
            Refusal::Internal
        })?;
        let allowed = answer["isAuthorized"].as_bool().ok_or(Refusal::Internal)?;
        let fields = allowed.then(|| answer["context"].as_object().cloned().into_iter().flatten().collect::<Fields>());
        self.cache(identity, now, fields.clone());
        fields.ok_or(Refusal::Forbidden)
    }

    fn identity(&self, parts: &request::Parts) -> Option<Vec<String>> {
        let headers = self.declaration.identity_headers.iter();
        headers
            .map(|name| parts.headers.get(name)?.to_str().ok().filter(|value| !value.is_empty()).map(str::to_owned))
            .collect()
    }

    fn cached(&self, identity: &[String], now: Timestamp) -> Option<Option<Fields>> {
        let remembered = lock(&self.remembered);
        remembered.get(identity).filter(|(until, _)| now < *until).map(|(_, answer)| answer.clone())
    }

    fn cache(&self, identity: Vec<String>, now: Timestamp, answer: Option<Fields>) {
        let mut remembered = lock(&self.remembered);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.retain(|_, (until, _)| now < *until);
        }
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        let cache_duration = SignedDuration::try_from(self.declaration.cache).unwrap_or_default();
        remembered.insert(identity, (now.checked_add(cache_duration).unwrap_or(now), answer));
    }
}

fn event(parts: &request::Parts, context: &ApiGatewayV2httpRequestContext, identity: &[String]) -> Value {
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    json!({
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": format!("arn:aws:execute-api:{REGION}:{ACCOUNT}:local/$default/{method}{path}"),
        "identitySource": identity,
        "routeKey": context.route_key,
        "rawPath": path,
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": text_headers(&parts.headers),
        "requestContext": context,
    })
}

/// Header values that are text, by lower-case name.
fn text_headers(headers: &HeaderMap) -> HashMap<&str, &str> {
    headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect()
}
