use jiff::Timestamp;
use onsale_domain::money::Currency;
use onsale_domain::products::product::{Product, ProductState};
use onsale_platform::http::openapi::one_of;
use onsale_platform::store::views::Listing;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;
use uuid::Uuid;

/// The states of a product.
fn states() -> Object {
    one_of(
        "State of the product; only `selling` products are listed and sold.",
        ProductState::ALL.map(ProductState::as_str),
    )
}

/// A product.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "product_id": "f029293e-5811-8a32-95f7-3ce09e715f9a",
    "name": "Light stick",
    "price": 25000,
    "currency": "KRW",
    "state": "selling",
    "max_per_user": 10,
    "created_at": "2030-10-01T09:00:00Z",
    "available": 100,
}))]
pub struct ProductOut {
    /// Id of the product.
    product_id: Uuid,
    /// Name of the product.
    name: String,
    /// Price of one unit, in minor units.
    price: i64,
    /// ISO 4217 code of the shop's currency.
    currency: &'static str,
    #[schema(schema_with = states)]
    state: &'static str,
    /// Most units in one order, and in all unpaid orders of one account together.
    max_per_user: i64,
    /// Time of creation.
    created_at: Timestamp,
    /// Units available; absent where it was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<i64>,
}

impl ProductOut {
    /// A product, with how many units of it can be had.
    pub fn new(product: &Product, available: Option<i64>, currency: Currency) -> Self {
        Self {
            product_id: product.id.0,
            name: product.name.clone(),
            price: product.price.get(),
            currency: currency.code(),
            state: product.state.as_str(),
            max_per_user: product.max_per_user.get(),
            created_at: product.created_at,
            available,
        }
    }
}

/// A product on sale, in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedProductOut {
    /// Id of the product.
    product_id: Uuid,
    /// Name of the product.
    name: String,
    /// Price of one unit, in minor units.
    price: i64,
    /// ISO 4217 code of the shop's currency.
    currency: &'static str,
    /// Most units in one order, and in all unpaid orders of one account together.
    max_per_user: i64,
    /// Time of creation.
    created_at: Timestamp,
}

impl ListedProductOut {
    /// A product of a list.
    pub fn new(listing: &Listing, currency: Currency) -> Self {
        Self {
            product_id: listing.id.0,
            name: listing.name.clone(),
            price: listing.price.get(),
            currency: currency.code(),
            max_per_user: listing.max_per_user.get(),
            created_at: listing.created_at,
        }
    }
}
