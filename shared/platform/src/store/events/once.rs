//! Once per event: a consumer that counts marks each event in the transaction that counts it.

use std::collections::BTreeMap;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{number, to_item};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Transaction, Write};

/// How long an event is remembered: longer than a queue keeps a message, and a dead-letter queue after it.
pub(crate) const MARK_KEPT_SECONDS: i64 = 30 * 86_400;
/// Most events that one transaction counts; the rest of its 100 items is for what they count in.
pub const EVENTS_MAX: usize = 90;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    /// The event at this place was not dealt with before.
    New(usize),
    /// The counted item is there.
    Effect,
}

/// Deals with `events` (id → what it tells), at most [`EVENTS_MAX`], each once however often it is delivered: their
/// marks and the writes that `effect` makes of those that are new are one transaction.
///
/// # Errors
/// When the table fails, or the condition of a write of `effect` does not hold.
pub(crate) async fn process_once<T>(
    app: &App,
    consumer: &str,
    mut events: BTreeMap<&str, T>,
    effect: impl Fn(&mut dyn Iterator<Item = &T>) -> Vec<Write>,
) -> Result<(), Failure> {
    let mut attempts = Attempts::new(app);
    while !events.is_empty() {
        let mut transaction = Transaction::new();
        for (index, event) in events.keys().enumerate() {
            let mut mark = to_item(&keys::event_mark(event, consumer), &BTreeMap::<String, String>::new())?;
            mark.insert("delete_at".to_owned(), number(app.now().as_second() + MARK_KEPT_SECONDS));
            transaction.add(Guard::New(index), Write::create(mark));
        }
        for write in effect(&mut events.values()) {
            transaction.add(Guard::Effect, write);
        }
        match transaction.commit(app).await {
            Ok(()) => return Ok(()),
            Err(Rejected::Guards(failed)) if failed.iter().any(|failed| failed.guard == Guard::Effect) => {
                return Err(Failure::Internal(format!("what {consumer} counts in is not there")));
            }
            Err(Rejected::Guards(failed)) => {
                // Dealt with before, by an earlier delivery or by a try of ours whose answer got lost.
                let done: Vec<usize> = failed
                    .iter()
                    .filter_map(|failed| match failed.guard {
                        Guard::New(index) => Some(index),
                        Guard::Effect => None,
                    })
                    .collect();
                let mut index = 0;
                events.retain(|_, _| {
                    index += 1;
                    !done.contains(&(index - 1))
                });
            }
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
    Ok(())
}
