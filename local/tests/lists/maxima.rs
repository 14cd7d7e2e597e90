//! As much of everything as may be made, and then all that is done with it: listed, paged past, changed and deleted.

use onsale_domain::concerts::concert::DATES_MAX;
use onsale_domain::concerts::schedule::SEATS_PER_USER_MAX;
use onsale_domain::orders::place::LINES_MAX;
use onsale_domain::products::stock::{QUANTITY_MAX, SHARDS_MAX};
use onsale_domain::seats::{SEATS_PER_SECTION_MAX, SECTIONS_MAX};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Person, World, concurrently, scaled};

async fn concert(admin: &Person) -> String {
    admin.post("/concerts", json!({ "name": "Season", "description": "" })).await.expect(201).text("concert_id")
}

fn date(world: &World) -> Value {
    json!({
        "place": "x".repeat(100), "starts_at": world.at(86_400).to_string(), "max_seats_per_user": SEATS_PER_USER_MAX,
        "sale_opens_at": world.at(-60).to_string(), "sale_closes_at": world.at(86_400).to_string(),
    })
}

/// Sweeps until nothing of these is left but what the log says that administrators did.
async fn sweep_until_gone(world: &World, ids: &[&str]) {
    for _ in 0..20 {
        world.wait(400);
        world.stack.run_schedule("run_expiry").await.expect("swept");
        let is_left = |item: &String| !item.contains("ADMIN#") && ids.iter().any(|id| item.contains(id));
        if !world.dump().iter().any(is_left) {
            return;
        }
    }
    panic!("something is left");
}

#[tokio::test]
async fn a_concert_of_as_many_dates_as_it_may_have_is_listed_changed_and_deleted() {
    let world = World::new().await;
    let admin = world.admin().await;
    let id = concert(&admin).await;
    let path = format!("/concerts/{id}/schedules");
    let made = concurrently(0..DATES_MAX, |number| {
        let (admin, path, date) = (admin.clone(), path.clone(), date(&world));
        let key = Uuid::from_u128(u128::from(number) + 1);
        async move { admin.post_until_answered(&path, date, key).await.expect(201).text("schedule_id") }
    })
    .await;
    admin.post(&path, date(&world)).await.expect_problem(409, "date-limit");
    let again = admin.post_with_key(&path, date(&world), Uuid::from_u128(1)).await.expect(201);
    assert!(again.replayed(), "a repeat of what succeeded is a success");
    let listed = world.anonymous().pages(&path, 100).await;
    assert_eq!(listed.len(), made.len());
    world.check_invariants().await;
    // One that is deleted makes room for one, at once and once.
    let one = format!("{path}/{}", made[7]);
    admin.delete(&one).await.expect(204);
    admin.delete(&one).await.expect(204);
    let other = admin.post(&path, date(&world)).await.expect(201).text("schedule_id");
    admin.post(&path, date(&world)).await.expect_problem(409, "date-limit");
    world.check_invariants().await;
    admin.delete(&format!("/concerts/{id}")).await.expect(204);
    world.anonymous().get(&format!("/concerts/{id}")).await.expect_problem(404, "not-found");
    world.anonymous().get(&path).await.expect_problem(404, "no-bookable-schedule");
    sweep_until_gone(&world, &[&id, &other, &made[0], &made[7]]).await;
}

#[tokio::test]
async fn of_many_who_make_the_last_dates_at_once_only_so_many_do_as_there_is_room_for() {
    let world = World::new().await;
    let admin = world.admin().await;
    let id = concert(&admin).await;
    let path = format!("/concerts/{id}/schedules");
    admin.post(&path, date(&world)).await.expect(201);
    let pk = json!({ "S": format!("CONCERT#{id}") });
    // All but three are made by hand.
    let table = &world.stack.template().table.name;
    let items = world.items();
    let copy = items.values().find(|item| item["pk"] == pk && item["sk"] != json!({ "S": "CONCERT" })).expect("a date");
    for number in 0..DATES_MAX - 4 {
        let mut copy = copy.clone();
        copy["sk"] = json!({ "S": format!("SCHEDULE#000000000000#{}", Uuid::from_u128(number.into())) });
        world.stack.dynamodb().call("PutItem", &json!({ "TableName": table, "Item": copy })).expect("put");
    }
    let mut item = items.values().find(|item| item["sk"] == json!({ "S": "CONCERT" })).expect("a concert").clone();
    item["dates"] = json!({ "N": (DATES_MAX - 3).to_string() });
    world.stack.dynamodb().call("PutItem", &json!({ "TableName": table, "Item": item })).expect("put");
    let replies = concurrently(0..12_u128, |number| {
        let (admin, path, date) = (admin.clone(), path.clone(), date(&world));
        async move { admin.post_until_answered(&path, date, Uuid::from_u128(number + 1)).await }
    })
    .await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 3);
    for reply in replies.into_iter().filter(|reply| reply.status != 201) {
        reply.expect_problem(409, "date-limit");
    }
    world.check_invariants().await;
}

/// Of its seats as many have a block of their own as one request makes; with `ONSALE_SCALE=full` all.
#[tokio::test]
async fn a_section_of_as_many_seats_as_it_may_have_in_blocks_of_their_own_is_listed_and_deleted() {
    let world = World::new().await;
    let admin = world.admin().await;
    let id = concert(&admin).await;
    let schedule = admin.post(&format!("/concerts/{id}/schedules"), date(&world)).await.expect(201);
    let schedule = schedule.text("schedule_id");
    let path = format!("/schedules/{schedule}/seats");
    let rows = |from: usize, to: usize| {
        let row = |row: usize| json!({ "row": row.to_string(), "from": 1, "to": 1 });
        json!({ "rows": (from..to).map(row).collect::<Vec<_>>() })
    };
    let alone = if scaled(20) == 20 { SEATS_PER_SECTION_MAX } else { 500 };
    for from in (0..alone).step_by(500) {
        admin.post(&path, rows(from, from + 500)).await.expect(201);
    }
    if alone < SEATS_PER_SECTION_MAX {
        let row = json!({ "row": "R", "from": 1, "to": SEATS_PER_SECTION_MAX - alone });
        admin.post(&path, json!({ "rows": [row] })).await.expect(201);
    }
    admin.post(&path, rows(alone, alone + 1)).await.expect_invalid("rows");
    let section = world.anonymous().get(&format!("{path}?section=A")).await.expect(200);
    assert_eq!(section.body["items"].as_array().map(Vec::len), Some(SEATS_PER_SECTION_MAX));
    let last = format!("A-{}-1", alone - 1);
    world.user_with(0).await.hold(&schedule, &["A-0-1", &last]).await.expect(201);
    admin.delete(&format!("/concerts/{id}")).await.expect_problem(409, "has-live-reservations");
    world.wait(400);
    admin.delete(&format!("/concerts/{id}")).await.expect(204);
    sweep_until_gone(&world, &[&format!("CONCERT#{id}"), &format!("SEATS#{schedule}")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_fill_a_section_at_once_do_not_fill_it_twice() {
    for _ in 0..4 {
        let world = World::new().await;
        let (admin, schedule) = (world.admin().await, world.schedule().await);
        let path = format!("/schedules/{schedule}/seats");
        let replies = concurrently(0..2, |number| {
            let row = json!({ "row": number.to_string(), "from": 1, "to": SEATS_PER_SECTION_MAX });
            let (admin, path) = (admin.clone(), path.clone());
            async move { admin.post(&path, json!({ "rows": [row] })).await }
        })
        .await;
        let done = replies.iter().filter(|reply| reply.status == 201).count();
        for reply in replies.into_iter().filter(|reply| reply.status != 201) {
            reply.expect_invalid("rows");
        }
        let there = world.anonymous().get(&format!("{path}?section=A")).await;
        let seats = there.body["items"].as_array().map_or(0, Vec::len);
        assert_eq!(seats, done * SEATS_PER_SECTION_MAX, "{done} were told that they had made theirs");
    }
}

#[tokio::test]
async fn a_hall_of_as_many_sections_as_it_may_have_is_counted_and_deleted() {
    let world = World::new().await;
    let admin = world.admin().await;
    let id = concert(&admin).await;
    let schedule = admin.post(&format!("/concerts/{id}/schedules"), date(&world)).await.expect(201);
    let schedule = schedule.text("schedule_id");
    let path = format!("/schedules/{schedule}/seats");
    let body = |section: usize| {
        let label = format!("구역{section:014}");
        json!({ "section": label, "rows": [{ "row": "가".repeat(16), "from": 24_991, "to": 25_000 }] })
    };
    for section in 0..SECTIONS_MAX {
        admin.post(&path, body(section)).await.expect(201);
    }
    admin.post(&path, body(SECTIONS_MAX)).await.expect_invalid("section");
    admin.post(&path, body(1)).await.expect(201);
    let listed = world.anonymous().get(&path).await.expect(200).body;
    assert_eq!(listed["sections"].as_array().map(Vec::len), Some(SECTIONS_MAX));
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(10 * SECTIONS_MAX));
    admin.delete(&format!("/concerts/{id}/schedules/{schedule}")).await.expect(204);
    sweep_until_gone(&world, &[&schedule]).await;
}

#[tokio::test]
async fn a_reservation_of_as_many_seats_as_it_may_have_is_listed_paid_and_given_back() {
    let world = World::new().await;
    let admin = world.admin().await;
    let schedule = world.schedule_with(json!({ "max_seats_per_user": SEATS_PER_USER_MAX })).await;
    let label = |number: u16| format!("{}{number:02}", "가".repeat(14));
    let rows: Vec<Value> =
        (0..SEATS_PER_USER_MAX).map(|row| json!({ "row": label(row), "from": 1, "to": 1 })).collect();
    let body = json!({ "section": label(0), "rows": rows, "price": 1_000 });
    admin.post(&format!("/schedules/{schedule}/seats"), body).await.expect(201);
    let mina = world.user_with(1_000_000).await;
    let seats: Vec<String> = (0..SEATS_PER_USER_MAX).map(|row| format!("{}-{}-1", label(0), label(row))).collect();
    let all: Vec<&str> = seats.iter().map(String::as_str).collect();
    for paid in [false, true] {
        let held = mina.hold(&schedule, &all).await.expect(201).reservation();
        let listed = mina.pages("/reservations", 1).await;
        assert_eq!(listed[0]["tickets"].as_array().map(Vec::len), Some(all.len()));
        if paid {
            mina.pay(&held).await.expect(201);
            mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
        } else {
            mina.delete(&format!("/reservations/{held}")).await.expect(200);
        }
        world.wait(1);
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn an_order_of_as_many_lines_from_as_many_shards_as_there_may_be_is_listed_and_given_back() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mina = world.user_with(1_000_000).await;
    let change = json!({ "name": "力".repeat(60), "price": 1, "stock": QUANTITY_MAX, "stock_shards": SHARDS_MAX, "max_per_user": 100 });
    let mut products = Vec::new();
    for _ in 0..LINES_MAX {
        products.push(world.product_with(change.clone()).await);
    }
    let lines: Vec<(&str, i64)> = products.iter().map(|product| (product.as_str(), 100)).collect();
    let order = mina.buy(&lines).await.expect(201).order();
    assert_eq!(mina.pages("/orders", 1).await.len(), 1);
    mina.refund_order(&order).await.expect(200);
    for product in &products {
        let path = format!("/products/{product}");
        admin.post_with_key(&format!("{path}/stock"), json!({ "delta": -QUANTITY_MAX }), admin.key()).await.expect(201);
        admin.patch(&path, json!({ "state": "stopped", "price": 2 })).await.expect(200);
    }
    world.wait(10);
    assert!(world.anonymous().pages("/products?sort=name", 1).await.is_empty());
    world.check_invariants().await;
}

/// The largest hall whose rows are whole blocks: 250,000 seats in a hundred sections with `ONSALE_SCALE=full`, else
/// five.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_hall_is_deleted_by_one_request() {
    let world = World::new().await;
    let admin = world.admin().await;
    let id = concert(&admin).await;
    let schedule = admin.post(&format!("/concerts/{id}/schedules"), date(&world)).await.expect(201);
    let schedule = schedule.text("schedule_id");
    for section in 0..scaled(SECTIONS_MAX) {
        let rows = json!([{ "row": "1", "from": 1, "to": SEATS_PER_SECTION_MAX }]);
        let body = json!({ "section": format!("S{section}"), "rows": rows });
        admin.post(&format!("/schedules/{schedule}/seats"), body).await.expect(201);
    }
    admin.delete(&format!("/concerts/{id}")).await.expect(204);
    sweep_until_gone(&world, &[&id, &schedule]).await;
}
