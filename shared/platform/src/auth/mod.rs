//! Passwords, tokens and tickets' codes, and the keys that sign them.

pub mod access_token;
pub mod authentication;
pub(crate) mod key_ring;
pub mod mailed_link;
pub mod passwords;
pub mod queue_token;
pub mod refresh_token;
pub mod signing;
pub(crate) mod signing_key;
pub mod ticket_key;
pub mod ticket_picture;
pub mod ticket_signing;
