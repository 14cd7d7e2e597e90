//! GET /health

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::openapi::one_of;
use onsale_platform::http::{Answer, Problem};
use onsale_platform::store;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

/// The status of a healthy service; any other answers 503.
const HEALTHY: &str = "ok";

fn statuses() -> Object {
    one_of("Status of the service.", [HEALTHY])
}

/// Health of the service.
#[derive(Serialize, ToSchema)]
pub struct HealthOut {
    #[schema(schema_with = statuses)]
    status: &'static str,
    /// Version of the software.
    version: &'static str,
}

/// Checks the health of the service with one cheap read of the table.
#[utoipa::path(get, path = "/health", extensions(("x-access" = json!("public"))),
    responses((status = 200, body = HealthOut, description = "The service is healthy; otherwise it answers 503")))]
pub async fn get_health(State(app): State<App>) -> Result<Answer<HealthOut>, Problem> {
    store::probe(&app).await?;
    Ok(Answer::ok(HealthOut { status: HEALTHY, version: env!("CARGO_PKG_VERSION") }))
}
