//! Calls of the API over HTTP.

use std::convert::Infallible;
use std::panic::resume_unwind;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderValue, Method as HttpMethod, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use reqwest::Url;

use crate::third_parties::payment_provider::error::ApiError;
use crate::third_parties::payment_provider::http::Server;
use crate::third_parties::payment_provider::objects::API_VERSION;
use crate::third_parties::payment_provider::{Call, Method, Reply};

/// The type of a body.
const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) async fn answer(
    State(server): State<Server>,
    method: HttpMethod,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let call = match body.map_err(|problem| refuse_body(&problem)).and_then(|body| read(&method, &uri, &headers, &body))
    {
        Ok(call) => call,
        Err(refusal) => return show(&Reply::refusal(&refusal)),
    };
    let (reply, delay, hang) = {
        let mut provider = server.provider();
        let reply = provider.handle(&call, server.now());
        let faults = provider.faults();
        (reply, Duration::from_millis(faults.delay_milliseconds), Duration::from_secs(faults.hang_seconds))
    };
    server.changed.notify_one();
    if reply.dropped {
        break_connection();
    }
    tokio::time::sleep(delay).await;
    if reply.unanswered {
        tokio::time::sleep(hang).await;
        break_connection();
    }
    show(&reply)
}

fn refuse_body(problem: &BytesRejection) -> ApiError {
    ApiError::out_of_order(problem.status().as_u16(), "The body is too large or broke off.")
}

pub(crate) fn read(method: &HttpMethod, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Call, ApiError> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let method = match *method {
        HttpMethod::GET => Method::Get,
        HttpMethod::POST => Method::Post,
        _ => return Err(ApiError::no_such_route(method.as_str(), uri.path())),
    };
    let is_form = text(header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with(FORM));
    if !body.is_empty() && !is_form {
        return Err(ApiError::invalid_request(None, format!("Send the body as {FORM}.")));
    }
    let mut parameters = decode(uri.query().unwrap_or_default());
    let body = std::str::from_utf8(body).map_err(|_| ApiError::invalid_request(None, "The body is not UTF-8."))?;
    parameters.extend(decode(body));
    Ok(Call {
        method,
        path: uri.path().to_owned(),
        parameters,
        key: text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned),
        idempotency_key: headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned),
    })
}

/// The parameters of a query or a form.
fn decode(encoded: &str) -> Vec<(String, String)> {
    // Only the parser of queries is of use here; the address is any.
    let Ok(mut url) = Url::parse("http://localhost") else { return Vec::new() };
    url.set_query(Some(encoded));
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn show(reply: &Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(&reply.body)).into_response();
    let headers = response.headers_mut();
    headers.insert("stripe-version", HeaderValue::from_static(API_VERSION));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(id) = reply.request_id.as_deref().and_then(|id| HeaderValue::from_str(id).ok()) {
        headers.insert("request-id", id);
    }
    if reply.replayed {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    response
}

/// Ends the task that serves this connection, and with it the connection, without an answer. A server of axum has no
/// other way to say nothing at all; this one calls no panic hook.
fn break_connection() -> Infallible {
    resume_unwind(Box::new("the payment provider breaks this connection, as its faults say"))
}
