//! The commands of `onsale` besides serving.

pub mod audit;
pub mod health;
pub mod seed;
