//! Accounts: who somebody is, what passwords are good, and how often one may be guessed.

pub mod account;
pub mod erasure;
pub mod guessable;
pub mod link;
pub mod login_throttle;
pub mod role;
