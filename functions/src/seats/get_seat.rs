//! GET /schedules/{schedule_id}/seats/{seat_id}

use axum::extract::State;
use onsale_domain::seats::SeatId;
use onsale_platform::app::App;
use onsale_platform::auth::queue_token::QueuePass;
use onsale_platform::http::{Answer, Detail, Params, Problem, ProblemOut, invalid};
use onsale_platform::store::concerts::schedules;
use onsale_platform::store::queue::guard;
use onsale_platform::store::seats;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::seats::response::SeatOut;

/// One seat as it is now.
#[utoipa::path(get, path = "/schedules/{schedule_id}/seats/{seat_id}", operation_id = "get_seat",
    params(("schedule_id" = Uuid, Path), ("seat_id" = String, Path)),
    extensions(("x-access" = json!("public+queue"))),
    responses(
        (status = 200, body = SeatOut),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 404, body = ProblemOut, description = "seat-not-found"),
    ))]
async fn handle(
    State(app): State<App>,
    pass: QueuePass,
    Params((schedule_id, seat)): Params<(Uuid, String)>,
) -> Result<Answer<SeatOut>, Problem> {
    let not_found = || Problem::new(Detail::NoSeat);
    let seat = SeatId::parse(&seat).map_err(invalid("seat_id"))?;
    let schedule = schedules::viewed(&app, schedule_id, [&seat.section]).await?.ok_or_else(not_found)?;
    if let Some(queue) = &schedule.queue {
        guard::may_look(&app, &pass, queue).await?;
    }
    let section = schedule.sections.get(&seat.section).ok_or_else(not_found)?;
    let state = seats::get(&app, schedule_id, &seat).await?.ok_or_else(not_found)?;
    Ok(Answer::ok(SeatOut::new(&seat, section.price, state)))
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
