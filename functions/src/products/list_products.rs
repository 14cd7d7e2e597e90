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

/// The sort orders of the list.
fn orders() -> Object {
    one_of("Sort order; `newest` if omitted.", Sort::ALL.map(Sort::as_str))
}

/// Page and sort order.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListProductsIn {
    /// Sort order; `newest` if omitted.
    #[param(schema_with = orders, required = false)]
    sort: Option<String>,
    /// Items per page, 1 to 100; 20 if omitted.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the previous page; omit it for the first page.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

/// Lists the products on sale, sorted by age, price or name, at most five seconds old.
#[utoipa::path(get, path = "/products", params(ListProductsIn), extensions(("x-access" = json!("public"))),
    responses((status = 200, body = PageOut<ListedProductOut>, description = "A page of products"), (status = 304)))]
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
    let items = page.items.iter().map(|listing| ListedProductOut::new(listing, app.currency()));
    let items: Vec<ListedProductOut> = items.collect();
    Ok(Cacheable::new(&PageOut { items, next: page.next.clone() }, &headers, MAX_AGE_SECONDS)?)
}
