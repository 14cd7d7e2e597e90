//! GET /openapi.json

use onsale_platform::http::Answer;
use utoipa::openapi::OpenApi;

/// The contract, generated from the code.
#[utoipa::path(get, path = "/openapi.json", extensions(("x-access" = json!("public"))),
    responses((status = 200, description = "an OpenAPI document")))]
pub async fn get_openapi() -> Answer<&'static OpenApi> {
    Answer::ok(crate::openapi())
}
