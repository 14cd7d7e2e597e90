//! GET /schedules/{schedule_id}/seats
//!
//! A hall of more than 1,000 seats is listed section by section; without a section only the counts are given,
//! so that a viewer of a stadium costs what a viewer of a club costs.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use onsale_domain::concerts::schedule::Schedule;
use onsale_domain::id::ScheduleId;
use onsale_domain::seats::{Label, SeatId, SeatState};
use onsale_domain::time::EpochSecond;
use onsale_platform::app::App;
use onsale_platform::auth::queue_token::QueueCredentials;
use onsale_platform::http::openapi::one_of;
use onsale_platform::http::{Cacheable, Detail, PathId, Problem, QueryString, invalid};
use onsale_platform::store::concerts::schedules;
use onsale_platform::store::queue::guard;
use onsale_platform::store::seats;
use onsale_platform::store::views::{Block, Counts};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::Object;
use utoipa::{IntoParams, ToSchema};

use crate::seats::response::{RowOut, SeatOut};

/// Most seats that are listed without naming a section.
const SEATS_WITHOUT_SECTION_MAX: u32 = 1_000;
/// How long a list may be cached, in seconds.
const MAX_AGE_SECONDS: u32 = 1;

/// Filter.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListSeatsIn {
    /// Lists the seats of this section only.
    #[param(example = "A")]
    section: Option<String>,
    /// `true` lists available seats only.
    #[param(example = true)]
    available: Option<bool>,
    /// `items` (default) lists each seat by itself, `rows` the states of each row as one string.
    #[param(schema_with = views)]
    view: Option<View>,
}

/// The form in which seats are listed.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum View {
    Items,
    Rows,
}

/// The forms in which seats are listed.
fn views() -> Object {
    one_of("Form of the list.", ["items", "rows"])
}

/// Seats of a date.
#[derive(Serialize, ToSchema)]
pub struct ListSeatsOut {
    /// ISO 4217 code of the shop's currency.
    currency: &'static str,
    /// Sections with the number of seats in each state.
    sections: Vec<SectionCountsOut>,
    /// Seats; empty with `view=rows`, and for a hall of more than 1,000 seats unless you name a section.
    items: Vec<SeatOut>,
}

/// Number of seats of a section in each state.
#[derive(Serialize, ToSchema)]
pub struct SectionCountsOut {
    /// Label of the section.
    section: String,
    /// Price of a seat, in minor units.
    price: i64,
    /// Available seats.
    available: u32,
    /// Held seats.
    held: u32,
    /// Sold seats.
    sold: u32,
    /// Rows with the state of each seat; only with `view=rows`, and for a hall of more than 1,000 seats only if you
    /// name a section.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<RowOut>>,
}

/// Lists the seats of a date with their states, at most one second old.
#[utoipa::path(get, path = "/schedules/{schedule_id}/seats", params(("schedule_id" = Uuid, Path), ListSeatsIn),
    extensions(("x-access" = json!("public+queue"))),
    responses(
        (status = 200, body = ListSeatsOut, description = "Sections and seats"),
        (status = 304),
        (status = 404, description = "no-seats"),
    ))]
pub async fn list_seats(
    State(app): State<App>,
    queue_credentials: QueueCredentials,
    PathId(id): PathId<ScheduleId>,
    QueryString(request): QueryString<ListSeatsIn>,
    headers: HeaderMap,
) -> Result<Cacheable, Problem> {
    let no_seats = || Problem::new(Detail::NoSeats);
    let wanted = request.section.as_deref().map(Label::parse).transpose().map_err(invalid("section"))?;
    let schedule = match schedules::get_cached(&app, id, &wanted).await? {
        Some(empty) if empty.sections.is_empty() => schedules::get(&app, id).await?,
        schedule => schedule,
    };
    let schedule = schedule.ok_or_else(no_seats)?;
    if let Some(queue) = &schedule.queue {
        guard::check_admitted(&app, &queue_credentials, queue).await?;
    }
    let private = schedule.queue.is_some();
    let sections: Vec<Label> = match wanted {
        Some(section) => schedule.sections.contains_key(&section).then_some(section).into_iter().collect(),
        None if schedule.seats() > SEATS_WITHOUT_SECTION_MAX => {
            let body = counts_only(&app, &schedule).await?;
            return Ok(Cacheable::new(&body, &headers, MAX_AGE_SECONDS)?.private(private));
        }
        None => schedule.sections.keys().cloned().collect(),
    };
    let mut body = ListSeatsOut { currency: app.currency().code(), sections: Vec::new(), items: Vec::new() };
    for section in sections {
        let blocks: Arc<Vec<Block>> = seats::get_cached_section(&app, id, &section).await?;
        let mut counts = counts_out(&schedule, &section, Counts::count(&blocks, app.now()));
        if request.view == Some(View::Rows) {
            counts.rows = Some(RowOut::list(&blocks, app.now()));
        } else {
            add_seats(&mut body.items, &app, &schedule, &blocks, request.available.unwrap_or(false));
        }
        body.sections.push(counts);
    }
    if body.sections.iter().all(|counts| counts.available + counts.held + counts.sold == 0) {
        return Err(no_seats());
    }
    Ok(Cacheable::new(&body, &headers, MAX_AGE_SECONDS)?.private(private))
}

async fn counts_only(app: &App, schedule: &Schedule) -> Result<ListSeatsOut, Problem> {
    let overview = seats::overview(app, schedule).await?;
    let sections = schedule
        .sections
        .keys()
        .map(|section| counts_out(schedule, section, overview.sections.get(section).copied().unwrap_or_default()));
    Ok(ListSeatsOut { currency: app.currency().code(), sections: sections.collect(), items: Vec::new() })
}

fn counts_out(schedule: &Schedule, section: &Label, counts: Counts) -> SectionCountsOut {
    SectionCountsOut {
        section: section.to_string(),
        price: schedule.sections.get(section).map_or(0, |section| section.price.get()),
        available: counts.available,
        held: counts.held,
        sold: counts.sold,
        rows: None,
    }
}

fn add_seats(items: &mut Vec<SeatOut>, app: &App, schedule: &Schedule, blocks: &[Block], only_available: bool) {
    let now = EpochSecond::begun(app.now());
    for block in blocks {
        let Some(section) = schedule.sections.get(&block.id.section) else { continue };
        for (number, value) in &block.seats {
            let state = value.state(now);
            if !only_available || state == SeatState::Available {
                let seat = SeatId { section: block.id.section.clone(), row: block.id.row.clone(), number: *number };
                items.push(SeatOut::new(&seat, section.price, state));
            }
        }
    }
}
