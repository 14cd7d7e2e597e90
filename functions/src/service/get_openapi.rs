//! GET /openapi.json

use onsale_platform::http::Answer;
use utoipa::openapi::OpenApi;

/// Returns this OpenAPI document.
#[utoipa::path(get, path = "/openapi.json", extensions(("x-access" = json!("public"))),
    responses((status = 200, description = "The OpenAPI document")))]
pub async fn get_openapi() -> Answer<&'static OpenApi> {
    Answer::ok(crate::openapi())
}
