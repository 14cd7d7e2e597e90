//! GET /products/popular

use axum::extract::State;
use axum::http::HeaderMap;
use jiff::Timestamp;
use onsale_domain::money::CURRENCY;
use onsale_platform::app::App;
use onsale_platform::http::{Cacheable, Expected, Problem, QueryString, invalid};
use onsale_platform::store::products::sales::{self, POPULAR_MAX, SPANS};
use onsale_platform::store::views::Ranked;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// How long the answer may be cached, in seconds.
const MAX_AGE_SECONDS: u32 = 5;
/// Days when nobody says otherwise.
const DAYS_DEFAULT: u8 = 3;
/// Products when nobody says otherwise.
const LIMIT_DEFAULT: usize = 5;

/// Of which days, and how many.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PopularProductsIn {
    /// 1, 3 (the default) or 7: today (UTC) and those before it.
    #[param(example = 3)]
    days: Option<u8>,
    /// 1 to 50, default 5.
    #[param(minimum = 1, maximum = 50, example = 20)]
    limit: Option<usize>,
}

/// The products that sold best.
#[derive(Serialize, ToSchema)]
pub struct PopularProductsOut {
    /// When it was counted; null before the first count.
    as_of: Option<Timestamp>,
    days: u8,
    /// The best first.
    items: Vec<PopularProductOut>,
}

/// A product that sold.
#[derive(Serialize, ToSchema)]
pub struct PopularProductOut {
    product_id: Uuid,
    name: String,
    /// Of one, in minor units.
    price: i64,
    currency: &'static str,
    /// Units that were paid and not given back.
    sold: i64,
}

impl From<&Ranked> for PopularProductOut {
    fn from(ranked: &Ranked) -> Self {
        let product = &ranked.product;
        let (name, price) = (product.name.clone(), product.price.get());
        Self { product_id: product.id.0, name, price, currency: CURRENCY, sold: ranked.sold }
    }
}

/// The products on sale that sold best in the last days, as last counted.
#[utoipa::path(get, path = "/products/popular", params(PopularProductsIn), extensions(("x-access" = json!("public"))),
    responses((status = 200, body = PopularProductsOut), (status = 304)))]
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
    let as_of = popular.as_ref().map(|popular| popular.as_of);
    let body = PopularProductsOut { as_of, days, items: ranked.map(PopularProductOut::from).collect() };
    Ok(Cacheable::new(&body, &headers, MAX_AGE_SECONDS)?)
}
