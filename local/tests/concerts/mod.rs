//! Concerts and their dates.

mod create_concert;
mod create_schedule;
mod delete_concert;
mod delete_schedule;
mod get_concert;
mod get_schedule;
mod list_schedules;
mod search_concerts;
mod set_concert_queue;

use serde_json::{Value, json};

use crate::support::{Person, World};

/// An id that nothing has.
const NOBODY: &str = "0193a000-0000-7000-8000-00000000dead";

/// A new concert's id.
async fn concert(admin: &Person, name: &str) -> String {
    let body = json!({ "name": name, "description": "" });
    admin.post("/concerts", body).await.expect(201).text("concert_id")
}

/// The request for a date that is on sale now and starts in `days` days.
fn date(world: &World, days: i64) -> Value {
    json!({
        "place": "Olympic Hall",
        "starts_at": world.at(days * 86_400).to_string(),
        "sale_opens_at": world.at(-3_600).to_string(),
        "sale_closes_at": world.at(days * 86_400).to_string(),
    })
}

/// A new date's id.
async fn schedule(admin: &Person, concert: &str, date: Value) -> String {
    admin.post(&format!("/concerts/{concert}/schedules"), date).await.expect(201).text("schedule_id")
}

/// A concert with one date of 50 seats: the ids of both.
async fn with_seats(world: &World, admin: &Person) -> (String, String) {
    let concert = concert(admin, "Concert").await;
    let schedule = schedule(admin, &concert, date(world, 30)).await;
    admin.post(&format!("/schedules/{schedule}/seats"), json!({})).await.expect(201);
    (concert, schedule)
}
