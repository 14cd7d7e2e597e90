//! GET /concerts/{concert_id}

use serde_json::json;

use super::{NOBODY, concert, date, schedule, with_seats};
use crate::support::World;

#[tokio::test]
async fn everybody_may_read_a_concert() {
    let world = World::new().await;
    let body = json!({ "name": "Concert", "description": "What it is" });
    let created = world.admin().await.post("/concerts", body).await.expect(201);
    let path = format!("/concerts/{}", created.text("concert_id"));
    let mut expected = created.body;
    expected["schedules"] = json!([]);
    let reply = world.anonymous().get(&path).await.expect(200);
    assert_eq!(reply.body, expected);
    assert_eq!(reply.headers["cache-control"], "public, max-age=1");
    let tag = reply.headers["etag"].to_str().expect("a tag").to_owned();
    assert!(world.anonymous().get_with(&path, "if-none-match", &tag).await.expect(304).bytes.is_empty());
}

#[tokio::test]
async fn its_dates_tell_their_state_and_what_is_left() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (concert, sold) = with_seats(&world, &admin).await;
    let mut later = date(&world, 40);
    later["sale_opens_at"] = json!(world.at(3_600).to_string());
    let later = schedule(&admin, &concert, later).await;
    let mina = world.user_with(1_000_000).await;
    let held = mina.hold(&sold, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    mina.hold(&sold, &["A-1-3"]).await.expect(201);
    let look =
        async || world.anonymous().get(&format!("/concerts/{concert}")).await.expect(200).body["schedules"].clone();
    let shown = look().await;
    let ids: Vec<&str> =
        shown.as_array().expect("dates").iter().filter_map(|date| date["schedule_id"].as_str()).collect();
    assert_eq!(ids, [sold.as_str(), later.as_str()]);
    assert_eq!(shown[0]["state"], "on_sale");
    assert_eq!(
        shown[0]["sections"],
        json!([{ "section": "A", "price": 50_000, "seats": 50, "available": 47, "held": 1, "sold": 2 }])
    );
    assert_eq!((&shown[1]["state"], &shown[1]["sections"]), (&json!("not_open"), &json!([])));
    world.wait(3_600);
    assert_eq!(look().await[1]["state"], "on_sale", "a date without seats is not sold out");
}

#[tokio::test]
async fn a_date_is_sold_out_once_no_seat_is_left_or_held() {
    let world = World::new().await;
    let admin = world.admin().await;
    let concert = concert(&admin, "Concert").await;
    let schedule = schedule(&admin, &concert, date(&world, 30)).await;
    let seats = json!({ "rows": [{ "row": "1", "from": 1, "to": 2 }] });
    admin.post(&format!("/schedules/{schedule}/seats"), seats).await.expect(201);
    let mina = world.user_with(100_000).await;
    let held = mina.hold(&schedule, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
    let state = async || {
        world.wait(3);
        world.anonymous().get(&format!("/concerts/{concert}")).await.expect(200).body["schedules"][0]["state"].clone()
    };
    assert_eq!(state().await, "on_sale");
    mina.pay(&held).await.expect(201);
    assert_eq!(state().await, "sold_out");
    mina.delete(&format!("/reservations/{held}/tickets/A-1-1")).await.expect(200);
    assert_eq!(state().await, "on_sale");
    world.wait(30 * 86_400);
    assert_eq!(state().await, "over", "the last dates of a concert stay");
}

#[tokio::test]
async fn at_most_fifty_dates_are_shown_and_the_next_ones_first() {
    let world = World::new().await;
    let admin = world.admin().await;
    let concert = concert(&admin, "Concert").await;
    for days in (1..=52).rev() {
        schedule(&admin, &concert, date(&world, days)).await;
    }
    world.wait(86_401);
    let body = world.anonymous().get(&format!("/concerts/{concert}")).await.expect(200).body;
    let dates = body["schedules"].as_array().expect("dates");
    let starts: Vec<&str> = dates.iter().filter_map(|date| date["starts_at"].as_str()).collect();
    assert_eq!(starts.len(), 50);
    assert_eq!(starts[0], world.at(86_399).to_string());
    assert!(starts.is_sorted());
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new().await;
    world.anonymous().get(&format!("/concerts/{NOBODY}")).await.expect_problem(404, "not-found");
    world.anonymous().get("/concerts/x").await.expect_invalid("concert_id");
}
