//! GET /schedules/{schedule_id}

use serde_json::json;

use super::{NOBODY, concert, date, schedule, with_seats};
use crate::support::World;

#[tokio::test]
async fn any_date_is_shown_with_its_sections() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (concert, id) = with_seats(&world, &admin).await;
    let vip = json!({ "section": "VIP", "rows": [{ "row": "1", "from": 1, "to": 3 }], "price": 0 });
    admin.post(&format!("/schedules/{id}/seats"), vip).await.expect(201);
    let shown = json!({
        "schedule_id": id,
        "concert_id": concert,
        "place": "Olympic Hall",
        "starts_at": world.at(30 * 86_400).to_string(),
        "sale_opens_at": world.at(-3_600).to_string(),
        "sale_closes_at": world.at(30 * 86_400).to_string(),
        "max_seats_per_user": 4,
        "currency": "KRW",
        "sections": [
            { "section": "A", "price": 50_000, "seats": 50 },
            { "section": "VIP", "price": 0, "seats": 3 },
        ],
    });
    assert_eq!(world.anonymous().get(&format!("/schedules/{id}")).await.expect(200).body, shown);
}

#[tokio::test]
async fn bookable_or_not_it_is_shown() {
    let world = World::new().await;
    let admin = world.admin().await;
    let concert = concert(&admin, "Concert").await;
    let mut later = date(&world, 30);
    later["sale_opens_at"] = json!(world.at(86_400).to_string());
    let id = schedule(&admin, &concert, later).await;
    world.anonymous().get(&format!("/schedules/{id}")).await.expect(200);
    world.wait(40 * 86_400);
    world.anonymous().get(&format!("/schedules/{id}")).await.expect(200);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new().await;
    world.anonymous().get(&format!("/schedules/{NOBODY}")).await.expect_problem(404, "not-found");
    world.anonymous().get("/schedules/x").await.expect_invalid("schedule_id");
}
