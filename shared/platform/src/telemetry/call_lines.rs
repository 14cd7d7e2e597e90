//! Which calls of a Lambda function get a line in its log: each, or, where a crowd polls, one for several.
//!
//! **No count is left out.** A call without a line leaves its counts to the next line, whose field `calls` says of how
//! many calls it tells: sums over lines are exact. A call that failed or was slow has its line at once, and so has one
//! that counted something which CloudWatch keeps. When a process ends, the counts of its last calls may end with it:
//! successes, fewer than a line is for, and nothing that an alarm or a graph of CloudWatch looks at.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::app::App;
use crate::memory::lock;
use crate::telemetry::metrics::Emf;

/// A call that takes longer has a line of its own.
const SLOW: Duration = Duration::from_secs(1);
/// A call this long after the last line has a line whatever waits: where little happens, each call has one.
const QUIET: SignedDuration = SignedDuration::from_secs(60);

/// Takes a line.
type Out = Box<dyn Fn(&[u8]) -> io::Result<()> + Send + Sync>;

/// Writes the lines of one process.
#[derive(Clone)]
pub struct CallLines(Arc<Inner>);

struct Inner {
    app: App,
    counted: Emf,
    out: Out,
    waiting: Mutex<Waiting>,
}

/// The calls that no line has told of.
#[derive(Clone, Copy, Default)]
struct Waiting {
    calls: u32,
    last_line: Option<Timestamp>,
}

impl CallLines {
    /// Writes what the calls of `app` have `counted` to `out`, as often as its settings say.
    pub fn new(app: &App, counted: Emf, out: impl Fn(&[u8]) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner { app: app.clone(), counted, out: Box::new(out), waiting: Mutex::default() }))
    }

    /// A call has ended.
    pub fn end_call(&self, succeeded: bool, took: Duration) {
        let Inner { app, counted, out, waiting } = &*self.0;
        let now = app.now();
        let calls = {
            let mut waiting = lock(waiting);
            waiting.calls = waiting.calls.saturating_add(1);
            let quiet = waiting.last_line.is_none_or(|last| last.duration_until(now) >= QUIET);
            let many = waiting.calls >= app.config().calls_per_log_line;
            if succeeded && took < SLOW && !many && !quiet && !counted.is_urgent() {
                return;
            }
            std::mem::replace(&mut *waiting, Waiting { calls: 0, last_line: Some(now) }).calls
        };
        let mut line = Vec::new();
        let written = counted.flush(app.function(), calls, now, &mut line).and_then(|()| out(&line));
        if let Err(problem) = written {
            tracing::warn!(%problem, "metrics could not be written");
        }
    }
}
