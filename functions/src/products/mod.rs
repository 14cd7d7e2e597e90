//! Products: made, listed, changed and restocked, and what of them sells best.

pub(crate) mod response;

use onsale_platform::lambda::Function;
use utoipa_axum::routes;

pub mod adjust_stock;
pub mod create_product;
pub mod get_product;
pub mod list_products;
pub mod popular_products;
pub mod rank_products;
pub mod update_product;

/// The functions of this domain.
pub const FUNCTIONS: &[(&str, Function)] = &[
    // POST /products: makes a product with its stock.
    ("create_product", Function::Http(|| routes!(create_product::create_product))),
    // GET /products: what is on sale, in one of four orders.
    ("list_products", Function::Http(|| routes!(list_products::list_products))),
    // GET /products/popular: what sold best in the last days.
    ("popular_products", Function::Http(|| routes!(popular_products::popular_products))),
    // GET /products/{product_id}: one product with its stock.
    ("get_product", Function::Http(|| routes!(get_product::get_product))),
    // PATCH /products/{product_id}: another name, price or state.
    ("update_product", Function::Http(|| routes!(update_product::update_product))),
    // POST /products/{product_id}/stock: adds units or takes some away.
    ("adjust_stock", Function::Http(|| routes!(adjust_stock::adjust_stock))),
    // Every 10 minutes: counts anew what sold best.
    ("rank_products", Function::Event(rank_products::handler)),
];
