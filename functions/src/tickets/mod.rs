//! Codes of tickets: what a buyer shows at the door, and by which keys anybody verifies it.

use onsale_platform::lambda::Function;
use utoipa_axum::routes;

pub mod get_ticket_code;
pub mod get_ticket_keys;
pub mod reissue_ticket_code;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // GET /reservations/{reservation_id}/tickets/{ticket_id}/code: the code of one ticket, as JSON or as a picture.
    ("get_ticket_code", Function::Http(|| routes!(get_ticket_code::get_ticket_code))),
    // POST /reservations/{reservation_id}/tickets/{ticket_id}/code: gives a ticket a new code.
    ("reissue_ticket_code", Function::Http(|| routes!(reissue_ticket_code::reissue_ticket_code))),
    // GET /ticket-keys: the public keys that verify codes.
    ("get_ticket_keys", Function::Http(|| routes!(get_ticket_keys::get_ticket_keys))),
];
