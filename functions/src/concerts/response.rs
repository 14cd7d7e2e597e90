use jiff::Timestamp;
use onsale_domain::concerts::schedule::{SaleState, Schedule, Section};
use onsale_domain::money::Currency;
use onsale_domain::seats::Label;
use onsale_platform::http::openapi::one_of;
use onsale_platform::store::concerts::Concert;
use onsale_platform::store::views::DateView;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;
use uuid::Uuid;

/// A concert.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "concert_id": "de34110d-d776-8f2f-8a6d-2efc0b25ca10",
    "name": "Winter Strings",
    "description": "An evening with a string quartet.",
    "created_at": "2030-10-01T09:00:00Z",
    "queue_id": "winter-2030",
}))]
pub struct ConcertOut {
    /// Id of the concert.
    concert_id: Uuid,
    /// Name of the concert.
    name: String,
    /// Description of the concert; may be empty.
    description: String,
    /// Time of creation.
    created_at: Timestamp,
    /// Waiting queue in front of the sale; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_id: Option<String>,
}

impl From<Concert> for ConcertOut {
    fn from(concert: Concert) -> Self {
        Self {
            concert_id: concert.id.0,
            name: concert.name,
            description: concert.description,
            created_at: concert.created_at,
            queue_id: concert.queue.map(|queue| queue.to_string()),
        }
    }
}

/// A concert with its dates, as everybody may see them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "concert_id": "de34110d-d776-8f2f-8a6d-2efc0b25ca10",
    "name": "Winter Strings",
    "description": "An evening with a string quartet.",
    "created_at": "2030-10-01T09:00:00Z",
    "queue_id": "winter-2030",
    "schedules": [{
        "schedule_id": "965d5465-870a-811b-a08d-0a917363a8fe",
        "place": "Seoul Arts Center",
        "starts_at": "2030-12-20T10:00:00Z",
        "sale_opens_at": "2030-11-01T11:00:00Z",
        "sale_closes_at": "2030-12-20T09:00:00Z",
        "max_seats_per_user": 2,
        "currency": "KRW",
        "state": "on_sale",
        "sections": [{ "section": "A", "price": 90000, "seats": 50, "available": 12, "held": 8, "sold": 30 }],
    }],
}))]
pub struct ConcertWithDatesOut {
    /// Id of the concert.
    concert_id: Uuid,
    /// Name of the concert.
    name: String,
    /// Description of the concert; may be empty.
    description: String,
    /// Time of creation.
    created_at: Timestamp,
    /// Waiting queue in front of the sale; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_id: Option<String>,
    /// The next dates, at most 50, earliest first; once all dates have begun, the last ones.
    schedules: Vec<DateOut>,
}

/// A date of a concert with the seats that are left.
#[derive(Debug, Serialize, ToSchema)]
struct DateOut {
    /// Id of the date.
    schedule_id: Uuid,
    /// Venue.
    place: String,
    /// Start of the concert.
    starts_at: Timestamp,
    /// Start of the sale.
    sale_opens_at: Timestamp,
    /// End of the sale (exclusive).
    sale_closes_at: Timestamp,
    /// Seats that one user may hold and own together.
    max_seats_per_user: u16,
    /// ISO 4217 code of the shop's currency.
    currency: &'static str,
    #[schema(schema_with = sale_states)]
    state: &'static str,
    /// Sections with their prices and the seats that are left.
    sections: Vec<SectionLeftOut>,
}

/// A section of the hall with the seats that are left.
#[derive(Debug, Serialize, ToSchema)]
struct SectionLeftOut {
    /// Label of the section.
    section: String,
    /// Price of a seat, in minor units.
    price: i64,
    /// Number of seats.
    seats: u32,
    /// Available seats.
    available: u32,
    /// Held seats; some of them come back.
    held: u32,
    /// Sold seats.
    sold: u32,
}

/// The states of a sale.
fn sale_states() -> Object {
    one_of(
        "State of the sale: `not_open` before `sale_opens_at`, `on_sale` while seats are available or held, `sold_out` \
         while every seat is sold, `over` from `sale_closes_at` on.",
        SaleState::ALL.map(SaleState::as_str),
    )
}

impl ConcertWithDatesOut {
    /// A concert with its dates as they stand at `now`.
    pub fn new(concert: Concert, dates: &[DateView], currency: Currency, now: Timestamp) -> Self {
        Self {
            concert_id: concert.id.0,
            name: concert.name,
            description: concert.description,
            created_at: concert.created_at,
            queue_id: concert.queue.map(|queue| queue.to_string()),
            schedules: dates.iter().map(|date| DateOut::new(date, currency, now)).collect(),
        }
    }
}

impl DateOut {
    fn new(date: &DateView, currency: Currency, now: Timestamp) -> Self {
        let schedule = &date.schedule;
        let section = |(label, section): (&Label, &Section)| {
            let counts = date.seats.sections.get(label).copied().unwrap_or_default();
            SectionLeftOut {
                section: label.to_string(),
                price: section.price.get(),
                seats: section.seats,
                available: counts.available,
                held: counts.held,
                sold: counts.sold,
            }
        };
        Self {
            schedule_id: schedule.id.0,
            place: schedule.venue.clone(),
            starts_at: schedule.starts_at,
            sale_opens_at: schedule.sale_opens_at,
            sale_closes_at: schedule.sale_closes_at,
            max_seats_per_user: schedule.max_seats_per_user,
            currency: currency.code(),
            state: date.sale_state(now).as_str(),
            sections: schedule.sections.iter().map(section).collect(),
        }
    }
}

/// A date of a concert.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "schedule_id": "965d5465-870a-811b-a08d-0a917363a8fe",
    "concert_id": "de34110d-d776-8f2f-8a6d-2efc0b25ca10",
    "place": "Seoul Arts Center",
    "starts_at": "2030-12-20T10:00:00Z",
    "sale_opens_at": "2030-11-01T11:00:00Z",
    "sale_closes_at": "2030-12-20T09:00:00Z",
    "max_seats_per_user": 2,
    "currency": "KRW",
    "sections": [{ "section": "A", "price": 90000, "seats": 50 }],
}))]
pub struct ScheduleOut {
    /// Id of the date.
    schedule_id: Uuid,
    /// Id of the concert.
    concert_id: Uuid,
    /// Venue.
    place: String,
    /// Start of the concert.
    starts_at: Timestamp,
    /// Start of the sale.
    sale_opens_at: Timestamp,
    /// End of the sale (exclusive).
    sale_closes_at: Timestamp,
    /// Seats that one user may hold and own together.
    max_seats_per_user: u16,
    /// ISO 4217 code of the shop's currency.
    currency: &'static str,
    /// Waiting queue in front of the sale; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_id: Option<String>,
    /// Sections of the hall with their prices; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    sections: Option<Vec<SectionOut>>,
}

/// A section of the hall.
#[derive(Debug, Serialize, ToSchema)]
struct SectionOut {
    /// Label of the section.
    section: String,
    /// Price of a seat, in minor units.
    price: i64,
    /// Number of seats.
    seats: u32,
}

impl ScheduleOut {
    /// A schedule as an item of a list, whose copy does not know the sections.
    pub fn without_sections(schedule: &Schedule, currency: Currency) -> Self {
        Self { sections: None, ..Self::new(schedule, currency) }
    }

    /// A schedule with its sections.
    pub fn new(schedule: &Schedule, currency: Currency) -> Self {
        Self {
            schedule_id: schedule.id.0,
            concert_id: schedule.concert_id.0,
            place: schedule.venue.clone(),
            starts_at: schedule.starts_at,
            sale_opens_at: schedule.sale_opens_at,
            sale_closes_at: schedule.sale_closes_at,
            max_seats_per_user: schedule.max_seats_per_user,
            currency: currency.code(),
            queue_id: schedule.queue.as_ref().map(ToString::to_string),
            sections: Some(
                schedule
                    .sections
                    .iter()
                    .map(|(label, section)| SectionOut {
                        section: label.to_string(),
                        price: section.price.get(),
                        seats: section.seats,
                    })
                    .collect(),
            ),
        }
    }
}
