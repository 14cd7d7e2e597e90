//! Closing the books of reservations whose time has passed. Their seats are free already; what is left is the state
//! that their owners see, and the allowance.

use onsale_domain::reservation::State;
use uuid::Uuid;

use super::reservation_item::{self, RESERVATION_KIND};
use super::reservations::{Guard, get};
use super::sweep::{self, Position, Swept};
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

/// One step of a sweep: closes the lapsed reservations of one page of the expiry index, at most `most`.
///
/// # Errors
/// When the index cannot be read.
pub async fn sweep(app: &App, most: u16, position: Position) -> Result<(Swept, Option<Position>), Failure> {
    sweep::step(app, RESERVATION_KIND, most, position, |app, key| async move {
        let Some((user, id)) = table::owned(&key, table::RESERVATION_PREFIX) else { return Ok(false) };
        let Ok(id) = id.parse() else { return Ok(false) };
        Ok(close(&app, user, id).await? == Closed::Now)
    })
    .await
}
