//! What operations cost, as the table counts it, against the budget of `docs/data.md`.

use std::sync::Arc;

use axum::http::Method;
use serde_json::json;

use crate::accounts::PASSWORD;
use crate::support::recorder::{Cost, Meter};
use crate::support::{Person, World};

/// A write budget, and a read budget with the number of calls.
#[track_caller]
pub fn within(what: &str, cost: Cost, write: f64, read: f64, calls: usize) {
    println!("{what}: {} write units, {} read units, {} calls", cost.write, cost.read, cost.calls);
    assert!(cost.calls > 0, "{what} was not metered");
    assert!(cost.write <= write, "{what} costs {} write units, budget {write}", cost.write);
    assert!(cost.read <= read, "{what} costs {} read units, budget {read}", cost.read);
    assert!(cost.calls <= calls, "{what} makes {} calls, budget {calls}", cost.calls);
}

/// Makes the process that holds seats a warm one, which knows the schedule, by asking for a seat that is not there.
async fn warm(user: &Person, schedule: &str, no_seat: &str) {
    user.hold(schedule, &[no_seat]).await.expect_problem(404, "seat-not-found");
}

/// Whether earlier holds of its user were paid or let lapse, a hold costs the same; only one that needs their room ends
/// them first.
#[tokio::test]
async fn who_holds_again_pays_no_more_but_for_room() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let user = world.user_with(1_000_000).await;
    let meter = Arc::new(Meter::default());
    warm(&user, &schedule, "A-1-51").await;
    let bought = user.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    user.pay(&bought).await.expect(201);
    world.wait(310);
    warm(&user, &schedule, "A-1-51").await;
    world.stack.intercept(Some(meter.clone()));
    user.hold(&schedule, &["A-1-2"]).await.expect(201);
    within("hold again after a purchase", meter.take(), 5.0, 2.0, 3);
    world.wait(310);
    warm(&user, &schedule, "A-1-51").await;
    meter.take();
    user.hold(&schedule, &["A-1-2"]).await.expect(201);
    within("hold again after a hold that lapsed unseen", meter.take(), 5.0, 2.0, 3);
    world.wait(310 + 60);
    let user = world.with_fresh_token(&user).await;
    warm(&user, &schedule, "A-1-51").await;
    meter.take();
    // One is bought, and two have lapsed: each gives its room by an update of its own.
    user.hold(&schedule, &["A-1-2", "A-1-3"]).await.expect(201);
    within("hold again where two that lapsed unseen keep the limit", meter.take(), 9.0, 5.0, 8);
}

#[tokio::test]
async fn operations_stay_within_their_budgets() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let user = world.user_with(1_000_000).await;
    let meter = Arc::new(Meter::default());
    warm(&user, &schedule, "A-1-51").await;
    world.stack.intercept(Some(meter.clone()));

    // 2(b + 1) for b blocks and the log, and 1 for the expiry index.
    let one = user.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    within("hold 1 seat", meter.take(), 5.0, 2.0, 3);
    user.delete(&format!("/reservations/{one}")).await.expect(200);
    within("release 1 seat", meter.take(), 5.0, 1.0, 2);
    let four = user.hold(&schedule, &["A-1-1", "A-1-2", "A-1-3", "A-1-4"]).await.expect(201).reservation();
    within("hold 4 neighbours", meter.take(), 5.0, 2.0, 3);
    user.delete(&format!("/reservations/{four}/tickets/A-1-4")).await.expect(200);
    within("cancel 1 ticket", meter.take(), 4.0, 1.0, 2);
    user.pay(&four).await.expect(201);
    within("pay 3 neighbours", meter.take(), 7.0, 2.0, 3);
    user.delete(&format!("/reservations/{four}/tickets/A-1-1")).await.expect(200);
    within("refund 1 ticket", meter.take(), 9.0, 3.0, 4);
    let code = format!("/reservations/{four}/tickets/A-1-2/code");
    user.get(&code).await.expect(200);
    meter.take();
    user.get(&code).await.expect(200);
    within("show a code", meter.take(), 0.0, 1.0, 1);
    user.post(&code, json!({})).await.expect(201);
    within("give a ticket a new code", meter.take(), 8.0, 1.0, 2);
    user.hold(&schedule, &["A-1-26"]).await.expect(201);
    meter.take();
    world.wait(400);
    world.stack.run_schedule("run_expiry").await.expect("swept");
    let swept = meter.take();
    // The index is read in 48 pieces; the expiry itself is 1 read and 2 write units.
    within("expire 1 hold", swept, 2.0, 25.0, 50);
    // The authorizer reads its keys again after a while; that is not what a top-up costs.
    user.get("/wallet").await.expect(200);
    meter.take();
    user.post("/wallet/charges", json!({ "amount": 1 })).await.expect(201);
    within("top up", meter.take(), 4.0, 1.0, 2);
    user.post("/wallet/payments", json!({ "amount": 1, "memo": "tea" })).await.expect(201);
    within("spend", meter.take(), 4.0, 1.0, 2);
    let admin = world.admin().await;
    admin.get("/wallet").await.expect(404);
    meter.take();
    let credit = json!({ "amount": 1, "reason": "rain" });
    admin.post(&format!("/users/{}/credits", user.id), credit).await.expect(201);
    within("credit a wallet", meter.take(), 8.0, 2.0, 3);
    user.get(&format!("/schedules/{schedule}/seats")).await.expect(200);
    meter.take();
    world.wait(2);
    user.get(&format!("/schedules/{schedule}/seats")).await.expect(200);
    // A query of each part of the section, and the overview.
    within("list 50 seats", meter.take(), 0.0, 3.0, 5);
    user.get(&format!("/schedules/{schedule}/seats")).await.expect(200);
    let cost = meter.take();
    assert_eq!(cost.calls, 0, "a second viewer within a second costs nothing");

    let rows = json!([{ "row": "1", "from": 1, "to": 2 }]);
    let free = json!({ "section": "F", "rows": rows, "price": 0 });
    world.admin().await.post(&format!("/schedules/{schedule}/seats"), free).await.expect(201);
    let new = world.user().await;
    let held = new.hold(&schedule, &["F-1-1", "F-1-2"]).await.expect(201).reservation();
    meter.take();
    new.pay(&held).await.expect(201);
    within("pay 2 neighbours that cost nothing", meter.take(), 5.0, 2.0, 3);
    new.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
    within("refund 2 neighbours that cost nothing", meter.take(), 7.0, 2.0, 3);

    let poor = world.user_with(0).await;
    let held = poor.hold(&schedule, &["A-1-50"]).await.expect(201).reservation();
    meter.take();
    poor.pay(&held).await.expect_problem(402, "insufficient-balance");
    within("decline", meter.take(), 1.0, 2.0, 3);
    user.hold(&schedule, &["A-1-50"]).await.expect_problem(409, "seat-taken");
    // A look at the block, then at the log: whose seat it is, and whether it is this very hold's.
    within("refuse a taken seat", meter.take(), 0.0, 2.0, 2);
}

#[tokio::test]
async fn six_tickets_cost_no_more_than_one() {
    let world = World::new().await;
    let schedule = world.schedule_with(json!({ "max_seats_per_user": 6 })).await;
    world.admin().await.post(&format!("/schedules/{schedule}/seats"), json!({})).await.expect(201);
    let user = world.user_with(1_000_000).await;
    warm(&user, &schedule, "A-1-51").await;
    let meter = Arc::new(Meter::default());
    world.stack.intercept(Some(meter.clone()));
    let seats = ["A-1-1", "A-1-2", "A-1-3", "A-1-4", "A-1-5", "A-1-6"];
    let held = user.hold(&schedule, &seats).await.expect(201).reservation();
    within("hold 6 neighbours", meter.take(), 5.0, 2.0, 3);
    user.pay(&held).await.expect(201);
    within("pay 6 neighbours", meter.take(), 7.0, 2.0, 3);
}

/// A stadium: 50,000 seats in 20 sections of 20 rows of 125.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stadium_costs_a_viewer_and_a_buyer_what_a_club_costs() {
    let world = World::new().await;
    let (schedule, admin) = (world.schedule().await, world.admin().await);
    let meter = Arc::new(Meter::default());
    let mut writes = 0.0;
    for section in 1..=20 {
        let rows: Vec<_> = (1..=20).map(|row| json!({ "row": row.to_string(), "from": 1, "to": 125 })).collect();
        let body = json!({ "section": format!("S{section}"), "rows": rows, "price": 90_000 });
        world.stack.intercept(Some(meter.clone()));
        let created = admin.post(&format!("/schedules/{schedule}/seats"), body).await.expect(201);
        assert_eq!(created.body["created"], 2_500);
        writes += meter.take().write;
    }
    println!("50,000 seats: {writes} write units");
    assert!(writes <= 2_200.0, "50,000 seats cost {writes} write units");

    let viewer = world.anonymous();
    let counts = viewer.get(&format!("/schedules/{schedule}/seats")).await.expect(200);
    assert_eq!(counts.body["sections"].as_array().map(Vec::len), Some(20));
    assert_eq!(counts.body["items"], json!([]));
    assert_eq!(counts.body["sections"][0]["available"], 2_500);
    meter.take();
    viewer.get(&format!("/schedules/{schedule}/seats")).await.expect(200);
    assert_eq!(meter.take(), Cost::default(), "the overview is remembered for a second");

    let section = format!("/schedules/{schedule}/seats?section=S7");
    let listed = viewer.get(&section).await.expect(200);
    assert_eq!(listed.body["items"].as_array().map(Vec::len), Some(2_500));
    // 2,500 seats are about 25 KB: the reads of one section, not of the hall.
    within("list a section of 2,500", meter.take(), 0.0, 10.0, 4);

    let user = world.user_with(1_000_000).await;
    warm(&user, &schedule, "S7-1-126").await;
    meter.take();
    let held = user.hold(&schedule, &["S7-20-100", "S7-20-99"]).await.expect(201).reservation();
    within("hold in a stadium", meter.take(), 5.0, 2.0, 3);
    user.pay(&held).await.expect(201);
    within("pay in a stadium", meter.take(), 7.0, 2.0, 3);
    world.wait(2);
    let counts = viewer.get(&format!("/schedules/{schedule}/seats")).await.expect(200);
    let sold: i64 =
        counts.body["sections"].as_array().expect("sections").iter().filter_map(|s| s["sold"].as_i64()).sum();
    assert_eq!(sold, 2);
}

#[tokio::test]
async fn an_erasure_stays_within_its_budget() {
    let world = World::new().await;
    let mut mina = world.anonymous();
    let body = json!({ "email": "mina@example.com", "password": PASSWORD, "name": "Mina" });
    mina.id = mina.post("/users", body).await.expect(201).text("user_id").parse().expect("an id");
    let body = json!({ "email": "mina@example.com", "password": PASSWORD });
    mina.token = Some(mina.post("/sessions", body).await.expect(200).text("access_token"));
    mina.get("/users/me/data").await.expect(200);
    let meter = Arc::new(Meter::default());
    world.stack.intercept(Some(meter.clone()));
    mina.get("/users/me/data").await.expect(200);
    within("export an account", meter.take(), 0.0, 3.0, 3);
    mina.call(Method::DELETE, "/users/me", Some(json!({ "password": PASSWORD })), None).await.expect(204);
    within("erase an account without a wallet", meter.take(), 16.0, 14.0, 20);
    world.stack.intercept(None);
    world.check_invariants().await;
}
