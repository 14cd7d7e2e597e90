//! POST /reservations

use std::collections::BTreeSet;

use axum::extract::State;
use onsale_domain::id::{self, ScheduleId};
use onsale_domain::reservations::hold::{HoldRequest, seat_list};
use onsale_domain::seats::SeatId;
use onsale_platform::app::App;
use onsale_platform::auth::queue_token::QueueCredentials;
use onsale_platform::http::{Answer, IdempotencyKey, Json, Problem, User, invalid};
use onsale_platform::store::reservations::hold::{self, HoldFailure};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::reservations::response::ReservationOut;

/// Seats to hold, all or none.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "schedule_id": "965d5465-870a-811b-a08d-0a917363a8fe", "seat_ids": ["A-1-1", "A-1-2"] }))]
pub struct CreateReservationIn {
    /// Id of the date.
    schedule_id: Uuid,
    /// Ids of 1 to 50 different seats, such as `A-1-12`; the `max_seats_per_user` of the date may be lower.
    #[schema(min_items = 1, max_items = 50)]
    seat_ids: Vec<String>,
}

/// Holds seats for the caller until the hold expires.
#[utoipa::path(post, path = "/reservations", request_body = CreateReservationIn, params(IdempotencyKey),
    extensions(("x-access" = json!("user+queue"))),
    responses((status = 201, body = ReservationOut, description = "The new reservation"), HoldFailure))]
pub async fn create_reservation(
    State(app): State<App>,
    user: User,
    queue_credentials: QueueCredentials,
    key: IdempotencyKey,
    Json(request): Json<CreateReservationIn>,
) -> Result<Answer<ReservationOut>, Problem> {
    let seat = |(index, seat): (usize, &String)| SeatId::parse(seat).map_err(invalid(&format!("seat_ids[{index}]")));
    let seats: Vec<SeatId> = request.seat_ids.iter().enumerate().map(seat).collect::<Result<_, _>>()?;
    let seats = seat_list(seats).map_err(invalid("seat_ids"))?;
    // The seats are a set: the same ones in another order are the same request.
    let set: BTreeSet<String> = seats.iter().map(SeatId::to_string).collect();
    let set: Vec<String> = set.into_iter().collect();
    let wanted = HoldRequest {
        id: key.id(&app, user.id, "create_reservation"),
        user: user.id,
        schedule: ScheduleId(request.schedule_id),
        seats,
        fingerprint: id::fingerprint(&["create_reservation", &request.schedule_id.to_string(), &set.join(" ")]),
    };
    let held = hold::hold(&app, wanted, &queue_credentials).await?;
    Ok(held.map(|held| ReservationOut::new(&held, app.now())).into())
}
