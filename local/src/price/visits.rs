//! How much a first visit of the page uses: the concerts, one of them, and everything that a browser loads for them.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use jiff::SignedDuration;
use onsale_platform::clock::Clock;
use serde_json::json;
use tower::ServiceExt;

use super::measure::{Meter, add_calls, add_requests};
use super::{Charged, Journey, Usage};
use crate::client::{Client, ClientError, head_bytes};
use crate::stack::{Options, Stack};
use crate::telemetry::function_logs::FunctionLogs;

/// Most visits that are measured.
const VISITS_MAX: usize = 10_000;
/// Visits that one process of a function answers in a second.
const VISITS_A_SECOND: i64 = 10;
/// When people come.
const START: &str = "2026-11-30T10:00:00Z";
/// Largest answer that is read.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// The usage of one first visit, on the average of so many that one busy process of each function answers.
///
/// # Errors
/// When a function refuses.
pub async fn visit(journey: Journey, visits: usize) -> Result<Usage, ClientError> {
    if !(1..=VISITS_MAX).contains(&visits) {
        return Err(format!("visits must be from 1 to {VISITS_MAX}").into());
    }
    let clock = Clock::manual(START.parse()?);
    let logs = FunctionLogs::default();
    let stack = Stack::start(Options { clock: clock.clone(), logs: Some(logs.clone()), ..Options::default() }).await?;
    let admin = Client::new_admin(&stack, clock.now()).await?;
    let schedule = admin.open_schedule(clock.now(), 4).await?;
    admin.post(&format!("/schedules/{schedule}/seats"), json!({})).await?;
    let concert = admin.get(&format!("/schedules/{schedule}")).await?;
    let concert = concert["concert_id"].as_str().unwrap_or_default();
    let gateway = stack.gateway();
    let documents = ["/".to_owned(), format!("/app/concerts/{concert}")];
    let mut of_page = BTreeSet::from(documents.clone());
    for document in &documents {
        of_page.extend(assets(&load(&gateway, document, "identity").await?.0));
    }
    let meter = Arc::new(Meter::default());
    drop(logs.take_line_bytes(clock.now()));
    stack.intercept(Some(meter.clone()));
    let mut received = 0;
    for _ in 0..visits {
        for path in &of_page {
            received += load(&gateway, path, "gzip").await?.1;
        }
        received += load(&gateway, &format!("/concerts/{concert}"), "gzip").await?.1;
        clock.advance(SignedDuration::from_millis(1_000 / VISITS_A_SECOND));
    }
    stack.intercept(None);
    let (template, count) = (stack.template(), visits as f64);
    let mut usage = Usage::default();
    meter.add_to(&mut usage);
    for (function, requests) in [("get_page", of_page.len() as f64 * count), ("get_concert", count)] {
        add_requests(&mut usage, template, function, requests);
        add_calls(&mut usage, template, function, requests, journey.poll_milliseconds);
    }
    // Lines here tell of one call each; on AWS several share one.
    for (function, line) in logs.take_line_bytes(clock.now()) {
        let shared = template.function(&function).and_then(|it| it.variables.get("CALLS_PER_LOG_LINE")?.parse().ok());
        let calls = if function == "get_page" { of_page.len() as f64 * count } else { count };
        usage.add(Charged::Logged, line as f64 * calls / shared.unwrap_or(1.0) / 1e9);
    }
    usage.add(Charged::TransferredOut, received as f64 / 1e9);
    Ok(usage.scaled(1.0 / count))
}

/// The body of an answer, and its bytes on the wire with its head.
async fn load(gateway: &Router, path: &str, encoding: &str) -> Result<(String, usize), ClientError> {
    let request = Request::get(path).header(header::ACCEPT_ENCODING, encoding).body(Body::empty())?;
    let (head, body) = gateway.clone().oneshot(request).await?.into_parts();
    let body = axum::body::to_bytes(body, BODY_BYTES_MAX).await?;
    if head.status != StatusCode::OK {
        return Err(format!("{path}: {}", head.status).into());
    }
    Ok((String::from_utf8_lossy(&body).into_owned(), head_bytes(&head.headers) + body.len()))
}

/// The paths of assets that a document names.
fn assets(document: &str) -> impl Iterator<Item = String> {
    let named = document.split(['"', '\'']).filter(|part| part.starts_with("/assets/"));
    named.map(str::to_owned)
}
