//! GET /openapi.json — the contract, generated from the code.

use onsale_platform::app::App;
use onsale_platform::http::Answer;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[utoipa::path(get, path = "/openapi.json", operation_id = "get_openapi", extensions(("x-access" = json!("public"))),
    responses((status = 200, description = "an OpenAPI document")))]
async fn handle() -> Answer<&'static OpenApi> {
    Answer::ok(crate::openapi())
}

/// Adds what no handler says: title, version, licence, and how to log in.
pub(crate) fn describe(document: &mut OpenApi) {
    document.info.title = "Onsale".to_owned();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    document.info.description = Some(
        "Seats for concerts, sold in the minutes in which far more people than seats arrive. Times are RFC 3339 \
         UTC, money is an integer in minor units, refusals are application/problem+json."
            .to_owned(),
    );
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
