//! The pace of mail: one item has the next moment at which a mail may be sent. Whoever sends takes the moments for a
//! batch in one conditional write, so that all senders together keep the rate.

use std::time::Duration;

use aws_sdk_dynamodb::types::ReturnValue;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, integer, number};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Write};

/// The longest that a sender waits for its moment; what would come later is put off.
pub const WAIT_MAX: Duration = Duration::from_secs(10);
/// Microseconds of a second: moments are finer than the clock, for 14 a second are 71.4 milliseconds apart.
const MICROSECONDS: i64 = 1_000_000;

/// The moments that a batch was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moments {
    /// How long to wait for each, in order.
    pub waits: Vec<Duration>,
    /// How long until a moment is free for what got none, in seconds.
    pub free_in: i64,
}

/// Takes moments for `count` mails, as many as come within [`WAIT_MAX`].
///
/// # Errors
/// When the table fails.
pub async fn take(app: &App, count: usize) -> Result<Moments, Failure> {
    let per_second = app.config().mail.as_ref().map_or(1, |mail| mail.per_second.max(1));
    let mut attempts = Attempts::new(app);
    let mut item = query::get(app, &keys::mail_pace(), Consistency::Strong).await?;
    loop {
        let next = next_at(item.as_ref())?;
        let (moments, after) = moments(app.now().as_microsecond(), next, per_second, count);
        if moments.waits.is_empty() {
            return Ok(moments);
        }
        let write = Write::update(&keys::mail_pace()).set("next_at", number(after));
        let write = match next {
            Some(next) => write.when("next_at = :next").value(":next", number(next)),
            None => write.when("attribute_not_exists(next_at)"),
        };
        match write.run(app, ReturnValue::None).await {
            Ok(_) => return Ok(moments),
            // Another sender took them, or a try of ours whose answer got lost: the next ones, then.
            Err(Rejected::Guards(failed)) => item = failed.into_iter().find_map(|failed| failed.old),
            Err(rejected) => {
                attempts.wait_after(&rejected).await?;
                item = query::get(app, &keys::mail_pace(), Consistency::Strong).await?;
            }
        }
    }
}

/// Waits for a moment that was taken.
pub async fn wait(until: Duration) {
    tokio::time::sleep(until).await;
}

fn next_at(item: Option<&Item>) -> Result<Option<i64>, Failure> {
    item.map(|item| integer(item, "next_at")).transpose().map(Option::flatten)
}

/// The moments for `count` mails from `now` on, and the next free one after them; times in microseconds.
fn moments(now: i64, next: Option<i64>, per_second: u32, count: usize) -> (Moments, i64) {
    let apart = MICROSECONDS / i64::from(per_second);
    let wait_max = i64::try_from(WAIT_MAX.as_micros()).unwrap_or(i64::MAX);
    // A clock that jumped back must not stop mail for as long as it was ahead.
    let first = next.filter(|next| *next - now <= 2 * wait_max).unwrap_or(now).max(now);
    let within = (0..i64::try_from(count).unwrap_or(0)).map(|place| first + place * apart);
    let waits = within.map(|at| at - now).take_while(|wait| *wait <= wait_max);
    let waits: Vec<Duration> = waits.map(|wait| Duration::from_micros(wait.unsigned_abs())).collect();
    let after = first + i64::try_from(waits.len()).unwrap_or(0) * apart;
    (Moments { waits, free_in: ((after - now - wait_max).max(0) / MICROSECONDS) + 1 }, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_apart_and_no_sender_waits_for_long() {
        let (first, after) = moments(0, None, 10, 3);
        assert_eq!((first.waits, after), ([0, 100, 200].map(Duration::from_millis).to_vec(), 300_000));
        let (second, after) = moments(250_000, Some(300_000), 10, 2);
        assert_eq!((second.waits, after), ([50, 150].map(Duration::from_millis).to_vec(), 500_000));
        // Time that nobody used is gone: what comes after a pause is no burst.
        assert_eq!(moments(9_000_000, Some(500_000), 10, 1).0.waits, [Duration::ZERO]);
        // One a second: eleven within ten seconds, and the rest later.
        let (some, after) = moments(0, None, 1, 20);
        assert_eq!((some.waits.len(), some.free_in, after), (11, 2, 11_000_000));
        let (none, after) = moments(0, Some(11_000_000), 1, 20);
        assert_eq!((none.waits.len(), none.free_in, after), (0, 2, 11_000_000));
        // A clock that is an hour behind is believed.
        assert_eq!(moments(0, Some(3_600 * MICROSECONDS), 1, 1).0.waits, [Duration::ZERO]);
    }
}
