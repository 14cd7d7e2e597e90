//! Tickets' codes: made when they are asked for, and kept nowhere.

pub(crate) mod door;
pub mod keys;
pub mod reissue;

use onsale_domain::id::{ReservationId, UserId};
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::seats::SeatId;
use onsale_domain::tickets::code::SignedCode;
use onsale_domain::tickets::generation::CodeError;

use crate::app::App;
use crate::auth::ticket_signing;
use crate::failure::Failure;
use crate::store::reservations;

/// Why a ticket has no code.
#[derive(Debug, thiserror::Error)]
pub enum CodeFailure {
    /// The user has no such reservation, or it has no such ticket.
    #[error("no such ticket")]
    NoTicket,
    /// By the rules.
    #[error(transparent)]
    Refused(#[from] CodeError),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// The code of a ticket of a user, as the ticket is now.
///
/// # Errors
/// See [`CodeFailure`].
pub async fn code(app: &App, user: UserId, id: ReservationId, seat: &SeatId) -> Result<SignedCode, CodeFailure> {
    let read = reservations::get(app, user, id).await?.ok_or(CodeFailure::NoTicket)?;
    sign(app, &read, seat).await
}

/// The code of a ticket of a reservation that was read.
///
/// # Errors
/// See [`CodeFailure`].
pub async fn sign(app: &App, read: &Reservation, seat: &SeatId) -> Result<SignedCode, CodeFailure> {
    // Refused without a look at the keys.
    read.ticket_code(seat, 0).ok_or(CodeFailure::NoTicket)??;
    let keys = ticket_signing::load(app).await?;
    keys.sign(app.now(), |key| Ok(read.ticket_code(seat, key).ok_or(CodeFailure::NoTicket)??))
}
