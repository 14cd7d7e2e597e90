//! Closing the books of reservations whose time has passed. Their seats are free already; what is left is the state
//! that their owners see, and the allowance.

use onsale_domain::reservation::State;
use onsale_domain::seat::second;
use uuid::Uuid;

use super::item::{Item, key_of};
use super::read::Query;
use super::reservation_item::{self, RESERVATION_KIND};
use super::reservations::{Guard, get};
use super::seats::side_by_side;
use super::write::{Rejected, Transaction};
use super::{Attempts, Failure, allowances, table};
use crate::app::App;
use crate::events::Kind;

/// What closing came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// Its allowance was given back, now.
    Now,
    /// Its allowance had been given back, by somebody who was faster.
    Before,
    /// It is paid, live or not there: nothing is to be given back.
    Nothing,
}

/// Closes the books of a reservation whose time has passed: state and allowance; its seats are free already.
pub(crate) async fn close(app: &App, user: Uuid, id: Uuid) -> Result<Closed, Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let Some(read) = get(app, user, id).await? else { return Ok(Closed::Nothing) };
        match read.state {
            State::Paid => return Ok(Closed::Nothing),
            _ if read.settled => return Ok(Closed::Before),
            _ if !read.lapsed(app.now()) => return Ok(Closed::Nothing),
            _ => {}
        }
        let change = (read.state == State::Held).then_some(Kind::ReservationExpired);
        let seats = read.live_tickets().count();
        let after = read.clone().closed();
        let mut transaction = Transaction::new();
        transaction.add(Guard::Version, reservation_item::update(&read, &after, change)?);
        transaction.add(Guard::Allowance, allowances::give_back(&after, seats));
        match transaction.commit(app).await {
            Ok(()) => return Ok(Closed::Now),
            Err(Rejected::Guards(failed)) if failed[0].guard == Guard::Allowance => {
                return Err(Failure::Internal(format!("the allowance of reservation {id} does not cover it")));
            }
            Err(Rejected::Guards(_) | Rejected::Conflict(_) | Rejected::Failure(Failure::Unknown)) => {
                attempts.again().await?;
            }
            Err(Rejected::Failure(failure)) => return Err(failure),
        }
    }
}

/// Where a sweep has come to.
#[derive(Clone, Debug, Default)]
pub struct Position {
    shard: u8,
    start: Option<Item>,
}

/// One step of a sweep: closes the lapsed reservations of one page of the expiry index, at most `most`, and says
/// where to go on; `None` after the last page. What cannot be closed is logged, passed by, and met again by the
/// next sweep.
///
/// # Errors
/// When the index cannot be read.
pub async fn sweep(app: &App, most: u16, position: Position) -> Result<(Swept, Option<Position>), Failure> {
    let mut swept = Swept::default();
    let shard = table::expiry_shard_at(RESERVATION_KIND, position.shard);
    let (items, start) = Query::expired(shard, second(app.now())).page(app, i32::from(most), position.start).await?;
    let keys = items.iter().filter_map(key_of).filter_map(|key| {
        let user: Uuid = key.pk.strip_prefix("USER#")?.parse().ok()?;
        let id: Uuid = key.sk.strip_prefix(table::RESERVATION_PREFIX)?.parse().ok()?;
        Some((user, id))
    });
    let closed = side_by_side(app, keys.collect::<Vec<_>>(), |app, (user, id)| async move {
        Ok(close(&app, user, id).await.inspect_err(|failure| {
            tracing::error!(reservation = %id, %failure, "a lapsed reservation could not be closed");
        }))
    });
    for result in closed.await? {
        match result {
            Ok(Closed::Now) => swept.closed += 1,
            Ok(Closed::Before | Closed::Nothing) => {}
            Err(_) => swept.failed += 1,
        }
    }
    let next = match start {
        Some(start) => Some(Position { start: Some(start), ..position }),
        None => {
            (position.shard + 1 < table::EXPIRY_SHARDS).then(|| Position { shard: position.shard + 1, start: None })
        }
    };
    Ok((swept, next))
}

/// What one step of a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Reservations closed.
    pub closed: usize,
    /// Reservations that could not be.
    pub failed: usize,
}
