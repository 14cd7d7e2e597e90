use jiff::Timestamp;
use onsale_domain::concerts::schedule::Schedule;
use onsale_domain::money::CURRENCY;
use onsale_platform::store::concerts::Concert;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A concert.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConcertOut {
    concert_id: Uuid,
    name: String,
    description: String,
    created_at: Timestamp,
    /// The waiting queue that guards its sale.
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

/// One date of a concert.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleOut {
    schedule_id: Uuid,
    concert_id: Uuid,
    place: String,
    starts_at: Timestamp,
    /// First instant of the sale.
    sale_opens_at: Timestamp,
    /// First instant after the sale.
    sale_closes_at: Timestamp,
    /// Seats one user may hold and own.
    max_seats_per_user: u16,
    currency: &'static str,
    /// The waiting queue that guards it.
    #[serde(skip_serializing_if = "Option::is_none")]
    queue_id: Option<String>,
    /// With prices; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    sections: Option<Vec<SectionOut>>,
}

/// A part of the hall.
#[derive(Debug, Serialize, ToSchema)]
struct SectionOut {
    section: String,
    /// Minor units.
    price: i64,
    /// How many seats it has.
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
