//! POST /schedules/{schedule_id}/seats

use axum::extract::State;
use onsale_domain::id::ScheduleId;
use onsale_domain::money::Price;
use onsale_domain::seats::{Label, SEAT_NUMBER_MAX, SEATS_PER_SECTION_MAX};
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Expected, Json, Object, Organiser, PathId, Problem, invalid};
use onsale_platform::store::seats::CreateSeatsFailure;
use onsale_platform::store::seats::{self, RowRange};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Seats of a section; `{}` stands for section A, row 1, seats 1 to 50 at the default price.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "section": "R",
    "rows": [{ "row": "1", "from": 1, "to": 25 }, { "row": "2", "from": 1, "to": 25 }],
    "price": 90000,
}))]
pub struct CreateSeatsIn {
    /// Label of the section: 1 to 16 digits, Latin letters or Hangul syllables; `A` if omitted.
    #[schema(min_length = 1, max_length = 16)]
    section: Option<String>,
    /// 1 to 500 ranges of seats; row 1, seats 1 to 50 if omitted.
    #[schema(value_type = Option<Vec<RowIn>>, min_items = 1, max_items = 500)]
    rows: Option<Vec<Object<RowIn>>>,
    /// Price of each seat of the section in minor units, 0 to 10,000,000.
    #[schema(minimum = 0, maximum = 10000000)]
    price: Option<i64>,
}

/// A range of seats in a row.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RowIn {
    /// Label of the row: 1 to 16 digits, Latin letters or Hangul syllables.
    #[schema(min_length = 1, max_length = 16)]
    row: String,
    /// First seat number, from 1.
    #[schema(minimum = 1, maximum = 25000)]
    from: u16,
    /// Last seat number, up to 25,000.
    #[schema(minimum = 1, maximum = 25000)]
    to: u16,
}

/// Result of creating seats.
#[derive(Serialize, ToSchema)]
pub struct CreateSeatsOut {
    /// Number of new seats.
    created: u32,
}

/// Most ranges of one request.
const RANGES_MAX: usize = 500;

/// Creates seats of a date, and leaves those that exist as they are.
#[utoipa::path(post, path = "/schedules/{schedule_id}/seats", request_body = CreateSeatsIn,
    params(("schedule_id" = Uuid, Path)), extensions(("x-access" = json!("organiser"))),
    responses((status = 201, body = CreateSeatsOut, description = "The number of new seats"), CreateSeatsFailure))]
pub async fn create_seats(
    State(app): State<App>,
    organiser: Organiser,
    PathId(schedule): PathId<ScheduleId>,
    Json(request): Json<CreateSeatsIn>,
) -> Result<Answer<CreateSeatsOut>, Problem> {
    let section = Label::parse(request.section.as_deref().unwrap_or("A")).map_err(invalid("section"))?;
    let price = request.price.map_or(Ok(Price::DEFAULT), Price::parse).map_err(invalid("price"))?;
    let rows = rows(request.rows.unwrap_or_else(|| vec![Object(RowIn { row: "1".to_owned(), from: 1, to: 50 })]))?;
    organiser.check_owns_date(&app, schedule).await?;
    let action =
        organiser.action("create_seats", schedule).with_change("section", &section).with_change("price", price.get());
    let created = seats::create(&app, schedule, &section, price, &rows, &action).await?;
    Ok(Answer::created(CreateSeatsOut { created }))
}

fn rows(given: Vec<Object<RowIn>>) -> Result<Vec<RowRange>, Problem> {
    if given.is_empty() || given.len() > RANGES_MAX {
        return Err(invalid("rows")(Expected::Ranges { max: RANGES_MAX }));
    }
    let mut seats = 0;
    let mut rows = Vec::with_capacity(given.len());
    for (index, Object(range)) in given.into_iter().enumerate() {
        let row = Label::parse(&range.row).map_err(invalid(&format!("rows[{index}].row")))?;
        check_number(&format!("rows[{index}].from"), range.from, 1)?;
        check_number(&format!("rows[{index}].to"), range.to, range.from)?;
        seats += usize::from(range.to - range.from) + 1;
        rows.push(RowRange { row, from: range.from, to: range.to });
    }
    if seats > SEATS_PER_SECTION_MAX {
        return Err(invalid("rows")(Expected::RowSeats { max: SEATS_PER_SECTION_MAX }));
    }
    Ok(rows)
}

/// Whether a number of a seat lies between `min` and the highest that there may be.
fn check_number(field: &str, number: u16, min: u16) -> Result<(), Problem> {
    if (min..=SEAT_NUMBER_MAX).contains(&number) {
        return Ok(());
    }
    Err(invalid(field)(Expected::Between { min: min.into(), max: SEAT_NUMBER_MAX.into() }))
}
