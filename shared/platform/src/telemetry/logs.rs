//! Log lines: what each says besides its message, and in which form.
//!
//! **A line tells ids, codes and causes.** Which function, which request, which trace, and which reservation, order or
//! payment it is about come from the span around it, so that who logs a failure need not know them.

use std::fmt::Display;

use axum::extract::RawPathParams;
use tracing::field::Empty;
use tracing::{Span, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use uuid::Uuid;

use crate::app::App;
use crate::events::{Data, Event};
use crate::telemetry::trace::Context;

/// The log level of the Lambda runtime: its own trace shows whole events, tokens and passwords among them.
const QUIET: &str = "lambda_runtime=info,lambda_http=info";
/// Ids in a path that are told.
const TOLD: [&str; 4] = ["reservation_id", "order_id", "payment_id", "schedule_id"];

/// One JSON object a line on `writer`, from `level` on.
pub fn subscriber<W>(level: &str, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(format!("{level},{QUIET}"));
    let filter = filter.unwrap_or_else(|_| "info".into());
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).with_writer(writer);
    lines.with_target(false).without_time().finish()
}

/// The span of a request. Its level is that of errors, so that it is there whatever is logged.
pub(crate) fn request_span(app: &App, request_id: &str, trace: Option<Context>, path: Option<&RawPathParams>) -> Span {
    let span = tracing::error_span!(
        "request",
        function = app.function(),
        request_id,
        trace_id = Empty,
        reservation_id = Empty,
        order_id = Empty,
        payment_id = Empty,
        card_payment_id = Empty,
        schedule_id = Empty,
    );
    record_field(&span, "trace_id", trace.map(|trace| trace.trace_id()));
    // Whatever else somebody writes into a path is no business of the log.
    for (name, value) in path.into_iter().flatten().filter(|(name, value)| TOLD.contains(name) && is_id(value)) {
        span.record(name, value);
    }
    span
}

/// Records the id of the thing that the request is about, once it is known: a field of [`request_span`].
pub fn record_id(name: &'static str, id: impl Display) {
    Span::current().record(name, tracing::field::display(id));
}

/// The span of a call that is none over HTTP.
pub(crate) fn call_span(app: &App, request_id: &str, trace: Option<Context>) -> Span {
    let span = tracing::error_span!("call", function = app.function(), request_id, trace_id = Empty);
    record_field(&span, "trace_id", trace.map(|trace| trace.trace_id()));
    span
}

/// The span of a message.
pub(crate) fn message_span(message_id: &str, event: &Event, trace: Option<Context>) -> Span {
    let span = tracing::error_span!(
        "message",
        message_id,
        event_id = event.id,
        trace_id = Empty,
        reservation_id = Empty,
        order_id = Empty,
        card_payment_id = Empty,
    );
    record_field(&span, "trace_id", trace.map(|trace| trace.trace_id()));
    match &event.data {
        Data::Reservation(data) => record_field(&span, "reservation_id", Some(data.reservation_id)),
        Data::Order(data) => record_field(&span, "order_id", Some(data.order_id)),
        Data::Card(data) => record_field(&span, "card_payment_id", Some(data.card_payment_id)),
        Data::Token(_) | Data::Admin(_) | Data::Link(_) => {}
    }
    span
}

fn record_field(span: &Span, name: &'static str, value: Option<impl Display>) {
    if let Some(value) = value {
        span.record(name, tracing::field::display(value));
    }
}

/// A UUID, or the id of a payment, which is one behind what it pays for.
fn is_id(value: &str) -> bool {
    let id = value.strip_prefix("rsv-").or_else(|| value.strip_prefix("ord-")).unwrap_or(value);
    id.len() == 36 && id.parse::<Uuid>().is_ok()
}
