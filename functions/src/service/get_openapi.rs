//! GET /openapi.json

use onsale_platform::app::App;
use onsale_platform::http::Answer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The contract, generated from the code.
#[utoipa::path(get, path = "/openapi.json", operation_id = "get_openapi", extensions(("x-access" = json!("public"))),
    responses((status = 200, description = "an OpenAPI document")))]
async fn handle() -> Answer<&'static OpenApi> {
    Answer::ok(crate::openapi())
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
