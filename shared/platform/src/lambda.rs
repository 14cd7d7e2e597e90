//! The only use of the Lambda runtime: what a function is, and how it is run.
//!
//! A function is a table row in its domain's `mod.rs`. In Lambda one binary runs one of them; the local stack
//! and the tests run all of them in one process through the same two doors, [`invoke`] and the routers.

use std::future::Future;
use std::io::Write;
use std::pin::Pin;
use std::sync::Arc;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use axum::Router;
use axum::http::Uri;
use lambda_http::request::LambdaRequest;
use lambda_runtime::{LambdaEvent, Service, service_fn};
use serde_json::Value;
use tracing::Instrument;
use utoipa_axum::router::UtoipaMethodRouter;

use crate::app::App;
use crate::clock::Stopwatch;
use crate::events::Event;
use crate::http::{self, Problem};
use crate::telemetry::call_lines::CallLines;
use crate::telemetry::logs;
use crate::telemetry::metrics::{CALLS, CONSUME_SECONDS, EVENTS_CONSUMED, Emf, LAST_SUCCESS, Meter};
use crate::telemetry::trace::{self, Context, OpenSpan, SpanKind};

/// Why a function as a whole failed; the runtime reports it and the trigger tries again.
pub type InvocationError = lambda_runtime::Error;

/// The answer of a function that is not called over HTTP: JSON in, JSON out.
pub type Invocation = Pin<Box<dyn Future<Output = Result<Value, InvocationError>> + Send>>;

/// One Lambda function.
#[derive(Clone, Copy)]
pub enum Function {
    /// Called through API Gateway: its route, and what the OpenAPI document says of it.
    Http(fn() -> UtoipaMethodRouter<App>),
    /// Called through API Gateway where no route is for a request: how that is refused.
    Default(fn(&Uri) -> Problem),
    /// Called over HTTP by several routes, of which the OpenAPI document knows nothing: the page.
    Page(fn() -> Router<App>),
    /// Called with any other event: queue, stream, schedule, authorizer, operator.
    Event(fn(App, Value) -> Invocation),
}

/// Calls a function with an event as Lambda would and gives its answer as Lambda would.
///
/// # Errors
/// When the event is not of the function's kind, or the function fails as a whole.
pub async fn invoke(function: &Function, app: App, event: Value) -> Result<Value, InvocationError> {
    invoke_with_id(function, app, event, "").await
}

/// The same under the request id that Lambda's context would have: the log lines of a function without HTTP show it.
/// A request over HTTP has its id from the gateway.
///
/// # Errors
/// When the event is not of the function's kind, or the function fails as a whole.
pub async fn invoke_with_id(
    function: &Function,
    app: App,
    event: Value,
    request_id: &str,
) -> Result<Value, InvocationError> {
    let router = match function {
        Function::Event(handle) => return invoke_event(*handle, app, event, request_id, None).await,
        Function::Http(route) => http::serve(route(), app),
        Function::Default(refusal) => http::refuse(*refusal, app),
        Function::Page(routes) => http::serve_page(routes(), app),
    };
    let request: LambdaRequest = serde_json::from_value(event)?;
    let called = {
        let mut service = lambda_http::Adapter::from(router);
        service.call(LambdaEvent::new(request, lambda_runtime::Context::default()))
    };
    Ok(serde_json::to_value(called.await?)?)
}

/// Calls a function that is not called over HTTP, counts how that ended, and says in logs and traces what it is.
#[expect(clippy::cast_precision_loss, reason = "a second is told, not a nanosecond")]
async fn invoke_event(
    handle: fn(App, Value) -> Invocation,
    app: App,
    event: Value,
    request_id: &str,
    given: Option<Context>,
) -> Result<Value, InvocationError> {
    // A schedule's event has an id, and begins a trace; batches have none, each of their messages continues its own.
    let begun_by = event["id"].as_str().unwrap_or_default().to_owned();
    let open = app.open_span(SpanKind::Internal, app.function().to_owned(), given, &begun_by);
    let context = open.as_ref().map(OpenSpan::context).or(given);
    let work = handle(app.clone(), event).instrument(logs::call_span(&app, request_id, context));
    let answer = trace::with_context(context, work).await;
    if let Some(open) = open {
        open.end(app.meter(), answer.is_err(), Vec::new());
    }
    app.meter().count(&CALLS, 1, &[if answer.is_ok() { "done" } else { "failed" }]);
    if answer.is_ok() {
        app.meter().set(&LAST_SUCCESS, app.now().as_second() as f64, &[]);
    }
    answer
}

/// Runs the function `name` as the `main` of its Lambda binary. What calls count are lines on standard output.
///
/// # Errors
/// When a setting is missing or the runtime cannot be reached.
pub fn run(name: &'static str, function: Function) -> Result<(), InvocationError> {
    start_logs();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let counted = Emf::default();
        let app = App::from_environment(name, Meter::new(name, Arc::new(counted.clone()))).await?;
        let lines = CallLines::new(&app, counted, |line| std::io::stdout().write_all(line));
        let router = match function {
            Function::Http(route) => http::serve(route(), app),
            Function::Default(refusal) => http::refuse(refusal, app),
            Function::Page(routes) => http::serve_page(routes(), app),
            Function::Event(handle) => {
                let call = service_fn(move |event: LambdaEvent<Value>| {
                    let (app, lines, started) = (app.clone(), lines.clone(), Stopwatch::start());
                    async move {
                        let given = event.context.xray_trace_id.as_deref().and_then(Context::from_x_ray);
                        let answer = invoke_event(handle, app, event.payload, &event.context.request_id, given).await;
                        lines.end_call(answer.is_ok(), started.elapsed());
                        answer
                    }
                });
                return lambda_runtime::run(call).await;
            }
        };
        lambda_http::run(http::with_call_lines(router, lines)).await
    })
}

/// A message could not be dealt with now; its queue shall deliver it again.
#[derive(Debug, thiserror::Error)]
#[error("to be delivered again: {0}")]
pub struct Retry(pub String);

impl From<crate::failure::Failure> for Retry {
    fn from(failure: crate::failure::Failure) -> Self {
        Self(failure.to_string())
    }
}

/// How a message was delivered, for a consumer that decides itself when it comes again.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Names this delivery to the queue.
    pub receipt_handle: String,
    /// How often the message has been delivered, this time included.
    pub count: u32,
    message_id: String,
}

/// Handles each message of a queue's batch by itself and names those that failed, so that the others are not
/// delivered again. A message that is no event of ours fails like any other, and so ends in the dead-letter queue.
///
/// # Errors
/// When the batch itself cannot be read.
pub async fn queue_batch<H>(app: App, batch: Value, handle: H) -> Result<Value, InvocationError>
where
    H: AsyncFn(&App, &Event) -> Result<(), Retry>,
{
    let batch = Messages::parse(batch)?;
    // Side by side: one that is slow must not use up the time of the others.
    let results = futures_util::future::join_all(
        batch.pairs().map(|(event, delivery)| handle_message(&app, event, delivery, handle(&app, event))),
    );
    let results = results.await;
    batch.into_batch_response(&app, results)
}

/// The same for a consumer that also looks at how each message was delivered.
///
/// # Errors
/// When the batch itself cannot be read.
pub async fn queue_deliveries<H>(app: App, batch: Value, handle: H) -> Result<Value, InvocationError>
where
    H: AsyncFn(&App, &Event, &Delivery) -> Result<(), Retry>,
{
    let batch = Messages::parse(batch)?;
    let results =
        batch.pairs().map(|(event, delivery)| handle_message(&app, event, delivery, handle(&app, event, delivery)));
    let results = futures_util::future::join_all(results).await;
    batch.into_batch_response(&app, results)
}

/// The same for a consumer that deals with a whole batch at once; it gives one result for each event, in their order.
///
/// # Errors
/// When the batch itself cannot be read.
pub async fn queue_batch_together<H>(app: App, batch: Value, handle: H) -> Result<Value, InvocationError>
where
    H: AsyncFn(&App, &[Event]) -> Vec<Result<(), Retry>>,
{
    let batch = Messages::parse(batch)?;
    let opened: Vec<_> = batch.pairs().map(|(event, delivery)| open_consumer_span(&app, event, delivery)).collect();
    let results = handle(&app, &batch.events).await;
    for (open, result) in opened.into_iter().zip(&results) {
        open.into_iter().for_each(|open| open.end(app.meter(), result.is_err(), Vec::new()));
    }
    batch.into_batch_response(&app, results)
}

/// The same for a consumer that also looks at how each message was delivered.
///
/// # Errors
/// When the batch itself cannot be read.
pub async fn queue_deliveries_together<H>(app: App, batch: Value, handle: H) -> Result<Value, InvocationError>
where
    H: AsyncFn(&App, &[(&Event, &Delivery)]) -> Vec<Result<(), Retry>>,
{
    let batch = Messages::parse(batch)?;
    let opened: Vec<_> = batch.pairs().map(|(event, delivery)| open_consumer_span(&app, event, delivery)).collect();
    let results = handle(&app, &batch.pairs().collect::<Vec<_>>()).await;
    for (open, result) in opened.into_iter().zip(&results) {
        open.into_iter().for_each(|open| open.end(app.meter(), result.is_err(), Vec::new()));
    }
    batch.into_batch_response(&app, results)
}

/// Handles each message of a batch that holds no events of ours, but what another service tells.
///
/// # Errors
/// When the batch itself cannot be read.
pub async fn queue_notices<T, H>(app: App, batch: Value, handle: H) -> Result<Value, InvocationError>
where
    T: serde::de::DeserializeOwned,
    H: AsyncFn(&App, T) -> Result<(), Retry>,
{
    let batch: SqsEvent = serde_json::from_value(batch)?;
    let results = batch.records.into_iter().map(async |message| {
        let notice = serde_json::from_str(message.body.as_deref().unwrap_or_default());
        let result = match notice {
            Ok(notice) => handle(&app, notice).await,
            // Not the error itself, which may quote what it could not read.
            Err(_) => Err(Retry("it cannot be read".to_owned())),
        };
        (message.message_id.unwrap_or_default(), result)
    });
    let mut answer = SqsBatchResponse::default();
    for (message_id, result) in futures_util::future::join_all(results).await {
        app.meter().count(&EVENTS_CONSUMED, 1, &[if result.is_ok() { "done" } else { "failed" }]);
        let Err(problem) = result else { continue };
        tracing::error!(message_id, %problem, "message failed");
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = message_id;
        answer.batch_item_failures.push(failure);
    }
    Ok(serde_json::to_value(answer)?)
}

/// The span of a message's consumption.
fn open_consumer_span(app: &App, event: &Event, delivery: &Delivery) -> Option<OpenSpan> {
    let (name, seed) = (event.kind.as_str().to_owned(), format!("{}/{}", delivery.message_id, delivery.count));
    app.open_span(SpanKind::Consumer, name, event.context(), &seed)
}

/// Does the work of one message, as a part of its trace.
async fn handle_message<W>(app: &App, event: &Event, delivery: &Delivery, work: W) -> Result<(), Retry>
where
    W: Future<Output = Result<(), Retry>>,
{
    let open = open_consumer_span(app, event, delivery);
    let context = open.as_ref().map(OpenSpan::context).or(event.context());
    let span = logs::message_span(&delivery.message_id, event, context);
    let result = trace::with_context(context, work.instrument(span)).await;
    if let Some(open) = open {
        open.end(app.meter(), result.is_err(), vec![("event_id", event.id.clone())]);
    }
    result
}

/// The messages of a batch: events with their deliveries, in the same order, and what is no event of ours.
struct Messages {
    events: Vec<Event>,
    deliveries: Vec<Delivery>,
    failed: Vec<(String, String)>,
}

impl Messages {
    fn parse(batch: Value) -> Result<Self, InvocationError> {
        let batch: SqsEvent = serde_json::from_value(batch)?;
        let mut messages = Self { events: Vec::new(), deliveries: Vec::new(), failed: Vec::new() };
        for message in batch.records {
            let message_id = message.message_id.unwrap_or_default();
            match serde_json::from_str::<Event>(message.body.as_deref().unwrap_or_default()) {
                Ok(event) => {
                    let count = message.attributes.get("ApproximateReceiveCount");
                    messages.deliveries.push(Delivery {
                        receipt_handle: message.receipt_handle.unwrap_or_default(),
                        count: count.and_then(|count| count.parse().ok()).unwrap_or(1),
                        message_id,
                    });
                    messages.events.push(event);
                }
                Err(problem) => messages.failed.push((message_id, format!("not an event: {problem}"))),
            }
        }
        Ok(messages)
    }

    /// Each event with how it was delivered.
    fn pairs(&self) -> impl Iterator<Item = (&Event, &Delivery)> {
        self.events.iter().zip(&self.deliveries)
    }

    /// The partial-batch answer that names what failed, each with a line in the log.
    fn into_batch_response(self, app: &App, results: Vec<Result<(), Retry>>) -> Result<Value, InvocationError> {
        for (event, result) in self.events.iter().zip(&results) {
            app.meter().count(&EVENTS_CONSUMED, 1, &[if result.is_ok() { "done" } else { "failed" }]);
            if result.is_ok() {
                app.meter().record(&CONSUME_SECONDS, event.age(app).as_secs_f64(), &[]);
            }
        }
        app.meter().count(&EVENTS_CONSUMED, self.failed.len() as u64, &["failed"]);
        for (message_id, problem) in &self.failed {
            tracing::error!(message_id, problem, "message failed");
        }
        let mut unhandled = Vec::new();
        for ((event, delivery), result) in self.pairs().zip(results) {
            let Err(problem) = result else { continue };
            logs::message_span(&delivery.message_id, event, event.context())
                .in_scope(|| tracing::error!(%problem, "message failed"));
            unhandled.push(delivery.message_id.clone());
        }
        let mut answer = SqsBatchResponse::default();
        for id in self.failed.into_iter().map(|(id, _)| id).chain(unhandled) {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            answer.batch_item_failures.push(failure);
        }
        Ok(serde_json::to_value(answer)?)
    }
}

/// JSON lines on standard output, one per failure; `LOG_LEVEL` sets the level (default `info`).
fn start_logs() {
    let level = std::env::var("LOG_LEVEL").unwrap_or_else(|_| "info".to_owned());
    let started = tracing::subscriber::set_global_default(logs::subscriber(&level, std::io::stdout));
    started.expect("logs are started once");
}
