//! Who somebody is: passwords, tokens and the keys that sign them.

pub mod access_token;
pub mod passwords;
pub mod queue_token;
pub mod refresh_token;
pub mod signing;
