//! Committed changes as the table's stream tells them, turned into events.
//!
//! An event is made from one item's new image alone: the image names the fact it commits (`change`) and its
//! version, so a record read twice, late or without its old image gives the same event.

use aws_lambda_events::dynamodb::EventRecord;
use uuid::Uuid;

use super::item::Item;
use super::{reservation_item, table};
use crate::events::{Event, Kind, ReservationData};

/// A record that should be an event and cannot be read as one.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Poison(pub String);

/// The event of a record; `None` when the change tells nobody anything.
///
/// # Errors
/// When the record names a change but cannot be understood.
pub fn event(record: &EventRecord) -> Result<Option<Event>, Poison> {
    let image: Item = record.change.new_image.clone().into();
    let Some(change) = image.get("change") else { return Ok(None) };
    let kind = change.as_s().ok().and_then(|name| Kind::parse(name));
    let kind = kind.ok_or_else(|| Poison("an unknown change".to_owned()))?;
    let key = |name: &str| image.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
    let (pk, sk) = (key("pk"), key("sk"));
    let user: Option<Uuid> = pk.strip_prefix("USER#").and_then(|id| id.parse().ok());
    let id: Option<Uuid> = sk.strip_prefix(table::RESERVATION_PREFIX).and_then(|id| id.parse().ok());
    let (Some(user), Some(id)) = (user, id) else {
        return Err(Poison("a change of an item that has no events".to_owned()));
    };
    let read = reservation_item::read(user, id, image).map_err(|failure| Poison(failure.to_string()))?;
    Ok(Some(Event {
        id: format!("{user}/{sk}/{}", read.version),
        kind,
        occurred_at: record.change.approximate_creation_date_time.timestamp(),
        data: ReservationData {
            user_id: user,
            reservation_id: id,
            concert_id: read.concert_id,
            schedule_id: read.schedule_id,
            ticket_ids: read.live_seats().map(ToString::to_string).collect(),
            total: read.total(),
        },
    }))
}
