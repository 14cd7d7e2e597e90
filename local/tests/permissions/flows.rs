//! Everything that functions do, so that each of their calls is seen at least once.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::Method;
use local::aws::engine::ses::Refusal;
use local::aws::iam::Reading;
use onsale_domain::id::{ConcertId, ScheduleId};
use onsale_platform::store::accounts::admin_actions::AdminAction;
use onsale_platform::store::concerts::delete_concert;
use onsale_platform::store::concerts::delete_schedule::{self, Budget, DeleteOutcome};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{cards, erasure, missing_uses, recovery, roles, tickets};
use crate::accounts;
use crate::queue::scenario as queueing;
use crate::support::cards::GOOD;
use crate::support::mail::sends_mail;
use crate::support::receiver::Listening;
use crate::support::recorder::{Disturb, Fault, Gate};
use crate::support::{Person, World};

/// Everything that functions do, in a stack that judges the leading keys of transactions by one reading. The world at
/// its end insists that nothing was refused.
pub async fn all_that_functions_do(reading: Reading) -> World {
    let (world, receiver) = World::with_receiver_and(|options| {
        options.reading = reading;
        sends_mail(options);
    })
    .await;
    people(&world).await;
    recovery::recovering(&world).await;
    erasure::leaving_for_good(&world).await;
    shop(&world).await;
    roles::organising(&world).await;
    buying(&world).await;
    declining(&world).await;
    shelves(&world).await;
    ordering(&world).await;
    giving_back(&world).await;
    giving_back_too_late(&world).await;
    cards::paying_by_card(&world).await;
    tickets::showing(&world).await;
    deleting(&world).await;
    accepted_deletions(&world).await;
    dying_deletions(&world).await;
    seats_of_a_dying_date(&world).await;
    queueing::everything(&world).await;
    mailing(&world).await;
    auditing(&world).await;
    poison(&world).await;
    refused_by_the_data_platform(&world, &receiver).await;
    let refused = missing_uses(&world.stack.access_log().denied(), &BTreeSet::new());
    assert!(refused.is_empty(), "template.yaml does not allow what functions do, {reading:?}: {refused:#?}");
    world
}

/// Everything of accounts, with an address that is taken.
async fn people(world: &World) {
    let mut mina = world.anonymous();
    let user = json!({ "email": "mina@example.com", "password": "correct horse battery", "name": "Mina" });
    mina.post("/users", user.clone()).await.expect(201);
    mina.post("/users", user).await.expect(409);
    let credentials = json!({ "email": "mina@example.com", "password": "correct horse battery" });
    let session = mina.post("/sessions", credentials.clone()).await.expect(200);
    mina.token = Some(session.text("access_token"));
    let user = mina.get("/users/me").await.expect(200).text("user_id");
    // A hash from years ago is made anew.
    accounts::weaken(world, &user).await;
    mina.post("/sessions", credentials).await.expect(200);
    let wrong = json!({ "email": "mina@example.com", "password": "wrong horse battery" });
    mina.post("/sessions", wrong).await.expect(401);
    let refresh = |token: &str| json!({ "refresh_token": token });
    let first = session.text("refresh_token");
    let second = mina.post("/sessions/refresh", refresh(&first)).await.expect(200).text("refresh_token");
    mina.post("/sessions/refresh", refresh(&second)).await.expect(200);
    mina.post("/sessions/refresh", refresh(&first)).await.expect(401);
    mina.get("/users/me/sessions").await.expect(200);
    let change = json!({ "password": "wrong horse battery", "new_password": "another battery staple" });
    mina.call(Method::PUT, "/users/me/password", Some(change), None).await.expect(401);
    // A hash from years ago is made anew by this as well.
    accounts::weaken(world, &user).await;
    for (password, new) in [("correct horse battery", "another battery staple")] {
        let change = json!({ "password": password, "new_password": new });
        mina.call(Method::PUT, "/users/me/password", Some(change), None).await.expect(204);
    }
    mina.delete(&format!("/users/me/sessions/{}", Uuid::from_u128(0x0193_0000_0000_7000_a000_0000_0000_0005)))
        .await
        .expect(204);
    mina.delete("/users/me/sessions").await.expect(204);
    mina.delete("/sessions").await.expect(204);
    // The key that is replaced by the second rotation is the first that ends.
    for _ in 0..3 {
        world.stack.invoke("rotate_keys", json!({})).await.expect("rotated");
    }
    let role = json!({ "user_id": user, "role": "admin" });
    world.stack.invoke("grant_role", role).await.expect("granted");
    mina.get("/health").await.expect(200);
    mina.get("/openapi.json").await.expect(200);
    mina.get("/nowhere").await.expect(404);
}

/// What is on sale, made twice with the same keys and looked at in every way, also as a hall too large to list.
async fn shop(world: &World) {
    let (admin, key) = (world.admin().await, Uuid::from_u128(1));
    let body = json!({ "name": "Concert", "description": "" });
    admin.post_with_key("/concerts", body.clone(), key).await.expect(201);
    let concert = admin.post_with_key("/concerts", body, key).await.expect(201).text("concert_id");
    let date = json!({
        "place": "Olympic Hall", "starts_at": world.at(864_000), "sale_opens_at": world.at(-3_600),
        "sale_closes_at": world.at(864_000),
    });
    let path = format!("/concerts/{concert}/schedules");
    admin.post_with_key(&path, date.clone(), key).await.expect(201);
    let schedule = admin.post_with_key(&path, date, key).await.expect(201).text("schedule_id");
    for look in ["/admin/actions".to_owned(), format!("/admin/actions?user_id={}", admin.id)] {
        admin.get(&look).await.expect(200);
    }
    let rows: Vec<Value> = (1..=10).map(|row| json!({ "row": row.to_string(), "from": 1, "to": 125 })).collect();
    let seats = format!("/schedules/{schedule}/seats");
    admin.post(&seats, json!({ "rows": rows })).await.expect(201);
    let looks = ["/concerts".to_owned(), "/concerts?query=concert".to_owned(), format!("/concerts/{concert}"), path];
    for look in looks {
        admin.get(&look).await.expect(200);
    }
    // Each counts the seats by itself, once nobody has just counted them.
    for look in [format!("/app/concerts/{concert}"), format!("/concerts/{concert}"), "/".to_owned()] {
        world.wait(3);
        admin.get(&look).await.expect(200);
    }
    admin.get("/?query=concert").await.expect(200);
    world.wait(3);
    let looks =
        [format!("/schedules/{schedule}"), seats.clone(), format!("{seats}?section=A"), format!("{seats}/A-1-1")];
    for look in looks {
        admin.get(&look).await.expect(200);
    }
}

/// From the wallet to the ticket, by both ways of holding; with collisions, lapses, and a seat that another took over.
async fn buying(world: &World) {
    let schedule = world.schedule_with_seats().await;
    let (mina, joon) = (world.user_with(500_000).await, world.user_with(500_000).await);
    mina.post("/wallet", json!({})).await.expect(200);
    mina.get("/wallet").await.expect(200);
    let three = mina.hold(&schedule, &["A-1-1", "A-1-2", "A-1-3"]).await.expect(201).reservation();
    let path = format!("/reservations/{three}");
    mina.get("/reservations").await.expect(200);
    mina.get(&path).await.expect(200);
    mina.get(&format!("{path}/tickets/A-1-1")).await.expect(200);
    mina.delete(&format!("{path}/tickets/A-1-3")).await.expect(200);
    mina.pay(&three).await.expect(201);
    mina.get(&format!("/payments/rsv-{three}")).await.expect(200);
    mina.get("/wallet/entries").await.expect(200);
    let seat = format!("/schedules/{schedule}/seats/A-1-4/hold");
    joon.put(&seat).await.expect(201);
    joon.put(&seat).await.expect(200);
    mina.put(&seat).await.expect_problem(409, "seat-taken");
    joon.delete(&seat).await.expect(204);
    let one = joon.hold(&schedule, &["A-1-5"]).await.expect(201).reservation();
    joon.delete(&format!("/reservations/{one}")).await.expect(200);
    let best = json!({ "schedule_id": schedule, "best": { "count": 1 } });
    let best = joon.post("/reservations", best).await.expect(201).reservation();
    joon.delete(&format!("/reservations/{best}")).await.expect(200);
    // Refused by the rules, but for a look whether this very request had a success.
    let many: Vec<String> = (10..15).map(|number| format!("A-1-{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    joon.hold(&schedule, &many).await.expect_problem(409, "seat-limit");
    // Many want a seat at once: who collides looks.
    let collision = Arc::new(Disturb::next("TransactWriteItems", Fault::Conflict, 1));
    world.stack.intercept(Some(collision));
    joon.hold(&schedule, &["A-1-6"]).await.expect(201);
    world.stack.intercept(None);
    // A faster clock takes a seat over while its holder pays.
    let late = mina.hold(&schedule, &["A-1-7"]).await.expect(201).reservation();
    let idle = world.user().await;
    let (eight, nine) = (idle.hold(&schedule, &["A-1-8"]).await, idle.hold(&schedule, &["A-1-9"]).await);
    world.wait(310);
    idle.delete(&format!("/reservations/{}", eight.expect(201).reservation())).await.expect(200);
    idle.delete(&format!("/reservations/{}/tickets/A-1-9", nine.expect(201).reservation())).await.expect(200);
    let next = world.user().await;
    next.hold(&schedule, &["A-1-7"]).await.expect(201);
    world.wait(-30);
    mina.pay(&late).await.expect_problem(409, "hold-expired");
    world.wait(400);
    world.stack.run_schedule("run_expiry").await.expect("swept");
}

/// A payment without money, and what its event sets off.
async fn declining(world: &World) {
    let schedule = world.schedule_with_seats().await;
    let poor = world.user_with(0).await;
    let held = poor.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    poor.pay(&held).await.expect_problem(402, "insufficient-balance");
    world.stack.drain_events().await.expect("settled");
}

/// What is sold by the piece, made twice with the same keys, changed, looked at in every way, and ranked.
async fn shelves(world: &World) {
    let (admin, key) = (world.admin().await, Uuid::from_u128(2));
    let body = json!({ "name": "Light stick", "price": 1_000, "stock": 4, "stock_shards": 2 });
    admin.post_with_key("/products", body.clone(), key).await.expect(201);
    let product = admin.post_with_key("/products", body, key).await.expect(201).text("product_id");
    let path = format!("/products/{product}");
    for delta in [2, -2] {
        admin.post(&format!("{path}/stock"), json!({ "delta": delta })).await.expect(201);
    }
    admin.patch(&path, json!({ "price": 900 })).await.expect(200);
    let body = json!({
        "name": "Half", "discount": { "kind": "percent", "value": 50 }, "quantity": 2, "shards": 2,
        "valid_from": world.at(0).to_string(), "valid_until": world.at(86_400).to_string(),
    });
    admin.post_with_key("/coupons", body.clone(), key).await.expect(201);
    let coupon = admin.post_with_key("/coupons", body, key).await.expect(201).text("coupon_id");
    for _ in 0..2 {
        world.user().await.claim(&coupon).await.expect(201);
    }
    world.user().await.claim(&coupon).await.expect_problem(409, "coupon-exhausted");
    for look in [path, "/products".to_owned(), "/products/popular".to_owned(), format!("/coupons/{coupon}")] {
        admin.get(&look).await.expect(200);
    }
    let buyer = world.user_with(10_000).await;
    buyer.buy(&[(&product, 1)]).await.expect(201);
    world.stack.drain_events().await.expect("settled");
    world.stack.run_schedule("rank_products").await.expect("ranked");
    world.anonymous().get("/products/popular?days=7").await.expect(200);
}

/// Orders in every way: looked at, given up, lapsed while each function looks, short of one shard, declined, swept.
async fn ordering(world: &World) {
    let product = world.product_with(json!({ "stock": 40, "stock_shards": 2 })).await;
    let (coupon, mina) = (world.coupon(5).await, world.user_with(10_000).await);
    mina.claim(&coupon).await.expect(201);
    mina.get("/users/me/coupons").await.expect(200);
    let order = mina.order_with(&[(&product, 1)], &coupon, false).await.expect(201).order();
    mina.get("/orders").await.expect(200);
    mina.delete(&format!("/orders/{order}")).await.expect(200);
    // More than one shard has.
    mina.order(&[(&product, 21)]).await.expect(201);
    world.wait(400);
    world.stack.run_schedule("run_expiry").await.expect("swept");
    let mut lapsed = Vec::new();
    for _ in 0..3 {
        lapsed.push(mina.order(&[(&product, 1)]).await.expect(201).order());
    }
    let last = mina.order_with(&[(&product, 1)], &coupon, false).await.expect(201).order();
    world.wait(310);
    mina.get(&format!("/orders/{}", lapsed[0])).await.expect(200);
    mina.delete(&format!("/orders/{}", lapsed[1])).await.expect(200);
    mina.pay_order(&lapsed[2]).await.expect_problem(409, "hold-expired");
    // The coupon of a lapsed order is used by the next, after the pause.
    world.wait(60);
    let next = mina.order_with(&[(&product, 1)], &coupon, false).await.expect(201).order();
    assert_eq!((mina.order_state(&last).await, mina.order_state(&next).await), ("expired".into(), "pending".into()));
    let poor = world.user_with(0).await;
    let declined = poor.order(&[(&product, 1)]).await.expect(201).order();
    poor.pay_order(&declined).await.expect_problem(402, "insufficient-balance");
    world.stack.drain_events().await.expect("settled");
}

/// Payments of both kinds, given back.
async fn giving_back(world: &World) {
    let (schedule, product) = (world.schedule_with_seats().await, world.product(1_000, 5).await);
    let mina = world.user_with(100_000).await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
    let held = mina.hold(&schedule, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    mina.delete(&format!("/reservations/{held}/tickets/A-1-1")).await.expect(200);
    let admin = world.admin().await;
    for _ in ["at first", "again"] {
        let (spent, charged) = (json!({ "amount": 1, "memo": "tea" }), json!({ "amount": 1 }));
        mina.post_with_key("/wallet/payments", spent, Uuid::from_u128(1)).await.expect(201);
        mina.post_with_key("/wallet/charges", charged, Uuid::from_u128(2)).await.expect(201);
        let (path, credit) = (format!("/users/{}/credits", mina.id), json!({ "amount": 1, "reason": "rain" }));
        admin.post_with_key(&path, credit, Uuid::from_u128(3)).await.expect(201);
    }
    let order = mina.order(&[(&product, 1)]).await.expect(201).order();
    mina.pay_order(&order).await.expect(201);
    mina.get(&format!("/payments/ord-{order}")).await.expect(200);
    mina.refund_order(&order).await.expect(200);
    world.stack.drain_events().await.expect("settled");
}

/// A refund that is refused looks once more whether it was made in time.
async fn giving_back_too_late(world: &World) {
    let change = json!({ "starts_at": world.at(1_000).to_string(), "sale_closes_at": world.at(900).to_string() });
    let schedule = world.schedule_with(change).await;
    world.admin().await.post(&format!("/schedules/{schedule}/seats"), json!({})).await.expect(201);
    let mina = world.user_with(100_000).await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    world.wait(1_001);
    let mina = world.with_fresh_token(&mina).await;
    mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect_problem(409, "concert-started");
}

/// A concert with a date of 50 seats: the ids of both.
async fn concert(world: &World, admin: &Person) -> (String, String) {
    let schedule = world.schedule_with_seats().await;
    let shown = admin.get(&format!("/schedules/{schedule}")).await.expect(200);
    (shown.text("concert_id"), schedule)
}

async fn sweep(world: &World) {
    world.wait(400);
    for _ in 0..2 {
        world.stack.run_schedule("run_expiry").await.expect("swept");
    }
}

/// Deletions that are carried out, of a date and of a concert whose date is deleted once more.
async fn deleting(world: &World) {
    let admin = world.admin().await;
    let (one, date) = concert(world, &admin).await;
    admin.delete(&format!("/concerts/{one}/schedules/{date}")).await.expect(204);
    let (two, date) = concert(world, &admin).await;
    admin.delete(&format!("/concerts/{two}")).await.expect(204);
    admin.delete(&format!("/concerts/{two}/schedules/{date}")).await.expect(204);
    sweep(world).await;
}

/// Deletions that one request has no time for, of a date and of a concert: the sweep makes them certain.
async fn accepted_deletions(world: &World) {
    let admin = world.admin().await;
    let id = |text: &str| text.parse::<Uuid>().expect("an id");
    let asked = |function, target: &str| AdminAction::by_operator(function, target);
    let app = world.stack.app();
    let (one, date) = concert(world, &admin).await;
    let mut budget = Budget::new(1);
    let of_date = delete_schedule::delete_schedule(
        app,
        ConcertId(id(&one)),
        ScheduleId(id(&date)),
        asked("delete_schedule", &date),
        &mut budget,
    );
    assert_eq!(of_date.await.expect("the table answers"), DeleteOutcome::Accepted);
    let (two, _) = concert(world, &admin).await;
    let mut budget = Budget::new(1);
    let of_concert =
        delete_concert::delete_concert(app, ConcertId(id(&two)), asked("delete_concert", &two), &mut budget);
    assert_eq!(of_concert.await.expect("the table answers"), DeleteOutcome::Accepted);
    sweep(world).await;
}

/// Deletions that die half way, and a concert's that meets one of a date.
async fn dying_deletions(world: &World) {
    let admin = world.admin().await;
    let (id, date) = concert(world, &admin).await;
    let lose =
        |spared| world.stack.intercept(Some(Arc::new(Disturb::after("UpdateItem", Fault::LoseRequest, spared, 9))));
    lose(1);
    admin.delete(&format!("/concerts/{id}/schedules/{date}")).await.expect_problem(503, "busy");
    world.stack.intercept(None);
    // While it may yet come to nothing, nobody is told that the seats are gone.
    admin.hold(&date, &["A-1-1"]).await.expect_problem(503, "busy");
    admin.put(&format!("/schedules/{date}/seats/A-1-1/hold")).await.expect_problem(503, "busy");
    admin.delete(&format!("/concerts/{id}")).await.expect_problem(503, "busy");
    let (id, _) = concert(world, &admin).await;
    lose(2);
    admin.delete(&format!("/concerts/{id}")).await.expect_problem(503, "busy");
    world.stack.intercept(None);
    sweep(world).await;
}

/// Seats that are created while their date is deleted.
async fn seats_of_a_dying_date(world: &World) {
    let admin = world.admin().await;
    let schedule = world.schedule().await;
    let concert = admin.get(&format!("/schedules/{schedule}")).await.expect(200).text("concert_id");
    let gate = Arc::new(Gate::before("create_seats", "GetItem"));
    world.stack.intercept(Some(gate.clone()));
    let path = format!("/schedules/{schedule}/seats");
    let creating = tokio::spawn({
        let admin = admin.clone();
        async move { admin.post(&path, json!({})).await }
    });
    gate.reached().await;
    admin.delete(&format!("/concerts/{concert}/schedules/{schedule}")).await.expect(204);
    gate.open();
    creating.await.expect("no panic").expect_problem(404, "not-found");
    world.stack.intercept(None);
}

/// Both sides of everything, and a sold seat whose block is gone: its schedule is looked for.
async fn auditing(world: &World) {
    let schedule = world.schedule_with_seats().await;
    let buyer = world.user_with(100_000).await;
    let held = buyer.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    buyer.pay(&held).await.expect(201);
    let key = json!({ "pk": { "S": format!("SEATS#{schedule}#A#1") }, "sk": { "S": "BLOCK#1#000" } });
    let request = json!({ "TableName": world.stack.template().table.name, "Key": key });
    world.stack.dynamodb().call("DeleteItem", &request).expect("deleted");
    let report = world.stack.run_schedule("audit_ledger").await.expect("audited");
    assert_eq!(report["outcome"], "differ", "{report}");
}

/// Letters of a purchase, of an order and of a refund by card; to somebody whom SES says not to have, and who is let
/// have mail again; and one that SES does not take now.
async fn mailing(world: &World) {
    let (schedule, product) = (world.schedule_with_seats().await, world.product(1_000, 5).await);
    let mina = world.buyer("bounce@simulator.amazonses.com", 200_000).await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    world.stack.drain_events().await.expect("settled");
    assert_eq!(world.letters().pop().as_deref(), Some("tickets"));
    mina.buy(&[(&product, 1)]).await.expect(201);
    world.stack.drain_events().await.expect("settled");
    let user = json!({ "user_id": mina.id.to_string() });
    world.stack.invoke("allow_mail", user).await.expect("an answer");
    let held = mina.hold(&schedule, &["A-1-2"]).await.expect(201).reservation();
    mina.pay_by_card(world, &held, GOOD).await;
    world.settle_cards().await;
    mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
    world.put_account(&mina, "Mina", "mina@example.com", None);
    let refusal = Refusal { code: "TooManyRequestsException", message: "Maximum sending rate exceeded." };
    world.stack.ses().refuse(Some(refusal));
    world.stack.relay().await.expect("relayed");
    world.stack.deliver().await.expect("delivered");
    world.stack.ses().refuse(None);
    world.settle_cards().await;
}

/// A change that no code of ours would write.
async fn poison(world: &World) {
    let item = json!({ "pk": { "S": "USER#x" }, "sk": { "S": "RSV#x" }, "change": { "S": "reservation.eaten" } });
    let request = json!({ "TableName": world.stack.template().table.name, "Item": item });
    world.stack.dynamodb().call("PutItem", &request).expect("put");
    world.stack.drain_events().await.expect("settled");
}

/// Events that are put off, and events that are refused for good.
async fn refused_by_the_data_platform(world: &World, receiver: &Listening) {
    for answer in [500, 410] {
        receiver.answer(answer);
        declining(world).await;
    }
    assert!(world.stack.sqs().queues().census(&world.stack.template().unread_queues()).1.len() > 1);
}
