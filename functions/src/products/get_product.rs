//! GET /products/{product_id}

use axum::extract::State;
use axum::http::HeaderMap;
use onsale_domain::id::ProductId;
use onsale_platform::app::App;
use onsale_platform::http::{Cacheable, Detail, PathId, Problem};
use onsale_platform::store::products;

use crate::products::response::ProductOut;

/// How long the answer may be cached, in seconds.
const MAX_AGE_SECONDS: u32 = 1;

/// Returns a product and its available stock, at most one second old.
#[utoipa::path(get, path = "/products/{product_id}", params(("product_id" = Uuid, Path)),
    extensions(("x-access" = json!("public"))),
    responses(
        (status = 200, body = ProductOut, description = "The product"),
        (status = 304),
        (status = 404, description = "not-found"),
    ))]
pub async fn get_product(
    State(app): State<App>,
    PathId(id): PathId<ProductId>,
    headers: HeaderMap,
) -> Result<Cacheable, Problem> {
    let viewed = products::get_cached(&app, id).await?;
    let viewed = viewed.ok_or_else(|| Problem::new(Detail::NoProduct))?;
    let out = ProductOut::new(&viewed.product, Some(viewed.available), app.currency());
    Ok(Cacheable::new(&out, &headers, MAX_AGE_SECONDS)?)
}
