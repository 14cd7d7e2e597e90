//! The queue in front of a concert: given, changed or taken away before the sale.
//!
//! A date has a copy of its concert's queue, so that a hold need not read the concert. All of them are changed in one
//! transaction, long enough before any of them goes on sale that no process remembers the old one by then.

use jiff::SignedDuration;
use onsale_domain::id::ConcertId;
use onsale_domain::queue::{CONCERTS_MAX, QueueId};

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::admin_actions::AdminAction;
use crate::store::concerts::schedules::{self, ScheduleRow};
use crate::store::concerts::{Concert, get};
use crate::store::dynamodb::item::{key_item, number, text};
use crate::store::dynamodb::keys::{self, Key};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Transaction, Write};

/// Most dates of a concert whose queue can be changed: each is two items of one transaction of at most 100.
pub const DATES_CHANGED_MAX: u32 = 45;
/// How long before a sale the queue in front of it is changed at the latest. Processes remember dates for a minute, and
/// clocks may be a minute apart.
pub const CHANGED_BEFORE_SALE: SignedDuration = SignedDuration::from_mins(3);

/// Why the queue of a concert was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SetQueueFailure {
    /// There is no such concert.
    #[error("no such concert")]
    NoConcert,
    /// There is no such queue.
    #[error("no such queue")]
    NoQueue,
    /// The queue guards [`CONCERTS_MAX`] concerts.
    #[error("the queue guards as many concerts as it may")]
    QueueFull,
    /// A date is on sale, was, or will be in a moment.
    #[error("the sale has opened")]
    SaleOpened,
    /// The concert has more than [`DATES_CHANGED_MAX`] dates.
    #[error("too many dates")]
    TooManyDates,
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    QueueHasRoom,
    Other,
}

/// Puts `queue` in front of a concert, or takes away the one that is there. One that it has already is not written
/// again.
///
/// # Errors
/// See [`SetQueueFailure`].
pub async fn set(
    app: &App,
    id: ConcertId,
    queue: Option<&QueueId>,
    action: &AdminAction,
) -> Result<Concert, SetQueueFailure> {
    let mut attempts = Attempts::new(app);
    loop {
        let concert = get(app, id).await?.ok_or(SetQueueFailure::NoConcert)?;
        if concert.queue.as_ref() == queue {
            return Ok(concert);
        }
        let dates = schedules::list_of_concert(app, id).await?;
        if dates.len() > DATES_CHANGED_MAX as usize {
            return Err(SetQueueFailure::TooManyDates);
        }
        let soon = app.now() + CHANGED_BEFORE_SALE;
        if dates.iter().any(|date| date.schedule.sale_opens_at <= soon) {
            return Err(SetQueueFailure::SaleOpened);
        }
        match change(app, &concert, queue, &dates, action)?.commit(app).await {
            Ok(()) => {
                app.caches().concert_queues.forget(&id);
                dates.iter().for_each(|date| app.caches().schedules.forget(&date.schedule.id));
                return Ok(Concert { queue: queue.cloned(), ..concert });
            }
            Err(Rejected::Guards(failed)) if failed.iter().any(|failed| failed.guard == Guard::QueueHasRoom) => {
                let there = failed.iter().any(|failed| failed.guard == Guard::QueueHasRoom && failed.old.is_some());
                return Err(if there { SetQueueFailure::QueueFull } else { SetQueueFailure::NoQueue });
            }
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// The concert and its dates as they were read, each with the new queue, and both queues with what they guard.
fn change(
    app: &App,
    concert: &Concert,
    queue: Option<&QueueId>,
    dates: &[ScheduleRow],
    action: &AdminAction,
) -> Result<Transaction<Guard>, Failure> {
    let mut transaction = Transaction::new();
    let unchanged = "attribute_exists(pk) AND attribute_not_exists(deletion) AND dates = :dates";
    let write = set_queue(&keys::concert(concert.id), queue).value(":dates", number(dates.len()));
    let write = match &concert.queue {
        Some(old) => write.when(format!("{unchanged} AND queue_id = :old")).value(":old", text(old.as_str())),
        None => write.when(format!("{unchanged} AND attribute_not_exists(queue_id)")),
    };
    transaction.add(Guard::Other, write);
    let soon = (app.now() + CHANGED_BEFORE_SALE).as_millisecond();
    for date in dates {
        for key in [keys::schedule(date.schedule.id), keys::listing_of(&date.schedule)] {
            let write = set_queue(&key, queue).when("sale_opens_at > :soon AND attribute_not_exists(deletion)");
            transaction.add(Guard::Other, write.value(":soon", number(soon)));
        }
    }
    if let Some(old) = &concert.queue {
        transaction.add(Guard::Other, remove(old, concert.id));
        transaction.add(Guard::Other, count_one_less(old));
    }
    if let Some(new) = queue {
        transaction.add(Guard::Other, add(new, concert.id));
        transaction.add(Guard::QueueHasRoom, count_one_more(new));
    }
    transaction.add(Guard::Other, action.write(app)?);
    Ok(transaction)
}

fn set_queue(key: &Key, queue: Option<&QueueId>) -> Write {
    Write::update(key).set_or_remove("queue_id", queue.map(|queue| text(queue.as_str())))
}

/// The write that notes that a queue guards a concert.
pub(super) fn add(queue: &QueueId, concert: ConcertId) -> Write {
    Write::create(key_item(&keys::guarded_concert(queue, concert)))
}

/// The write that notes that it does no more.
pub(super) fn remove(queue: &QueueId, concert: ConcertId) -> Write {
    Write::delete(&keys::guarded_concert(queue, concert))
}

/// The write by which a queue guards one concert more, on condition that it is there and has room.
pub(super) fn count_one_more(queue: &QueueId) -> Write {
    Write::update(&keys::queue(queue))
        .set_to("concerts", "concerts + :one")
        .when("attribute_exists(pk) AND concerts < :most")
        .value(":one", number(1))
        .value(":most", number(CONCERTS_MAX))
}

/// The write by which a queue guards one concert less.
pub(super) fn count_one_less(queue: &QueueId) -> Write {
    Write::update(&keys::queue(queue))
        .set_to("concerts", "concerts - :one")
        .when("concerts >= :one")
        .value(":one", number(1))
}
