//! The lines that the functions write to their log on AWS: fewer than calls where a crowd polls, and no count is lost.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use local::aws::cloudformation::Template;
use local::intercept::{Before, Call, FailedItems, Intercept};
use onsale_platform::app::{App, Parts};
use onsale_platform::http;
use onsale_platform::ids::Ids;
use onsale_platform::lambda::Function;
use onsale_platform::memory::lock;
use onsale_platform::telemetry::call_lines::CallLines;
use onsale_platform::telemetry::metrics::{AUTHORIZATIONS, Emf, Meter};
use onsale_platform::telemetry::trace::Tracer;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::queue::QUEUE;
use crate::support::{Person, World};

/// The functions that a crowd polls.
const POLLED: [&str; 6] = ["authorize", "get_concert", "get_page", "get_queue", "get_queue_entry", "list_seats"];
/// Successful calls that share a line.
const CALLS: u64 = 10;

/// The log of a process.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(lock(&self.0).clone()).expect("text");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// The sum of a field over all lines.
    fn sum(&self, field: &str) -> u64 {
        self.lines().iter().filter_map(|line| line[field].as_u64()).sum()
    }
}

/// A process of a function as it runs on AWS, whose log is kept.
struct Process {
    app: App,
    code: Function,
    lines: CallLines,
    written: Written,
}

impl Process {
    fn of(world: &World, function: &str) -> Self {
        let entry = world.stack.process(function, world.clock.clone(), Ids::Random).expect("a function");
        let (dynamodb, sqs) = world.stack.clients(Some(function));
        let (counted, written) = (Emf::default(), Written::default());
        let app = App::new(Parts {
            config: entry.app.config().clone(),
            dynamodb,
            sqs,
            secrets: None,
            ses: None,
            clock: world.clock.clone(),
            ids: Ids::Random,
            card_transport: None,
            function: function.to_owned(),
            meter: Meter::new(function.to_owned(), Arc::new(counted.clone())),
            tracer: Tracer::off(),
        });
        let out = written.clone();
        let lines = CallLines::new(&app, counted, move |line| {
            lock(&out.0).extend(line);
            io::Result::Ok(())
        });
        Self { app, code: entry.code, lines, written }
    }

    /// Its routes, each of whose requests may have a line.
    fn router(&self) -> Router {
        let Function::Http(route) = self.code else { panic!("no function of HTTP") };
        http::with_call_lines(http::serve(route(), self.app.clone()), self.lines.clone())
    }

    /// Sends so many requests, and gives the last status.
    async fn get(&self, path: &str, queue_token: &str, count: u64) -> u16 {
        let mut status = 0;
        for _ in 0..count {
            let request = Request::get(path).header("queue-token", queue_token).body(Body::empty()).expect("a request");
            status = self.router().oneshot(request).await.expect("an answer").status().as_u16();
        }
        status
    }
}

/// A table that is too busy for anything.
struct Busy;

impl Intercept for Busy {
    fn before(&self, call: &Call<'_>) -> Before {
        if call.service == "dynamodb" { Before::Throttle(FailedItems::ALL) } else { Before::Proceed }
    }
}

/// Somebody who waits, and a process that is polled.
async fn waiting() -> (World, Person, Process) {
    let world = World::new().await;
    // A queue that calls nobody counts nothing that CloudWatch keeps.
    world.queue(json!({ "paused": true })).await;
    let mina = world.joined_user().await;
    let process = Process::of(&world, "get_queue_entry");
    (world, mina, process)
}

fn path() -> String {
    format!("/queues/{QUEUE}/tokens/me")
}

#[tokio::test]
async fn ten_polls_share_a_line_and_no_count_is_lost() {
    let (_world, mina, process) = waiting().await;
    // The first call of a process has a line of its own.
    assert_eq!(process.get(&path(), &mina.own_token(), 1 + 20 * CALLS).await, 200);
    let lines = process.written.lines();
    let calls: Vec<u64> = lines.iter().map(|line| line["calls"].as_u64().expect("a number of calls")).collect();
    assert_eq!(calls, [[1].as_slice(), [CALLS; 20].as_slice()].concat());
    assert_eq!(process.written.sum("onsale_http_requests_total.200"), 1 + 20 * CALLS);
    let times =
        lines.iter().map(|line| line["onsale_http_request_duration_seconds.200"].as_array().map_or(0, Vec::len));
    assert_eq!(times.sum::<usize>() as u64, 1 + 20 * CALLS);
    assert!(lines.iter().all(|line| line["function"] == "get_queue_entry"));
}

#[tokio::test]
async fn an_error_has_its_line_at_once() {
    let (world, mina, process) = waiting().await;
    let token = mina.own_token();
    process.get(&path(), &token, 4).await;
    let before = process.written.lines().len();
    assert_eq!(process.get(&path(), "garbage", 1).await, 401);
    let lines = process.written.lines();
    assert_eq!(lines.len(), before + 1);
    let line = lines.last().expect("a line");
    // With the successes that waited for one.
    assert_eq!((&line["calls"], &line["onsale_refusals_total.queue-token-invalid"]), (&json!(4), &json!(1)));
    assert_eq!(line["onsale_http_requests_total.200"], 3);
    // A table that fails is a line for each request.
    world.wait(2);
    world.stack.intercept(Some(Arc::new(Busy)));
    for failures in 1..=3 {
        assert_eq!(process.get("/queues/autumn/tokens/me", &token, 1).await, 503);
        assert_eq!(process.written.lines().len(), before + 1 + failures);
    }
}

#[tokio::test]
async fn a_slow_call_and_one_after_a_quiet_minute_have_a_line_each() {
    let world = World::new().await;
    let process = Process::of(&world, "authorize");
    let call = |took: Duration| {
        process.app.meter().count(&AUTHORIZATIONS, 1, &["allowed"]);
        process.lines.end_call(true, took);
        process.written.lines().len()
    };
    let (quick, slow) = (Duration::from_millis(5), Duration::from_secs(2));
    assert_eq!([quick, quick, quick, slow].map(call), [1, 1, 1, 2]);
    world.wait(59);
    assert_eq!(call(quick), 2);
    world.wait(1);
    assert_eq!(call(quick), 3);
    let told: Vec<Value> = process.written.lines().iter().map(|line| line["calls"].clone()).collect();
    assert_eq!(told, [1, 3, 2]);
    assert_eq!(process.written.sum("onsale_authorizations_total.allowed"), 6);
}

/// CloudWatch puts a metric into the minute of its line, so what it keeps does not wait.
#[tokio::test]
async fn what_cloudwatch_keeps_is_told_at_once() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1 })).await;
    let mina = world.joined_user().await;
    let process = Process::of(&world, "get_queue");
    let look = async || process.get(&format!("/queues/{QUEUE}"), &mina.own_token(), 1).await;
    look().await;
    world.wait(2);
    look().await;
    let moved = process.written.lines();
    let kept = moved.last().expect("a line")["_aws"]["CloudWatchMetrics"][0]["Metrics"].clone();
    assert!(kept.to_string().contains("onsale_queue_waiting"), "{moved:?}");
    assert_eq!((moved.len(), process.written.sum("calls")), (2, 2));
}

#[test]
fn the_template_trims_the_polled_functions_and_no_others() {
    let template = Template::load().expect("the template");
    let of = |wanted: &dyn Fn(&local::aws::cloudformation::Function) -> bool| -> BTreeSet<String> {
        template.functions.iter().filter(|it| wanted(it)).map(|it| it.name.clone()).collect()
    };
    let polled: BTreeSet<String> = POLLED.map(str::to_owned).into();
    assert_eq!(of(&|it| !it.traced), polled, "no trace");
    assert_eq!(of(&|it| !it.platform_lines), polled, "no platform lines");
    let calls = CALLS.to_string();
    assert_eq!(of(&|it| it.variables.get("CALLS_PER_LOG_LINE") == Some(&calls)), polled, "a line for ten calls");
}
