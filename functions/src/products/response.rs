use jiff::Timestamp;
use onsale_domain::money::CURRENCY;
use onsale_domain::products::product::{Product, ProductState};
use onsale_platform::http::openapi::one_of;
use onsale_platform::store::views::Listing;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;
use uuid::Uuid;

/// How a product may be offered.
fn states() -> Object {
    one_of(ProductState::ALL.map(ProductState::as_str))
}

/// A product.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProductOut {
    product_id: Uuid,
    name: String,
    /// Of one, in minor units.
    price: i64,
    currency: &'static str,
    /// `hold`, `selling` or `stopped`.
    #[schema(schema_with = states)]
    state: &'static str,
    /// Units that one order may have, and all unpaid orders of one account together.
    max_per_user: i64,
    created_at: Timestamp,
    /// Units that can be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<i64>,
}

impl ProductOut {
    /// A product, with how many units of it can be had.
    pub fn new(product: &Product, available: Option<i64>) -> Self {
        Self {
            product_id: product.id.0,
            name: product.name.clone(),
            price: product.price.get(),
            currency: CURRENCY,
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
    product_id: Uuid,
    name: String,
    /// Of one, in minor units.
    price: i64,
    currency: &'static str,
    /// Units that one order may have, and all unpaid orders of one account together.
    max_per_user: i64,
    created_at: Timestamp,
}

impl From<&Listing> for ListedProductOut {
    fn from(listing: &Listing) -> Self {
        Self {
            product_id: listing.id.0,
            name: listing.name.clone(),
            price: listing.price.get(),
            currency: CURRENCY,
            max_per_user: listing.max_per_user.get(),
            created_at: listing.created_at,
        }
    }
}
