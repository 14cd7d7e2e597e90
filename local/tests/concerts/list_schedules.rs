//! GET /concerts/{concert_id}/schedules

use serde_json::{Value, json};

use super::{NOBODY, concert, date, schedule, with_seats};
use crate::support::{Person, World};

async fn on_sale(world: &World, admin: &Person, concert: &str, opens: i64, closes: i64) -> String {
    let mut body = date(world, 30);
    body["sale_opens_at"] = json!(world.at(opens).to_string());
    body["sale_closes_at"] = json!(world.at(closes).to_string());
    schedule(admin, concert, body).await
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["schedule_id"].as_str().expect("an id")).collect()
}

#[tokio::test]
async fn only_bookable_dates_are_listed_by_date() {
    let world = World::new().await;
    let admin = world.admin().await;
    let id = concert(&admin, "Concert").await;
    on_sale(&world, &admin, &id, 60, 120).await;
    on_sale(&world, &admin, &id, -120, -60).await;
    on_sale(&world, &admin, &id, -120, 0).await;
    let mut expected = Vec::new();
    for days in [20, 10, 15] {
        expected.push((days, schedule(&admin, &id, date(&world, days)).await));
    }
    let opens_now = on_sale(&world, &admin, &id, 0, 60).await;
    expected.push((30, opens_now));
    expected.sort();
    let expected: Vec<&str> = expected.iter().map(|(_, id)| id.as_str()).collect();
    for limit in [1, 2, 100] {
        let listed = world.anonymous().pages(&format!("/concerts/{id}/schedules"), limit).await;
        assert_eq!(ids(&listed), expected, "in pages of {limit}");
    }
}

#[tokio::test]
async fn a_date_on_sale_is_on_the_first_page_however_many_are_over() {
    let world = World::new().await;
    let admin = world.admin().await;
    let id = concert(&admin, "Daily").await;
    let mut body = date(&world, 1);
    for minute in 1..=30 {
        (body["sale_closes_at"], body["starts_at"]) =
            (json!(world.at(60).to_string()), json!(world.at(60).to_string()));
        schedule(&admin, &id, body.clone()).await;
        // Of those that start later only the sale is over.
        body["starts_at"] = json!(world.at(1_000 + minute).to_string());
        schedule(&admin, &id, body.clone()).await;
    }
    let on_sale = schedule(&admin, &id, date(&world, 20)).await;
    world.wait(61);
    for limit in [1, 20, 100] {
        let page = world.anonymous().get(&format!("/concerts/{id}/schedules?limit={limit}")).await.expect(200);
        assert_eq!(ids(page.body["items"].as_array().expect("items")), [on_sale.as_str()], "limit {limit}");
    }
}

#[tokio::test]
async fn a_date_is_listed_as_it_is_shown_by_itself_but_for_its_sections() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (concert, id) = with_seats(&world, &admin).await;
    let alone = world.anonymous().get(&format!("/schedules/{id}")).await.expect(200);
    let mut item = alone.body;
    item.as_object_mut().expect("a schedule").remove("sections").expect("sections");
    let listed = world.anonymous().get(&format!("/concerts/{concert}/schedules")).await.expect(200);
    assert_eq!(listed.body, json!({ "items": [item], "next": null }));
}

#[tokio::test]
async fn a_concert_without_a_bookable_date_says_so() {
    let world = World::new().await;
    let admin = world.admin().await;
    let id = concert(&admin, "Concert").await;
    let path = format!("/concerts/{id}/schedules");
    world.anonymous().get(&path).await.expect_problem(404, "no-bookable-schedule");
    on_sale(&world, &admin, &id, 60, 120).await;
    world.anonymous().get(&path).await.expect_problem(404, "no-bookable-schedule");
    world.wait(60);
    world.anonymous().get(&path).await.expect(200);
    world.wait(60);
    world.anonymous().get(&path).await.expect_problem(404, "no-bookable-schedule");
    let nowhere = format!("/concerts/{NOBODY}/schedules");
    world.anonymous().get(&nowhere).await.expect_problem(404, "no-bookable-schedule");
}

#[tokio::test]
async fn a_cursor_is_of_its_own_concert() {
    let world = World::new().await;
    let (admin, anybody) = (world.admin().await, world.anonymous());
    let mut paths = Vec::new();
    for name in ["One", "Two"] {
        let id = concert(&admin, name).await;
        for days in [10, 11] {
            schedule(&admin, &id, date(&world, days)).await;
        }
        paths.push(format!("/concerts/{id}/schedules"));
    }
    let next = anybody.get(&format!("{}?limit=1", paths[0])).await.expect(200).text("next");
    anybody.get(&format!("{}?cursor={next}", paths[0])).await.expect(200);
    anybody.get(&format!("{}?cursor={next}", paths[1])).await.expect_invalid("cursor");
    anybody.get(&format!("{}?cursor=x", paths[0])).await.expect_invalid("cursor");
    for limit in ["0", "101", "abc"] {
        anybody.get(&format!("{}?limit={limit}", paths[0])).await.expect_invalid("limit");
    }
    anybody.get("/concerts/x/schedules").await.expect_invalid("concert_id");
}
