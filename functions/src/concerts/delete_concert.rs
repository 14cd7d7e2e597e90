//! DELETE /concerts/{concert_id}

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Admin, Detail, NoContent, Params, Problem, ProblemOut};
use onsale_platform::store::deletions::{self, Deletion};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

/// Removes a concert with its schedules and seats, or nothing.
#[utoipa::path(delete, path = "/concerts/{concert_id}", operation_id = "delete_concert",
    params(("concert_id" = Uuid, Path)), security(("bearer" = [])), extensions(("x-access" = json!("admin"))),
    responses(
        (status = 204, description = "it is gone, also if it was before"),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 403, body = ProblemOut, description = "forbidden"),
        (status = 409, body = ProblemOut, description = "has-live-reservations"),
    ))]
async fn handle(State(app): State<App>, _: Admin, Params(id): Params<Uuid>) -> Result<NoContent, Problem> {
    match deletions::delete_concert(&app, id).await? {
        Deletion::Certain => Ok(NoContent),
        Deletion::LiveReservations => Err(Problem::new(Detail::HasLiveReservations)),
    }
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
