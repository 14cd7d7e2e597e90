//! Accounts and sessions.

pub(crate) mod response;

use onsale_platform::lambda::Function;
use utoipa_axum::routes;

pub mod authorize;
pub mod change_password;
pub mod end_all_sessions;
pub mod end_session;
pub mod erase_me;
pub mod export_my_data;
pub mod get_me;
pub mod list_sessions;
pub mod log_in;
pub mod log_out;
pub mod refresh_session;
pub mod rotate_keys;
pub mod sign_up;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /users: makes an account.
    ("sign_up", Function::Http(|| routes!(sign_up::sign_up))),
    // POST /sessions: gives access and refresh token for e-mail and password.
    ("log_in", Function::Http(|| routes!(log_in::log_in))),
    // POST /sessions/refresh: gives a new pair of tokens for a refresh token.
    ("refresh_session", Function::Http(|| routes!(refresh_session::refresh_session))),
    // DELETE /sessions: ends the caller's session.
    ("log_out", Function::Http(|| routes!(log_out::log_out))),
    // GET /users/me: who the caller is.
    ("get_me", Function::Http(|| routes!(get_me::get_me))),
    // GET /users/me/data: all that is kept of the caller.
    ("export_my_data", Function::Http(|| routes!(export_my_data::export_my_data))),
    // DELETE /users/me: erases the account.
    ("erase_me", Function::Http(|| routes!(erase_me::erase_me))),
    // PUT /users/me/password: replaces the password, and ends all other log-ins.
    ("change_password", Function::Http(|| routes!(change_password::change_password))),
    // GET /users/me/sessions: the caller's log-ins.
    ("list_sessions", Function::Http(|| routes!(list_sessions::list_sessions))),
    // DELETE /users/me/sessions/{session_id}: ends one of them.
    ("end_session", Function::Http(|| routes!(end_session::end_session))),
    // DELETE /users/me/sessions: ends all of them.
    ("end_all_sessions", Function::Http(|| routes!(end_all_sessions::end_all_sessions))),
    // Authorizer of the HTTP API: verifies access tokens.
    ("authorize", Function::Event(authorize::handler)),
    // Rotation of a secret: makes the next signing key, on deployment and every 30 days.
    ("rotate_keys", Function::Event(rotate_keys::handler)),
];
