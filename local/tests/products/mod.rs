//! Products and what of them sells best.

mod adjust_stock;
mod create_product;
mod get_product;
mod list_products;
mod popular_products;
mod rank_products;
mod update_product;

/// An id that nothing has.
const NOBODY: &str = "0193a000-0000-7000-8000-00000000dead";
