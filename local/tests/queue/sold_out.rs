//! The end of the sale, as the queue in front of it tells it: what is left, sold out, and something that comes back.

use serde_json::{Value, json};

use crate::support::queue::{QUEUE, public};
use crate::support::{Person, World};

/// A hall of two seats behind a queue that calls ten a second.
async fn hall_of_two(world: &World) -> String {
    world.queue(json!({ "capacity": 100, "admit_per_second": 10 })).await;
    let concert = json!({ "name": "Concert", "description": "", "queue_id": QUEUE });
    let hall = world.schedule_of(concert, json!({})).await;
    let seats = json!({ "section": "A", "price": 1_000, "rows": [{ "row": "1", "from": 1, "to": 2 }] });
    world.admin().await.post(&format!("/schedules/{hall}/seats"), seats).await.expect(201);
    hall
}

/// The state of the queue, the seats to be had and the seats in somebody's hand, as everybody sees them.
async fn shown(world: &World) -> (String, Value, Value) {
    let shown = public(world).await;
    let state = shown["state"].as_str().expect("a state").to_owned();
    (state, shown["seats_available"].clone(), shown["seats_held"].clone())
}

async fn two_inside_and_two_waiting(world: &World) -> (Vec<Person>, Vec<Person>) {
    let mut inside = Vec::new();
    for _ in 0..2 {
        inside.push(world.admitted_user().await);
    }
    for person in &mut inside {
        *person = world.with_fresh_access_token(person).await;
    }
    world.queue(json!({ "capacity": 100, "admit_per_second": 10, "paused": true })).await;
    let waiting = vec![world.joined_user().await, world.joined_user().await];
    (inside, waiting)
}

#[tokio::test]
async fn the_queue_tells_what_is_left_and_that_it_is_sold_out_within_two_seconds() {
    let world = World::new().await;
    let hall = hall_of_two(&world).await;
    let (inside, mut waiting) = two_inside_and_two_waiting(&world).await;
    world.ticks(2).await;
    assert_eq!(shown(&world).await, ("paused".to_owned(), json!(2), json!(0)));
    let one = inside[0].hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    let two = inside[1].hold(&hall, &["A-1-2"]).await.expect(201).reservation();
    world.ticks(2).await;
    // All are in somebody's hand: nobody is called, but something may come back.
    world.queue(json!({ "capacity": 100, "admit_per_second": 10 })).await;
    world.ticks(3).await;
    assert_eq!(shown(&world).await, ("open".to_owned(), json!(0), json!(2)));
    let place = waiting[0].poll().await.expect(200).body;
    assert_eq!((&place["state"], &place["position"]), (&json!("waiting"), &json!(1)));
    assert!(place["retry_after_ms"].is_u64() && place["seats_held"] == 2, "{place}");
    inside[0].pay(&one).await.expect(201);
    inside[1].pay(&two).await.expect(201);
    world.ticks(2).await;
    assert_eq!(shown(&world).await, ("sold_out".to_owned(), json!(0), json!(0)));
    let place = waiting[0].poll().await.expect(200).body;
    assert_eq!(
        (&place["queue_state"], &place["state"], &place["position"]),
        (&json!("sold_out"), &json!("waiting"), &json!(1))
    );
    assert!(place.get("retry_after_ms").is_none() && place.get("eta_seconds").is_none(), "{place}");
    // A payment is given back: its seat is to be had, and one of those who wait is called for it.
    world.ticks(30).await;
    inside[0].post(&format!("/payments/rsv-{one}/cancel"), json!({})).await.expect(200);
    world.ticks(2).await;
    assert_eq!(shown(&world).await, ("open".to_owned(), json!(1), json!(0)));
    assert_eq!(waiting[0].poll().await.expect(200).body["state"], "admitted");
    assert_eq!(world.check_invariants().await.admitted_now(QUEUE), 1, "one seat, one call");
    world.quiesce().await;
}

#[tokio::test]
async fn nobody_is_called_for_more_seats_than_are_to_be_had() {
    let world = World::new().await;
    hall_of_two(&world).await;
    let mut crowd = world.joined_users(30).await;
    world.ticks(2).await;
    let books = world.check_invariants().await;
    // Two a second, for those who were called may not have held yet.
    assert!((2..=4).contains(&books.serving(QUEUE)), "{}", books.serving(QUEUE));
    assert_eq!(crowd[0].poll().await.expect(200).body["state"], "admitted");
}

#[tokio::test]
async fn a_queue_knows_only_what_is_on_sale_behind_it() {
    let world = World::new().await;
    world.queue(json!({})).await;
    world.ticks(2).await;
    assert_eq!(shown(&world).await, ("open".to_owned(), Value::Null, Value::Null), "no concert");
    let concert = json!({ "name": "Concert", "description": "", "queue_id": QUEUE });
    let opens = json!({ "sale_opens_at": world.at(60).to_string(), "sale_closes_at": world.at(120).to_string() });
    let hall = world.schedule_of(concert, opens).await;
    world.ticks(2).await;
    assert_eq!(shown(&world).await, ("open".to_owned(), Value::Null, Value::Null), "not on sale");
    world.wait(60);
    world.ticks(2).await;
    assert_eq!(shown(&world).await, ("open".to_owned(), Value::Null, Value::Null), "a hall without seats");
    let admin = world.admin().await;
    admin.post(&format!("/schedules/{hall}/seats"), json!({})).await.expect(201);
    world.ticks(2).await;
    assert_eq!(shown(&world).await, ("open".to_owned(), json!(50), json!(0)));
    world.wait(60);
    world.ticks(2).await;
    assert_eq!(shown(&world).await, ("open".to_owned(), Value::Null, Value::Null), "the sale has closed");
}

#[tokio::test]
async fn a_concert_that_is_deleted_is_no_longer_behind_the_queue() {
    let world = World::new().await;
    let hall = hall_of_two(&world).await;
    world.ticks(2).await;
    assert_eq!(shown(&world).await.1, 2);
    let admin = world.admin().await;
    let concert = admin.get(&format!("/schedules/{hall}")).await.expect(200).text("concert_id");
    admin.delete(&format!("/concerts/{concert}")).await.expect(204);
    world.ticks(2).await;
    assert_eq!(shown(&world).await, ("open".to_owned(), Value::Null, Value::Null));
    // Its remains go with the sweep, and its place in the queue with them.
    world.wait(400);
    world.stack.run_schedule("run_expiry").await.expect("swept");
    let books = world.check_invariants().await;
    assert_eq!(books.guarded_concerts(QUEUE), 0);
}

#[tokio::test]
async fn a_queue_guards_a_hundred_concerts() {
    let world = World::new().await;
    world.queue(json!({})).await;
    let admin = world.admin().await;
    let concert = |number: u32| json!({ "name": format!("Concert {number}"), "description": "", "queue_id": QUEUE });
    for number in 0..100 {
        admin.post("/concerts", concert(number)).await.expect(201);
    }
    admin.post("/concerts", concert(100)).await.expect_problem(409, "concert-limit");
    assert_eq!(world.check_invariants().await.guarded_concerts(QUEUE), 100);
    world.ticks(2).await;
    assert_eq!(shown(&world).await.0, "open");
}
