//! One trace from a request to all that follows from it, by the rules of W3C Trace Context.
//!
//! A request names its trace, or X-Ray does, or it begins one. What it commits carries the context in the item whose
//! change is an event; the event carries it on to whoever consumes it. **Nothing depends on it**: no id here is drawn
//! from the app's randomness, so what a process does is the same with and without; and spans that nobody takes in time
//! are dropped and counted.

use std::fmt;
use std::time::Duration;

use axum::http::HeaderMap;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::Sender;

use crate::clock::Stopwatch;
use crate::telemetry::metrics::{Meter, SPANS_DROPPED};

/// The attribute of an item and of an event that carries the context, named as W3C's header is.
pub const ATTRIBUTE: &str = "traceparent";

tokio::task_local! {
    static CURRENT: Option<Context>;
}

/// A span and the trace that it is in, as whoever continues it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The trace.
    pub trace: u128,
    /// The span.
    pub span: u64,
    /// Whether anybody keeps it.
    pub sampled: bool,
}

impl Context {
    /// Reads W3C's `traceparent`: `00-<trace>-<span>-<flags>`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let rest = parts.next().is_some();
        let version = hex(version, 2)?;
        // A later version may say more behind what this one says.
        if version == 0xff || (version == 0 && rest) {
            return None;
        }
        let (trace, span) = (hex(trace, 32)?, u64::try_from(hex(span, 16)?).ok()?);
        let sampled = hex(flags, 2)? & 1 == 1;
        (trace != 0 && span != 0).then_some(Self { trace, span, sampled })
    }

    /// Reads X-Ray's header: `Root=1-<8 digits>-<24 digits>;Parent=<16 digits>;Sampled=1`.
    #[must_use]
    pub fn from_x_ray(header: &str) -> Option<Self> {
        let part = |name: &str| header.split(';').find_map(|part| part.trim().strip_prefix(name));
        let (seconds, rest) = part("Root=1-")?.split_once('-')?;
        let trace = hex(&format!("{seconds}{rest}"), 32)?;
        let span = u64::try_from(hex(part("Parent=")?, 16)?).ok()?;
        (trace != 0 && span != 0).then_some(Self { trace, span, sampled: part("Sampled=") == Some("1") })
    }

    /// The context that a request continues: the trace that its sender names, else the one that Lambda is in.
    #[must_use]
    pub fn from_request(headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        text(ATTRIBUTE).and_then(Self::parse).or_else(|| text("x-amzn-trace-id").and_then(Self::from_x_ray))
    }

    /// A new trace. It follows from `seed`, the id of what begins it.
    fn new_trace(seed: &str) -> Self {
        let bytes = Sha256::digest(seed);
        let (trace, span) = (u128::from_be_bytes(prefix(&bytes)), u64::from_be_bytes(prefix(&bytes[16..])));
        Self { trace, span, sampled: true }
    }

    /// A span below this one. It follows from what it is, so that what is done again is the same span.
    fn child(self, function: &str, seed: &str) -> Self {
        let hash = Sha256::new().chain_update(self.to_string()).chain_update(function).chain_update(seed);
        Self { span: u64::from_be_bytes(prefix(&hash.finalize())), ..self }
    }

    /// The trace as text: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace)
    }
}

/// As `traceparent`.
impl fmt::Display for Context {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.sampled))
    }
}

fn hex(text: &str, digits: usize) -> Option<u128> {
    let right = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    u128::from_str_radix(text, 16).ok().filter(|_| right)
}

fn prefix<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut first = [0; N];
    first.copy_from_slice(&bytes[..N]);
    first
}

/// The context of the current task, if its trace is kept.
#[must_use]
pub fn current() -> Option<Context> {
    CURRENT.try_with(|context| *context).ok().flatten().filter(|context| context.sampled)
}

/// Does `work` as a part of `context`, or of what it is in already.
pub async fn with_context<F: Future>(context: Option<Context>, work: F) -> F::Output {
    let around = || CURRENT.try_with(|context| *context).ok().flatten();
    CURRENT.scope(context.or_else(around), work).await
}

/// The part of a span in the traffic between functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// Answers a request.
    Server,
    /// Puts an event on queues.
    Producer,
    /// Takes an event from a queue.
    Consumer,
    /// Begins by itself.
    Internal,
}

/// A piece of work that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its own context.
    pub context: Context,
    /// The span it is below; none begins a trace.
    pub parent: Option<u64>,
    /// Its name.
    pub name: String,
    /// Its part in the traffic.
    pub kind: SpanKind,
    /// The function that did it.
    pub function: String,
    /// When it began.
    pub began: Timestamp,
    /// How long it took.
    pub lasted: Duration,
    /// Its attributes: ids and codes, nothing secret.
    pub attributes: Vec<(&'static str, String)>,
    /// Whether it failed.
    pub failed: bool,
}

/// Where a process tells its spans: a buffer that somebody empties, or nowhere.
#[derive(Clone, Debug, Default)]
pub struct Tracer(Option<Sender<Span>>);

impl Tracer {
    /// A tracer that keeps no spans: contexts are passed on all the same.
    #[must_use]
    pub fn off() -> Self {
        Self(None)
    }

    /// A tracer that sends its spans to `buffer`.
    #[must_use]
    pub fn new(buffer: Sender<Span>) -> Self {
        Self(Some(buffer))
    }

    /// Whether spans are kept.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Begins a span below `parent`, or a trace, of what `function` does from `now` on; `seed` tells it from its
    /// sisters. None where spans are not told, or nobody keeps this trace.
    #[must_use]
    pub fn open(
        &self,
        function: &str,
        now: Timestamp,
        kind: SpanKind,
        name: String,
        parent: Option<Context>,
        seed: &str,
    ) -> Option<OpenSpan> {
        let buffer = self.0.clone()?;
        if seed.is_empty() || parent.is_some_and(|parent| !parent.sampled) {
            return None;
        }
        let context = parent.map_or_else(|| Context::new_trace(seed), |parent| parent.child(function, seed));
        let span = Span {
            context,
            parent: parent.map(|parent| parent.span),
            name,
            kind,
            function: function.to_owned(),
            began: now,
            lasted: Duration::ZERO,
            attributes: Vec::new(),
            failed: false,
        };
        Some(OpenSpan { span, since: Stopwatch::start(), buffer })
    }
}

/// A span that has begun.
pub struct OpenSpan {
    span: Span,
    since: Stopwatch,
    buffer: Sender<Span>,
}

impl OpenSpan {
    /// The context for spans below it.
    #[must_use]
    pub fn context(&self) -> Context {
        self.span.context
    }

    /// Ends it. A buffer that is full loses it, which `meter` counts: nobody waits for those who look on.
    pub fn end(mut self, meter: &Meter, failed: bool, attributes: Vec<(&'static str, String)>) {
        self.span.lasted = self.since.elapsed();
        (self.span.failed, self.span.attributes) = (failed, attributes);
        if self.buffer.try_send(self.span).is_err() {
            meter.count(&SPANS_DROPPED, 1, &["full"]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_context_is_read_as_it_is_written() {
        let context = Context::parse(GIVEN).expect("a context");
        assert!(context.sampled);
        assert_eq!(context.to_string(), GIVEN);
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let unsampled = Context::parse(&GIVEN.replace("-01", "-00")).expect("a context");
        assert!(!unsampled.sampled);
        // A later version may go on.
        let later = GIVEN.replace("00-4", "cc-4") + "-what-the-future-will-be-like";
        assert_eq!(Context::parse(&later), Some(context));
    }

    #[test]
    fn what_is_no_context_is_none() {
        for wrong in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
        ] {
            assert_eq!(Context::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_header_of_x_ray_is_a_context_too() {
        let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let context = Context::from_x_ray(header).expect("a context");
        assert_eq!(context.to_string(), "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01");
        assert!(!Context::from_x_ray(&header.replace("Sampled=1", "Sampled=0")).expect("a context").sampled);
        assert_eq!(Context::from_x_ray("Root=1-5759e988-bd862e3fe1be46a994272793"), None);
        let mut headers = HeaderMap::new();
        headers.insert("x-amzn-trace-id", header.parse().expect("a header"));
        assert_eq!(Context::from_request(&headers), Some(context));
        headers.insert("traceparent", GIVEN.parse().expect("a header"));
        assert_eq!(Context::from_request(&headers), Context::parse(GIVEN));
    }

    #[test]
    fn a_span_done_again_is_the_same_span() {
        let root = Context::new_trace("a request");
        assert_eq!(root, Context::new_trace("a request"));
        assert_ne!(root.trace, Context::new_trace("another").trace);
        let below = root.child("pay", "1");
        assert_eq!((below, below.trace), (root.child("pay", "1"), root.trace));
        assert!(below.span != root.span && below != root.child("pay", "2") && below != root.child("top_up", "1"));
    }
}
