//! Closing the books of reservations and orders whose time has passed. Seats are free already; what is left is the state
//! that their owners see, and the allowance. Units of an order and its coupon come back by this alone.

use onsale_domain::reservation::State;
use onsale_domain::seat::second;
use uuid::Uuid;

use super::item::{Item, key_of};
use super::order_item::ORDER_KIND;
use super::orders;
use super::read::Query;
use super::reservation_item::{self, RESERVATION_KIND};
use super::reservations::{Guard, get};
use super::seats::side_by_side;
use super::table::Key;
use super::write::{Rejected, Transaction};
use super::{Attempts, Failure, allowances, table};
use crate::app::App;
use crate::events::Kind;

/// What closing came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// What it had taken was given back, now.
    Now,
    /// It had been given back, by somebody who was faster.
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

/// What lapses, by its kind on the expiry index. Orders come first: their units are wanted, a lapsed seat is free already.
const KINDS: [&str; 2] = [ORDER_KIND, RESERVATION_KIND];

/// Where a sweep has come to.
#[derive(Clone, Debug, Default)]
pub struct Position {
    kind: usize,
    shard: u8,
    start: Option<Item>,
}

impl Position {
    /// The expiry partition after this one.
    fn next_partition(&self) -> Option<Self> {
        let (kind, shard) = match self.shard + 1 {
            shard if shard < table::EXPIRY_SHARDS => (self.kind, shard),
            _ => (self.kind + 1, 0),
        };
        (kind < KINDS.len()).then_some(Self { kind, shard, start: None })
    }
}

/// One step of a sweep: closes the lapsed reservations or orders of one page of the expiry index, at most `most`, and
/// says where to go on; `None` after the last page. What cannot be closed is logged, passed by, and met again by the
/// next sweep.
///
/// # Errors
/// When the index cannot be read.
pub async fn sweep(app: &App, most: u16, position: Position) -> Result<(Swept, Option<Position>), Failure> {
    let mut swept = Swept::default();
    let shard = table::expiry_shard_at(KINDS[position.kind], position.shard);
    let (items, start) =
        Query::expired(shard, second(app.now())).page(app, i32::from(most), position.start.clone()).await?;
    let keys: Vec<Key> = items.iter().filter_map(key_of).collect();
    let closed = side_by_side(app, keys, |app, key| async move {
        Ok(close_key(&app, &key).await.inspect_err(|failure| {
            tracing::error!(lapsed = key.sk, %failure, "what has lapsed could not be closed");
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
        None => position.next_partition(),
    };
    Ok((swept, next))
}

/// Closes what lies at a key of the expiry index.
async fn close_key(app: &App, key: &Key) -> Result<Closed, Failure> {
    let user: Option<Uuid> = key.pk.strip_prefix("USER#").and_then(|id| id.parse().ok());
    let id = |prefix: &str| key.sk.strip_prefix(prefix).and_then(|id| id.parse::<Uuid>().ok());
    match (user, id(table::RESERVATION_PREFIX), id(table::ORDER_PREFIX)) {
        (Some(user), Some(id), _) => close(app, user, id).await,
        (Some(user), _, Some(id)) => orders::close(app, user, id).await,
        _ => Ok(Closed::Nothing),
    }
}

/// What one step of a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Reservations and orders closed.
    pub closed: usize,
    /// Those that could not be.
    pub failed: usize,
}
