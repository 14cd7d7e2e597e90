//! GET /products

use axum::extract::State;
use axum::http::HeaderMap;
use onsale_domain::products::product::Sort;
use onsale_platform::app::App;
use onsale_platform::http::openapi::one_of;
use onsale_platform::http::{Cacheable, Expected, PageOut, Problem, QueryString, invalid, page_limit};
use onsale_platform::store::products;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::schema::Object;

use crate::products::response::ListedProductOut;

/// How long a page may be cached, in seconds.
const MAX_AGE_SECONDS: u32 = 5;

/// The orders there are.
fn orders() -> Object {
    one_of(Sort::ALL.map(Sort::as_str))
}

/// The page to read, and the order of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListProductsIn {
    /// `newest` (the default), `price`, `-price` or `name`.
    #[param(example = "newest", schema_with = orders)]
    sort: Option<String>,
    /// 1 to 100, default 20.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

/// The products on sale, by age, price or name, at most five seconds old.
#[utoipa::path(get, path = "/products", params(ListProductsIn), extensions(("x-access" = json!("public"))),
    responses((status = 200, body = PageOut<ListedProductOut>), (status = 304)))]
pub async fn list_products(
    State(app): State<App>,
    QueryString(request): QueryString<ListProductsIn>,
    headers: HeaderMap,
) -> Result<Cacheable, Problem> {
    let sort = match &request.sort {
        None => Sort::default(),
        Some(name) => Sort::parse(name)
            .ok_or_else(|| invalid("sort")(Expected::OneOf { names: Sort::ALL.map(Sort::as_str).into() }))?,
    };
    let limit = page_limit(request.limit)?;
    let page = products::list(&app, sort, limit, request.cursor.as_deref()).await?;
    let items: Vec<ListedProductOut> = page.items.iter().map(ListedProductOut::from).collect();
    Ok(Cacheable::new(&PageOut { items, next: page.next.clone() }, &headers, MAX_AGE_SECONDS)?)
}
