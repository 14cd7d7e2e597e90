//! GET /products/{product_id}

use axum::extract::State;
use axum::http::HeaderMap;
use onsale_platform::app::App;
use onsale_platform::http::{Detail, Params, Problem, ProblemOut, Viewed};
use onsale_platform::store::products;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::products::response::ProductOut;

/// How long the answer may be cached, in seconds.
const MAX_AGE_SECONDS: u32 = 1;

/// One product with its stock, at most a second old.
#[utoipa::path(get, path = "/products/{product_id}", operation_id = "get_product",
    params(("product_id" = Uuid, Path)), extensions(("x-access" = json!("public"))),
    responses(
        (status = 200, body = ProductOut, description = "with an ETag"),
        (status = 304, description = "as If-None-Match names it"),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 404, body = ProblemOut, description = "not-found"),
    ))]
async fn handle(State(app): State<App>, Params(id): Params<Uuid>, headers: HeaderMap) -> Result<Viewed, Problem> {
    let viewed = products::viewed(&app, id).await?;
    let viewed = viewed.ok_or_else(|| Problem::new(Detail::NoProduct))?;
    let out = ProductOut::new(&viewed.product, Some(viewed.available));
    Ok(Viewed::new(&out, &headers, MAX_AGE_SECONDS)?)
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
