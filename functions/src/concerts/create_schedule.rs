//! POST /concerts/{concert_id}/schedules

use std::collections::BTreeMap;

use axum::extract::State;
use onsale_domain::concerts::schedule::{self, SEATS_PER_USER_DEFAULT, Schedule, SchedulePlanError};
use onsale_domain::id::{ConcertId, ScheduleId};
use onsale_domain::{id, time};
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Expected, IdempotencyKey, Json, Organiser, PathId, Problem, invalid};
use onsale_platform::store::concerts;
use onsale_platform::store::concerts::schedules;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::concerts::response::ScheduleOut;

/// A new date of a concert.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "place": "Seoul Arts Center",
    "starts_at": "2030-12-20T10:00:00Z",
    "sale_opens_at": "2030-11-01T11:00:00Z",
    "sale_closes_at": "2030-12-20T09:00:00Z",
    "max_seats_per_user": 2,
}))]
pub struct CreateScheduleIn {
    /// Venue: one line of 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    place: String,
    /// Start of the concert: in the future, and not before the sale closes.
    #[schema(value_type = Timestamp)]
    starts_at: String,
    /// Start of the sale.
    #[schema(value_type = Timestamp)]
    sale_opens_at: String,
    /// End of the sale (exclusive).
    #[schema(value_type = Timestamp)]
    sale_closes_at: String,
    /// Seats that one user may hold and own together, 1 to 50; 4 if omitted.
    #[schema(minimum = 1, maximum = 50)]
    max_seats_per_user: Option<u16>,
}

/// Adds a date to a concert.
#[utoipa::path(post, path = "/concerts/{concert_id}/schedules", request_body = CreateScheduleIn,
    params(("concert_id" = Uuid, Path), IdempotencyKey), extensions(("x-access" = json!("organiser"))),
    responses(
        (status = 201, body = ScheduleOut, description = "The new date"),
        (status = 404, description = "not-found"),
        (status = 409, description = "date-limit"),
    ))]
pub async fn create_schedule(
    State(app): State<App>,
    organiser: Organiser,
    key: IdempotencyKey,
    PathId(concert_id): PathId<ConcertId>,
    Json(request): Json<CreateScheduleIn>,
) -> Result<Answer<ScheduleOut>, Problem> {
    let mut new = parse(key.id(&app, organiser.id, "create_schedule"), concert_id, &request)?;
    organiser.check_owns(&app, concert_id).await?;
    // A repeat of what succeeded is a success, also when the concert has started since.
    if new.has_started(app.now()) && !schedules::is_there(&app, new.id).await? {
        return Err(invalid("starts_at")(Expected::InTheFuture));
    }
    new.queue = concerts::get(&app, concert_id).await?.and_then(|concert| concert.queue);
    let parts = [
        "create_schedule".to_owned(),
        concert_id.to_string(),
        new.venue.clone(),
        [new.starts_at, new.sale_opens_at, new.sale_closes_at].map(|time| time.to_string()).join(" "),
        new.max_seats_per_user.to_string(),
    ];
    let fingerprint = id::fingerprint(&parts.each_ref().map(String::as_str));
    let action = organiser
        .action("create_schedule", new.id)
        .with_change("concert_id", concert_id)
        .with_change("starts_at", new.starts_at);
    let created = schedules::create(&app, new, fingerprint, &action).await?;
    Ok(created.map(|schedule| ScheduleOut::new(&schedule, app.currency())).into())
}

fn parse(id: ScheduleId, concert_id: ConcertId, request: &CreateScheduleIn) -> Result<Schedule, Problem> {
    let max_seats_per_user = request.max_seats_per_user.unwrap_or(SEATS_PER_USER_DEFAULT);
    let place = schedule::parse_venue(&request.place).map_err(invalid("place"))?;
    let starts_at = time::parse(&request.starts_at).map_err(invalid("starts_at"))?;
    let sale_opens_at = time::parse(&request.sale_opens_at).map_err(invalid("sale_opens_at"))?;
    let sale_closes_at = time::parse(&request.sale_closes_at).map_err(invalid("sale_closes_at"))?;
    schedule::check_plan(starts_at, sale_opens_at, sale_closes_at, max_seats_per_user).map_err(|error| {
        invalid(match error {
            SchedulePlanError::SaleClosesBeforeItOpens => "sale_closes_at",
            SchedulePlanError::StartsDuringSale => "starts_at",
            SchedulePlanError::Limit => "max_seats_per_user",
        })(error)
    })?;
    Ok(Schedule {
        id,
        concert_id,
        venue: place,
        starts_at,
        sale_opens_at,
        sale_closes_at,
        max_seats_per_user,
        queue: None,
        sections: BTreeMap::new(),
        deleting: false,
    })
}
