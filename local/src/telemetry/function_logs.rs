//! How long the lines are in which functions tell on AWS what they have counted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use onsale_platform::memory::lock;
use onsale_platform::telemetry::metrics::{Emf, Meter};

/// The counts of a stack's functions since their last lines.
#[derive(Clone, Default)]
pub struct FunctionLogs(Arc<Mutex<BTreeMap<String, Emf>>>);

impl FunctionLogs {
    /// The meter of a function.
    #[must_use]
    pub fn meter(&self, function: &str) -> Meter {
        Meter::new(function.to_owned(), Arc::new(self.counted(function)))
    }

    /// The counts of a function, of all its processes together.
    #[must_use]
    pub fn counted(&self, function: &str) -> Emf {
        lock(&self.0).entry(function.to_owned()).or_default().clone()
    }

    /// Bytes of the line in which each function tells at `now` what it has counted since the last time.
    #[must_use]
    pub fn take_line_bytes(&self, now: Timestamp) -> BTreeMap<String, usize> {
        let functions = lock(&self.0).clone();
        let bytes = functions.into_iter().map(|(function, counted)| {
            let mut line = Vec::new();
            let written = counted.flush(&function, 1, now, &mut line);
            (function, if written.is_ok() { line.len() } else { 0 })
        });
        bytes.collect()
    }
}
