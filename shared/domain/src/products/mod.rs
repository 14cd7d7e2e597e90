//! Products and their stock.

pub mod product;
pub mod stock;
