//! POST /concerts/{concert_id}/schedules

use std::collections::BTreeMap;

use axum::extract::State;
use jiff::Timestamp;
use onsale_domain::id;
use onsale_domain::schedule::{self, PlanError, SEATS_PER_USER_DEFAULT, Schedule};
use onsale_platform::app::App;
use onsale_platform::http::{Admin, Answer, Detail, IdempotencyKey, Json, Params, Problem, ProblemOut, invalid};
use onsale_platform::store::concerts;
use onsale_platform::store::schedules::{self, Created};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::shown::ScheduleOut;

/// A new date.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "place": "Seoul Arts Center",
    "starts_at": "2030-12-20T10:00:00Z",
    "sale_opens_at": "2030-11-01T11:00:00Z",
    "sale_closes_at": "2030-12-20T09:00:00Z",
    "max_seats_per_user": 2,
}))]
struct CreateScheduleIn {
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    place: String,
    /// When the concert starts; not before the sale ends.
    starts_at: Timestamp,
    /// First instant of the sale.
    sale_opens_at: Timestamp,
    /// First instant after the sale.
    sale_closes_at: Timestamp,
    /// Seats one user may hold and own, 1 to 50; 4 if not given.
    #[schema(minimum = 1, maximum = 50)]
    max_seats_per_user: Option<u16>,
}

/// Gives a concert a date.
#[utoipa::path(post, path = "/concerts/{concert_id}/schedules", operation_id = "create_schedule",
    request_body = CreateScheduleIn, security(("bearer" = [])), extensions(("x-access" = json!("admin"))),
    params(
        ("concert_id" = Uuid, Path),
        ("Idempotency-Key" = Option<Uuid>, Header, description = "a repeat has no second effect"),
    ),
    responses(
        (status = 201, body = ScheduleOut),
        (status = 400, body = ProblemOut, description = "invalid-request, malformed-json"),
        (status = 403, body = ProblemOut, description = "forbidden"),
        (status = 404, body = ProblemOut, description = "not-found"),
        (status = 422, body = ProblemOut, description = "idempotency-key-reused"),
    ))]
async fn handle(
    State(app): State<App>,
    admin: Admin,
    key: IdempotencyKey,
    Params(concert_id): Params<Uuid>,
    Json(request): Json<CreateScheduleIn>,
) -> Result<Answer<ScheduleOut>, Problem> {
    let mut new = parse(key.id(&app, admin.id, "create_schedule"), concert_id, &request)?;
    new.queue = concerts::queue_of(&app, concert_id).await?;
    let parts = [
        "create_schedule".to_owned(),
        concert_id.to_string(),
        new.place.clone(),
        [new.starts_at, new.sale_opens_at, new.sale_closes_at].map(|time| time.to_string()).join(" "),
        new.max_seats_per_user.to_string(),
    ];
    let fingerprint = id::fingerprint(&parts.each_ref().map(String::as_str));
    match schedules::create(&app, &new, &fingerprint).await? {
        Created::New => Ok(Answer::created(ScheduleOut::from(&new))),
        Created::Replayed(there) => Ok(Answer::created(ScheduleOut::from(&there)).replayed(true)),
        Created::KeyReused => Err(Problem::new(Detail::KeyReused)),
        Created::NoConcert => Err(Problem::new(Detail::NoConcert)),
    }
}

fn parse(id: Uuid, concert_id: Uuid, request: &CreateScheduleIn) -> Result<Schedule, Problem> {
    let max_seats_per_user = request.max_seats_per_user.unwrap_or(SEATS_PER_USER_DEFAULT);
    let place = schedule::place(&request.place).map_err(invalid("place"))?;
    let plan = schedule::plan(request.starts_at, request.sale_opens_at, request.sale_closes_at, max_seats_per_user);
    plan.map_err(|error| {
        invalid(match error {
            PlanError::SaleClosesBeforeItOpens => "sale_closes_at",
            PlanError::StartsDuringSale | PlanError::OutOfTime => "starts_at",
            PlanError::Limit => "max_seats_per_user",
        })(error)
    })?;
    Ok(Schedule {
        id,
        concert_id,
        place,
        starts_at: request.starts_at,
        sale_opens_at: request.sale_opens_at,
        sale_closes_at: request.sale_closes_at,
        max_seats_per_user,
        queue: None,
        sections: BTreeMap::new(),
        deleting: false,
    })
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
