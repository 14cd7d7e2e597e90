use jiff::Timestamp;
use onsale_domain::concerts::schedule::Schedule;
use onsale_domain::money::CURRENCY;
use onsale_platform::store::concerts::Concert;
use serde::Serialize;
use utoipa::ToSchema;
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
    /// ISO 4217 code of the currency, always `KRW`.
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
    pub fn without_sections(schedule: &Schedule) -> Self {
        Self { sections: None, ..Self::from(schedule) }
    }
}

impl From<&Schedule> for ScheduleOut {
    fn from(schedule: &Schedule) -> Self {
        Self {
            schedule_id: schedule.id.0,
            concert_id: schedule.concert_id.0,
            place: schedule.venue.clone(),
            starts_at: schedule.starts_at,
            sale_opens_at: schedule.sale_opens_at,
            sale_closes_at: schedule.sale_closes_at,
            max_seats_per_user: schedule.max_seats_per_user,
            currency: CURRENCY,
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
