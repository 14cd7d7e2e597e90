//! The queue of a concert: given, changed and taken away before its sale.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::queue::QUEUE;
use crate::support::recorder::Gate;
use crate::support::{Person, Reply, World};

async fn set_queue(admin: &Person, concert: &str, queue: Value) -> Reply {
    let body = Some(json!({ "queue_id": queue }));
    admin.call(Method::PUT, &format!("/concerts/{concert}/queue"), body, None).await
}

/// A date of a new concert whose sale opens in so many seconds: the concert and the date.
async fn date_on_sale_in(world: &World, seconds: i64) -> (String, String) {
    let concert = json!({ "name": "Concert", "description": "" });
    let opens = json!({ "sale_opens_at": world.at(seconds).to_string() });
    let date = world.schedule_of(concert, opens).await;
    let admin = world.admin().await;
    admin.post(&format!("/schedules/{date}/seats"), json!({})).await.expect(201);
    (admin.get(&format!("/schedules/{date}")).await.expect(200).text("concert_id"), date)
}

#[tokio::test]
async fn a_concert_gets_changes_and_loses_its_queue_before_its_sale() {
    let world = World::new().await;
    let admin = world.admin().await;
    for queue in [QUEUE, "autumn"] {
        world.put_queue(queue, json!({})).await;
    }
    let (concert, date) = date_on_sale_in(&world, 3_600).await;
    let shown = async |path: String| admin.get(&path).await.expect(200).body["queue_id"].clone();
    for queue in [json!(QUEUE), json!("autumn"), Value::Null, json!("autumn")] {
        for _ in 0..2 {
            let changed = set_queue(&admin, &concert, queue.clone()).await.expect(200);
            assert_eq!(changed.body["queue_id"], queue);
        }
        let of_concert = shown(format!("/concerts/{concert}")).await;
        assert_eq!((of_concert, shown(format!("/schedules/{date}")).await), (queue.clone(), queue));
        world.check_invariants().await;
    }
    let books = world.check_invariants().await;
    assert_eq!((books.guarded_concerts(QUEUE), books.guarded_concerts("autumn")), (0, 1));
    // A date that is added has the queue of now, and buyers need its token.
    let added = json!({
        "place": "Hall", "starts_at": world.at(90_000).to_string(), "sale_opens_at": world.at(3_600).to_string(),
        "sale_closes_at": world.at(80_000).to_string(),
    });
    let added = admin.post(&format!("/concerts/{concert}/schedules"), added).await.expect(201);
    assert_eq!(added.body["queue_id"], "autumn");
    world.wait(3_600);
    let mina = world.user_with(100_000).await;
    mina.hold(&date, &["A-1-1"]).await.expect_problem(401, "queue-token-required");
    mina.get(&format!("/schedules/{date}/seats")).await.expect_problem(401, "queue-token-required");
}

#[tokio::test]
async fn nobody_changes_the_queue_of_a_sale_that_has_opened_or_is_about_to() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.queue(json!({})).await;
    for seconds in [-60, 0, 179] {
        let (concert, _) = date_on_sale_in(&world, seconds).await;
        set_queue(&admin, &concert, json!(QUEUE)).await.expect_problem(409, "sale-opened");
    }
    let (concert, _) = date_on_sale_in(&world, 181).await;
    set_queue(&admin, &concert, json!(QUEUE)).await.expect(200);
    world.wait(2);
    set_queue(&admin, &concert, Value::Null).await.expect_problem(409, "sale-opened");
    // A queue that it has already is no change.
    set_queue(&admin, &concert, json!(QUEUE)).await.expect(200);
    assert_eq!(world.check_invariants().await.guarded_concerts(QUEUE), 1);
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (concert, _) = date_on_sale_in(&world, 3_600).await;
    set_queue(&admin, &concert, json!("nowhere")).await.expect_problem(404, "not-found");
    world.queue(json!({})).await;
    let nobody = "01930000-0000-7000-8000-00000000ffff";
    set_queue(&admin, nobody, json!(QUEUE)).await.expect_problem(404, "not-found");
    set_queue(&admin, &concert, json!("No Slug")).await.expect_problem(400, "invalid-request");
    set_queue(&world.user().await, &concert, json!(QUEUE)).await.expect_problem(403, "forbidden");
    // No more than 45 dates change together.
    for number in 0..45 {
        let date = json!({
            "place": "Hall", "starts_at": world.at(90_000 + number).to_string(),
            "sale_opens_at": world.at(3_600).to_string(), "sale_closes_at": world.at(80_000).to_string(),
        });
        admin.post(&format!("/concerts/{concert}/schedules"), date).await.expect(201);
        if number == 43 {
            set_queue(&admin, &concert, json!(QUEUE)).await.expect(200);
        }
    }
    set_queue(&admin, &concert, Value::Null).await.expect_problem(409, "date-limit");
    world.check_invariants().await;
}

#[tokio::test]
async fn a_date_that_is_added_while_the_queue_changes_has_the_queue_of_its_concert() {
    for stopped in ["create_schedule", "set_concert_queue"] {
        let world = Arc::new(World::new().await);
        let admin = world.admin().await;
        world.queue(json!({})).await;
        let (concert, _) = date_on_sale_in(&world, 3_600).await;
        let added = {
            let (admin, concert, world) = (admin.clone(), concert.clone(), Arc::clone(&world));
            async move {
                let date = json!({
                    "place": "Hall", "starts_at": world.at(90_000).to_string(),
                    "sale_opens_at": world.at(3_600).to_string(), "sale_closes_at": world.at(80_000).to_string(),
                });
                admin.post(&format!("/concerts/{concert}/schedules"), date).await
            }
        };
        let changed = {
            let (admin, concert) = (admin.clone(), concert.clone());
            async move { set_queue(&admin, &concert, json!(QUEUE)).await }
        };
        let gate = Arc::new(Gate::before(stopped, "TransactWriteItems"));
        world.stack.intercept(Some(gate.clone()));
        let (first, second) = if stopped == "create_schedule" {
            let first = tokio::spawn(added);
            gate.reached().await;
            (first, changed.await)
        } else {
            let first = tokio::spawn(changed);
            gate.reached().await;
            (first, added.await)
        };
        gate.open();
        let first = first.await.expect("no panic");
        world.stack.intercept(None);
        assert!(second.status.is_success(), "{stopped}: {}", second.body);
        // It is done a second time by its function, or its caller is asked to.
        assert!(first.status.is_success() || first.status.as_u16() == 503, "{stopped}: {}", first.body);
        world.check_invariants().await;
    }
}
