//! Closing the books of reservations and orders whose time has passed. Seats are free already; what is left is the state
//! that their owners see, and the allowance. Units of an order and its coupon come back by this alone.

pub mod sweep;

use onsale_domain::payments::purchase::{Purchase, State};
use uuid::Uuid;

use crate::app::App;
use crate::events;
use crate::failure::Failure;
use crate::store::dynamodb::keys;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::Transaction;
use crate::store::expiry::sweep::{Position, Swept};
use crate::store::orders;
use crate::store::orders::order_item::ORDER_KIND;
use crate::store::payments::guard::Guard;
use crate::store::reservations::reservation_item::{self, RESERVATION_KIND};
use crate::store::reservations::seat_limit;
use crate::store::reservations::{self, get};

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

/// Closes the books of a reservation whose time has passed: state and allowance, which counts the
/// lapse; its seats are free already.
pub(crate) async fn close(app: &App, user: Uuid, id: Uuid) -> Result<Closed, Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let Some(read) = get(app, user, id).await? else { return Ok(Closed::Nothing) };
        match read.purchase.state {
            State::Paid => return Ok(Closed::Nothing),
            _ if read.purchase.settled => return Ok(Closed::Before),
            _ if !read.purchase.lapsed(app.now()) => return Ok(Closed::Nothing),
            _ => {}
        }
        let change = (read.purchase.state == State::Open).then_some(events::Kind::ReservationExpired);
        let after = read.clone().with(Purchase::closed);
        let allowance = seat_limit::get(app, user, read.schedule_id).await?.unwrap_or_default();
        let Some(counted) = seat_limit::close(&allowance, &after) else {
            // Somebody else's closing may be half committed, or the books are wrong.
            if reservations::settled(app, user, id)
                .await?
                .is_some_and(|seen| seen.purchase.version == read.purchase.version)
            {
                return Err(Failure::Internal(format!("the allowance of reservation {id} does not cover it")));
            }
            attempts.again().await?;
            continue;
        };
        let mut transaction = Transaction::new();
        transaction.add(Guard::Version, reservation_item::update(&read, &after, change)?);
        transaction.add(Guard::Allowance, counted);
        match transaction.commit(app).await {
            Ok(()) => return Ok(Closed::Now),
            Err(rejected) => attempts.again_after(&rejected).await?,
        }
    }
}

/// What lapses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reservations that are held or declined.
    Reservations,
    /// Orders that are pending or declined.
    Orders,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Reservations, Self::Orders];
}

/// One step of a sweep: closes the lapsed reservations or orders of one page of the expiry index, at most `most`.
///
/// # Errors
/// When the index cannot be read.
pub async fn sweep(app: &App, kind: Kind, most: u16, position: Position) -> Result<(Swept, Option<Position>), Failure> {
    let (name, prefix) = match kind {
        Kind::Reservations => (RESERVATION_KIND, keys::RESERVATION_PREFIX),
        Kind::Orders => (ORDER_KIND, keys::ORDER_PREFIX),
    };
    sweep::step(app, name, most, position, |app, key| async move {
        let Some((user, id)) = keys::owned(&key, prefix) else { return Ok(false) };
        let Ok(id) = id.parse() else { return Ok(false) };
        let closed = match kind {
            Kind::Reservations => close(&app, user, id).await?,
            Kind::Orders => orders::close(&app, user, id).await?,
        };
        Ok(closed == Closed::Now)
    })
    .await
}
