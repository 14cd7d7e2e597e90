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

use dynoxide::DynoxideError;
use onsale_platform::memory::lock;
use tokio::sync::oneshot;

/// Most answers that are kept for callers that come again.
const UNTAKEN_MAX: usize = 1_000;

/// The engine's answer to a call: its refusal, or the text once the caller has it written out.
pub(crate) type Executed = Result<Box<dyn FnOnce() -> dynoxide::Result<String> + Send>, DynoxideError>;

/// Answers to calls with a token whose callers had stopped waiting: their next try gets them, as from AWS.
#[derive(Default)]
struct Untaken(VecDeque<(String, Executed)>);

/// The thread, and the line before it. There is no end to the line: each in it is a caller that waits.
pub(crate) struct EngineThread {
    /// None once the thread is to end.
    line: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    untaken: Arc<Mutex<Untaken>>,
}

struct Job {
    work: Box<dyn FnOnce() -> Executed + Send>,
    token: Option<String>,
    done: oneshot::Sender<Done>,
}

/// An executed call, and the token by which the engine would know a repetition of it.
struct Done {
    token: Option<String>,
    executed: Executed,
}

/// A caller in the line.
struct Waiting {
    done: oneshot::Receiver<Done>,
    untaken: Arc<Mutex<Untaken>>,
}

impl Untaken {
    /// The answer for a caller that comes again with `token`.
    fn take(&mut self, token: &str) -> Option<Executed> {
        let place = self.0.iter().position(|(kept, _)| kept == token)?;
        self.0.remove(place).map(|(_, executed)| executed)
    }

    /// Keeps what was written; what was refused can be asked again.
    fn keep(&mut self, done: Done) {
        if let Done { token: Some(token), executed: Ok(encoding) } = done {
            if self.0.len() == UNTAKEN_MAX {
                self.0.pop_front();
            }
            self.0.push_back((token, Ok(encoding)));
        }
    }
}

impl EngineThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn start() -> io::Result<Self> {
        let (line, jobs) = mpsc::channel::<Job>();
        let untaken = Arc::<Mutex<Untaken>>::default();
        let kept = Arc::clone(&untaken);
        let run = move || {
            for Job { work, token, done } in jobs {
                // A caller that stopped waiting before its turn has written nothing, and may come again.
                if done.is_closed() {
                    continue;
                }
                let before = token.as_deref().and_then(|token| lock(&kept).take(token));
                let executed = before.unwrap_or_else(work);
                if let Err(done) = done.send(Done { token, executed }) {
                    lock(&kept).keep(done);
                }
            }
        };
        let thread = Builder::new().name("table engine".to_owned()).spawn(run)?;
        Ok(Self { line: Some(line), thread: Some(thread), untaken })
    }

    /// Puts `work` into the line; `token` is that of its call, if it has one.
    pub(crate) fn execute(
        &self,
        token: Option<String>,
        work: impl FnOnce() -> Executed + Send + 'static,
    ) -> Pin<Box<dyn Future<Output = Executed> + Send>> {
        let (done, receiver) = oneshot::channel();
        let mut waiting = Waiting { done: receiver, untaken: Arc::clone(&self.untaken) };
        // A thread that is gone drops the job, and with it the sender that is waited for.
        let in_line =
            self.line.as_ref().is_some_and(|line| line.send(Job { work: Box::new(work), token, done }).is_ok());
        Box::pin(async move {
            match (&mut waiting.done).await {
                Ok(done) if in_line => done.executed,
                _ => Err(DynoxideError::InternalServerError("no engine".to_owned())),
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
        self.done.close();
        if let Ok(done) = self.done.try_recv() {
            lock(&self.untaken).keep(done);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An engine whose calls say that they have begun, and then stand still until they may go on.
    struct Halting {
        thread: EngineThread,
        begun: mpsc::Sender<&'static str>,
        begins: mpsc::Receiver<&'static str>,
        go: mpsc::Sender<()>,
        may_go: Arc<Mutex<mpsc::Receiver<()>>>,
    }

    impl Halting {
        fn start() -> Self {
            let ((begun, begins), (go, may_go)) = (mpsc::channel(), mpsc::channel());
            let thread = EngineThread::start().unwrap();
            Self { thread, begun, begins, go, may_go: Arc::new(Mutex::new(may_go)) }
        }

        fn execute(&self, name: &'static str, token: Option<&str>) -> Pin<Box<dyn Future<Output = Executed> + Send>> {
            let (begun, may_go) = (self.begun.clone(), Arc::clone(&self.may_go));
            self.thread.execute(token.map(str::to_owned), move || {
                begun.send(name).unwrap();
                lock(&may_go).recv().unwrap();
                Ok(Box::new(move || Ok(name.to_owned())))
            })
        }
    }

    async fn text(executed: impl Future<Output = Executed>) -> String {
        executed.await.unwrap()().unwrap()
    }

    #[tokio::test]
    async fn who_stops_waiting_while_a_transaction_is_executed_gets_its_answer_by_the_token() {
        let engine = Halting::start();
        let first = engine.execute("first", Some("token"));
        assert_eq!(engine.begins.recv().unwrap(), "first");
        drop(first);
        engine.go.send(()).unwrap();
        engine.go.send(()).unwrap();
        assert_eq!(text(engine.execute("again", Some("token"))).await, "first");
        assert_eq!(text(engine.execute("third", Some("token"))).await, "third", "it is given once");
        assert_eq!(engine.begins.try_iter().collect::<Vec<_>>(), ["third"]);
    }

    #[tokio::test]
    async fn an_answer_that_was_there_and_not_taken_is_kept_too() {
        let engine = Halting::start();
        engine.go.send(()).unwrap();
        engine.go.send(()).unwrap();
        let first = engine.execute("first", Some("token"));
        assert_eq!(text(engine.execute("other", None)).await, "other");
        drop(first);
        assert_eq!(text(engine.execute("again", Some("token"))).await, "first");
        assert_eq!(engine.begins.try_iter().collect::<Vec<_>>(), ["first", "other"]);
    }

    #[tokio::test]
    async fn who_stops_waiting_before_the_turn_has_written_nothing() {
        let engine = Halting::start();
        let first = engine.execute("first", None);
        drop(engine.execute("second", Some("token")));
        engine.go.send(()).unwrap();
        engine.go.send(()).unwrap();
        assert_eq!(text(first).await, "first");
        assert_eq!(text(engine.execute("third", Some("token"))).await, "third");
        assert_eq!(engine.begins.try_iter().collect::<Vec<_>>(), ["first", "third"]);
    }
}
