//! Who somebody is, and what they may do.

use onsale_platform::lambda::Function;

pub mod authorize;
pub mod get_me;
pub mod grant_role;
pub mod log_in;
mod shown;
pub mod sign_up;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /users: makes an account.
    ("sign_up", Function::Http(sign_up::routes)),
    // POST /sessions: gives an access token for e-mail and password.
    ("log_in", Function::Http(log_in::routes)),
    // GET /users/me: who the caller is.
    ("get_me", Function::Http(get_me::routes)),
    // Authorizer of the HTTP API: verifies access tokens.
    ("authorize", Function::Event(authorize::answer)),
    // Invoked by operators: makes somebody an administrator.
    ("grant_role", Function::Event(grant_role::answer)),
];
