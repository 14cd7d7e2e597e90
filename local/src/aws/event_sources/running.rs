//! The loops that run the triggers while the stack is up.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::aws::engine::storage;
use crate::aws::event_sources::{QueueReader, Triggers};

/// How long the stream is left alone when nothing was written through the SDK: what other programs write through
/// the port waits this long.
const STREAM_PAUSE: Duration = Duration::from_millis(200);
/// How long the stream is left alone after a write, so that one reading takes many records: those of others that write
/// just now, too.
const GATHER_PAUSE: Duration = Duration::from_millis(10);
/// The first pause before a failed batch of the stream is delivered again; each next one is twice as long.
const RETRY_PAUSE_FIRST: Duration = Duration::from_millis(100);
const RETRY_PAUSE_LAST: Duration = Duration::from_secs(10);
/// How long one receive call waits for a message.
const RECEIVE_WAIT_SECONDS: u32 = 20;
/// How often the checkpoint is written, if it has moved.
const CHECKPOINT_PAUSE: Duration = Duration::from_millis(250);
/// How often items are deleted whose time to live is over, and old stream records removed.
const HOUSEKEEPING_PAUSE: Duration = Duration::from_secs(600);
/// The longest sleep in one go, so that a clock that jumps is noticed.
const SLEEP_MAX: Duration = Duration::from_secs(5);
/// How long the loops may take to end; a function that is being called ends by its own time-out.
const STOP_MAX: Duration = Duration::from_secs(10);

/// The running loops.
pub struct Running {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
    triggers: Arc<Triggers>,
}

impl Running {
    /// Starts the loops. `sweep` says whether schedules fire; `database` is the file to keep small, if it is one.
    #[must_use]
    pub fn start(triggers: Arc<Triggers>, sweep: bool, database: Option<PathBuf>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(run_until_stopped(stopped.clone(), run_relay(Arc::clone(&triggers), stopped.clone())));
        for queue in triggers.queues.clone() {
            tasks.spawn(consume(queue, stopped.clone()));
        }
        if sweep {
            tasks.spawn(run_until_stopped(stopped.clone(), fire_schedules(Arc::clone(&triggers))));
        }
        if triggers.checkpoint.is_some() {
            tasks.spawn(run_until_stopped(stopped.clone(), write_checkpoints(Arc::clone(&triggers))));
        }
        tasks.spawn(run_until_stopped(stopped, trim_periodically(Arc::clone(&triggers), database)));
        Self { tasks, stop, triggers }
    }

    /// Ends the loops, letting what is being done be done, and writes the last checkpoint.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_MAX, ended).await.is_err() {
            tracing::warn!("a trigger did not end in time");
        }
        if let Err(problem) = self.triggers.save_checkpoint().await {
            tracing::error!(%problem, "the last checkpoint could not be written");
        }
    }
}

/// Runs `work` until the stack stops; it is then dropped where it waits.
async fn run_until_stopped(mut stopped: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        _ = stopped.wait_for(|stopped| *stopped) => {}
        () = work => {}
    }
}

/// Hands on the records of the stream as they come.
async fn run_relay(triggers: Arc<Triggers>, stopped: watch::Receiver<bool>) {
    let mut pause = RETRY_PAUSE_FIRST;
    while !*stopped.borrow() {
        let (full, failed) = relay_once(&triggers).await;
        if failed {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY_PAUSE_LAST);
            continue;
        }
        pause = RETRY_PAUSE_FIRST;
        if !full {
            // Either is a reason to look again. A write that came while the records were read is remembered.
            let _ = tokio::time::timeout(STREAM_PAUSE, triggers.dynamodb.write_notify().notified()).await;
            tokio::time::sleep(GATHER_PAUSE).await;
        }
    }
}

/// Whether a stream may have more to read, and whether a record failed.
async fn relay_once(triggers: &Triggers) -> (bool, bool) {
    let (mut full, mut failed) = (false, false);
    for stream in triggers.streams.lock().await.iter_mut() {
        match stream.deliver_next_batch().await {
            Ok(step) => {
                full |= step.full;
                failed |= step.failed;
            }
            Err(problem) => {
                tracing::error!(%problem, "the stream could not be read");
                failed = true;
            }
        }
    }
    (full, failed)
}

/// Hands on the messages of one queue. What failed comes again when its visibility time-out is over.
async fn consume(queue: QueueReader, mut stopped: watch::Receiver<bool>) {
    loop {
        let received = tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            received = queue.receive(RECEIVE_WAIT_SECONDS) => received,
        };
        let handed_over = match received {
            Ok(messages) if messages.is_empty() => continue,
            Ok(messages) => queue.deliver(messages).await,
            Err(problem) => Err(problem),
        };
        if let Err(problem) = handed_over {
            tracing::error!(%problem, "a queue could not be read");
            tokio::time::sleep(RETRY_PAUSE_LAST).await;
        }
    }
}

/// Fires the schedules at second 00 of their minutes.
async fn fire_schedules(triggers: Arc<Triggers>) {
    let clock = Triggers::wall_clock();
    let minute = || clock.now().as_second().div_euclid(60);
    loop {
        // Another minute, not a later one: a clock that is put back must not stop the schedules.
        let last = minute();
        while minute() == last {
            let left = 60_000 - clock.now().as_millisecond().rem_euclid(60_000);
            let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
            tokio::time::sleep(left.min(SLEEP_MAX)).await;
        }
        let now = clock.now();
        for timed in triggers.schedules.iter().filter(|timed| timed.schedule.fires_in_minute_of(now)) {
            run_on_own_thread(Arc::clone(&triggers), timed.function.clone());
        }
    }
}

/// Runs a scheduled function on a thread of its own. It does nothing but call the engines, which answer without ever
/// making it wait: on a thread that it shared, everything else would stand still until it was done.
fn run_on_own_thread(triggers: Arc<Triggers>, function: String) {
    let name = function.clone();
    let started = std::thread::Builder::new().name(name).spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let answer = runtime.map(|runtime| runtime.block_on(triggers.run_schedule(&function)));
        match answer {
            Ok(Ok(_)) => {}
            Ok(Err(problem)) => tracing::error!(function, %problem, "a scheduled call failed"),
            Err(problem) => tracing::error!(function, %problem, "no runtime could be created for a scheduled call"),
        }
    });
    if let Err(problem) = started {
        tracing::error!(%problem, "no thread could be started for a scheduled call");
    }
}

async fn write_checkpoints(triggers: Arc<Triggers>) {
    loop {
        tokio::time::sleep(CHECKPOINT_PAUSE).await;
        if let Err(problem) = triggers.save_checkpoint().await {
            tracing::error!(%problem, "the checkpoint could not be written");
        }
    }
}

async fn trim_periodically(triggers: Arc<Triggers>, database: Option<PathBuf>) {
    loop {
        tokio::time::sleep(HOUSEKEEPING_PAUSE).await;
        let (table, file) = (triggers.dynamodb.database().clone(), database.clone());
        let work = tokio::task::spawn_blocking(move || {
            table.sweep_ttl()?;
            file.as_deref().map_or(Ok(0), storage::trim)
        });
        if let Ok(Err(problem)) = work.await {
            tracing::error!(%problem, "housekeeping failed");
        }
    }
}
