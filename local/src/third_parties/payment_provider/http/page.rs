//! The page for people, and the faults.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::json;

use crate::third_parties::payment_provider::http::{Server, text};
use crate::third_parties::payment_provider::objects::{Delivered, Event};
use crate::third_parties::payment_provider::objects::{PaymentIntent, Refund};
use crate::third_parties::payment_provider::{Faults, Provider};

/// Rows of each table.
const ROWS_MAX: usize = 100;
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const INTENT_HEADS: [&str; 7] = ["Payment", "Created", "Status", "Amount", "Received", "Refunded", "Metadata"];
const REFUND_HEADS: [&str; 5] = ["Refund", "Created", "Status", "Amount", "Payment"];
const EVENT_HEADS: [&str; 5] = ["Event", "Created", "Type", "About", "Delivery"];

pub(crate) async fn show(State(server): State<Server>) -> Response {
    let now = server.now();
    let mut provider = server.provider();
    provider.advance(now);
    text("text/html; charset=utf-8", POLICY, render(&provider))
}

pub(crate) async fn show_object(State(server): State<Server>, Path(id): Path<String>) -> Response {
    let Some(object) = server.provider().object(&id) else {
        return refuse(StatusCode::NOT_FOUND, "there is no such object");
    };
    text("application/json", POLICY, format!("{object:#}\n"))
}

pub(crate) async fn show_faults(State(server): State<Server>) -> Json<Faults> {
    Json(server.provider().faults().clone())
}

pub(crate) async fn set_faults(State(server): State<Server>, asked: Result<Json<Faults>, JsonRejection>) -> Response {
    let Json(asked) = match asked {
        Ok(asked) => asked,
        Err(problem) => return refuse(StatusCode::BAD_REQUEST, &problem.body_text()),
    };
    if let Err(problem) = server.provider().set_faults(asked.clone()) {
        return refuse(StatusCode::BAD_REQUEST, &problem.to_string());
    }
    server.changed.notify_one();
    Json(asked).into_response()
}

fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}

fn render(provider: &Provider) -> String {
    let state = &provider.state;
    let faults = serde_json::to_string_pretty(&state.faults).unwrap_or_default();
    let intents = state.intents.newest_first().take(ROWS_MAX).map(intent_row);
    let refunds = state.refunds.newest_first().take(ROWS_MAX).map(refund_row);
    let events = state.events.newest_first().take(ROWS_MAX).map(event_row);
    let is_well = if state.faults == Faults::default() { "none" } else { "some" };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Test payment provider</title>\n\
         <link rel=\"stylesheet\" href=\"/elements/provider.css\">\n<body class=\"page\">\n\
         <h1>Test payment provider</h1>\n\
         <p>This is the test provider of the local stack: no money moves. Amounts are in minor units. Each table shows \
         the newest {ROWS_MAX} rows.</p>\n{}{}{}\
         <h2>Faults: {is_well}</h2>\n<p>To change them, <code>PUT</code> such JSON to <code>/faults</code>.</p>\n\
         <pre>{}</pre>\n</body>\n</html>\n",
        table("Payments", &INTENT_HEADS, intents),
        table("Refunds", &REFUND_HEADS, refunds),
        table("Events", &EVENT_HEADS, events),
        escape(&faults),
    )
}

fn table<const COLUMNS: usize>(
    title: &str,
    heads: &[&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> String {
    let mut html = format!("<h2>{title}</h2>\n<div class=\"scroll\"><table>\n<tr>");
    for head in heads {
        // Writing to a text cannot fail.
        let _ = write!(html, "<th scope=\"col\">{head}</th>");
    }
    html.push_str("</tr>\n");
    let mut is_empty = true;
    for row in rows {
        is_empty = false;
        let cells: String = row.iter().map(|cell| format!("<td>{cell}</td>")).collect();
        let _ = writeln!(html, "<tr>{cells}</tr>");
    }
    if is_empty {
        let _ = writeln!(html, "<tr><td colspan=\"{COLUMNS}\">none yet</td></tr>");
    }
    html.push_str("</table></div>\n");
    html
}

fn intent_row(intent: &PaymentIntent) -> [String; 7] {
    let reason = intent.cancellation_reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let metadata: Vec<String> = intent.metadata.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    [
        link(&intent.id),
        time(intent.created),
        escape(&format!("{}{reason}", intent.status.name())),
        money(intent.amount, &intent.currency),
        money(intent.amount_received, &intent.currency),
        money(intent.amount_refunded, &intent.currency),
        escape(&metadata.join(", ")),
    ]
}

fn refund_row(refund: &Refund) -> [String; 5] {
    let status = json!(refund.status);
    let reason = refund.failure_reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    [
        link(&refund.id),
        time(refund.created),
        escape(&format!("{}{reason}", status.as_str().unwrap_or_default())),
        money(refund.amount, &refund.currency),
        link(&refund.payment_intent),
    ]
}

fn event_row(event: &Event) -> [String; 5] {
    let about = event.object["id"].as_str().unwrap_or_default();
    let delivery = match (event.delivered, event.failures) {
        (Delivered::Waiting, 0) => "waiting".to_owned(),
        (Delivered::Waiting, failures) => format!("failed {failures} times, next at {}", event.due),
        (Delivered::Done, 0) => "delivered".to_owned(),
        (Delivered::Done, failures) => format!("delivered after {failures} failures"),
        (Delivered::GivenUp, failures) => format!("given up after {failures} failures"),
    };
    // A charge has no page of its own.
    let about = if about.starts_with("ch_") { escape(about) } else { link(about) };
    [link(&event.id), time(event.created), escape(&event.kind), about, escape(&delivery)]
}

fn link(id: &str) -> String {
    let id = escape(id);
    format!("<a href=\"/objects/{id}\">{id}</a>")
}

fn money(amount: i64, currency: &str) -> String {
    format!("{amount} {}", escape(&currency.to_uppercase()))
}

fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map(|time| time.to_string()).unwrap_or_default()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
