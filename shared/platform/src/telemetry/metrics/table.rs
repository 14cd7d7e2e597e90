//! The table of all metrics. `docs/metrics.md` shows it; a test compares the two.

use metrics::Unit;

use crate::telemetry::metrics::Metric;
use crate::telemetry::metrics::MetricKind::{self, Counter, Gauge, Histogram};

/// How far apart the bounds of the buckets of a duration are, in seconds.
pub const SECONDS_BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 30.0, 300.0];

const fn metric(name: &'static str, kind: MetricKind, unit: Unit, labels: &'static [&'static str]) -> Metric {
    Metric { name, kind, unit, labels, kept: false, help: "" }
}

impl Metric {
    const fn in_cloudwatch(self) -> Self {
        Self { kept: true, ..self }
    }

    const fn help(self, help: &'static str) -> Self {
        Self { help, ..self }
    }
}

/// Requests that a function answered.
pub static HTTP_REQUESTS: Metric = metric("onsale_http_requests_total", Counter, Unit::Count, &["function", "status"])
    .help("Requests answered, by status.");

/// How long functions took.
pub static HTTP_SECONDS: Metric =
    metric("onsale_http_request_duration_seconds", Histogram, Unit::Seconds, &["function", "status"])
        .help("Time from a request to its answer, within the function.");

/// Problems by their code.
pub static REFUSALS: Metric = metric("onsale_refusals_total", Counter, Unit::Count, &["function", "code"])
    .in_cloudwatch()
    .help("Error responses by problem code: `seat-taken`, `insufficient-balance`, `busy` ...");

/// Committed changes: the business.
pub static CHANGES: Metric =
    metric("onsale_changes_total", Counter, Unit::Count, &["function", "of", "change"]).in_cloudwatch().help(
        "Committed changes of a `reservation`, an `order` or a `token`, and each `admin_action`. For example, \
         `reservation.held` counts new holds, `reservation.cancelled` released ones, `reservation.expired` expired \
         ones, `payment.completed` paid bookings and orders, `order.placed` unpaid orders, `payment.declined` declines.",
    );

/// Tries of calls to the table.
pub static TABLE_CALLS: Metric =
    metric("onsale_table_calls_total", Counter, Unit::Count, &["function", "operation", "outcome"]).help(
        "Attempts of calls to the table: `ok`, `condition` (a guard failed), `conflict` (another transaction), \
         `throttled`, `unanswered`, `failed`.",
    );

/// Writes and reads that had to be tried again.
pub static TABLE_RETRIES: Metric = metric("onsale_table_retries_total", Counter, Unit::Count, &["function"])
    .in_cloudwatch()
    .help("Retries of a whole write or read after a conflict, a throttle or a stale read.");

/// Capacity units that the table charged.
pub static TABLE_CAPACITY: Metric =
    metric("onsale_table_capacity_half_units_total", Counter, Unit::Count, &["function", "operation"])
        .help("Capacity consumed, in half units: an eventually consistent read of 4 KB is one.");

/// Calls of what is not called over HTTP.
pub static CALLS: Metric = metric("onsale_calls_total", Counter, Unit::Count, &["function", "outcome"])
    .help("Invocations by a queue, the stream, a schedule, the authorizer or an operator: `done` or `failed`.");

/// When a function last did its work.
pub static LAST_SUCCESS: Metric = metric("onsale_last_success_timestamp_seconds", Gauge, Unit::Seconds, &["function"])
    .help("Time of the last successful invocation, in seconds since the epoch; it shows a sweep that has stopped.");

/// Events that were put on queues.
pub static EVENTS_RELAYED: Metric = metric("onsale_events_relayed_total", Counter, Unit::Count, &["function", "kind"])
    .help("Events sent to all queues that subscribe to them; a record read again counts again.");

/// Records that could not be read.
pub static EVENTS_PARKED: Metric = metric("onsale_events_parked_total", Counter, Unit::Count, &["function"])
    .in_cloudwatch()
    .help("Changes that could not be read, and events that the data platform refused for good.");

/// From commit to queue.
pub static RELAY_SECONDS: Metric = metric("onsale_event_relay_delay_seconds", Histogram, Unit::Seconds, &["function"])
    .in_cloudwatch()
    .help("Time from the commit to the queues; the stream gives the commit to the second.");

/// Messages by what became of them.
pub static EVENTS_CONSUMED: Metric =
    metric("onsale_events_consumed_total", Counter, Unit::Count, &["function", "outcome"])
        .help("Messages handled: `done`, or `failed` and delivered again.");

/// From commit to its effect.
pub static CONSUME_SECONDS: Metric =
    metric("onsale_event_consume_delay_seconds", Histogram, Unit::Seconds, &["function"])
        .in_cloudwatch()
        .help("Time from the commit to the end of the consumer's work; the stream gives the commit to the second.");

/// Posts to the data platform.
pub static POSTS: Metric = metric("onsale_data_platform_posts_total", Counter, Unit::Count, &["function", "outcome"])
    .help("Posts to the data platform: `taken`, `refused` for good, or `later`.");

/// Letters by what became of them.
pub static MAILS: Metric = metric("onsale_mails_total", Counter, Unit::Count, &["function", "outcome"])
    .in_cloudwatch()
    .help(
        "Letters to buyers: `sent`; `postponed` because SES took no more or did not answer; never sent because SES \
         `refused` it, the address is `suppressed`, there is `no_account` any more, or a later letter says more (`overtaken`).",
    );

/// Mails that came back.
pub static MAIL_FEEDBACK: Metric = metric("onsale_mail_feedback_total", Counter, Unit::Count, &["function", "kind"])
    .in_cloudwatch()
    .help("Recipients of whom SES reported that a mail `bounced` for good, `bounced_once`, or was `complained` about.");

/// People who wait in a queue.
pub static QUEUE_WAITING: Metric = metric("onsale_queue_waiting", Gauge, Unit::Count, &["queue"])
    .in_cloudwatch()
    .help("Numbers issued and not called, when the queue last advanced.");

/// People who were let in.
pub static QUEUE_ADMITTED: Metric = metric("onsale_queue_admitted", Gauge, Unit::Count, &["queue"])
    .in_cloudwatch()
    .help("Places in use: numbers called and not finished, when the queue last advanced.");

/// Purchases that sweeps closed.
pub static SWEEP_CLOSED: Metric =
    metric("onsale_sweep_closed_total", Counter, Unit::Count, &["function"]).help("Expired items closed by the sweep.");

/// Purchases that sweeps could not close.
pub static SWEEP_FAILED: Metric = metric("onsale_sweep_failed_total", Counter, Unit::Count, &["function"])
    .help("Expired items that the sweep could not close; the next run tries again.");

/// How far behind a sweep is.
pub static SWEEP_LAG: Metric = metric("onsale_sweep_lag_seconds", Gauge, Unit::Seconds, &["function"])
    .in_cloudwatch()
    .help("Age of the oldest expired item that the last sweep found; 0 if it found none.");

/// Whether a sweep had more to do than it could.
pub static SWEEP_LEFT: Metric = metric("onsale_sweep_left", Gauge, Unit::Count, &["function"])
    .help("1 if the last sweep left work for the next one, else 0.");

/// Differences that the audit of the ledgers found.
pub static AUDIT_DIFFERENCES: Metric = metric("onsale_audit_differences", Gauge, Unit::Count, &["function"])
    .in_cloudwatch()
    .help("Differences confirmed by the last audit that reached a verdict.");

/// Audits by their outcome.
pub static AUDITS: Metric = metric("onsale_audits_total", Counter, Unit::Count, &["function", "outcome"])
    .help("Audits by outcome: `agree`, or why not.");

/// Decisions of the authorizer.
pub static AUTHORIZATIONS: Metric =
    metric("onsale_authorizations_total", Counter, Unit::Count, &["function", "outcome"])
        .help("Access tokens checked: `allowed`, `refused`, or `failed` because no key could be read.");

/// Messages in queues of SQS.
pub static QUEUE_MESSAGES: Metric = metric("onsale_queue_messages", Gauge, Unit::Count, &["queue"])
    .help("Messages in a queue, including dead letters. Local stack only; on AWS see CloudWatch.");

/// Spans that nobody has.
pub static SPANS_DROPPED: Metric = metric("onsale_spans_dropped_total", Counter, Unit::Count, &["reason"]).help(
    "Spans lost because the buffer was `full` or a collector, `otlp` or `zipkin`, refused them. Local stack only.",
);

/// Every metric.
pub static ALL: [&Metric; 28] = [
    &HTTP_REQUESTS,
    &HTTP_SECONDS,
    &REFUSALS,
    &CHANGES,
    &TABLE_CALLS,
    &TABLE_RETRIES,
    &TABLE_CAPACITY,
    &CALLS,
    &LAST_SUCCESS,
    &EVENTS_RELAYED,
    &EVENTS_PARKED,
    &RELAY_SECONDS,
    &EVENTS_CONSUMED,
    &CONSUME_SECONDS,
    &POSTS,
    &MAILS,
    &MAIL_FEEDBACK,
    &QUEUE_WAITING,
    &QUEUE_ADMITTED,
    &SWEEP_CLOSED,
    &SWEEP_FAILED,
    &SWEEP_LAG,
    &SWEEP_LEFT,
    &AUDIT_DIFFERENCES,
    &AUDITS,
    &AUTHORIZATIONS,
    &QUEUE_MESSAGES,
    &SPANS_DROPPED,
];
