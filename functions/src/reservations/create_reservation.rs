//! POST /reservations

use std::collections::BTreeSet;

use axum::extract::State;
use onsale_domain::id::{self, ReservationId, ScheduleId};
use onsale_domain::money::Price;
use onsale_domain::reservations::best::BestRequest;
use onsale_domain::reservations::hold::{HoldRequest, seat_list};
use onsale_domain::seats::{Label, SeatId};
use onsale_platform::app::App;
use onsale_platform::auth::queue_token::QueueCredentials;
use onsale_platform::config::ProvenAddress;
use onsale_platform::http::{Answer, Expected, IdempotencyKey, Json, Object, Problem, User, invalid};
use onsale_platform::store::accounts::users::{self, ProofFailure};
use onsale_platform::store::reservations::hold;
use onsale_platform::store::reservations::hold_best::{self, BestHoldRequest, HoldBestFailure};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::reservations::response::ReservationOut;

/// Seats to hold, all or none: those that you name, or the best ones.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "schedule_id": "965d5465-870a-811b-a08d-0a917363a8fe", "seat_ids": ["A-1-1", "A-1-2"] }))]
pub struct CreateReservationIn {
    /// Id of the date.
    schedule_id: Uuid,
    /// Ids of 1 to 50 different seats, such as `A-1-12`; the `max_seats_per_user` of the date may be lower. Required
    /// unless `best` is given.
    #[schema(min_items = 1, max_items = 50)]
    seat_ids: Option<Vec<String>>,
    /// The best available seats instead.
    #[schema(value_type = Option<BestIn>)]
    best: Option<Object<BestIn>>,
}

/// A request for the best available seats: next to each other, leaving no single seat alone if that can be, near the
/// middle of the front row of the dearest section. In a rush some buyers get other good seats, so that few collide.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "count": 2, "section": "A", "max_price": 90000, "apart": false }))]
pub struct BestIn {
    /// Number of seats.
    #[schema(minimum = 1, maximum = 50, example = 2)]
    count: u16,
    /// Label of the section; any section if omitted.
    #[schema(max_length = 16, example = "A")]
    section: Option<String>,
    /// Highest price of a seat, in minor units.
    #[schema(minimum = 0, maximum = 10000000, example = 90000)]
    max_price: Option<i64>,
    /// `true` takes seats apart if no row has so many next to each other.
    #[serde(default)]
    apart: bool,
}

/// Holds seats for the caller until the hold expires: those that are named, or the best available ones.
#[utoipa::path(post, path = "/reservations", request_body = CreateReservationIn, params(IdempotencyKey),
    extensions(("x-access" = json!("user+queue"))),
    responses((status = 201, body = ReservationOut, description = "The new reservation"), ProofFailure, HoldBestFailure))]
pub async fn create_reservation(
    State(app): State<App>,
    user: User,
    queue_credentials: QueueCredentials,
    key: IdempotencyKey,
    Json(request): Json<CreateReservationIn>,
) -> Result<Answer<ReservationOut>, Problem> {
    users::check_proven(&app, user.id, ProvenAddress::Buying).await?;
    let id: ReservationId = key.id(&app, user.id, "create_reservation");
    let (user, schedule) = (user.id, ScheduleId(request.schedule_id));
    let held = match (request.seat_ids, request.best) {
        (Some(seats), None) => {
            let (seats, fingerprint) = parse_seats(schedule, &seats)?;
            let wanted = HoldRequest { id, user, schedule, seats, fingerprint };
            hold::hold(&app, wanted, &queue_credentials).await?
        }
        (None, Some(Object(best))) => {
            let (best, fingerprint) = parse_best(schedule, best)?;
            let wanted = BestHoldRequest { id, user, schedule, best, fingerprint };
            hold_best::hold_best(&app, wanted, &queue_credentials).await?
        }
        (Some(_), Some(_)) | (None, None) => return Err(invalid("seat_ids")(Expected::SeatsOrBest)),
    };
    Ok(held.map(|held| ReservationOut::new(&held, app.currency(), app.now())).into())
}

/// The seats, and a digest of the request. They are a set: the same ones in another order are the same request.
fn parse_seats(schedule: ScheduleId, given: &[String]) -> Result<(Vec<SeatId>, String), Problem> {
    let seat = |(index, seat): (usize, &String)| SeatId::parse(seat).map_err(invalid(&format!("seat_ids[{index}]")));
    let seats: Vec<SeatId> = given.iter().enumerate().map(seat).collect::<Result<_, _>>()?;
    let seats = seat_list(seats).map_err(invalid("seat_ids"))?;
    let set: BTreeSet<String> = seats.iter().map(SeatId::to_string).collect();
    let set: Vec<String> = set.into_iter().collect();
    let fingerprint = id::fingerprint(&["create_reservation", &schedule.to_string(), &set.join(" ")]);
    Ok((seats, fingerprint))
}

/// The wish for the best seats, and a digest of the request.
fn parse_best(schedule: ScheduleId, given: BestIn) -> Result<(BestRequest, String), Problem> {
    let section = given.section.as_deref().map(Label::parse).transpose().map_err(invalid("best.section"))?;
    let price = given.max_price.map(Price::parse).transpose().map_err(invalid("best.max_price"))?;
    let asked = format!(
        "{} {} {} {}",
        given.count,
        section.as_ref().map_or("*", Label::as_str),
        price.map_or_else(|| "*".to_owned(), |price| price.get().to_string()),
        given.apart,
    );
    let best = BestRequest::new(given.count, section, price, given.apart).map_err(invalid("best.count"))?;
    Ok((best, id::fingerprint(&["create_reservation", "best", &schedule.to_string(), &asked])))
}
