//! GET /schedules/{schedule_id}/seats/{seat_id}

use axum::extract::State;
use onsale_domain::id::ScheduleId;
use onsale_domain::seats::SeatId;
use onsale_platform::app::App;
use onsale_platform::auth::queue_token::QueueCredentials;
use onsale_platform::http::{Answer, Detail, PathParams, Problem, invalid};
use onsale_platform::store::concerts::schedules;
use onsale_platform::store::queue::guard;
use onsale_platform::store::seats;
use uuid::Uuid;

use crate::seats::response::SeatOut;

/// Returns a seat in its current state.
#[utoipa::path(get, path = "/schedules/{schedule_id}/seats/{seat_id}",
    params(("schedule_id" = Uuid, Path), ("seat_id" = String, Path)),
    extensions(("x-access" = json!("public+queue"))),
    responses(
        (status = 200, body = SeatOut, description = "The seat"),
        (status = 404, description = "seat-not-found"),
    ))]
pub async fn get_seat(
    State(app): State<App>,
    queue_credentials: QueueCredentials,
    PathParams((schedule_id, seat)): PathParams<(Uuid, String)>,
) -> Result<Answer<SeatOut>, Problem> {
    let not_found = || Problem::new(Detail::NoSeat);
    let (schedule_id, seat) = (ScheduleId(schedule_id), SeatId::parse(&seat).map_err(invalid("seat_id"))?);
    let schedule = schedules::get_cached(&app, schedule_id, [&seat.section]).await?.ok_or_else(not_found)?;
    if let Some(queue) = &schedule.queue {
        guard::check_admitted(&app, &queue_credentials, queue).await?;
    }
    let section = schedule.sections.get(&seat.section).ok_or_else(not_found)?;
    let state = seats::get(&app, schedule_id, &seat).await?.ok_or_else(not_found)?;
    Ok(Answer::ok(SeatOut::new(&seat, section.price, state)))
}
