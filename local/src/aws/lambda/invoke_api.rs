//! The Lambda Invoke API on a port, as `sam local start-lambda` has it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing};
use serde_json::{Value, json};

use crate::aws::lambda::{CallError, Functions};

/// The header that tells an answer from an error: both have status 200.
const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");

/// `POST /2015-03-31/functions/<name>/invocations` for every function.
pub fn router(functions: Arc<Functions>) -> Router {
    Router::new().route("/2015-03-31/functions/{name}/invocations", routing::post(serve)).with_state(functions)
}

async fn serve(
    State(functions): State<Arc<Functions>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let event = if body.is_empty() { Ok(json!({})) } else { serde_json::from_slice::<Value>(&body) };
    let Ok(event) = event else {
        return refusal(StatusCode::BAD_REQUEST, "InvalidRequestContentException", "the event is not JSON");
    };
    if functions.get(&name).is_none() {
        let message = format!("Function not found: {name}");
        return refusal(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message);
    }
    let kind = headers.get("x-amz-invocation-type").map_or(&b"RequestResponse"[..], |value| value.as_bytes());
    match kind {
        b"DryRun" => StatusCode::NO_CONTENT.into_response(),
        b"Event" => {
            tokio::spawn(async move { log_failure(&name, functions.call(&name, event).await) });
            StatusCode::ACCEPTED.into_response()
        }
        _ => match functions.call(&name, event).await {
            Ok(answer) => Json(answer).into_response(),
            Err(problem) => ([(FUNCTION_ERROR, "Unhandled")], Json(problem.report())).into_response(),
        },
    }
}

fn log_failure(name: &str, answer: Result<Value, CallError>) {
    if let Err(problem) = answer {
        tracing::error!(function = name, %problem, "the function failed");
    }
}

fn refusal(status: StatusCode, kind: &str, message: &str) -> Response {
    let headers = [(HeaderName::from_static("x-amzn-errortype"), kind)];
    (status, headers, Json(json!({ "Type": "User", "Message": message }))).into_response()
}
