//! The thread that the table's engine has to itself in a stack that serves.
//!
//! The engine executes one call at a time. Where the threads that serve requests called it themselves, each would stand
//! still while another's call is executed; so calls stand in line here, and those threads go on with other requests.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{Builder, JoinHandle};

use onsale_platform::memory::lock;
use serde_json::json;
use tokio::sync::oneshot;

use crate::aws::engine::connector::Answer;

/// Most answers that are kept for callers that come again.
const UNTAKEN_MAX: usize = 1_000;

/// What an engine has executed.
pub(crate) struct Executed {
    pub answer: Answer,
    /// What the caller would name if it asked for the same again.
    pub token: Option<String>,
}

/// Answers to calls with a token whose callers had stopped waiting: their next try gets them, as from AWS.
#[derive(Default)]
pub(crate) struct Untaken(VecDeque<(String, Answer)>);

/// The thread, and the line before it. There is no end to the line: each in it is a caller that waits.
pub(crate) struct EngineThread {
    /// None once the thread is to end.
    line: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    untaken: Arc<Mutex<Untaken>>,
}

struct Job {
    operation: String,
    body: Vec<u8>,
    answer: oneshot::Sender<Executed>,
}

/// A caller in the line.
struct Waiting {
    answer: oneshot::Receiver<Executed>,
    untaken: Arc<Mutex<Untaken>>,
}

impl Untaken {
    /// The answer for a caller that comes again with `token`.
    fn take(&mut self, token: &str) -> Option<Answer> {
        let place = self.0.iter().position(|(kept, _)| kept == token)?;
        self.0.remove(place).map(|(_, answer)| answer)
    }

    /// Keeps what was written; what was refused can be asked again.
    fn keep(&mut self, executed: Executed) {
        if let (Some(token), 200) = (executed.token, executed.answer.status) {
            if self.0.len() == UNTAKEN_MAX {
                self.0.pop_front();
            }
            self.0.push_back((token, executed.answer));
        }
    }
}

impl EngineThread {
    /// Starts the thread. `token_of` reads the token of a call, if it has one, and `execute` executes it.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn start(
        token_of: impl Fn(&str, &[u8]) -> Option<String> + Send + 'static,
        execute: impl Fn(&str, &[u8]) -> Answer + Send + 'static,
    ) -> io::Result<Self> {
        let (line, jobs) = mpsc::channel::<Job>();
        let untaken = Arc::<Mutex<Untaken>>::default();
        let kept = Arc::clone(&untaken);
        let work = move || {
            for Job { operation, body, answer } in jobs {
                // Whoever has stopped waiting before its turn has not been served, and may come again.
                if answer.is_closed() {
                    continue;
                }
                let token = token_of(&operation, &body);
                let before = token.as_deref().and_then(|token| lock(&kept).take(token));
                let executed = Executed { answer: before.unwrap_or_else(|| execute(&operation, &body)), token };
                if let Err(executed) = answer.send(executed) {
                    lock(&kept).keep(executed);
                }
            }
        };
        let thread = Builder::new().name("table engine".to_owned()).spawn(work)?;
        Ok(Self { line: Some(line), thread: Some(thread), untaken })
    }

    /// Puts a call into the line.
    pub(crate) fn execute(&self, operation: &str, body: &[u8]) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        let (answer, receiver) = oneshot::channel();
        let job = Job { operation: operation.to_owned(), body: body.to_owned(), answer };
        let mut waiting = Waiting { answer: receiver, untaken: Arc::clone(&self.untaken) };
        // A thread that is gone drops the job, and with it the sender that is waited for.
        let in_line = self.line.as_ref().is_some_and(|line| line.send(job).is_ok());
        Box::pin(async move {
            match (&mut waiting.answer).await {
                Ok(executed) if in_line => executed.answer,
                _ => gone(),
            }
        })
    }
}

impl Drop for EngineThread {
    fn drop(&mut self) {
        self.line = None;
        // What the thread panicked with, it has printed.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.answer.close();
        if let Ok(executed) = self.answer.try_recv() {
            lock(&self.untaken).keep(executed);
        }
    }
}

fn gone() -> Answer {
    let body = json!({ "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError", "message": "no engine" });
    Answer { status: 500, body: body.to_string() }
}
