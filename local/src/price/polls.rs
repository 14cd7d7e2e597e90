//! How much a poll uses of somebody who waits in a queue, and how often such a person polls.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use onsale_domain::queue::Queue;
use onsale_domain::queue::settings::{CAPACITY_MAX, CLAIM_SECONDS_DEFAULT, Settings};
use onsale_platform::clock::Clock;
use onsale_platform::http;
use onsale_platform::ids::Ids;
use onsale_platform::lambda::Function;
use onsale_platform::memory::lock;
use onsale_platform::telemetry::call_lines::CallLines;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::measure::{self, Journey, Meter};
use super::{Charged, Usage};
use crate::client::{Client, ClientError, head_bytes};
use crate::stack::{Options, Stack};
use crate::telemetry::function_logs::FunctionLogs;

/// The function that is polled.
const FUNCTION: &str = "get_queue_entry";
/// Most polls that are measured.
const POLLS_MAX: usize = 10_000;
/// Polls that one process answers in a second: Lambda gives it no more.
const POLLS_A_SECOND: usize = 10;
/// Milliseconds between two of them.
const MILLISECONDS_BETWEEN: i64 = 1_000 / POLLS_A_SECOND as i64;
/// Seconds until the first of the queue is called.
const SECONDS_UNTIL_CALLED: usize = 3;
/// When people wait.
const START: &str = "2026-11-30T10:00:00Z";
/// Minutes that an admission lasts.
const ACTIVE_MINUTES: u32 = 10;
/// Largest answer that is read.
const BODY_BYTES_MAX: usize = 64 * 1024;
/// Most polls of one wait.
const POLLS_OF_A_WAIT_MAX: u64 = 1_000_000;

/// The usage of one poll, on the average of so many that one busy process answers while another one moves the queue.
///
/// # Errors
/// When a function refuses.
pub async fn poll(journey: Journey, polls: usize) -> Result<Usage, ClientError> {
    if !(1..=POLLS_MAX).contains(&polls) {
        return Err(format!("polls must be from 1 to {POLLS_MAX}").into());
    }
    let clock = Clock::manual(START.parse()?);
    let logs = FunctionLogs::default();
    let options = Options { clock: clock.clone(), logs: Some(logs.clone()), ..Options::default() };
    let stack = Stack::start(options).await?;
    let admin = Client::new_admin(&stack, clock.now()).await?;
    let token = waiting_token(&stack, &clock, &admin).await?;
    let entry = stack.process(FUNCTION, clock.clone(), Ids::Random)?;
    let Function::Http(route) = entry.code else { return Err("a poll is a request".into()) };
    let logged = Arc::new(Mutex::new(0_usize));
    let written = Arc::clone(&logged);
    let lines = CallLines::new(&entry.app, logs.counted(FUNCTION), move |line| {
        *lock(&written) += line.len();
        Ok(())
    });
    drop(logs.take_line_bytes(clock.now()));
    let process = http::with_call_lines(http::serve(route(), entry.app.clone()), lines);
    let meter = Arc::new(Meter::default());
    let mut received = 0;
    for poll in 0..polls {
        if poll % POLLS_A_SECOND == 0 {
            // Somebody else's look, which moves the queue for all.
            stack.intercept(None);
            admin.get("/queues/crowd").await?;
            stack.intercept(Some(meter.clone()));
        }
        let request = Request::get("/queues/crowd/tokens/me").header("queue-token", &token).body(Body::empty())?;
        let answer = process.clone().oneshot(request).await?;
        let (head, body) = answer.into_parts();
        let body = axum::body::to_bytes(body, BODY_BYTES_MAX).await?;
        if head.status != StatusCode::OK || serde_json::from_slice::<Value>(&body)?["state"] != "waiting" {
            return Err(format!("a poll: {} {}", head.status, String::from_utf8_lossy(&body)).into());
        }
        received += head_bytes(&head.headers) + body.len();
        clock.advance(SignedDuration::from_millis(MILLISECONDS_BETWEEN));
    }
    stack.intercept(None);
    let (template, count) = (stack.template(), polls as f64);
    let mut usage = Usage::default();
    meter.add_to(&mut usage);
    measure::add_requests(&mut usage, template, FUNCTION, count);
    measure::add_calls(&mut usage, template, FUNCTION, count, journey.poll_milliseconds);
    usage.add(Charged::Logged, *lock(&logged) as f64 / 1e9);
    usage.add(Charged::TransferredOut, received as f64 / 1e9);
    Ok(usage.scaled(1.0 / count))
}

/// A queue with one place that is taken, and the token of somebody who waits for it.
async fn waiting_token(stack: &Stack, clock: &Clock, admin: &Client) -> Result<String, ClientError> {
    let settings = json!({ "capacity": 1, "admit_per_second": 1, "active_minutes": ACTIVE_MINUTES });
    admin.send(Method::PUT, "/queues/crowd", Some(settings), StatusCode::CREATED).await?;
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let user = Client::new(stack, clock.now()).await?;
        tokens.push(user.post("/queues/crowd/tokens", Value::Null).await?["token"].as_str().map(str::to_owned));
    }
    for _ in 0..SECONDS_UNTIL_CALLED {
        clock.advance(SignedDuration::from_secs(1));
        admin.get("/queues/crowd").await?;
    }
    tokens.pop().flatten().ok_or_else(|| "joining gives no token".into())
}

/// How often a person polls who waits for so many seconds while so many numbers a second are called, if the person asks
/// again exactly when the answers say; the poll that claims is the last.
#[must_use]
pub fn polls_of_a_wait(seconds: u32, admit_per_second: u32) -> u64 {
    let settings = Settings {
        capacity: CAPACITY_MAX,
        admit_per_second,
        is_paused: false,
        active_minutes: ACTIVE_MINUTES,
        claim_seconds: CLAIM_SECONDS_DEFAULT,
        opens_at: None,
        closes_at: None,
        ends_at: None,
        message: None,
    };
    let (rate, now) = (u64::from(admit_per_second), Timestamp::UNIX_EPOCH);
    let number = u64::from(seconds) * rate;
    let mut queue = Queue::new(settings, now);
    let mut passed_milliseconds = 0;
    for polls in 0..POLLS_OF_A_WAIT_MAX {
        queue.serving = number.min(passed_milliseconds * rate / 1_000);
        // Places are not what is short.
        queue.finished = queue.serving;
        if queue.serving == number {
            return polls;
        }
        let standing = queue.position_of(number, now);
        passed_milliseconds += standing.retry_after_milliseconds.unwrap_or_default();
    }
    POLLS_OF_A_WAIT_MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::Prices;

    /// How often the same person polled by the rule before: a quarter of the remaining time, 1 to 20 s.
    fn polls_by_the_rule_before(seconds: u32) -> u64 {
        let (mut left, mut polls) = (i64::from(seconds) * 1_000, 0);
        while left > 0 {
            left -= (left / 4).clamp(1_000, 20_000);
            polls += 1;
        }
        polls
    }

    #[tokio::test]
    async fn a_million_polls_cost_a_dollar_and_a_half_at_most() {
        let journey = Journey { looks: 0, milliseconds: 20.0, poll_milliseconds: 5.0, mails: false };
        let usage = poll(journey, 500).await.expect("counted");
        let cost = Prices::load("us-east-1").expect("prices").cost(&usage.scaled(1e6));
        assert!((1.2..=1.5).contains(&cost), "{cost} for {usage:?}");
        assert_eq!(usage.amount(Charged::Trace), 0.0);
        // One look a second, which the ten polls of it share.
        assert!((0.05..0.2).contains(&usage.amount(Charged::ReadUnit)), "{usage:?}");
        assert_eq!(usage.amount(Charged::WriteUnit), 0.0, "{usage:?}");
        assert!(poll(journey, 0).await.is_err());
    }

    #[test]
    fn a_wait_takes_a_quarter_of_the_polls_of_before() {
        for (minutes, rate) in [(40, 460), (20, 460), (120, 100)] {
            let (now, before) = (polls_of_a_wait(minutes * 60, rate), polls_by_the_rule_before(minutes * 60));
            assert!(now > 0 && now * 4 <= before, "{minutes} minutes at {rate} a second: {now} and {before}");
        }
    }
}
