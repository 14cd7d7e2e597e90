//! GET /schedules/{schedule_id}

use axum::extract::State;
use onsale_domain::id::ScheduleId;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, PathId, Problem};
use onsale_platform::store::concerts::schedules;

use crate::concerts::response::ScheduleOut;

/// Returns a date of a concert, on sale or not.
#[utoipa::path(get, path = "/schedules/{schedule_id}", params(("schedule_id" = Uuid, Path)),
    extensions(("x-access" = json!("public"))),
    responses(
        (status = 200, body = ScheduleOut, description = "The date, with its sections"),
        (status = 404, description = "not-found"),
    ))]
pub async fn get_schedule(
    State(app): State<App>,
    PathId(id): PathId<ScheduleId>,
) -> Result<Answer<ScheduleOut>, Problem> {
    let schedule = schedules::get(&app, id).await?;
    let schedule = schedule.ok_or_else(|| Problem::new(Detail::NoSchedule))?;
    Ok(Answer::ok(ScheduleOut::new(&schedule, app.currency())))
}
