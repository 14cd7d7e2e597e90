//! PUT /schedules/{schedule_id}/seats/{seat_id}/hold

use axum::extract::State;
use onsale_domain::id;
use onsale_domain::reservations::hold::HoldError;
use onsale_domain::seats::SeatId;
use onsale_platform::app::App;
use onsale_platform::auth::queue_token::QueuePass;
use onsale_platform::http::{Answer, IdempotencyKey, Params, Problem, ProblemOut, User, invalid};
use onsale_platform::store::reservations::{self, HoldFailure, Wanted};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::reservations::response::ReservationOut;

/// Locks one seat: a reservation of one.
#[utoipa::path(put, path = "/schedules/{schedule_id}/seats/{seat_id}/hold", operation_id = "hold_seat",
    security(("bearer" = [])), extensions(("x-access" = json!("user+queue"))),
    params(
        ("schedule_id" = Uuid, Path),
        ("seat_id" = String, Path),
        ("Idempotency-Key" = Option<Uuid>, Header, description = "a repeat has no second effect"),
    ),
    responses(
        (status = 201, body = ReservationOut),
        (status = 200, body = ReservationOut, description = "the caller's own live hold"),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 404, body = ProblemOut, description = "seat-not-found"),
        (status = 409, body = ProblemOut, description = "seat-taken, seat-yours, sale-not-open, sale-closed, seat-limit"),
        (status = 422, body = ProblemOut, description = "idempotency-key-reused"),
        (status = 429, body = ProblemOut, description = "too-many-lapses"),
    ))]
async fn handle(
    State(app): State<App>,
    user: User,
    pass: QueuePass,
    key: IdempotencyKey,
    Params((schedule, seat)): Params<(Uuid, String)>,
) -> Result<Answer<ReservationOut>, Problem> {
    let seat = SeatId::parse(&seat).map_err(invalid("seat_id"))?;
    let wanted = Wanted {
        id: key.id(&app, user.id, "hold_seat"),
        user: user.id,
        schedule,
        seats: vec![seat.clone()],
        fingerprint: id::fingerprint(&["hold_seat", &schedule.to_string(), &seat.to_string()]),
        pass,
    };
    match reservations::hold(&app, wanted).await {
        Ok(held) => Ok(Answer::created(ReservationOut::new(&held.reservation, app.now())).replayed(held.replayed)),
        Err(
            refused @ (HoldFailure::Refused(HoldError::SeatYours { .. } | HoldError::SeatLimit(_))
            | HoldFailure::Pass(_)),
        ) => {
            let own = reservations::holding(&app, user.id, schedule, &seat).await?;
            own.map(|own| Answer::ok(ReservationOut::new(&own, app.now()))).ok_or_else(|| refused.into())
        }
        Err(refused) => Err(refused.into()),
    }
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
