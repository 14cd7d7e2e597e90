//! DELETE /concerts/{concert_id}

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Admin, Deleted, Detail, Params, Problem, ProblemOut};
use onsale_platform::store::concerts::delete_concert;
use onsale_platform::store::concerts::delete_schedule::{Budget, Deletion};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

/// Most calls of the table that one request makes side by side, in some 15 of its 29 seconds; the rest is for undoing.
const CALLS_MAX: usize = 30_000;

/// Removes a concert with its schedules and seats, or nothing.
#[utoipa::path(delete, path = "/concerts/{concert_id}", operation_id = "delete_concert",
    params(("concert_id" = Uuid, Path)), security(("bearer" = [])), extensions(("x-access" = json!("admin"))),
    responses(
        (status = 202, description = "larger than one request has time for: it goes on, ask again"),
        (status = 204, description = "it is gone, also if it was before"),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 403, body = ProblemOut, description = "forbidden"),
        (status = 409, body = ProblemOut, description = "has-live-reservations"),
    ))]
async fn handle(State(app): State<App>, admin: Admin, Params(id): Params<Uuid>) -> Result<Deleted, Problem> {
    let action = admin.action("delete_concert", id);
    match delete_concert::delete_concert(&app, id, action, &mut Budget::of(CALLS_MAX)).await? {
        Deletion::Certain => Ok(Deleted::Done),
        Deletion::Accepted => Ok(Deleted::Accepted),
        Deletion::LiveReservations => Err(Problem::new(Detail::HasLiveReservations)),
    }
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
