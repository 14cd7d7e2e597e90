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

/// Reads the token of a call, by which the engine would know a repetition of it; most calls have none.
type TokenOf = fn(operation: &str, body: &[u8]) -> Option<String>;

/// A call that was executed, and its answer.
struct Executed {
    operation: String,
    body: Vec<u8>,
    answer: Answer,
}

/// Answers to calls with a token whose callers had stopped waiting: their next try gets them, as from AWS. There are
/// none nearly always, and then no call is read for its token.
struct Untaken {
    token_of: TokenOf,
    answers: VecDeque<(String, Answer)>,
}

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
    /// The answer for a caller that comes again with the same token.
    fn take(&mut self, operation: &str, body: &[u8]) -> Option<Answer> {
        if self.answers.is_empty() {
            return None;
        }
        let token = (self.token_of)(operation, body)?;
        let place = self.answers.iter().position(|(kept, _)| *kept == token)?;
        self.answers.remove(place).map(|(_, answer)| answer)
    }

    /// Keeps what was written; what was refused can be asked again.
    fn keep(&mut self, executed: Executed) {
        let Executed { operation, body, answer } = executed;
        if answer.status == 200
            && let Some(token) = (self.token_of)(&operation, &body)
        {
            if self.answers.len() == UNTAKEN_MAX {
                self.answers.pop_front();
            }
            self.answers.push_back((token, answer));
        }
    }
}

impl EngineThread {
    /// Starts the thread. `execute` executes a call.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn start(
        token_of: TokenOf,
        execute: impl Fn(&str, &[u8]) -> Answer + Send + 'static,
    ) -> io::Result<Self> {
        let (line, jobs) = mpsc::channel::<Job>();
        let untaken = Arc::new(Mutex::new(Untaken { token_of, answers: VecDeque::new() }));
        let kept = Arc::clone(&untaken);
        let work = move || {
            for Job { operation, body, answer } in jobs {
                // A caller that stopped waiting before its turn has written nothing, and may come again.
                if answer.is_closed() {
                    continue;
                }
                let before = lock(&kept).take(&operation, &body);
                let given = before.unwrap_or_else(|| execute(&operation, &body));
                if let Err(executed) = answer.send(Executed { operation, body, answer: given }) {
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
        // A panic of the thread has been printed already.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// An engine that says which call it has begun, and then stands still until it may go on. A body is a token.
    fn start_halting() -> (EngineThread, mpsc::Receiver<String>, mpsc::Sender<()>) {
        let ((begun, begins), (go, may_go)) = (mpsc::channel(), mpsc::channel());
        let execute = move |operation: &str, _: &[u8]| {
            begun.send(operation.to_owned()).unwrap();
            may_go.recv().unwrap();
            Answer { status: 200, body: operation.to_owned() }
        };
        let token_of = |_: &str, body: &[u8]| (!body.is_empty()).then(|| String::from_utf8_lossy(body).into_owned());
        (EngineThread::start(token_of, execute).unwrap(), begins, go)
    }

    #[tokio::test]
    async fn who_stops_waiting_while_a_transaction_is_executed_gets_its_answer_by_the_token() {
        let (engine, begins, go) = start_halting();
        let first = engine.execute("first", b"token");
        assert_eq!(begins.recv().unwrap(), "first");
        drop(first);
        go.send(()).unwrap();
        go.send(()).unwrap();
        assert_eq!(engine.execute("again", b"token").await.body, "first");
        assert_eq!(engine.execute("third", b"token").await.body, "third", "it is given once");
        assert_eq!(begins.try_iter().collect::<Vec<_>>(), ["third"]);
    }

    #[tokio::test]
    async fn an_answer_that_was_there_and_not_taken_is_kept_too() {
        let (engine, begins, go) = start_halting();
        go.send(()).unwrap();
        go.send(()).unwrap();
        let first = engine.execute("first", b"token");
        assert_eq!(engine.execute("other", b"").await.body, "other");
        drop(first);
        assert_eq!(engine.execute("again", b"token").await.body, "first");
        assert_eq!(begins.try_iter().collect::<Vec<_>>(), ["first", "other"]);
    }

    #[tokio::test]
    async fn who_stops_waiting_before_the_turn_has_written_nothing() {
        let (engine, begins, go) = start_halting();
        let first = engine.execute("first", b"");
        drop(engine.execute("second", b"token"));
        go.send(()).unwrap();
        go.send(()).unwrap();
        assert_eq!((first.await.body, engine.execute("third", b"token").await.body), ("first".into(), "third".into()));
        assert_eq!(begins.try_iter().collect::<Vec<_>>(), ["first", "third"]);
    }
}
