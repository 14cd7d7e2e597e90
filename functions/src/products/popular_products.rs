//! GET /products/popular

use axum::extract::State;
use axum::http::HeaderMap;
use jiff::Timestamp;
use onsale_domain::money::Currency;
use onsale_platform::app::App;
use onsale_platform::http::openapi::one_of_numbers;
use onsale_platform::http::{Cacheable, Expected, Problem, QueryString, invalid};
use onsale_platform::store::products::sales::{self, POPULAR_MAX, SPANS};
use onsale_platform::store::views::Ranked;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::Object;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// How long the answer may be cached, in seconds.
const MAX_AGE_SECONDS: u32 = 5;
/// Days when nobody says otherwise.
const DAYS_DEFAULT: u8 = 3;
/// Products when nobody says otherwise.
const LIMIT_DEFAULT: usize = 5;

/// The periods that are counted.
fn spans() -> Object {
    one_of_numbers("Length of the period, in days up to today (UTC); 3 by default.", SPANS)
}

/// Period and number of products.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PopularProductsIn {
    /// Length of the period; 3 days if omitted.
    #[param(schema_with = spans, required = false)]
    days: Option<u8>,
    /// Number of products, 1 to 50; 5 if omitted.
    #[param(minimum = 1, maximum = 50, example = 20)]
    limit: Option<usize>,
}

/// Best-seller list.
#[derive(Serialize, ToSchema)]
pub struct PopularProductsOut {
    /// Time of the count; null before the first count.
    as_of: Option<Timestamp>,
    #[schema(schema_with = spans)]
    days: u8,
    /// Products, best seller first.
    items: Vec<PopularProductOut>,
}

/// A product with its sales.
#[derive(Serialize, ToSchema)]
pub struct PopularProductOut {
    /// Id of the product.
    product_id: Uuid,
    /// Name of the product.
    name: String,
    /// Price of one unit, in minor units.
    price: i64,
    /// ISO 4217 code of the shop's currency.
    currency: &'static str,
    /// Units paid for and not refunded in the period.
    sold: i64,
}

impl PopularProductOut {
    fn new(ranked: &Ranked, currency: Currency) -> Self {
        let product = &ranked.product;
        let (name, price) = (product.name.clone(), product.price.get());
        Self { product_id: product.id.0, name, price, currency: currency.code(), sold: ranked.sold }
    }
}

/// Lists the best-selling products of the last days that are still on sale.
#[utoipa::path(get, path = "/products/popular", params(PopularProductsIn), extensions(("x-access" = json!("public"))),
    responses((status = 200, body = PopularProductsOut, description = "The best-seller list"), (status = 304)))]
pub async fn popular_products(
    State(app): State<App>,
    QueryString(request): QueryString<PopularProductsIn>,
    headers: HeaderMap,
) -> Result<Cacheable, Problem> {
    let days = request.days.unwrap_or(DAYS_DEFAULT);
    if !SPANS.contains(&days) {
        return Err(invalid("days")(Expected::OneOf { names: SPANS.map(|days| days.to_string()).into() }));
    }
    let limit = match request.limit.unwrap_or(LIMIT_DEFAULT) {
        limit @ 1..=POPULAR_MAX => limit,
        _ => return Err(invalid("limit")(Expected::Between { min: 1, max: POPULAR_MAX as i64 })),
    };
    let popular = sales::list_popular(&app, days, limit).await?;
    let ranked = popular.iter().flat_map(|popular| &popular.products);
    let items = ranked.map(|ranked| PopularProductOut::new(ranked, app.currency())).collect();
    let as_of = popular.as_ref().map(|popular| popular.as_of);
    let body = PopularProductsOut { as_of, days, items };
    Ok(Cacheable::new(&body, &headers, MAX_AGE_SECONDS)?)
}
