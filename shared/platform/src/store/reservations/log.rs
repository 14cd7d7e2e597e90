//! Reads a user's log of reservations, newest first: `RSV#<number>`.
//!
//! The log of an erased account ends with a closing instead of a reservation: nothing follows that.
//!
//! Backwards, because a query is no snapshot. Somebody may append while it reads: forwards it could see a number without
//! the one before; backwards it misses the newest at worst, and then the next number is taken.

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::{SignedDuration, Timestamp};
use onsale_domain::id::{ReservationId, UserId};
use onsale_domain::reservations::log::{RESERVATIONS_MAX, ReservationLog};
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::time::EpochSecond;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, integer, key_item, key_of, number, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Query};
use crate::store::dynamodb::rejected::Rejected;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::Write;
use crate::store::purchases::StoredPurchase;

/// Reservations that one look for an id evaluates: most users have fewer.
const PAGE_MAX: i32 = 25;
/// The newest reservation is kept for longer when time to live may take it sooner than this: a number must not become
/// free between somebody's reading of the log and their writing to it.
const REMOVAL_MARGIN: SignedDuration = SignedDuration::from_hours(24);

/// The attribute by which a closing differs from a reservation: when the account was erased.
pub(crate) const CLOSED_AT: &str = "closed_at";

/// The end of the log of an erased account, in the place of a further reservation.
pub(crate) fn closing(user: UserId, log: &ReservationLog, at: Timestamp) -> Write {
    let mut item = key_item(&keys::reservation(user, log.next_number()));
    item.insert(CLOSED_AT.to_owned(), number(at.as_millisecond()));
    Write::create(item)
}

/// An item of the log as a reservation; none if it is the closing.
pub(crate) fn read_reservation(item: Item) -> Result<Option<Reservation>, Failure> {
    if item.contains_key(CLOSED_AT) { Ok(None) } else { Reservation::read(item).map(Some) }
}

/// All reservations of a user, newest first, and before them the closing if there is one.
pub(crate) fn newest_first(user: UserId) -> Query {
    Query::partition(keys::user_partition(user), keys::RESERVATION_PREFIX).newest_first().strong()
}

/// The log of a user as of its last answered write, to append to it; read again while the table refuses more traffic.
///
/// # Errors
/// [`Failure::Erased`] if it is closed.
pub(crate) async fn read(mut attempts: Attempts<'_>, user: UserId) -> Result<ReservationLog, Failure> {
    let (app, query) = (attempts.app, newest_first(user));
    loop {
        let items = match query.all(app, usize::from(RESERVATIONS_MAX) + 1).await {
            Ok(items) => items,
            Err(Failure::Busy) => {
                attempts.wait_longer().await?;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        match items.first() {
            Some(closing) if closing.contains_key(CLOSED_AT) => return Err(Failure::Erased),
            Some(newest) if keep(app, newest).await? => attempts.wait().await?,
            Some(_) | None => {
                let reservations: Result<Vec<Reservation>, Failure> =
                    items.into_iter().map(Reservation::read).collect();
                return Ok(ReservationLog::new(reservations?));
            }
        }
    }
}

/// Keeps the newest reservation of a log for twice the margin if time to live may take it soon. Whether it was so, and
/// the log is to be read again.
async fn keep(app: &App, newest: &Item) -> Result<bool, Failure> {
    let Some(delete_at) = integer(newest, "delete_at")? else { return Ok(false) };
    let soon = |margin: SignedDuration| i64::from(EpochSecond::begun(app.now() + margin));
    if delete_at >= soon(REMOVAL_MARGIN) {
        return Ok(false);
    }
    let key = key_of(newest).ok_or_else(|| unreadable("the key of a reservation"))?;
    let version = integer(newest, "version")?.ok_or_else(|| unreadable("the version of a reservation"))?;
    let write = Write::update(&key)
        .set("delete_at", number(soon(REMOVAL_MARGIN * 2)))
        .set("version", number(version + 1))
        // It tells nobody anything.
        .remove("change")
        .when("version = :read_version")
        .value(":read_version", number(version));
    match write.run(app, ReturnValue::None).await {
        // Gone, or kept by another request: the next look tells.
        Ok(_) | Err(Rejected::Guards(_) | Rejected::Conflict(_) | Rejected::Throttled) => Ok(true),
        Err(Rejected::Failure(Failure::Unknown)) => Ok(true),
        Err(Rejected::Failure(failure)) => Err(failure),
    }
}

/// The reservation of a user with this id, looked for from the newest on.
pub(crate) async fn find(app: &App, user: UserId, id: ReservationId) -> Result<Option<Reservation>, Failure> {
    Ok(search(app, user, id).await?.ok())
}

/// The same as no transaction is at work on it; one that is just being made is waited for.
pub(crate) async fn find_isolated(app: &App, user: UserId, id: ReservationId) -> Result<Option<Reservation>, Failure> {
    let (mut number, found) = match search(app, user, id).await? {
        Ok(found) => (found.number, true),
        Err(next) => (next, false),
    };
    loop {
        let item = query::get_isolated(app, &keys::reservation(user, number)).await?;
        let there = item.map(read_reservation).transpose()?.flatten();
        match there {
            // Others of the same user may be made at the same time.
            Some(other) if other.id != id && !found => number = other.number.saturating_add(1),
            there => return Ok(there.filter(|there| there.id == id)),
        }
    }
}

/// The reservation with this id; without it, the number that the next one will have.
async fn search(app: &App, user: UserId, id: ReservationId) -> Result<Result<Reservation, u32>, Failure> {
    let query = newest_first(user);
    let (mut next_number, mut start) = (1, None);
    loop {
        let (page, next) = query.page(app, PAGE_MAX, start).await?;
        for item in page {
            let Some(reservation) = read_reservation(item)? else { continue };
            if reservation.id == id {
                return Ok(Ok(reservation));
            }
            next_number = next_number.max(reservation.number.saturating_add(1));
        }
        if next.is_none() {
            return Ok(Err(next_number));
        }
        start = next;
    }
}
