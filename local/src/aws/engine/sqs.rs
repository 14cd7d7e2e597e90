//! The queues' engine: `winterbaume`, asked by the SDK without a socket or served on a port.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use serde_json::{Value, json};
use winterbaume_core::{MockRequest, MockResponse, MockService};
use winterbaume_sqs::SqsService;

use crate::aws::cloudformation::{ACCOUNT, Queue};
use crate::aws::engine::connector::{Answer, Connector, Engine};
use crate::aws::engine::{EngineError, Queues};
use crate::aws::iam::Principal;
use crate::intercept::Slot;

/// Where the engine believes it is asked; it takes its region from here.
const ADDRESS: &str = "https://sqs.us-east-1.amazonaws.com/";

/// The queues' engine.
#[derive(Clone)]
pub struct Sqs {
    service: Arc<SqsService>,
    queues: Queues,
}

impl Default for Sqs {
    fn default() -> Self {
        let queues = Queues::default();
        Self { service: Arc::new(SqsService::with_backend(Arc::new(queues.clone()))), queues }
    }
}

impl Sqs {
    /// The messages, to be counted and kept.
    #[must_use]
    pub fn queues(&self) -> &Queues {
        &self.queues
    }

    /// The hook for the SDK's client; of `caller`, if a function calls.
    #[must_use]
    pub fn http_client(&self, slot: Slot, caller: Option<Principal>) -> SharedHttpClient {
        SharedHttpClient::new(Connector::new(Arc::new(self.clone()), slot, caller))
    }

    /// Makes the queues of the template.
    ///
    /// # Errors
    /// When the engine refuses one.
    pub async fn create_queues(&self, queues: &[Queue]) -> Result<(), EngineError> {
        for queue in queues {
            let request = json!({ "QueueName": queue.name, "Attributes": queue.attributes });
            self.call("CreateQueue", &request).await?;
        }
        Ok(())
    }

    /// Executes one operation for the stack itself, seen by no interceptor.
    ///
    /// # Errors
    /// When the engine refuses.
    pub async fn call(&self, operation: &str, request: &Value) -> Result<Value, EngineError> {
        let answer = self.execute(operation, request.to_string().as_bytes()).await;
        if answer.status != 200 {
            return Err(EngineError::Queue(operation.to_owned(), answer.body));
        }
        // Operations without an answer have an empty body.
        Ok(if answer.body.is_empty() { Value::Null } else { serde_json::from_str(&answer.body)? })
    }

    /// The SQS API for a port.
    pub fn router(&self) -> Router {
        Router::new().fallback(routing::any(serve)).with_state(self.clone())
    }
}

impl Engine for Sqs {
    const SERVICE: &'static str = "sqs";
    const THROTTLED: &'static str = "com.amazonaws.sqs#RequestThrottled";

    fn execute(&self, operation: &str, body: &[u8]) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        let mut headers = HeaderMap::new();
        if let Ok(target) = HeaderValue::try_from(format!("AmazonSQS.{operation}")) {
            headers.insert(HeaderName::from_static("x-amz-target"), target);
        }
        let service = Arc::clone(&self.service);
        let body = Bytes::copy_from_slice(body);
        Box::pin(async move {
            let MockResponse { status, body, .. } =
                service.handle(MockRequest { method: "POST".into(), uri: ADDRESS.into(), headers, body }).await;
            Answer { status, body: String::from_utf8_lossy(&body).into_owned() }
        })
    }
}

/// Answers one request of another program. Only the JSON protocol, which all current SDKs speak.
async fn serve(State(sqs): State<Sqs>, method: Method, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let Some(operation) = target.strip_prefix("AmazonSQS.").filter(|_| method == Method::POST) else {
        let problem = json!({ "__type": "MissingAction", "message": "POST with X-Amz-Target: AmazonSQS.<operation>" });
        return (StatusCode::BAD_REQUEST, axum::Json(problem)).into_response();
    };
    let answer = sqs.execute(operation, &body).await;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = rewrite_queue_urls(&answer.body, host);
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response()
}

/// Lets the queue URLs of an answer point to the port that was asked.
fn rewrite_queue_urls(body: &str, host: &str) -> String {
    let Ok(mut answer) = serde_json::from_str::<Value>(body) else {
        return body.to_owned();
    };
    let point = |url: &mut Value| {
        if let Some(name) = url.as_str().and_then(|url| url.rsplit('/').next()) {
            *url = Value::from(format!("http://{host}/{ACCOUNT}/{name}"));
        }
    };
    if let Some(url) = answer.get_mut("QueueUrl") {
        point(url);
    }
    for list in ["QueueUrls", "queueUrls"] {
        answer.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten().for_each(point);
    }
    answer.to_string()
}
