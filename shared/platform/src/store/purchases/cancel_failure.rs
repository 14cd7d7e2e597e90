//! Why a reservation or an order that waits for its payment was not cancelled.

use onsale_domain::purchases::purchase::AlreadyPaid;

use crate::failure::Failure;

/// Why something was not cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelFailure {
    /// The user has no such reservation, or it has no such ticket.
    #[error("no such reservation or ticket")]
    NoReservation,
    /// The user has no such order.
    #[error("no such order")]
    NoOrder,
    /// It is paid.
    #[error(transparent)]
    AlreadyPaid(#[from] AlreadyPaid),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}
