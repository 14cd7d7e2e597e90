//! How much one booking uses, counted on the local stack, and how much a month in which nobody comes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use onsale_domain::id::UserId;
use onsale_platform::clock::Clock;
use onsale_platform::memory::lock;
use onsale_platform::telemetry::metrics::ALL;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{Charged, Usage, cards};
use crate::aws::cloudformation::{self, Event, Template};
use crate::aws::event_sources::cron::Schedule;
use crate::client::{Client, ClientError};
use crate::intercept::{After, Before, Call, Intercept, Units};
use crate::server::ports::Port;
use crate::stack::{Options, Stack};
use crate::telemetry::function_logs::FunctionLogs;

/// A password for measuring; nobody has it.
const PASSWORD: &str = "seventeen violet harbours";
/// The price of a measured seat.
const SEAT_PRICE: i64 = 50_000;
/// Most bookings that are measured.
const BOOKINGS_MAX: usize = 2_000;
/// Seats of a row.
const ROW: usize = 25;
/// Seconds between two looks: what is remembered for a second is read again.
const SECONDS_BETWEEN: i64 = 2;
/// Minutes between two bookings: what is remembered for some minutes is read again.
const MINUTES_BETWEEN: i64 = 2;
/// When the measured sale is.
const START: &str = "2026-11-21T10:00:00Z";
/// Requests to a queue that Lambda makes for one batch: to receive it and to delete it.
const REQUESTS_OF_A_BATCH: f64 = 2.0;
/// Connections with which Lambda waits at a queue, and seconds after which each asks again.
const WAITING_AT_A_QUEUE: (f64, f64) = (5.0, 20.0);
/// Bytes of the two lines that Lambda itself logs of a call, `platform.start` and `platform.report`, by their fields in
/// AWS's documents.
const PLATFORM_LINES_BYTES: f64 = 168.0 + 431.0;
/// The part of the calls of a crowd that X-Ray keeps: five of a hundred, and one a second, which does not show.
const TRACED_OF_A_CROWD: f64 = 0.05;
/// Longest page of metrics.
const METRICS_BYTES_MAX: usize = 1024 * 1024;
/// Days of a month.
const DAYS: i64 = 30;

/// The steps of booking one seat, and the duration of each function.
#[derive(Clone, Copy, Debug)]
pub struct Journey {
    /// How often they look at the seats.
    pub looks: u32,
    /// Milliseconds that each call of a function is charged for, but polls.
    pub milliseconds: f64,
    /// Milliseconds that a poll is charged for: one in ten of a process waits for a call to the table.
    pub poll_milliseconds: f64,
    /// Whether buyers get mail.
    pub mails: bool,
}

/// How a booking is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaidBy {
    /// From a wallet that was topped up before.
    Wallet,
    /// By card, without what the payment provider itself costs.
    Card,
}

/// Counts what the calls of functions to the table and the queues use.
#[derive(Default)]
pub(super) struct Meter {
    usage: Mutex<Usage>,
}

impl Meter {
    /// Adds what was used since the last look.
    pub(super) fn add_to(&self, to: &mut Usage) {
        let used = std::mem::take(&mut *lock(&self.usage));
        for kind in [Charged::WriteUnit, Charged::ReadUnit, Charged::QueueRequest, Charged::Mail] {
            to.add(kind, used.amount(kind));
        }
    }
}

impl Intercept for Meter {
    fn before(&self, _: &Call<'_>) -> Before {
        Before::Proceed
    }

    fn after(&self, call: &Call<'_>, response: &Value) -> After {
        let mut usage = lock(&self.usage);
        if call.service == "sqs" {
            usage.add(Charged::QueueRequest, 1.0);
            return After::Deliver;
        }
        if call.service == "ses" {
            usage.add(Charged::Mail, 1.0);
            return After::Deliver;
        }
        let units = Units::from_response(call, response);
        usage.add(Charged::WriteUnit, units.write);
        usage.add(Charged::ReadUnit, units.read);
        After::Deliver
    }
}

/// The usage of one booking, on the average of so many: log in, look at the date and its seats, hold, pay, and all that
/// follows from it, up to the data platform. Bookings come one by one: where many come at once, batches are larger, and
/// many looks at the seats cost no read.
///
/// # Errors
/// When a function refuses.
pub async fn booking(journey: Journey, paid_by: PaidBy, bookings: usize) -> Result<Usage, ClientError> {
    let clock = Clock::manual(START.parse()?);
    // All of them come from one address here.
    let free = BOOKINGS_MAX.to_string();
    let variables = ["SIGN_UP_SOURCE_FREE_ATTEMPTS", "LOG_IN_SOURCE_FREE_ATTEMPTS"];
    let mut variables: HashMap<String, String> = variables.map(|name| (name.to_owned(), free.clone())).into();
    variables.insert("PUBLIC_URL".to_owned(), "https://tickets.example".to_owned());
    let mail_from = journey.mails.then(|| "tickets@shop.example".to_owned());
    let port = Port::bind("data platform", 0).await?;
    let data_platform = Some(format!("{}/events", port.url()));
    let logs = FunctionLogs::default();
    let options = Options {
        clock: clock.clone(),
        variables,
        data_platform,
        mail_from,
        logs: Some(logs.clone()),
        ..Options::default()
    };
    let stack = Stack::start(options).await?;
    let serving = port.serve(stack.receiver().router());
    let sale = Sale { schedule: open_sale(&stack, clock.now(), bookings).await?, stack, clock, journey, paid_by, logs };
    let mut usage = Usage::default();
    let before = stored_bytes(&sale.stack)?;
    for seat in 1..=bookings {
        sale.buy(seat, &mut usage).await?;
    }
    let bytes = stored_bytes(&sale.stack)?.saturating_sub(before);
    usage.add(Charged::Stored, bytes as f64 / 1e9);
    serving.stop().await;
    Ok(usage.scaled(1.0 / bookings as f64))
}

/// Where bookings are measured.
struct Sale {
    stack: Stack,
    clock: Clock,
    schedule: String,
    journey: Journey,
    paid_by: PaidBy,
    logs: FunctionLogs,
}

impl Sale {
    /// Buys a seat, and adds what it used.
    async fn buy(&self, seat: usize, usage: &mut Usage) -> Result<(), ClientError> {
        let buyer = Client::new(&self.stack, self.clock.now()).await?;
        let nobody = Client::new(&self.stack, self.clock.now()).await?;
        let email = format!("buyer{seat}@onsale.local");
        let account = json!({ "email": email, "password": PASSWORD, "name": "Buyer" });
        let account = nobody.post("/users", account).await?["user_id"].take();
        let account = UserId(serde_json::from_value(account)?);
        let buyer = Client::for_user(&self.stack, account).await?;
        buyer.post("/wallet", json!({})).await?;
        buyer.post("/wallet/charges", json!({ "amount": SEAT_PRICE })).await?;
        self.stack.drain_events().await?;
        self.clock.advance(SignedDuration::from_mins(MINUTES_BETWEEN));

        let (meter, calls) = (Arc::new(Meter::default()), self.stack.calls());
        let received = buyer.received_bytes();
        drop(self.logs.take_line_bytes(self.clock.now()));
        self.stack.intercept(Some(meter.clone()));
        let requests = self.send_requests(&buyer, &email, seat).await?;
        let events = self.stack.calls();
        self.stack.intercept(None);
        meter.add_to(usage);
        usage.add(Charged::TransferredOut, (buyer.received_bytes() - received) as f64 / 1e9);
        let lines = self.logs.take_line_bytes(self.clock.now());
        let line = |function: &str| lines.get(function).copied().unwrap_or_default() as f64;
        for (function, count) in requests {
            add_requests(usage, self.stack.template(), function, count);
            self.add_calls(usage, function, count, line(function));
        }
        for (function, count) in &events {
            let count = (count - calls.get(function).copied().unwrap_or_default()) as f64;
            self.add_calls(usage, function, count, line(function));
            let from_a_queue = |event: &Event| matches!(event, Event::Queue(_));
            if self.stack.template().function(function).is_some_and(|it| it.events.iter().any(from_a_queue)) {
                usage.add(Charged::QueueRequest, REQUESTS_OF_A_BATCH * count);
            }
        }
        Ok(())
    }

    /// Sends the requests of a buyer; gives the functions that are called, and how often.
    async fn send_requests(
        &self,
        buyer: &Client,
        email: &str,
        seat: usize,
    ) -> Result<Vec<(&'static str, f64)>, ClientError> {
        let credentials = json!({ "email": email, "password": PASSWORD });
        buyer.send(Method::POST, "/sessions", Some(credentials), StatusCode::OK).await?;
        let schedule = &self.schedule;
        buyer.get(&format!("/schedules/{schedule}")).await?;
        for _ in 0..self.journey.looks {
            buyer.get(&format!("/schedules/{schedule}/seats?section=A")).await?;
            self.clock.advance(SignedDuration::from_secs(SECONDS_BETWEEN));
        }
        let seat = format!("A-{}-{}", (seat - 1) / ROW + 1, (seat - 1) % ROW + 1);
        let held = buyer.post("/reservations", json!({ "schedule_id": schedule, "seat_ids": [seat] })).await?;
        let reservation = &held["reservation_id"];
        let mut called = match self.paid_by {
            PaidBy::Wallet => {
                buyer.post("/payments", json!({ "reservation_id": reservation })).await?;
                self.stack.drain_events().await?;
                vec![("pay", 1.0)]
            }
            PaidBy::Card => cards::pay(&self.stack, buyer, reservation).await?,
        };
        let looks = f64::from(self.journey.looks);
        called.extend([("log_in", 1.0), ("get_schedule", 1.0), ("list_seats", looks), ("create_reservation", 1.0)]);
        Ok(called)
    }

    fn add_calls(&self, usage: &mut Usage, function: &str, count: f64, line_bytes: f64) {
        let template = self.stack.template();
        add_calls(usage, template, function, count, self.journey.milliseconds);
        let declared = template.function(function);
        let shared = declared.and_then(|declared| declared.variables.get("CALLS_PER_LOG_LINE")?.parse().ok());
        usage.add(Charged::Logged, count * line_bytes / shared.unwrap_or(1.0) / 1e9);
        let traced = declared.is_some_and(|declared| declared.traced);
        usage.add(Charged::Trace, if traced { count * TRACED_OF_A_CROWD } else { 0.0 });
    }
}

/// A function was called so often. Its own lines and its traces are another matter.
pub(super) fn add_calls(usage: &mut Usage, template: &Template, function: &str, count: f64, milliseconds: f64) {
    let Some(declared) = template.function(function) else { return };
    usage.add(Charged::Invocation, count);
    usage.add(Charged::GigabyteSecond, count * milliseconds / 1_000.0 * declared.memory as f64 / 1_024.0);
    if declared.platform_lines {
        usage.add(Charged::Logged, count * PLATFORM_LINES_BYTES / 1e9);
    }
}

/// The gateway passed so many requests on to a function.
pub(super) fn add_requests(usage: &mut Usage, template: &Template, function: &str, count: f64) {
    usage.add(Charged::Request, count);
    let route = template.function(function).and_then(|declared| declared.events.iter().find_map(route_of));
    let line = access_line(&template.api.access_log, &route.unwrap_or_default());
    usage.add(Charged::Logged, count * line.len() as f64 / 1e9);
}

fn route_of(event: &Event) -> Option<String> {
    match event {
        Event::Http { method, path, .. } => Some(format!("{method} {path}")),
        Event::Queue(_) | Event::Stream(_) | Event::Schedule { .. } => None,
    }
}

/// A line of the access log, of a request that succeeded: `$context.…` of its form are filled in.
fn access_line(form: &str, route: &str) -> String {
    let mut parts = form.split("$context.");
    let mut line = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '.')).unwrap_or(part.len());
        line.push_str(match &part[..end] {
            "requestTimeEpoch" => "1795255200000",
            "requestId" => "JKJaXmPLvHcESHA=",
            "routeKey" => route,
            "identity.sourceIp" => "203.0.113.207",
            "status" | "integrationStatus" => "200",
            "responseLatency" => "12",
            // Nothing to say, as the gateway writes it.
            _ => "-",
        });
        line.push_str(&part[end..]);
    }
    line
}

/// A schedule with a seat for each booking.
async fn open_sale(stack: &Stack, now: Timestamp, bookings: usize) -> Result<String, ClientError> {
    if !(1..=BOOKINGS_MAX).contains(&bookings) {
        return Err(format!("bookings must be from 1 to {BOOKINGS_MAX}").into());
    }
    let admin = Client::new_admin(stack, now).await?;
    let schedule = admin.open_schedule(now, 4).await?;
    let rows: Vec<Value> =
        (1..=bookings.div_ceil(ROW)).map(|row| json!({ "row": row.to_string(), "from": 1, "to": ROW })).collect();
    let seats = json!({ "section": "A", "rows": rows, "price": SEAT_PRICE });
    admin.post(&format!("/schedules/{schedule}/seats"), seats).await?;
    Ok(schedule)
}

/// How many bytes the table has.
fn stored_bytes(stack: &Stack) -> Result<u64, ClientError> {
    let described = stack.dynamodb().call("DescribeTable", &json!({ "TableName": stack.template().table.name }))?;
    Ok(described["Table"]["TableSizeBytes"].as_u64().ok_or("a table without a size")?)
}

/// The usage of a month in which nobody comes: sweeps, the polling of queues, and storage.
///
/// # Errors
/// When the stack cannot be started, or a sweep fails.
pub async fn month_without_anybody(journey: Journey) -> Result<Usage, ClientError> {
    let clock = Clock::manual(START.parse()?);
    let stack = Stack::start(Options { clock: clock.clone(), metrics: true, ..Options::default() }).await?;
    let logs = FunctionLogs::default();
    let telling =
        Stack::start(Options { clock: clock.clone(), logs: Some(logs.clone()), ..Options::default() }).await?;
    let mut usage = Usage::default();
    let month = DAYS as f64 * 86_400.0;
    for function in &stack.template().functions {
        for event in &function.events {
            match event {
                Event::Schedule { expression, .. } => {
                    let fires = firings(expression, clock.now()).ok_or("a schedule that cannot be read")?;
                    let meter = Arc::new(Meter::default());
                    stack.intercept(Some(meter.clone()));
                    stack.run_schedule(&function.name).await?;
                    stack.intercept(None);
                    let mut one = Usage::default();
                    meter.add_to(&mut one);
                    usage.add_all(&one.scaled(fires));
                    add_calls(&mut usage, stack.template(), &function.name, fires, journey.milliseconds);
                    telling.run_schedule(&function.name).await?;
                    let line = logs.take_line_bytes(clock.now()).get(&function.name).copied().unwrap_or_default();
                    usage.add(Charged::Logged, fires * line as f64 / 1e9);
                    // Fewer than one a second: X-Ray keeps each.
                    usage.add(Charged::Trace, if function.traced { fires } else { 0.0 });
                }
                Event::Queue(_) => {
                    let (connections, seconds) = WAITING_AT_A_QUEUE;
                    usage.add(Charged::QueueRequest, connections * month / seconds);
                }
                Event::Http { .. } | Event::Stream(_) => {}
            }
        }
    }
    usage.add(Charged::Metric, metrics(&stack).await? as f64);
    let resources = |template: &str, kind: &str| template.matches(&format!("Type: {kind}\n")).count() as f64;
    usage.add(Charged::Alarm, cloudformation::MONITORING.matches("MetricName: ").count() as f64);
    usage.add(Charged::Dashboard, resources(cloudformation::MONITORING, "AWS::CloudWatch::Dashboard"));
    usage.add(Charged::Secret, resources(cloudformation::TEXT, "AWS::SecretsManager::Secret"));
    Ok(usage)
}

/// How many metrics functions have counted that CloudWatch keeps: each with its labels is one.
async fn metrics(stack: &Stack) -> Result<usize, ClientError> {
    let request = Request::get("/metrics").body(Body::empty())?;
    let answer = stack.metrics().oneshot(request).await?;
    let text = String::from_utf8(axum::body::to_bytes(answer.into_body(), METRICS_BYTES_MAX).await?.to_vec())?;
    let is_kept = |line: &&str| {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        line.contains("function=") && ALL.iter().any(|metric| metric.kept && metric.name == name)
    };
    Ok(text.lines().filter(is_kept).count())
}

/// How often a schedule fires in a month.
fn firings(expression: &str, from: Timestamp) -> Option<f64> {
    let schedule = Schedule::parse(expression)?;
    let minute = |minute: i64| from + SignedDuration::from_mins(minute);
    Some((0..DAYS * 24 * 60).filter(|passed| schedule.fires_in_minute_of(minute(*passed))).count() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOURNEY: Journey = Journey { looks: 2, milliseconds: 10.0, poll_milliseconds: 5.0, mails: false };

    #[tokio::test]
    async fn a_booking_uses_what_its_parts_do() {
        let usage = booking(JOURNEY, PaidBy::Wallet, 2).await.expect("counted");
        assert_eq!(usage.amount(Charged::Request), 6.0);
        // A hold is 5 and its payment 7 (docs/data.md); a log-in writes as well.
        assert!((12.0..25.0).contains(&usage.amount(Charged::WriteUnit)), "{usage:?}");
        // Besides the six requests an authorizer, the relay and the hand-over to the data platform.
        assert!(usage.amount(Charged::Invocation) >= 9.0, "{usage:?}");
        // Log-in, the date, its seats twice, hold and payment; five in a hundred of the traced calls.
        assert!((0.2..1.0).contains(&usage.amount(Charged::Trace)), "{usage:?}");
        let kilobytes = |kind| usage.amount(kind) * 1e6;
        // Six lines of the access log, two lines of Lambda's for most calls, and their own.
        assert!((5.0..15.0).contains(&kilobytes(Charged::Logged)), "{usage:?}");
        assert!((3.0..30.0).contains(&kilobytes(Charged::TransferredOut)), "{usage:?}");
        assert!(usage.amount(Charged::QueueRequest) >= 3.0 && usage.amount(Charged::Stored) > 0.0, "{usage:?}");
        assert!(booking(JOURNEY, PaidBy::Wallet, 0).await.is_err());
    }

    #[tokio::test]
    async fn a_booking_by_card_uses_more_than_one_from_the_wallet() {
        let wallet = booking(JOURNEY, PaidBy::Wallet, 2).await.expect("counted");
        let card = booking(JOURNEY, PaidBy::Card, 2).await.expect("counted");
        // Begin and confirm instead of pay, and the provider's reports.
        assert!((7.0..12.0).contains(&card.amount(Charged::Request)), "{card:?}");
        for kind in [Charged::WriteUnit, Charged::ReadUnit, Charged::Invocation, Charged::QueueRequest] {
            assert!(card.amount(kind) > wallet.amount(kind), "{kind:?}: {card:?}");
        }
    }

    #[tokio::test]
    async fn an_empty_month_is_sweeps_and_what_is_there() {
        let usage = month_without_anybody(JOURNEY).await.expect("counted");
        assert_eq!(usage.amount(Charged::Request), 0.0);
        // Two sweeps each minute.
        assert!(usage.amount(Charged::Invocation) > 2.0 * 30.0 * 24.0 * 60.0, "{usage:?}");
        assert!(usage.amount(Charged::Metric) > 0.0, "{usage:?}");
        // Thirteen alarms, two of which watch several metrics: docs/operations.md.
        assert!(usage.amount(Charged::Alarm) >= 13.0, "{usage:?}");
        assert_eq!(usage.amount(Charged::Trace), usage.amount(Charged::Invocation));
    }

    #[test]
    fn a_line_of_the_access_log_has_its_fields_filled_in() {
        let form = r#"{"route":"$context.routeKey","status":"$context.status","error":"$context.error.message"}"#;
        let line = access_line(form, "GET /queues/{queue_id}");
        assert_eq!(line, r#"{"route":"GET /queues/{queue_id}","status":"200","error":"-"}"#);
    }
}
