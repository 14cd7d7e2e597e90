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

use crate::aws::iam::Principal;
use crate::intercept::{After, Before, Call, FailedItems, Intercept, Slot, transaction_items};

/// The error of a call that the caller's policy does not allow.
const DENIED: &str = "com.amazon.coral.service#AccessDeniedException";
/// The error of a single write to an item that a transaction is working on.
const CONFLICT: &str = "com.amazonaws.dynamodb.v20120810#TransactionConflictException";
/// The error of a transaction of which an item was refused.
const CANCELLED: &str = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
const SINGLE_WRITES: [&str; 3] = ["PutItem", "UpdateItem", "DeleteItem"];
/// A condition that no item fulfils.
const NEVER: &str = "attribute_exists(pk) AND attribute_not_exists(pk)";

/// Why an item of a transaction is refused, as AWS writes it.
#[derive(Clone, Copy)]
struct Reason {
    code: &'static str,
    message: &'static str,
}

const ONGOING: Reason = Reason { code: "TransactionConflict", message: "Transaction is ongoing for the item" };
const TOO_MUCH: Reason = Reason {
    code: "ThrottlingError",
    message: "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your \
              table or index so please try again shortly. If exceptions persist, check if you have a hot key.",
};

/// The answer of an engine: a status and a JSON body.
pub(crate) struct Answer {
    pub status: u16,
    pub body: String,
}

/// An engine that answers operations of AWS's JSON protocol.
pub(crate) trait Engine: Send + Sync + 'static {
    /// The name interceptors know it by.
    const SERVICE: &'static str;
    /// The error of too much traffic, which the SDK knows to try again.
    const THROTTLED: &'static str;

    /// The operation that a request asks for.
    fn operation(request: &HttpRequest) -> String {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        target.rsplit('.').next().unwrap_or_default().to_owned()
    }

    /// Executes one operation.
    fn execute(&self, operation: &str, body: &[u8]) -> Pin<Box<dyn Future<Output = Answer> + Send>>;

    /// The same for a caller of whom nothing is lost on the way: what an engine keeps to know a repeated request by may
    /// be left out for answers that the caller has taken.
    fn execute_unrepeated(&self, operation: &str, body: &[u8]) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        self.execute(operation, body)
    }

    /// Adds to a request what interceptors want to see answered.
    fn observe(_operation: &str, _request: &mut Value) {}
}

/// The hook of one engine, for one caller.
pub(crate) struct Connector<E> {
    engine: Arc<E>,
    slot: Slot,
    /// None may do anything.
    caller: Option<Principal>,
}

impl<E> Connector<E> {
    pub(crate) fn new(engine: Arc<E>, slot: Slot, caller: Option<Principal>) -> Self {
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
            let operation = E::operation(&request);
            let operation = operation.as_str();
            let body = request.body().bytes().unwrap_or_default();
            if let Some(caller) = &caller {
                let request: Value = serde_json::from_slice(body).unwrap_or_default();
                if let Err(refusal) = caller.authorize(E::SERVICE, operation, &request) {
                    return response(error(DENIED, &refusal));
                }
            }
            let answer = match intercept {
                // Nothing in between can lose an answer. A try of the SDK that times out while the engine is at work
                // leaves its answer there for the next.
                None => engine.execute_unrepeated(operation, body).await,
                Some(intercept) => {
                    let function = caller.as_ref().map(Principal::function);
                    execute_intercepted(&*engine, &*intercept, function, operation, body).await?
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

async fn execute_intercepted<E: Engine>(
    engine: &E,
    intercept: &dyn Intercept,
    function: Option<&str>,
    operation: &str,
    body: &[u8],
) -> Result<Answer, ConnectorError> {
    let mut request: Value = serde_json::from_slice(body).unwrap_or_default();
    let call = Call { function, service: E::SERVICE, operation, request: &request };
    let mut decided = intercept.before(&call);
    while let Before::Hold(until) = decided {
        decided = until.await;
    }
    match decided {
        Before::Throttle(struck) if transaction_items(&request) > 0 => {
            return Ok(cancelled_answer(engine, operation, &request, struck, TOO_MUCH).await);
        }
        Before::Conflict(struck) if transaction_items(&request) > 0 => {
            return Ok(cancelled_answer(engine, operation, &request, struck, ONGOING).await);
        }
        Before::Throttle(_) => return Ok(error(E::THROTTLED, TOO_MUCH.message)),
        Before::Conflict(_) if SINGLE_WRITES.contains(&operation) => return Ok(error(CONFLICT, ONGOING.message)),
        Before::Instead(other) => request = other,
        Before::LoseRequest => return Err(lost_answer_error("the request was lost")),
        Before::Proceed | Before::Conflict(_) | Before::Hold(_) => {}
    }
    E::observe(operation, &mut request);
    let answer = engine.execute(operation, request.to_string().as_bytes()).await;
    let response: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let executed = Call { function, service: E::SERVICE, operation, request: &request };
    let mut decided = intercept.after(&executed, &response);
    while let After::Hold(until) = decided {
        decided = until.await;
    }
    match decided {
        After::Deliver | After::Hold(_) => Ok(answer),
        After::LoseAnswer => Err(lost_answer_error("the answer was lost")),
    }
}

fn error(kind: &str, message: &str) -> Answer {
    Answer { status: 400, body: json!({ "__type": kind, "message": message }).to_string() }
}

/// The answer of a transaction of which some items are struck for `reason`. The engine is asked which conditions of the
/// others fail, without committing: a struck write gets a condition that never holds.
async fn cancelled_answer<E: Engine>(
    engine: &E,
    operation: &str,
    request: &Value,
    struck: FailedItems,
    reason: Reason,
) -> Answer {
    let mut reasons = vec![json!({ "Code": "None" }); transaction_items(request)];
    if operation == "TransactWriteItems" {
        let answer = engine.execute(operation, with_failing_conditions(request, struck).to_string().as_bytes()).await;
        let response: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        match response["CancellationReasons"].as_array() {
            Some(given) => reasons.clone_from(given),
            // The request is wrong, whoever is in its way.
            None => return answer,
        }
    }
    for (_, given) in reasons.iter_mut().enumerate().filter(|(index, _)| struck.contains(*index)) {
        *given = json!({ "Code": reason.code, "Message": reason.message });
    }
    let codes: Vec<&str> = reasons.iter().filter_map(|given| given["Code"].as_str()).collect();
    let message = "Transaction cancelled, please refer cancellation reasons for specific reasons";
    let body = json!({
        "__type": CANCELLED,
        "Message": format!("{message} [{}]", codes.join(", ")),
        "CancellationReasons": reasons,
    });
    Answer { status: 400, body: body.to_string() }
}

/// The same transaction with a condition on its struck writes that never holds, and without its token.
fn with_failing_conditions(request: &Value, struck: FailedItems) -> Value {
    let mut request = request.clone();
    let writes = request["TransactItems"].as_array_mut().into_iter().flatten().enumerate();
    for (_, item) in writes.filter(|(index, _)| struck.contains(*index)) {
        for write in item.as_object_mut().into_iter().flat_map(|item| item.values_mut()) {
            let never = match write["ConditionExpression"].as_str() {
                Some(condition) => format!("({condition}) AND {NEVER}"),
                None => NEVER.to_owned(),
            };
            write["ConditionExpression"] = Value::from(never);
        }
    }
    if let Some(request) = request.as_object_mut() {
        request.remove("ClientRequestToken");
    }
    request
}

fn lost_answer_error(what: &'static str) -> ConnectorError {
    ConnectorError::timeout(what.into())
}
