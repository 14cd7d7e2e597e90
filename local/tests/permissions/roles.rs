//! Roles: given, listed, used and taken away, so that each call of those that ask for one is seen.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::recorder::{Disturb, Fault};
use crate::support::{Person, World};

async fn account(world: &World, email: &str) -> Person {
    let mut person = world.anonymous();
    let body = json!({ "email": email, "password": "correct horse battery", "name": "Mina" });
    let user = person.post("/users", body).await.expect(201);
    let credentials = json!({ "email": email, "password": "correct horse battery" });
    person.token = Some(person.post("/sessions", credentials).await.expect(200).text("access_token"));
    person.id = user.text("user_id").parse().expect("an id");
    person
}

/// Somebody becomes an organiser, sells a date of an own concert behind a queue, with a steward, and takes all of it
/// away again; an administrator passes the queue.
pub async fn organising(world: &World) {
    let (admin, organiser) = (world.admin().await, account(world, "organiser@example.com").await);
    let steward = account(world, "steward@example.com").await;
    let role = format!("/users/{}/roles/organiser", organiser.id);
    admin.put(&role).await.expect(204);
    admin.put(&role).await.expect(204);
    let queue = json!({ "capacity": 5, "admit_per_second": 1, "active_minutes": 5 });
    admin.call(Method::PUT, "/queues/door", Some(queue), None).await.expect(201);
    let body = json!({ "name": "Own", "description": "", "queue_id": "door" });
    let concert = organiser.post("/concerts", body).await.expect(201).text("concert_id");
    let stewards = format!("/concerts/{concert}/stewards");
    let steward = format!("{stewards}/{}", steward.id);
    organiser.put(&steward).await.expect(204);
    organiser.put(&steward).await.expect(204);
    organiser.get(&stewards).await.expect(200);
    admin.get("/admin/roles").await.expect(200);
    organiser.get("/users/me").await.expect(200);
    let date = json!({
        "place": "Hall", "starts_at": world.at(864_000), "sale_opens_at": world.at(-3_600),
        "sale_closes_at": world.at(864_000),
    });
    let path = format!("/concerts/{concert}/schedules");
    let schedule = organiser.post(&path, date).await.expect(201).text("schedule_id");
    let seats = format!("/schedules/{schedule}/seats");
    organiser.post(&seats, json!({})).await.expect(201);
    passing(world, &admin, &path, &schedule).await;
    let unset = json!({ "queue_id": Value::Null });
    organiser.call(Method::PUT, &format!("/concerts/{concert}/queue"), Some(unset), None).await.expect(409);
    organiser.delete(&format!("{path}/{schedule}")).await.expect(409);
    organiser.delete(&format!("/concerts/{concert}")).await.expect(409);
    // Whose answer was lost looks whether it was done.
    let lost = || world.stack.intercept(Some(Arc::new(Disturb::next("TransactWriteItems", Fault::LoseAnswer, 3))));
    lost();
    organiser.delete(&steward).await.expect(204);
    lost();
    organiser.put(&steward).await.expect(204);
    organiser.delete(&steward).await.expect(204);
    organiser.delete(&steward).await.expect(204);
    lost();
    admin.delete(&role).await.expect(204);
    lost();
    admin.put(&role).await.expect(204);
    let role = json!({ "user_id": organiser.id.0, "role": "organiser" });
    for function in ["revoke_role", "grant_role", "grant_role", "revoke_role", "revoke_role", "grant_role"] {
        lost();
        world.stack.invoke(function, role.clone()).await.expect("done");
    }
    world.stack.intercept(None);
}

/// An administrator needs no queue token, and without one is looked up.
async fn passing(world: &World, admin: &Person, dates: &str, schedule: &str) {
    admin.post("/wallet", json!({})).await.expect(201);
    admin.post("/wallet/charges", json!({ "amount": 200_000 })).await.expect(201);
    for look in [dates.to_owned(), format!("/schedules/{schedule}/seats"), format!("/schedules/{schedule}/seats/A-1-1")]
    {
        admin.get(&look).await.expect(200);
    }
    admin.put(&format!("/schedules/{schedule}/seats/A-1-1/hold")).await.expect(201);
    let held = admin.hold(schedule, &["A-1-2"]).await.expect(201).reservation();
    admin.pay(&held).await.expect(201);
    // Who became an administrator after the hold pays by its admission.
    let mut mina = world.user_with(200_000).await;
    mina.queue_token = Some(mina.post("/queues/door/tokens", json!({})).await.expect(201).text("token"));
    for _ in 0..3 {
        world.wait(1);
        world.stack.run_schedule("advance_queues").await.expect("advanced");
    }
    let claimed = mina.get("/queues/door/tokens/me").await.expect(200);
    mina.queue_token = Some(claimed.text("token"));
    for seat in ["A-1-3", "A-1-4"] {
        let held = mina.hold(schedule, &[seat]).await.expect(201).reservation();
        let promoted = world.as_admin(&mina).await.with_queue_token(None);
        if seat == "A-1-3" {
            promoted.start_card(json!({ "reservation_id": held })).await.expect(201);
        } else {
            promoted.pay(&held).await.expect(201);
        }
        world.take_grant(&mina, "admin");
    }
}
