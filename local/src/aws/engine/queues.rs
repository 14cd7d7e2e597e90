//! The messages of the queues' engine, where the stack can count them.
//!
//! The engine's own store hides its messages and counts those that were received once and came back in no number,
//! so it cannot tell an empty queue. This store keeps the engine's own state machine behind one lock and reads it.

use std::collections::HashMap;
use std::future::{self, Future};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};

use onsale_platform::memory::lock;
use serde::{Deserialize, Serialize};
use winterbaume_core::StateViewError;
use winterbaume_sqs::backend::{SendMessageOutput, SqsBackend};
use winterbaume_sqs::state::{SqsError, SqsState};
use winterbaume_sqs::types::{Message, MessageAttribute, MessageMoveTask, Queue};
use winterbaume_sqs::views::SqsStateView;

use crate::aws::cloudformation::{ACCOUNT, REGION};

/// Characters of the engine's receipt handles: four UUIDs. What has this form was a handle once.
const HANDLE_LENGTH: usize = 4 * 36;

type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// All queues of the one account and region there is.
#[derive(Clone, Default)]
pub struct Queues(Arc<Mutex<SqsState>>);

/// A message of a queue nobody reads, as it is kept over a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedMessage {
    /// The queue it lies in.
    pub queue: String,
    /// Its text.
    pub body: String,
}

impl Queues {
    /// How many messages lie in queues other than `unread`: waiting, delayed or handed out and not yet deleted.
    /// With them, the messages of `unread`, both of the same moment.
    #[must_use]
    pub fn census(&self, unread: &[String]) -> (usize, Vec<ParkedMessage>) {
        let state = self.lock();
        let mut outstanding = 0;
        let mut messages = Vec::new();
        for (name, queue) in &state.queues {
            if unread.contains(name) {
                let bodies = queue.messages.iter().map(|message| message.body.clone());
                messages.extend(bodies.map(|body| ParkedMessage { queue: name.clone(), body }));
            } else {
                outstanding += queue.messages.len();
            }
        }
        messages.sort_by(|one, other| (&one.queue, &one.body).cmp(&(&other.queue, &other.body)));
        (outstanding, messages)
    }

    /// How many messages lie in each queue.
    #[must_use]
    pub fn depths(&self) -> Vec<(String, usize)> {
        let state = self.lock();
        state.queues.iter().map(|(name, queue)| (name.clone(), queue.messages.len())).collect()
    }

    /// Puts a kept message back. A queue that is no longer in the template is left out.
    pub fn put_back(&self, message: &ParkedMessage) {
        let sent = self.lock().send_message(&message.queue, &message.body, None, HashMap::new(), None, None);
        if let Err(problem) = sent {
            tracing::warn!(queue = message.queue, %problem, "a stored message could not be restored");
        }
    }

    fn lock(&self) -> MutexGuard<'_, SqsState> {
        lock(&self.0)
    }

    fn with_state<T: Send + 'static>(&self, act: impl FnOnce(&mut SqsState) -> T) -> Later<T> {
        Box::pin(future::ready(act(&mut self.lock())))
    }
}

/// Carries a task out that the engine only notes: all messages of the queue `source`, also those that somebody is just
/// looking at, go to `destination`, or back to the queue whose dead letters they are. They count as new there.
fn move_messages(state: &mut SqsState, task: &str, source: &str, destination: Option<String>) -> Result<(), SqsError> {
    let back = || {
        let mut of = state.queues.values().filter(|queue| queue.dead_letter_target_arn.as_deref() == Some(source));
        // A message does not say which queue it was in: with two it could not be known.
        of.next().filter(|_| of.next().is_none()).map(|queue| queue.queue.arn.clone())
    };
    let target = destination.or_else(back);
    let moved =
        target.and_then(|target| state.queues.values().any(|queue| queue.queue.arn == target).then_some(target));
    let task = state.message_move_tasks.iter_mut().find(|known| known.task_handle == task);
    let Some(target) = moved else {
        task.into_iter().for_each(|task| "FAILED".clone_into(&mut task.status));
        return Err(SqsError::SourceArnNotFound { source_arn: source.to_owned() });
    };
    let from = state.queues.values_mut().find(|queue| queue.queue.arn == source);
    let mut messages = from.map(|queue| std::mem::take(&mut queue.messages)).unwrap_or_default();
    for message in &mut messages {
        message.receipt_handle = None;
        message.all_receipt_handles.clear();
        message.approximate_receive_count = 0;
        message.approximate_first_receive_timestamp = None;
        // Any time that has passed.
        message.visible_at = 0;
    }
    if let Some(task) = task {
        "COMPLETED".clone_into(&mut task.status);
        task.approximate_number_of_messages_moved = i64::try_from(messages.len()).unwrap_or(i64::MAX);
        task.destination_arn = Some(target.clone());
    }
    if let Some(queue) = state.queues.values_mut().find(|queue| queue.queue.arn == target) {
        queue.messages.extend(messages);
    }
    Ok(())
}

/// The trait asks for the account and the region at every call; there is one of each.
impl SqsBackend for Queues {
    fn create_queue(
        &self,
        _: String,
        _: String,
        name: String,
        attributes: HashMap<String, String>,
        tags: Option<HashMap<String, String>>,
    ) -> Later<Result<Queue, SqsError>> {
        self.with_state(|state| state.create_queue(&name, REGION, ACCOUNT, &attributes, tags.as_ref()).cloned())
    }

    fn delete_queue(&self, _: String, _: String, queue: String) -> Later<Result<(), SqsError>> {
        self.with_state(|state| state.delete_queue(&queue))
    }

    fn get_queue_url(&self, _: String, _: String, queue: String) -> Later<Result<String, SqsError>> {
        self.with_state(|state| state.get_queue_url(&queue).map(str::to_owned))
    }

    fn get_queue_attributes(
        &self,
        _: String,
        _: String,
        queue: String,
    ) -> Later<Result<HashMap<String, String>, SqsError>> {
        self.with_state(|state| state.get_queue_attributes(&queue))
    }

    fn set_queue_attributes(
        &self,
        _: String,
        _: String,
        queue: String,
        attributes: HashMap<String, String>,
    ) -> Later<Result<(), SqsError>> {
        self.with_state(|state| state.set_queue_attributes(&queue, &attributes))
    }

    fn list_queues(&self, _: String, _: String, prefix: Option<String>) -> Later<Result<Vec<Queue>, SqsError>> {
        self.with_state(|state| Ok(state.list_queues(prefix.as_deref()).into_iter().cloned().collect()))
    }

    fn send_message(
        &self,
        _: String,
        _: String,
        queue: String,
        body: String,
        delay_seconds: Option<u32>,
        attributes: HashMap<String, MessageAttribute>,
        group: Option<String>,
        deduplication: Option<String>,
    ) -> Later<Result<SendMessageOutput, SqsError>> {
        self.with_state(|state| {
            let (group, deduplication) = (group.as_deref(), deduplication.as_deref());
            let sent = state.send_message(&queue, &body, delay_seconds, attributes, group, deduplication)?;
            Ok(SendMessageOutput { message_id: sent.message_id, body_md5: sent.body_md5 })
        })
    }

    fn receive_messages(
        &self,
        _: String,
        _: String,
        queue: String,
        most: usize,
        visibility_timeout: Option<u32>,
    ) -> Later<Result<Vec<Message>, SqsError>> {
        self.with_state(|state| state.receive_message(&queue, most, visibility_timeout))
    }

    fn delete_message(&self, _: String, _: String, queue: String, handle: String) -> Later<Result<(), SqsError>> {
        self.with_state(|state| {
            let deleted = state.delete_message(&queue, &handle);
            // The engine keeps the handles of all deleted messages for ever, to let a second deletion succeed.
            if let Some(queue) = state.queues.get_mut(&queue) {
                queue.deleted_handles.clear();
            }
            match deleted {
                Err(SqsError::InvalidReceiptHandle { .. }) if handle.len() == HANDLE_LENGTH => Ok(()),
                other => other,
            }
        })
    }

    fn purge_queue(&self, _: String, _: String, queue: String) -> Later<Result<(), SqsError>> {
        self.with_state(|state| state.purge_queue(&queue))
    }

    fn change_message_visibility(
        &self,
        _: String,
        _: String,
        queue: String,
        handle: String,
        timeout: u32,
    ) -> Later<Result<(), SqsError>> {
        self.with_state(|state| state.change_message_visibility(&queue, &handle, timeout))
    }

    fn change_message_visibility_batch(
        &self,
        _: String,
        _: String,
        queue: String,
        entries: Vec<(String, String, u32)>,
    ) -> Later<Result<Vec<String>, SqsError>> {
        self.with_state(|state| state.change_message_visibility_batch(&queue, &entries))
    }

    fn list_queue_tags(&self, _: String, _: String, queue: String) -> Later<Result<HashMap<String, String>, SqsError>> {
        self.with_state(|state| state.list_queue_tags(&queue))
    }

    fn tag_queue(
        &self,
        _: String,
        _: String,
        queue: String,
        tags: HashMap<String, String>,
    ) -> Later<Result<(), SqsError>> {
        self.with_state(|state| state.tag_queue(&queue, &tags))
    }

    fn untag_queue(&self, _: String, _: String, queue: String, keys: Vec<String>) -> Later<Result<(), SqsError>> {
        self.with_state(|state| state.untag_queue(&queue, &keys))
    }

    fn add_permission(
        &self,
        _: String,
        _: String,
        queue: String,
        label: String,
        accounts: Vec<String>,
        actions: Vec<String>,
    ) -> Later<Result<(), SqsError>> {
        self.with_state(|state| state.add_permission(&queue, &label, accounts, actions))
    }

    fn remove_permission(&self, _: String, _: String, queue: String, label: String) -> Later<Result<(), SqsError>> {
        self.with_state(|state| state.remove_permission(&queue, &label))
    }

    fn list_dead_letter_source_queues(
        &self,
        _: String,
        _: String,
        queue: String,
    ) -> Later<Result<Vec<String>, SqsError>> {
        self.with_state(|state| state.list_dead_letter_source_queues(&queue))
    }

    fn start_message_move_task(
        &self,
        _: String,
        _: String,
        source: String,
        destination: Option<String>,
        per_second: Option<i32>,
    ) -> Later<Result<String, SqsError>> {
        self.with_state(|state| {
            let task = state.start_message_move_task(&source, destination.as_deref(), per_second)?;
            move_messages(state, &task, &source, destination)?;
            Ok(task)
        })
    }

    fn cancel_message_move_task(&self, _: String, _: String, handle: String) -> Later<Result<i64, SqsError>> {
        self.with_state(|state| state.cancel_message_move_task(&handle))
    }

    fn list_message_move_tasks(
        &self,
        _: String,
        _: String,
        source: String,
    ) -> Later<Result<Vec<MessageMoveTask>, SqsError>> {
        self.with_state(|state| Ok(state.list_message_move_tasks(&source).into_iter().cloned().collect()))
    }

    fn scopes_with_state(&self) -> Vec<(String, String)> {
        vec![(ACCOUNT.to_owned(), REGION.to_owned())]
    }

    fn snapshot(&self, _: String, _: String) -> Later<SqsStateView> {
        self.with_state(|state| SqsStateView::from(&*state))
    }

    fn restore(&self, _: String, _: String, view: SqsStateView) -> Later<Result<(), StateViewError>> {
        self.with_state(|state| {
            *state = SqsState::from(view);
            Ok(())
        })
    }

    fn merge(&self, _: String, _: String, view: SqsStateView) -> Later<Result<(), StateViewError>> {
        self.with_state(|state| {
            state.queues.extend(SqsState::from(view).queues);
            Ok(())
        })
    }
}
