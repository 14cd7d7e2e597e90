//! A page to read the OpenAPI document with, and to try its operations from. It is the local stack's own: API Gateway
//! has no such route.

use axum::Router;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Where the page is, beside the API's own routes.
pub const PATH: &str = "/docs";

/// The page. What it shows is what the function `get_openapi` answers under the same address; its own files are part
/// of this program.
pub fn router() -> Router {
    let config = Config::from("/openapi.json")
        .deep_linking(true)
        .display_operation_id(true)
        .display_request_duration(true)
        .doc_expansion("list")
        .filter(true)
        .persist_authorization(true)
        .show_extensions(true)
        // Else the page would send the document's address to a validator on the internet.
        .validator_url("none");
    SwaggerUi::new(PATH).config(config).into()
}
