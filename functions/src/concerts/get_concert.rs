//! GET /concerts/{concert_id}

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, Params, Problem, ProblemOut};
use onsale_platform::store::concerts;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::concerts::response::ConcertOut;

/// One concert.
#[utoipa::path(get, path = "/concerts/{concert_id}", operation_id = "get_concert",
    params(("concert_id" = Uuid, Path)), extensions(("x-access" = json!("public"))),
    responses(
        (status = 200, body = ConcertOut),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 404, body = ProblemOut, description = "not-found"),
    ))]
async fn handle(State(app): State<App>, Params(id): Params<Uuid>) -> Result<Answer<ConcertOut>, Problem> {
    let concert = concerts::get(&app, id).await?;
    let concert = concert.ok_or_else(|| Problem::new(Detail::NoConcert))?;
    Ok(Answer::ok(concert.into()))
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
