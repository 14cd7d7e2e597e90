//! GET /concerts?query=

use serde_json::Value;

use super::{concert, date, schedule};
use crate::support::World;

fn names(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["name"].as_str().expect("a name")).collect()
}

async fn world_with(concerts: &[&str]) -> World {
    let world = World::new().await;
    let admin = world.admin().await;
    for name in concerts {
        concert(&admin, name).await;
        world.wait(1);
    }
    world
}

#[tokio::test]
async fn all_concerts_come_newest_first_page_by_page() {
    let world = world_with(&["One", "Two", "Three", "Four", "Five"]).await;
    let anybody = world.anonymous();
    for limit in [1, 2, 5, 100] {
        let all = anybody.pages("/concerts", limit).await;
        assert_eq!(names(&all), ["Five", "Four", "Three", "Two", "One"], "in pages of {limit}");
    }
    let page = anybody.get("/concerts?limit=2").await.expect(200);
    assert_eq!(names(page.body["items"].as_array().expect("items")), ["Five", "Four"]);
    let mut fields: Vec<&String> = page.body["items"][0].as_object().expect("a concert").keys().collect();
    fields.sort();
    assert_eq!(fields, ["concert_id", "created_at", "description", "name"]);
}

#[tokio::test]
async fn any_part_of_a_name_finds_it_in_any_language() {
    let world = world_with(&["아이유 콘서트 서울", "Rock in Seoul", "ROCKET night", "방탄 콘서트"]).await;
    let cases: [(&str, &[&str]); 11] = [
        ("콘서트", &["방탄 콘서트", "아이유 콘서트 서울"]),
        ("%EC%BD%98%EC%84%9C", &["방탄 콘서트", "아이유 콘서트 서울"]),
        ("rock", &["ROCKET night", "Rock in Seoul"]),
        ("ROCK", &["ROCKET night", "Rock in Seoul"]),
        ("ock%20in", &["Rock in Seoul"]),
        ("%20seoul%20", &["Rock in Seoul"]),
        ("이", &["아이유 콘서트 서울"]),
        ("k", &["ROCKET night", "Rock in Seoul"]),
        ("nothing", &[]),
        ("rocks", &[]),
        ("", &["방탄 콘서트", "ROCKET night", "Rock in Seoul", "아이유 콘서트 서울"]),
    ];
    for (query, expected) in cases {
        let query: String = query.chars().map(encoded).collect();
        for limit in [1, 100] {
            let found = world.anonymous().pages(&format!("/concerts?query={query}"), limit).await;
            assert_eq!(names(&found), expected, "{query} in pages of {limit}");
        }
    }
}

#[tokio::test]
async fn what_one_sees_can_be_found() {
    let world = world_with(&["Große Straße", "İstanbul", "Guns N’ Roses", "Spring\u{200b}day", "Sigur Rós"]).await;
    let cases = [
        ("GROSSE%20STRASSE", "Große Straße"),
        ("istanbul", "İstanbul"),
        ("n'%20roses", "Guns N’ Roses"),
        ("springday", "Spring\u{200b}day"),
        ("ROS%20", "Sigur Rós"),
    ];
    for (query, name) in cases {
        let found = world.anonymous().pages(&format!("/concerts?query={query}"), 1).await;
        assert!(names(&found).contains(&name), "{query}: {found:?}");
    }
}

fn encoded(character: char) -> String {
    if character.is_ascii() {
        return character.to_string();
    }
    character.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn concerts_of_the_same_instant_are_each_listed_once() {
    let world = World::new().await;
    let admin = world.admin().await;
    for number in 0..7 {
        concert(&admin, &format!("Concert {number}")).await;
    }
    for path in ["/concerts", "/concerts?query=concert"] {
        let all = world.anonymous().pages(path, 2).await;
        let mut found = names(&all);
        found.sort_unstable();
        found.dedup();
        assert_eq!((all.len(), found.len()), (7, 7), "{path}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let world = world_with(&["Concert one", "Concert two"]).await;
    let (anybody, admin) = (world.anonymous(), world.admin().await);
    let id = concert(&admin, "Concert three").await;
    for days in [10, 11] {
        schedule(&admin, &id, date(&world, days)).await;
    }
    let next = async |path: &str| anybody.get(path).await.expect(200).text("next");
    let all = next("/concerts?limit=1").await;
    let found = next("/concerts?limit=1&query=concert").await;
    let dates = next(&format!("/concerts/{id}/schedules?limit=1")).await;
    for (path, cursors) in [
        ("/concerts?", [&found, &dates]),
        ("/concerts?query=concert&", [&all, &dates]),
        ("/concerts?query=two&", [&all, &found]),
    ] {
        for cursor in cursors.into_iter().map(String::as_str).chain(["x", "e30", "", "AAAA"]) {
            anybody.get(&format!("{path}cursor={cursor}")).await.expect_invalid("cursor");
        }
    }
    anybody.get(&format!("/concerts?cursor={all}")).await.expect(200);
}

#[tokio::test]
async fn a_page_has_1_to_100_concerts() {
    let world = world_with(&["One"]).await;
    for limit in ["0", "101", "abc", "-1", "1.5", ""] {
        world.anonymous().get(&format!("/concerts?limit={limit}")).await.expect_invalid("limit");
    }
    let long = "x".repeat(61);
    world.anonymous().get(&format!("/concerts?query={long}")).await.expect_invalid("query");
    world.anonymous().get("/concerts?query=%00%00").await.expect_invalid("query");
}
