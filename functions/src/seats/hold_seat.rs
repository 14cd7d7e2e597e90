//! PUT /schedules/{schedule_id}/seats/{seat_id}/hold

use axum::extract::State;
use onsale_domain::id::{self, ScheduleId};
use onsale_domain::reservations::hold::{HoldError, HoldRequest};
use onsale_domain::seats::SeatId;
use onsale_platform::app::App;
use onsale_platform::auth::queue_token::QueueCredentials;
use onsale_platform::config::ProvenAddress;
use onsale_platform::http::{Answer, IdempotencyKey, PathParams, Problem, User, invalid};
use onsale_platform::store::accounts::users::{self, ProofFailure};
use onsale_platform::store::reservations;
use onsale_platform::store::reservations::hold::{self, HoldFailure};
use uuid::Uuid;

use crate::reservations::response::ReservationOut;

/// Holds one seat for the caller: a reservation with a single ticket.
#[utoipa::path(put, path = "/schedules/{schedule_id}/seats/{seat_id}/hold",
    params(("schedule_id" = Uuid, Path), ("seat_id" = String, Path), IdempotencyKey),
    extensions(("x-access" = json!("user+queue"))),
    responses(
        (status = 201, body = ReservationOut, description = "The new reservation"),
        (status = 200, body = ReservationOut, description = "The reservation that already holds the seat for the caller"),
        ProofFailure,
        HoldFailure,
    ))]
pub async fn hold_seat(
    State(app): State<App>,
    user: User,
    queue_credentials: QueueCredentials,
    key: IdempotencyKey,
    PathParams((schedule, seat)): PathParams<(Uuid, String)>,
) -> Result<Answer<ReservationOut>, Problem> {
    users::check_proven(&app, user.id, ProvenAddress::Buying).await?;
    let (schedule, seat) = (ScheduleId(schedule), SeatId::parse(&seat).map_err(invalid("seat_id"))?);
    let wanted = HoldRequest {
        id: key.id(&app, user.id, "hold_seat"),
        user: user.id,
        schedule,
        seats: vec![seat.clone()],
        fingerprint: id::fingerprint(&["hold_seat", &schedule.to_string(), &seat.to_string()]),
    };
    match hold::hold(&app, wanted, &queue_credentials).await {
        Ok(held) => Ok(held.map(|held| ReservationOut::new(&held, app.currency(), app.now())).into()),
        Err(
            refused @ (HoldFailure::Refused(HoldError::SeatYours { .. } | HoldError::SeatLimit(_))
            | HoldFailure::QueueToken(_)),
        ) => {
            let own = reservations::find_holding(&app, user.id, schedule, &seat).await?;
            own.map(|own| Answer::ok(ReservationOut::new(&own, app.currency(), app.now())))
                .ok_or_else(|| refused.into())
        }
        Err(refused) => Err(refused.into()),
    }
}
