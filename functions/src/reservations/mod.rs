//! Reservations: one to several seats held for one buyer, all or nothing.

pub(crate) mod response;

use onsale_platform::lambda::Function;

pub mod cancel_reservation;
pub mod cancel_ticket;
pub mod create_reservation;
pub mod expire_holds;
pub mod get_reservation;
pub mod get_ticket;
pub mod list_reservations;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /reservations: holds seats until the hold lapses.
    ("create_reservation", Function::Http(create_reservation::routes)),
    // GET /reservations: the caller's, newest first.
    ("list_reservations", Function::Http(list_reservations::routes)),
    // GET /reservations/{reservation_id}: one of the caller's, in any state.
    ("get_reservation", Function::Http(get_reservation::routes)),
    // DELETE /reservations/{reservation_id}: gives the seats back.
    ("cancel_reservation", Function::Http(cancel_reservation::routes)),
    // GET /reservations/{reservation_id}/tickets/{ticket_id}: one ticket.
    ("get_ticket", Function::Http(get_ticket::routes)),
    // DELETE /reservations/{reservation_id}/tickets/{ticket_id}: gives one seat back.
    ("cancel_ticket", Function::Http(cancel_ticket::routes)),
    // Every minute at :00: closes the books of lapsed holds and orders, and ends deletions.
    ("expire_holds", Function::Event(expire_holds::answer)),
];
