//! The commands of `onsale` besides serving.

pub mod audit;
pub mod health;
pub mod reconcile;
pub mod seed;
pub mod table;
