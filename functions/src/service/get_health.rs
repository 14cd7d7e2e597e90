//! GET /health

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Problem};
use onsale_platform::store;
use serde::Serialize;
use utoipa::ToSchema;

/// How the service is.
#[derive(Serialize, ToSchema)]
pub struct HealthOut {
    /// Always `ok`; anything else is a 503.
    status: &'static str,
    /// Version of the code.
    version: &'static str,
}

/// Whether requests can be served: after one cheap read of the table.
#[utoipa::path(get, path = "/health", extensions(("x-access" = json!("public"))),
    responses((status = 200, body = HealthOut)))]
pub async fn get_health(State(app): State<App>) -> Result<Answer<HealthOut>, Problem> {
    store::probe(&app).await?;
    Ok(Answer::ok(HealthOut { status: "ok", version: env!("CARGO_PKG_VERSION") }))
}
