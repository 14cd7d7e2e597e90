//! The HTTP-client hook of the SDK: hands a request to an engine in this process and brings its answer back.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use crate::intercept::{After, Before, Call, Intercept, Slot};
use crate::permissions::Caller;

/// The error of a call that the caller's policy does not allow.
const DENIED: &str = "com.amazon.coral.service#AccessDeniedException";
/// The error of a single write to an item that a transaction is working on.
const CONFLICT: &str = "com.amazonaws.dynamodb.v20120810#TransactionConflictException";
const ONGOING: &str = "Transaction is ongoing for the item";
const SINGLE_WRITES: [&str; 3] = ["PutItem", "UpdateItem", "DeleteItem"];

/// The answer of an engine: a status and a JSON body.
pub(super) struct Answer {
    pub status: u16,
    pub body: String,
}

/// An engine that answers operations of AWS's JSON protocol.
pub(super) trait Engine: Send + Sync + 'static {
    /// The name interceptors know it by.
    const SERVICE: &'static str;
    /// The error of too much traffic, which the SDK knows to try again.
    const THROTTLED: &'static str;

    /// Executes one operation.
    fn execute(&self, operation: &str, body: &[u8]) -> Pin<Box<dyn Future<Output = Answer> + Send>>;

    /// Adds to a request what interceptors want to see answered.
    fn observe(_operation: &str, _request: &mut Value) {}
}

/// The hook of one engine, for one caller.
pub(super) struct Connector<E> {
    engine: Arc<E>,
    slot: Slot,
    /// None may do anything.
    caller: Option<Caller>,
}

impl<E> Connector<E> {
    pub(super) fn new(engine: Arc<E>, slot: Slot, caller: Option<Caller>) -> Self {
        Self { engine, slot, caller }
    }
}

impl<E> Clone for Connector<E> {
    fn clone(&self) -> Self {
        Self { engine: Arc::clone(&self.engine), slot: self.slot.clone(), caller: self.caller.clone() }
    }
}

impl<E> fmt::Debug for Connector<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connector")
    }
}

impl<E: Engine> HttpClient for Connector<E> {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl<E: Engine> HttpConnector for Connector<E> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let engine = Arc::clone(&self.engine);
        let (intercept, caller) = (self.slot.get(), self.caller.clone());
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap_or_default();
            let operation = target.rsplit('.').next().unwrap_or_default();
            let body = request.body().bytes().unwrap_or_default();
            if let Some(caller) = &caller {
                let request: Value = serde_json::from_slice(body).unwrap_or_default();
                if let Err(refusal) = caller.may(E::SERVICE, operation, &request) {
                    return response(error(DENIED, &refusal));
                }
            }
            let answer = match intercept {
                None => engine.execute(operation, body).await,
                Some(intercept) => {
                    let function = caller.as_ref().map(Caller::function);
                    intercepted(&*engine, &*intercept, (function, operation), body).await?
                }
            };
            response(answer)
        })
    }
}

fn response(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(answer.status).map_err(|problem| ConnectorError::other(problem.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}

async fn intercepted<E: Engine>(
    engine: &E,
    intercept: &dyn Intercept,
    (function, operation): (Option<&str>, &str),
    body: &[u8],
) -> Result<Answer, ConnectorError> {
    let mut request: Value = serde_json::from_slice(body).unwrap_or_default();
    let call = Call { function, service: E::SERVICE, operation, request: &request };
    let mut decided = intercept.before(&call);
    while let Before::Hold(until) = decided {
        decided = until.await;
    }
    match decided {
        Before::Throttle => return Ok(error(E::THROTTLED, "too much traffic")),
        Before::Conflict if operation == "TransactWriteItems" => return Ok(conflict(&request)),
        Before::Conflict if SINGLE_WRITES.contains(&operation) => return Ok(error(CONFLICT, ONGOING)),
        Before::Instead(other) => request = other,
        Before::LoseRequest => return Err(lost("the request was lost")),
        Before::Proceed | Before::Conflict | Before::Hold(_) => {}
    }
    E::observe(operation, &mut request);
    let answer = engine.execute(operation, request.to_string().as_bytes()).await;
    let response: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    match intercept.after(&Call { function, service: E::SERVICE, operation, request: &request }, &response) {
        After::Deliver => Ok(answer),
        After::LoseAnswer => Err(lost("the answer was lost")),
    }
}

fn error(kind: &str, message: &str) -> Answer {
    Answer { status: 400, body: json!({ "__type": kind, "message": message }).to_string() }
}

fn conflict(request: &Value) -> Answer {
    let items = request["TransactItems"].as_array().map_or(0, Vec::len);
    let reason = json!({ "Code": "TransactionConflict", "Message": ONGOING });
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": vec![reason; items],
    });
    Answer { status: 400, body: body.to_string() }
}

fn lost(what: &'static str) -> ConnectorError {
    ConnectorError::timeout(what.into())
}
