//! The table's engine: `dynoxide`, asked by the SDK without a socket or served on a port.
//!
//! The crate's own server has no limits of time and answers every page of the web, and its dispatcher is private to it;
//! so its operations are listed here again.

use std::future::{self, Future};
use std::pin::Pin;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::SharedHttpClient;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use dynoxide::actions::get_records::GetRecordsRequest;
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::aws::cloudformation::{REGION, Table};
use crate::aws::engine::EngineError;
use crate::aws::engine::connector::{Answer, Connector, Engine};
use crate::aws::engine::thread::{EngineThread, Executed};
use crate::aws::iam::Principal;
use crate::intercept::Slot;

/// The type of the error for an operation that there is not.
const UNKNOWN_OPERATION: &str = "com.amazon.coral.service#UnknownOperationException";

/// The table's engine.
#[derive(Clone)]
pub struct DynamoDb {
    database: Database,
    written: Arc<Notify>,
    twin: Option<Arc<dyn SecondEngine>>,
    /// Without one, calls are executed where they are made: virtual time must not run while an answer is on its way.
    thread: Option<Arc<EngineThread>>,
}

/// A call that was read, for the database.
type Execution = Box<dyn FnOnce(&Database) -> Executed + Send>;

/// A place in a stream.
#[derive(Clone, Debug)]
pub struct StreamPlace {
    /// The stream.
    pub stream_arn: String,
    /// Its shard.
    pub shard_id: String,
    /// The last record that is done with; none before the first.
    pub position: Option<String>,
}

/// A second engine that is asked whatever this one is asked, so that their answers can be compared.
pub trait SecondEngine: Send + Sync {
    /// Executes an operation on both, in the same order for all callers; `here` executes it on this engine and gives
    /// status and body. What is returned the caller gets.
    fn execute(&self, operation: &str, body: &[u8], here: &mut dyn FnMut() -> (u16, String)) -> (u16, String);
}

impl DynamoDb {
    /// Serves `database`, beside a twin if there is one.
    #[must_use]
    pub fn new(database: Database, twin: Option<Arc<dyn SecondEngine>>) -> Self {
        Self { database, written: Arc::new(Notify::new()), twin, thread: None }
    }

    /// Executes the calls of functions on a thread of its own from now on, but for those that are intercepted.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn with_thread(mut self) -> Result<Self, EngineError> {
        self.thread = Some(Arc::new(EngineThread::start()?));
        Ok(self)
    }

    /// The database itself: for its port, its stream and its time to live.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Wakes whoever waits for writes that came through the SDK.
    #[must_use]
    pub fn write_notify(&self) -> &Notify {
        &self.written
    }

    /// The hook for the SDK's client; of `caller`, if a function calls.
    #[must_use]
    pub fn http_client(&self, slot: Slot, caller: Option<Principal>) -> SharedHttpClient {
        SharedHttpClient::new(Connector::new(Arc::new(self.clone()), slot, caller))
    }

    /// The `DynamoDB` API for a port.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", routing::get(health).post(serve))
            .layer(DefaultBodyLimit::disable())
            .with_state(self.clone())
    }

    /// Makes the table of the template, unless it is there from an earlier run.
    ///
    /// # Errors
    /// When the engine refuses, or the table there has other keys or indexes.
    pub fn ensure_table(&self, table: &Table) -> Result<(), EngineError> {
        let name = json!({ "TableName": table.name });
        match self.call("DescribeTable", &name) {
            Ok(there) => return check_same_keys(table, &there["Table"]),
            Err(EngineError::Table(DynoxideError::ResourceNotFoundException(_))) => {}
            Err(problem) => return Err(problem),
        }
        self.call("CreateTable", &table.definition)?;
        if let Some(attribute) = &table.time_to_live {
            let specification = json!({ "Enabled": true, "AttributeName": attribute });
            self.call(
                "UpdateTimeToLive",
                &json!({ "TableName": table.name, "TimeToLiveSpecification": specification }),
            )?;
        }
        Ok(())
    }

    /// Executes one operation for the stack itself, seen by no interceptor.
    ///
    /// # Errors
    /// When the engine refuses.
    pub fn call(&self, operation: &str, request: &Value) -> Result<Value, EngineError> {
        let body = request.to_string();
        let mut result = Err(DynoxideError::InternalServerError("not executed".to_owned()));
        let mut here = || {
            result = dispatch(&self.database, operation, body.as_bytes());
            match &result {
                Ok(body) => (200, body.clone()),
                Err(problem) => wire_error(problem),
            }
        };
        match &self.twin {
            None => here(),
            Some(twin) => twin.execute(operation, body.as_bytes(), &mut here),
        };
        Ok(serde_json::from_str(&result?)?)
    }

    /// Records of a stream for the stack itself, at most `limit`: behind the one at `position`, or from the oldest on.
    ///
    /// # Errors
    /// When the stream cannot be read.
    pub fn read_stream(&self, place: &StreamPlace, limit: usize) -> Result<Vec<Value>, EngineError> {
        let (kind, sequence_number) = match &place.position {
            Some(position) => ("AFTER_SEQUENCE_NUMBER", Some(position.clone())),
            None => ("TRIM_HORIZON", None),
        };
        let iterator = self.database.get_shard_iterator(GetShardIteratorRequest {
            stream_arn: place.stream_arn.clone(),
            shard_id: place.shard_id.clone(),
            shard_iterator_type: kind.to_owned(),
            sequence_number,
        })?;
        let shard_iterator = iterator.shard_iterator.unwrap_or_default();
        let read = self.database.get_records(GetRecordsRequest { shard_iterator, limit: Some(limit) })?;
        Ok(read.records.iter().map(serde_json::to_value).collect::<Result<_, _>>()?)
    }

    /// The execution of a call whose answer reaches its caller.
    fn work(&self, operation: &str, execution: Execution) -> impl FnOnce() -> Executed + Send + 'static {
        let (database, written, writes) = (self.database.clone(), Arc::clone(&self.written), is_write(operation));
        move || {
            let executed = execution(&database);
            if executed.is_ok() && writes {
                written.notify_one();
            }
            executed
        }
    }

    /// An answer; whoever waits for writes is told of one.
    fn answer(&self, operation: &str, status: u16, body: String) -> Answer {
        if status == 200 && is_write(operation) {
            self.written.notify_one();
        }
        Answer { status, body }
    }
}

impl Engine for DynamoDb {
    const SERVICE: &'static str = "dynamodb";
    const THROTTLED: &'static str = "com.amazon.coral.availability#ThrottlingException";

    fn execute(&self, operation: &str, body: &[u8]) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        // A call takes a fraction of a millisecond, so it runs where it is and blocks nobody for long.
        let mut here = || wire_response(dispatch(&self.database, operation, body));
        let (status, body) = match &self.twin {
            None => here(),
            Some(twin) => twin.execute(operation, body, &mut here),
        };
        Box::pin(future::ready(self.answer(operation, status, body)))
    }

    fn execute_unrepeated(&self, operation: &str, body: &[u8]) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        if self.twin.is_some() {
            return self.execute(operation, body);
        }
        let (token, execution) = match decode_unrepeated(operation, body) {
            Ok(decoded) => decoded,
            Err(problem) => return Box::pin(future::ready(encode(Err(problem)))),
        };
        let work = self.work(operation, execution);
        match &self.thread {
            Some(thread) => {
                let executed = thread.execute(token, work);
                Box::pin(async move { encode(executed.await) })
            }
            None => Box::pin(future::ready(encode(work()))),
        }
    }

    fn observe(operation: &str, request: &mut Value) {
        if let (true, Some(request)) = (is_write(operation) || is_read(operation), request.as_object_mut()) {
            request.insert("ReturnConsumedCapacity".into(), Value::from("INDEXES"));
        }
    }
}

/// The body with which AWS answers a health check.
async fn health() -> String {
    format!("healthy: dynamodb.{REGION}.amazonaws.com ")
}

/// Answers one request of another program.
async fn serve(State(engine): State<DynamoDb>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let target = text("x-amz-target").split_once('.');
    let known = target.filter(|target| ["DynamoDB_20120810", "DynamoDBStreams_20120810"].contains(&target.0));
    let answer = match known {
        Some(target) => engine.execute(target.1, &body).await,
        None => Answer { status: 400, body: json!({ "__type": UNKNOWN_OPERATION }).to_string() },
    };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], answer.body).into_response()
}

fn is_write(operation: &str) -> bool {
    matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems")
}

fn is_read(operation: &str) -> bool {
    matches!(operation, "GetItem" | "BatchGetItem" | "TransactGetItems" | "Query" | "Scan")
}

/// Status and body of a result, as they go over the wire.
fn wire_response(result: dynoxide::Result<String>) -> (u16, String) {
    result.map_or_else(|problem| wire_error(&problem), |body| (200, body))
}

fn wire_error(problem: &DynoxideError) -> (u16, String) {
    (problem.status_code(), problem.to_json())
}

fn encode(executed: Executed) -> Answer {
    let (status, body) = wire_response(executed.and_then(|encoding| encoding()));
    Answer { status, body }
}

fn dispatch(database: &Database, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
    decode(operation, body)?(database)?()
}

/// The same as [`decode`] for a call of which nothing is lost on the way, and the token of a transaction apart. With
/// one, the engine looks through those of the last ten minutes at each transaction, and the SDK gives every transaction
/// one: at a thousand a second the looking soon takes longer than all else.
fn decode_unrepeated(operation: &str, body: &[u8]) -> dynoxide::Result<(Option<String>, Execution)> {
    if operation != "TransactWriteItems" {
        return Ok((None, decode(operation, body)?));
    }
    let mut request: TransactWriteItemsRequest = read(body)?;
    let token = request.client_request_token.take();
    Ok((token, execution(request, Database::transact_write_items)))
}

/// Reads a call. What is expensive and needs no table is done before the execution, and after it: the engine executes
/// one call at a time.
fn decode(operation: &str, body: &[u8]) -> dynoxide::Result<Execution> {
    match operation {
        "GetItem" => call(body, Database::get_item),
        "PutItem" => call(body, Database::put_item),
        "UpdateItem" => call(body, Database::update_item),
        "DeleteItem" => call(body, Database::delete_item),
        "Query" => call(body, Database::query),
        "Scan" => call(body, Database::scan),
        "BatchGetItem" => call(body, Database::batch_get_item),
        "BatchWriteItem" => call(body, Database::batch_write_item),
        "TransactGetItems" => call(body, Database::transact_get_items),
        "TransactWriteItems" => call(body, Database::transact_write_items),
        "CreateTable" => call(body, Database::create_table),
        "DescribeTable" => call(body, Database::describe_table),
        "UpdateTable" => call(body, Database::update_table),
        "DeleteTable" => call(body, Database::delete_table),
        "ListTables" => call(body, Database::list_tables),
        "UpdateTimeToLive" => call(body, Database::update_time_to_live),
        "DescribeTimeToLive" => call(body, Database::describe_time_to_live),
        "TagResource" => call(body, Database::tag_resource),
        "UntagResource" => call(body, Database::untag_resource),
        "ListTagsOfResource" => call(body, Database::list_tags_of_resource),
        "ExecuteStatement" => call(body, Database::execute_statement),
        "ExecuteTransaction" => call(body, Database::execute_transaction),
        "BatchExecuteStatement" => call(body, Database::batch_execute_statement),
        "ListStreams" => call(body, Database::list_streams),
        "DescribeStream" => call(body, Database::describe_stream),
        "GetShardIterator" => call(body, Database::get_shard_iterator),
        "GetRecords" => call(body, Database::get_records),
        _ => Err(DynoxideError::ValidationException(format!("{operation} is not wired into the local stack"))),
    }
}

fn call<I, O>(body: &[u8], operation: fn(&Database, I) -> dynoxide::Result<O>) -> dynoxide::Result<Execution>
where
    I: DeserializeOwned + Send + 'static,
    O: Serialize + Send + 'static,
{
    Ok(execution(read(body)?, operation))
}

fn read<I: DeserializeOwned>(body: &[u8]) -> dynoxide::Result<I> {
    serde_json::from_slice(body).map_err(|problem| unreadable(&problem))
}

fn execution<I, O>(request: I, operation: fn(&Database, I) -> dynoxide::Result<O>) -> Execution
where
    I: Send + 'static,
    O: Serialize + Send + 'static,
{
    Box::new(move |database| {
        let response = operation(database, request)?;
        Ok(Box::new(move || {
            let text = serde_json::to_string(&response);
            text.map_err(|problem| DynoxideError::InternalServerError(problem.to_string()))
        }))
    })
}

/// The error of a request that cannot be decoded. The crate's types mark in their message what kind it is, for its own
/// server's decoder, which is private.
fn unreadable(problem: &serde_json::Error) -> DynoxideError {
    let message = problem.to_string();
    let said = message.rsplit_once(" at line ").map_or(message.as_str(), |(said, _)| said);
    let invalid = ["VALIDATION:", "VALIDATION_REQUEST:"].iter().find_map(|mark| said.strip_prefix(mark));
    let words = ["missing field", "unknown variant", "invalid type: null", "AttributeValue"];
    match invalid {
        Some(said) => DynoxideError::ValidationException(said.to_owned()),
        None if words.iter().any(|word| said.contains(word)) => DynoxideError::ValidationException(said.to_owned()),
        None => DynoxideError::SerializationException(said.trim_start_matches("SERIALIZATION:").to_owned()),
    }
}

fn check_same_keys(table: &Table, there: &Value) -> Result<(), EngineError> {
    let indexes = |table: &Value| {
        let mut keys: Vec<String> = table["GlobalSecondaryIndexes"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|index| format!("{} {}", index["IndexName"], index["KeySchema"]))
            .collect();
        keys.sort();
        keys
    };
    let wanted = &table.definition;
    if wanted["KeySchema"] == there["KeySchema"] && indexes(wanted) == indexes(there) {
        Ok(())
    } else {
        Err(EngineError::OtherTable(table.name.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_value_is_a_validation_exception_as_on_aws() {
        let key = |sk: Value| json!({ "TableName": "Table", "Key": { "pk": { "S": "a" }, "sk": sk } });
        let limit = json!({ "TableName": "Table", "Limit": 0 });
        let database = Database::memory().unwrap();
        for (operation, request, kind) in [
            ("GetItem", key(json!({ "S": "b", "N": "1" })), "ValidationException"),
            ("GetItem", key(json!({ "N": "abc" })), "ValidationException"),
            ("GetItem", key(json!({})), "ValidationException"),
            ("Query", limit, "ValidationException"),
            ("GetItem", key(json!({ "S": 1 })), "SerializationException"),
        ] {
            let (status, body) = wire_response(dispatch(&database, operation, request.to_string().as_bytes()));
            assert!(status == 400 && body.contains(&format!("#{kind}\"")), "{request}: {body}");
            assert!(!body.contains("VALIDATION") && !body.contains("at line"), "{body}");
        }
    }
}
