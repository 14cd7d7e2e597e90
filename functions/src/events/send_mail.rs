//! Queue `mail` — sends buyers what they should know: tickets, declined payments, refunds.
//!
//! A letter is marked before it is handed to SES, and after. So none is lost, and one comes twice only where an answer
//! of SES got lost. A batch takes its moments to send in one write, so that all processes together keep the rate.

use std::time::Duration;

use onsale_platform::app::App;
use onsale_platform::events::mail::{self, Mail, Outcome};
use onsale_platform::events::{self, Event, EventQueue};
use onsale_platform::failure::Failure;
use onsale_platform::lambda::{Delivery, Invocation, Retry, queue_deliveries_together};
use onsale_platform::store::events::mail::letters::{self, Claim, Claimed, NotSent};
use onsale_platform::store::events::mail::recipient::Recipient;
use onsale_platform::store::events::mail::{pace, suppressed};
use onsale_platform::telemetry::metrics::MAILS;
use serde_json::Value;

use crate::events::letter::Letter;
use crate::events::response::Writer;

/// How a message stands before anything is sent.
enum Prepared {
    /// Nothing is left to be done.
    Done,
    /// It may be sent.
    Ready(Claimed, Box<Mail>),
    /// Another delivery of it may be at work.
    Busy(i64),
}

async fn handle(app: &App, messages: &[(&Event, &Delivery)]) -> Vec<Result<(), Retry>> {
    let prepared = messages.iter().map(|(event, _)| prepare(app, event));
    let prepared = futures_util::future::join_all(prepared).await;
    let ready = prepared.iter().filter(|result| matches!(result, Ok(Prepared::Ready(..)))).count();
    let moments = match ready {
        0 => Ok((Vec::new(), 1)),
        _ => pace::take(app, ready).await.map(|moments| (moments.waits, moments.free_in)),
    };
    let (waits, free_in) = match moments {
        Ok(moments) => moments,
        Err(failure) => {
            tracing::warn!(%failure, "the pace of mail could not be kept: letters are postponed");
            (Vec::new(), 1)
        }
    };
    let mut waits = waits.into_iter();
    let sent = prepared.into_iter().zip(messages).map(|(prepared, (event, delivery))| {
        let wait = if matches!(prepared, Ok(Prepared::Ready(..))) { waits.next() } else { None };
        finish(app, prepared, wait, free_in, event, delivery)
    });
    futures_util::future::join_all(sent.collect::<Vec<_>>()).await
}

/// Marks a letter and writes it, or finds that it need not be sent.
async fn prepare(app: &App, event: &Event) -> Result<Prepared, Failure> {
    let Some(letter) = Letter::of(event).filter(|_| app.config().mail.is_some()) else {
        return Ok(Prepared::Done);
    };
    let claimed = match letters::claim(app, &event.id).await? {
        Claim::Ours(claimed) => claimed,
        Claim::Done => return Ok(Prepared::Done),
        Claim::Busy(seconds) => return Ok(Prepared::Busy(seconds)),
    };
    let written = match letter.recipient(app).await {
        Ok(Ok(recipient)) => write(app, letter, &recipient).await,
        Ok(Err(reason)) => Ok(Err(reason)),
        Err(failure) => Err(failure),
    };
    match written {
        Ok(Ok(mail)) => Ok(Prepared::Ready(claimed, Box::new(mail))),
        Ok(Err(reason)) => {
            end_unsent(app, event, &claimed, reason).await?;
            Ok(Prepared::Done)
        }
        Err(failure) => {
            release(app, event, &claimed).await;
            Err(failure)
        }
    }
}

async fn write(app: &App, letter: Letter<'_>, recipient: &Recipient) -> Result<Result<Mail, NotSent>, Failure> {
    if suppressed::contains(app, &recipient.address).await? {
        return Ok(Err(NotSent::Suppressed));
    }
    let Some(writer) = Writer::new(app, recipient) else { return Ok(Err(NotSent::NoAccount)) };
    Ok(letter.write(app, &writer).await?.map(|draft| writer.mail(letter.name(), &draft)))
}

/// Sends what is ready and has a moment, and puts off what must wait.
async fn finish(
    app: &App,
    prepared: Result<Prepared, Failure>,
    wait: Option<Duration>,
    free_in: i64,
    event: &Event,
    delivery: &Delivery,
) -> Result<(), Retry> {
    let (claimed, mail) = match prepared? {
        Prepared::Done => return Ok(()),
        Prepared::Busy(seconds) => {
            let problem = "another delivery of it may be at work".to_owned();
            return Err(postpone(app, event, delivery, seconds, problem).await);
        }
        Prepared::Ready(claimed, mail) => (claimed, mail),
    };
    let Some(wait) = wait else {
        release(app, event, &claimed).await;
        return Err(postpone(app, event, delivery, free_in, "the rate of mail is used up".to_owned()).await);
    };
    pace::wait(wait).await;
    let problem = match mail::send(app, &mail).await {
        Outcome::Sent(message_id) => {
            app.meter().count(&MAILS, 1, &["sent"]);
            if let Err(failure) = letters::note_sent(app, &claimed, &message_id).await {
                // Its message is deleted all the same: a delivery once more would be a second mail.
                tracing::warn!(event_id = event.id, %failure, "a letter was sent, which could not be noted");
            }
            return Ok(());
        }
        Outcome::Refused(code) => {
            tracing::error!(event_id = event.id, letter = mail.letter, code, "SES refused a letter for good");
            return Ok(end_unsent(app, event, &claimed, NotSent::Refused).await?);
        }
        Outcome::Later(problem) => problem,
        Outcome::Unknown => "SES did not answer".to_owned(),
    };
    release(app, event, &claimed).await;
    let pause = events::retry_seconds(app, delivery.count, None);
    Err(postpone(app, event, delivery, pause.into(), problem).await)
}

/// Notes that a letter is never sent.
async fn end_unsent(app: &App, event: &Event, letter: &Claimed, reason: NotSent) -> Result<(), Failure> {
    letters::note_not_sent(app, letter, reason).await?;
    app.meter().count(&MAILS, 1, &[reason.as_str()]);
    tracing::info!(event_id = event.id, reason = reason.as_str(), "a letter is not sent");
    Ok(())
}

/// Lets the next delivery have a letter; if that fails, it does once the lease is over.
async fn release(app: &App, event: &Event, letter: &Claimed) {
    if let Err(failure) = letters::release(app, letter).await {
        tracing::warn!(event_id = event.id, %failure, "a letter could not be released before its lease is over");
    }
}

/// Puts a message off for so many seconds.
async fn postpone(app: &App, event: &Event, delivery: &Delivery, seconds: i64, problem: String) -> Retry {
    app.meter().count(&MAILS, 1, &["postponed"]);
    let seconds = seconds.clamp(1, i64::try_from(events::PAUSE_SECONDS_MAX).unwrap_or(i64::MAX));
    let seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
    if let Err(failure) = events::postpone(app, EventQueue::Mail, &delivery.receipt_handle, seconds).await {
        // Then it comes again after the queue's own time.
        tracing::warn!(event_id = event.id, %failure, "a letter could not be postponed");
    }
    Retry(problem)
}

/// Handles a batch of messages.
pub fn handler(app: App, batch: Value) -> Invocation {
    Box::pin(queue_deliveries_together(app, batch, handle))
}
