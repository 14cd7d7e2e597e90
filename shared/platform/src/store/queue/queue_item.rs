//! How a waiting queue lies in the table.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use onsale_domain::queue::position::{Calls, Stays};
use onsale_domain::queue::settings::Settings;
use onsale_domain::queue::{Queue, SeatsLeft};
use serde::Deserialize;
use uuid::Uuid;

use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, from_item, text, time, unreadable};

#[derive(Deserialize)]
struct QueueItem {
    capacity: u32,
    admit_per_second: u32,
    active_minutes: u32,
    claim_seconds: u32,
    #[serde(default)]
    paused: bool,
    #[serde(default)]
    opens_at: Option<i64>,
    #[serde(default)]
    closes_at: Option<i64>,
    #[serde(default)]
    ends_at: Option<i64>,
    #[serde(default)]
    message: Option<String>,
    serving: u64,
    finished: u64,
    seen: u64,
    looked_at: i64,
    counted_until: i64,
    ends_micro: u64,
    in_use_milliseconds: u64,
    ends_finished: u64,
    /// Of each moment its epoch milliseconds and the last number that had been called, as `<at>:<number>`.
    #[serde(default)]
    calls: Vec<String>,
    measured_at: i64,
    #[serde(default)]
    next_closing_at: Option<i64>,
    #[serde(default)]
    seats_available: Option<u64>,
    #[serde(default)]
    seats_held: Option<u64>,
    concerts: u32,
    #[serde(default)]
    moved_by: Option<Uuid>,
    #[serde(default)]
    turn_at: Option<i64>,
    version: u64,
}

/// Reads a queue.
pub(crate) fn read_queue(item: Item) -> Result<Queue, Failure> {
    let item: QueueItem = from_item(item)?;
    Ok(Queue {
        settings: Settings {
            capacity: item.capacity,
            admit_per_second: item.admit_per_second,
            active_minutes: item.active_minutes,
            claim_seconds: item.claim_seconds,
            is_paused: item.paused,
            opens_at: item.opens_at.map(time).transpose()?,
            closes_at: item.closes_at.map(time).transpose()?,
            ends_at: item.ends_at.map(time).transpose()?,
            message: item.message,
        },
        serving: item.serving,
        finished: item.finished,
        seen: item.seen,
        looked_at: time(item.looked_at)?,
        counted_until: time(item.counted_until)?,
        calls: read_calls(&item.calls)?,
        stays: Stays {
            ends_micro: item.ends_micro,
            in_use_milliseconds: item.in_use_milliseconds,
            finished: item.ends_finished,
        },
        measured_at: time(item.measured_at)?,
        next_closing_at: item.next_closing_at.map(time).transpose()?,
        seats_left: item.seats_available.zip(item.seats_held).map(|(available, held)| SeatsLeft { available, held }),
        concerts: item.concerts,
        moved_by: item.moved_by,
        turn_at: item.turn_at.map(time).transpose()?,
        version: item.version,
    })
}

fn read_calls(written: &[String]) -> Result<Calls, Failure> {
    let moment = |written: &String| {
        let (at, serving) = written.split_once(':')?;
        Some((Timestamp::from_millisecond(at.parse().ok()?).ok()?, serving.parse().ok()?))
    };
    let moments: Option<Vec<_>> = written.iter().map(moment).collect();
    Ok(Calls::from_moments(&moments.ok_or_else(|| unreadable("the calls of a queue"))?))
}

/// The moments at which numbers were called, as they are kept.
pub(crate) fn written_calls(calls: &Calls) -> AttributeValue {
    let moment = |(at, serving): (Timestamp, u64)| text(format!("{}:{serving}", at.as_millisecond()));
    AttributeValue::L(calls.moments().map(moment).collect())
}
