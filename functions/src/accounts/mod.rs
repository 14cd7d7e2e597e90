//! Who somebody is, and what they may do.

mod response;

use onsale_platform::lambda::Function;

pub mod authorize;
pub mod get_me;
pub mod grant_role;
pub mod list_admin_actions;
pub mod log_in;
pub mod log_out;
pub mod refresh_session;
pub mod rotate_keys;
pub mod sign_up;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /users: makes an account.
    ("sign_up", Function::Http(sign_up::routes)),
    // POST /sessions: gives access and refresh token for e-mail and password.
    ("log_in", Function::Http(log_in::routes)),
    // POST /sessions/refresh: gives a new pair of tokens for a refresh token.
    ("refresh_session", Function::Http(refresh_session::routes)),
    // DELETE /sessions: ends the caller's session.
    ("log_out", Function::Http(log_out::routes)),
    // GET /users/me: who the caller is.
    ("get_me", Function::Http(get_me::routes)),
    // GET /admin/actions: what administrators did.
    ("list_admin_actions", Function::Http(list_admin_actions::routes)),
    // Authorizer of the HTTP API: verifies access tokens.
    ("authorize", Function::Event(authorize::answer)),
    // Rotation of a secret: makes the next signing key, on deployment and every 30 days.
    ("rotate_keys", Function::Event(rotate_keys::answer)),
    // Invoked by operators: makes somebody an administrator.
    ("grant_role", Function::Event(grant_role::answer)),
];
