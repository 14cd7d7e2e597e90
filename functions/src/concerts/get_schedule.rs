//! GET /schedules/{schedule_id}

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, Params, Problem, ProblemOut};
use onsale_platform::store::concerts::schedules;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::concerts::response::ScheduleOut;

/// One date of a concert, on sale or not.
#[utoipa::path(get, path = "/schedules/{schedule_id}", operation_id = "get_schedule",
    params(("schedule_id" = Uuid, Path)), extensions(("x-access" = json!("public"))),
    responses(
        (status = 200, body = ScheduleOut),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 404, body = ProblemOut, description = "not-found"),
    ))]
async fn handle(State(app): State<App>, Params(id): Params<Uuid>) -> Result<Answer<ScheduleOut>, Problem> {
    let schedule = schedules::fresh(&app, id).await?;
    let schedule = schedule.ok_or_else(|| Problem::new(Detail::NoSchedule))?;
    Ok(Answer::ok(ScheduleOut::from(&*schedule)))
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
