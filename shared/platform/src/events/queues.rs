//! Messages to the queues that events go to, and from them.

use crate::app::App;
use crate::events::EventQueue;
use crate::failure::Failure;

/// Most messages of one SendMessageBatch (a limit of SQS).
const BATCH_MAX: usize = 10;
/// Most bytes of the bodies of one SendMessageBatch, and so of one body. SQS takes four times as much by now; 256 KiB
/// it has always taken, everywhere.
const BATCH_BYTES_MAX: usize = 256 * 1024;
/// Most bytes of a parked message, which leaves room for what SQS counts beside the body.
pub const PARKED_MESSAGE_BYTES_MAX: usize = BATCH_BYTES_MAX - 1_024;

/// The longest pause between two deliveries of an event that is put off. Pauses begin with a second and double.
pub const PAUSE_SECONDS_MAX: u64 = 900;

/// Some message bodies may not have been sent.
#[derive(Debug, thiserror::Error)]
#[error("{failure}")]
pub struct NotSent {
    /// The first of them; all before it were sent.
    pub first: usize,
    /// Why.
    #[source]
    pub failure: Failure,
}

/// Sends message bodies to a queue, in batches, one after the other.
///
/// # Errors
/// When the queue is not configured for this function, cannot be reached, or refuses one of them.
pub async fn send(app: &App, queue: EventQueue, bodies: &[String]) -> Result<(), NotSent> {
    let Some(url) = queue_url(app, queue) else {
        return match queue {
            // Without a data platform, or without mail, nobody wants what would be handed to it.
            EventQueue::DataPlatform | EventQueue::Mail => Ok(()),
            _ => Err(NotSent { first: 0, failure: Failure::Internal(format!("no URL for the queue {queue:?}")) }),
        };
    };
    let mut sent = 0;
    for batch in batches(bodies) {
        match send_batch(app, url, batch).await {
            Ok(None) => sent += batch.len(),
            Ok(Some(refused)) => return Err(NotSent { first: sent + refused, failure: send_failure() }),
            Err(failure) => return Err(NotSent { first: sent, failure }),
        }
    }
    Ok(())
}

fn queue_url(app: &App, queue: EventQueue) -> Option<&String> {
    let config = app.config();
    match queue {
        EventQueue::Payments => config.payments_queue_url.as_ref(),
        EventQueue::Sales => config.sales_queue_url.as_ref(),
        EventQueue::Tokens => config.tokens_queue_url.as_ref(),
        EventQueue::Cards => config.cards_queue_url.as_ref(),
        EventQueue::DataPlatform => config.data_platform_queue_url.as_ref(),
        EventQueue::Mail => config.mail_queue_url.as_ref(),
        EventQueue::Parked => config.parked_queue_url.as_ref(),
    }
}

/// The bodies, in order, in as few batches as SQS allows.
fn batches(mut bodies: &[String]) -> Vec<&[String]> {
    let mut batches = Vec::new();
    while !bodies.is_empty() {
        let mut bytes = 0;
        let fits = bodies.iter().take(BATCH_MAX).take_while(|body| {
            bytes += body.len();
            bytes <= BATCH_BYTES_MAX
        });
        // One that is too long alone goes alone: SQS is to say what it thinks of it.
        let (batch, rest) = bodies.split_at(fits.count().max(1));
        batches.push(batch);
        bodies = rest;
    }
    batches
}

/// Sends one batch; the first body that was refused, if one was.
async fn send_batch(app: &App, url: &str, batch: &[String]) -> Result<Option<usize>, Failure> {
    let mut request = app.sqs().send_message_batch().queue_url(url);
    for (index, body) in batch.iter().enumerate() {
        let entry = aws_sdk_sqs::types::SendMessageBatchRequestEntry::builder();
        let entry = entry.id(index.to_string()).message_body(body).build();
        request = request.entries(entry.map_err(|error| Failure::Internal(error.to_string()))?);
    }
    let answer = request.send().await.map_err(|_| send_failure())?;
    Ok(answer.failed.iter().map(|refused| refused.id.parse().unwrap_or(0)).min())
}

/// Seconds until the next delivery of an event that was delivered `count` times: doubling from one, up to the longest,
/// a fifth of it by chance, so that what failed together does not come back together; and not before
/// whoever refused it asked for it.
#[must_use]
pub fn retry_seconds(app: &App, count: u32, retry_after: Option<u64>) -> i32 {
    let most = 1_u64.checked_shl(count.saturating_sub(1).min(32)).unwrap_or(PAUSE_SECONDS_MAX).min(PAUSE_SECONDS_MAX);
    let pause = most - app.ids().below(most / 5 + 1);
    i32::try_from(pause.max(retry_after.unwrap_or(0)).min(PAUSE_SECONDS_MAX)).unwrap_or(i32::MAX)
}

/// Puts off when a received message is shown again.
///
/// # Errors
/// When the queue is not configured for this function or cannot be reached: then the message comes again after the
/// queue's own time.
pub async fn postpone(app: &App, queue: EventQueue, receipt_handle: &str, seconds: i32) -> Result<(), Failure> {
    let url = queue_url(app, queue).ok_or_else(|| Failure::Internal(format!("no URL for the queue {queue:?}")))?;
    let request = app.sqs().change_message_visibility().queue_url(url).receipt_handle(receipt_handle);
    request.visibility_timeout(seconds).send().await.map(|_| ()).map_err(|_| send_failure())
}

/// Nobody asks which of its ways a call to a queue failed: a message that may not have been sent is sent again.
fn send_failure() -> Failure {
    Failure::Internal("the queue did not answer, or refused".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_have_no_more_bodies_and_bytes_than_sqs_takes() {
        let lengths = |of: &[usize]| -> Vec<usize> {
            let bodies: Vec<String> = of.iter().map(|length| "x".repeat(*length)).collect();
            let batches = batches(&bodies);
            assert_eq!(batches.concat(), bodies);
            batches.iter().map(|batch| batch.len()).collect()
        };
        assert_eq!(lengths(&[]), [0; 0]);
        assert_eq!(lengths(&[1; 23]), [10, 10, 3]);
        let half = BATCH_BYTES_MAX / 2;
        assert_eq!(lengths(&[half, half, half, 1]), [2, 2]);
        assert_eq!(lengths(&[1, BATCH_BYTES_MAX + 1, 1]), [1, 1, 1]);
    }
}
