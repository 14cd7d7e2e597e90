//! Accounts: who may log in, from where, and what administrators did.

pub mod admin_actions;
pub mod erase;
pub mod export;
pub mod grants;
pub mod links;
pub mod login_throttle;
pub mod sessions;
pub mod users;
pub mod verifying_keys;
