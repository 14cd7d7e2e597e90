//! What leads back into an account, and proves whose it is: links that a mail brings.

use onsale_platform::lambda::Function;
use utoipa_axum::routes;

pub mod prove_address;
pub mod request_address_proof;
pub mod request_password_reset;
pub mod reset_password;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /users/me/address-proof: mails a link that proves the caller's address.
    ("request_address_proof", Function::Http(|| routes!(request_address_proof::request_address_proof))),
    // POST /address-proofs: follows such a link.
    ("prove_address", Function::Http(|| routes!(prove_address::prove_address))),
    // POST /password-resets: mails a link by which a new password is set.
    ("request_password_reset", Function::Http(|| routes!(request_password_reset::request_password_reset))),
    // POST /password-resets/confirmation: follows such a link.
    ("reset_password", Function::Http(|| routes!(reset_password::reset_password))),
];
