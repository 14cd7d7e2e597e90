//! Reservations: one to several seats held for one buyer, all or nothing.

pub(crate) mod response;

use onsale_platform::lambda::Function;
use utoipa_axum::routes;

pub mod cancel_reservation;
pub mod cancel_ticket;
pub mod create_reservation;
pub mod get_reservation;
pub mod get_ticket;
pub mod list_reservations;
pub mod run_expiry;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /reservations: holds seats until the hold lapses.
    ("create_reservation", Function::Http(|| routes!(create_reservation::create_reservation))),
    // GET /reservations: the caller's, newest first.
    ("list_reservations", Function::Http(|| routes!(list_reservations::list_reservations))),
    // GET /reservations/{reservation_id}: one of the caller's, in any state.
    ("get_reservation", Function::Http(|| routes!(get_reservation::get_reservation))),
    // DELETE /reservations/{reservation_id}: gives the seats back.
    ("cancel_reservation", Function::Http(|| routes!(cancel_reservation::cancel_reservation))),
    // GET /reservations/{reservation_id}/tickets/{ticket_id}: one ticket.
    ("get_ticket", Function::Http(|| routes!(get_ticket::get_ticket))),
    // DELETE /reservations/{reservation_id}/tickets/{ticket_id}: gives one seat back.
    ("cancel_ticket", Function::Http(|| routes!(cancel_ticket::cancel_ticket))),
    // Every minute at :00: expires holds and orders whose time has passed, and ends deletions.
    ("run_expiry", Function::Event(run_expiry::handler)),
];
