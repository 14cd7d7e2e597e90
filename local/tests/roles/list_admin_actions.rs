//! GET /admin/actions, and the entries that each write of an administrator or organiser leaves

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::Method;
use local::intercept::{After, Before, Call, Intercept};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{account, organiser_path, put};
use crate::repository::read;
use crate::support::{Person, Reply, World};

/// All that was done, newest first.
async fn actions(admin: &Person) -> Vec<Value> {
    admin.pages("/admin/actions", 3).await
}

/// Sets the queue `spring`.
async fn put_queue(admin: &Person) -> Reply {
    let settings = json!({ "capacity": 5, "admit_per_second": 1, "active_minutes": 5 });
    admin.call(Method::PUT, "/queues/spring", Some(settings), None).await
}

/// The functions that the contract gives to administrators and organisers and that write.
fn writes() -> BTreeSet<String> {
    let contract = read("docs/api.md");
    let rows = contract.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, function, route, "admin" | "organiser", ..] = cells.as_slice() else { return None };
        (!route.starts_with("GET ")).then(|| function.trim_matches('`').to_owned())
    });
    rows.collect()
}

/// Gives somebody each role that is given over HTTP, and takes it away, twice each; who that is.
async fn grant_and_revoke(world: &World, admin: &Person, concert: &str) -> String {
    let mina = account(world, "mina@example.com").await;
    for path in [organiser_path(&mina), format!("/concerts/{concert}/stewards/{}", mina.id)] {
        for _ in 0..2 {
            put(admin, &path).await.expect(204);
        }
        for _ in 0..2 {
            admin.delete(&path).await.expect(204);
        }
    }
    mina.id.to_string()
}

/// Everything that administrators write, once with an effect and once without: what was done to what, in order.
async fn all_writes(world: &World, admin: &Person) -> Vec<(&'static str, String)> {
    put_queue(admin).await.expect(201);
    put_queue(admin).await.expect(200);
    let twice = async |path: String, body: Value, status: u16| {
        let first = admin.post_with_key(&path, body.clone(), KEY).await.expect(status);
        admin.post_with_key(&path, body, KEY).await.expect(status);
        first
    };
    let concert =
        twice("/concerts".into(), json!({ "name": "Spring", "description": "" }), 201).await.text("concert_id");
    let another = json!({ "capacity": 5, "admit_per_second": 1, "active_minutes": 5 });
    admin.call(Method::PUT, "/queues/autumn", Some(another), None).await.expect(201);
    for _ in 0..2 {
        admin.delete("/queues/autumn").await.expect(204);
        let queue = json!({ "queue_id": "spring" });
        admin.call(Method::PUT, &format!("/concerts/{concert}/queue"), Some(queue), None).await.expect(200);
    }
    let date = json!({
        "place": "Hall",
        "starts_at": world.at(30 * 86_400).to_string(),
        "sale_opens_at": world.at(-3_600).to_string(),
        "sale_closes_at": world.at(29 * 86_400).to_string(),
    });
    let schedule = twice(format!("/concerts/{concert}/schedules"), date, 201).await.text("schedule_id");
    for created in [50, 0] {
        let seats = admin.post(&format!("/schedules/{schedule}/seats"), json!({})).await.expect(201);
        assert_eq!(seats.body["created"], created);
    }
    let mina = grant_and_revoke(world, admin, &concert).await;
    for _ in 0..2 {
        admin.delete(&format!("/concerts/{concert}/schedules/{schedule}")).await.expect(204);
    }
    for _ in 0..2 {
        admin.delete(&format!("/concerts/{concert}")).await.expect(204);
    }
    let product = json!({ "name": "Pin", "price": 100, "stock": 5 });
    let product = twice("/products".into(), product, 201).await.text("product_id");
    for _ in 0..2 {
        admin.patch(&format!("/products/{product}"), json!({ "price": 200, "state": "hold" })).await.expect(200);
    }
    twice(format!("/products/{product}/stock"), json!({ "delta": 7 }), 201).await;
    let coupon = json!({
        "name": "Ten", "discount": { "kind": "percent", "value": 10 }, "quantity": 5,
        "valid_from": world.at(0).to_string(), "valid_until": world.at(86_400).to_string(),
    });
    let coupon = twice("/coupons".into(), coupon, 201).await.text("coupon_id");
    let user = world.user_with(0).await.id;
    twice(format!("/users/{user}/credits"), json!({ "amount": 7, "reason": "rain" }), 201).await;
    vec![
        ("put_queue", "spring".to_owned()),
        ("create_concert", concert.clone()),
        ("put_queue", "autumn".to_owned()),
        ("delete_queue", "autumn".to_owned()),
        ("set_concert_queue", concert.clone()),
        ("create_schedule", schedule.clone()),
        ("create_seats", schedule.clone()),
        ("grant_organiser", mina.clone()),
        ("revoke_organiser", mina.clone()),
        ("grant_steward", mina.clone()),
        ("revoke_steward", mina),
        ("delete_schedule", schedule),
        ("delete_concert", concert),
        ("create_product", product.clone()),
        ("update_product", product.clone()),
        ("adjust_stock", product),
        ("create_coupon", coupon),
        ("credit_wallet", user.to_string()),
    ]
}

const KEY: Uuid = Uuid::from_u128(0x0193_0000_0000_4000_8000_0000_0000_000a);

#[tokio::test]
async fn each_write_of_an_administrator_leaves_one_entry_and_what_changes_nothing_none() {
    let world = World::new().await;
    let admin = world.admin().await;
    let done = all_writes(&world, &admin).await;
    let tried: BTreeSet<String> = done.iter().map(|(function, _)| (*function).to_owned()).collect();
    assert_eq!(tried, writes(), "docs/api.md has other writes of administrators than this test does");

    let mut entries = actions(&admin).await;
    entries.reverse();
    let left: BTreeSet<(String, String)> = entries
        .iter()
        .map(|entry| (entry["function"].as_str().expect("text").into(), entry["target"].as_str().expect("text").into()))
        .collect();
    assert_eq!(entries.len(), done.len(), "{entries:#?}");
    assert_eq!(left, done.into_iter().map(|(function, target)| (function.to_owned(), target)).collect());
    for entry in &entries {
        assert_eq!((&entry["user_id"], &entry["source"]), (&json!(admin.id.0), &json!("127.0.0.1")), "{entry}");
        assert_eq!(entry["at"], world.clock.now().to_string(), "{entry}");
    }
    let changes = |function: &str| {
        entries.iter().find(|entry| entry["function"] == function).map(|entry| entry["changes"].clone())
    };
    let update = json!({ "price_before": "100", "price": "200", "state_before": "selling", "state": "hold" });
    assert_eq!(changes("update_product"), Some(update));
    assert_eq!(changes("create_seats"), Some(json!({ "section": "A", "price": "50000", "seats": "50" })));
}

#[tokio::test]
async fn refusals_leave_no_entry() {
    let world = World::new().await;
    let admin = world.admin().await;
    let nothing = "01930000-0000-7000-8000-000000000000";
    admin.post("/concerts", json!({ "name": "", "description": "" })).await.expect(400);
    admin.post("/concerts", json!({ "name": "Concert", "description": "", "queue_id": "none" })).await.expect(404);
    admin.post(&format!("/schedules/{nothing}/seats"), json!({})).await.expect(404);
    admin.patch(&format!("/products/{nothing}"), json!({ "price": 1 })).await.expect(404);
    admin.post_with_key(&format!("/products/{nothing}/stock"), json!({ "delta": 1 }), KEY).await.expect(404);
    let product = admin.post("/products", json!({ "name": "Pin", "price": 1, "stock": 1 })).await.expect(201);
    let stock = format!("/products/{}/stock", product.text("product_id"));
    admin.post_with_key(&stock, json!({ "delta": -2 }), KEY).await.expect(409);
    let schedule = world.schedule_with_seats().await;
    let buyer = world.user_with(0).await;
    buyer.hold(&schedule, &["A-1-1"]).await.expect(201);
    let concert = admin.get(&format!("/schedules/{schedule}")).await.expect(200).text("concert_id");
    let before = actions(&admin).await.len();
    admin.delete(&format!("/concerts/{concert}/schedules/{schedule}")).await.expect(409);
    admin.delete(&format!("/concerts/{concert}")).await.expect(409);
    let after = actions(&admin).await;
    assert_eq!(after.len(), before);
    let functions: BTreeSet<&str> = after.iter().filter_map(|entry| entry["function"].as_str()).collect();
    assert_eq!(functions, BTreeSet::from(["create_concert", "create_product", "create_schedule", "create_seats"]));
}

/// Loses the answer of every second transaction.
struct LoseAnswers(AtomicUsize);

impl Intercept for LoseAnswers {
    fn before(&self, _: &Call<'_>) -> Before {
        Before::Proceed
    }

    fn after(&self, call: &Call<'_>, _: &Value) -> After {
        let count = if call.operation == "TransactWriteItems" { self.0.fetch_add(1, Ordering::SeqCst) } else { 1 };
        if count % 2 == 0 { After::LoseAnswer } else { After::Deliver }
    }
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_entry() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.stack.intercept(Some(Arc::new(LoseAnswers(AtomicUsize::new(0)))));
    let product = admin.post("/products", json!({ "name": "Pin", "price": 1, "stock": 1 })).await.expect(201);
    let path = format!("/products/{}", product.text("product_id"));
    admin.patch(&path, json!({ "price": 2 })).await.expect(200);
    assert!(put_queue(&admin).await.status.is_success());
    world.stack.intercept(None);
    let entries = actions(&admin).await;
    assert_eq!(entries.len(), 3, "{entries:#?}");
}

#[tokio::test]
async fn entries_are_listed_by_who_and_operators_have_theirs() {
    let world = World::new().await;
    let (one, other) = (world.admin().await, world.admin().await);
    let concert = json!({ "name": "Concert", "description": "" });
    one.post("/concerts", concert.clone()).await.expect(201);
    world.wait(1);
    other.post("/concerts", concert.clone()).await.expect(201);
    world.wait(1);
    other.post("/concerts", concert).await.expect(201);
    let user = account(&world, "mina@example.com").await.id.to_string();
    world.wait(1);
    for _ in 0..2 {
        let role = json!({ "user_id": user, "role": "admin" });
        world.stack.invoke("grant_role", role).await.expect("granted");
    }

    let all = actions(&one).await;
    let who: Vec<&Value> = all.iter().map(|entry| &entry["user_id"]).collect();
    assert_eq!(who, [&Value::Null, &json!(other.id.0), &json!(other.id.0), &json!(one.id.0)]);
    assert_eq!((&all[0]["function"], &all[0]["target"]), (&json!("grant_role"), &json!(user)));
    assert_eq!((&all[0]["source"], &all[0]["changes"]), (&Value::Null, &json!({ "role": "admin" })));
    let mine = one.get(&format!("/admin/actions?user_id={}&limit=1", other.id)).await.expect(200).body;
    assert_eq!(mine["items"][0], all[1]);
    let next = mine["next"].as_str().expect("a second page");
    let rest = one.get(&format!("/admin/actions?user_id={}&cursor={next}", other.id)).await.expect(200).body;
    assert_eq!((&rest["items"], &rest["next"]), (&json!([all[2]]), &Value::Null));
    // A cursor is of its list.
    one.get(&format!("/admin/actions?user_id={}&cursor={next}", one.id)).await.expect_problem(400, "invalid-request");
    one.get("/admin/actions?limit=0").await.expect_problem(400, "invalid-request");
    one.get("/admin/actions?user_id=mina").await.expect_problem(400, "invalid-request");
    world.user().await.get("/admin/actions").await.expect_problem(403, "forbidden");
}
