//! What `onsale` does besides serving, as commands.

pub mod audit;
pub mod health;
pub mod seed;
