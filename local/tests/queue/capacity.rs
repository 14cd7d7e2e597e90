//! What a queue costs, as the table counts it.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::capacity::within;
use crate::events::{batch, queue, receive_all};
use crate::support::queue::{QUEUE, user_by_lease};
use crate::support::recorder::{Cost, Disturb, Fault, Meter};
use crate::support::{World, concurrently};

/// Counts the calls of a world from now on.
async fn start_meter(world: &World) -> Arc<Meter> {
    let meter = Arc::new(Meter::default());
    world.stack.intercept(Some(meter.clone()));
    meter
}

#[tokio::test]
async fn joining_costs_three_writes_and_half_a_read() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 5 })).await;
    let (mut mina, mut joon) = (world.user().await, world.user().await);
    world.joined_user().await.leave().await.expect(204);
    let meter = start_meter(&world).await;
    mina.join().await.expect(201);
    within("join", meter.take(), 3.0, 0.5, 4);
    mina.join().await.expect(200);
    within("join again", meter.take(), 0.0, 1.5, 2);
    world.wait(1);
    joon.join().await.expect(201);
    within("join, the first in a second", meter.take(), 3.0, 1.5, 5);
    joon.leave().await.expect(204);
    within("leave while waiting", meter.take(), 4.0, 2.0, 3);
}

#[tokio::test]
async fn joining_by_a_lease_costs_as_much_as_by_the_counter_until_the_lease_is_used_up() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 5 })).await;
    let mut mina = world.user().await;
    let refused = Arc::new(Disturb::next("UpdateItem", Fault::Throttle, 3));
    world.stack.intercept(Some(refused));
    // The counter is refused thrice; then the process takes four numbers of it for a lease.
    mina.join().await.expect(201);
    let meter = start_meter(&world).await;
    user_by_lease(&world, &mina, true).await.join().await.expect(201);
    within("join by a lease", meter.take(), 3.0, 0.5, 4);
    user_by_lease(&world, &mina, false).await.join().await.expect(201);
    within("join by a new lease", meter.take(), 5.0, 0.5, 7);
    world.wait(1);
    user_by_lease(&world, &mina, true).await.join().await.expect(201);
    within("join by a lease whose rest becomes a gap", meter.take(), 7.0, 1.5, 9);
    world.wait(1);
    world.stack.run_schedule("advance_queues").await.expect("advanced");
    // The rest of two leases: each emptied, and a gap. Sixteen leases are read.
    within("give the rest of leases back", meter.take(), 6.0 + 3.0, 3.5 + 16.0 * 0.5 + 16.0 * 0.5, 30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_poll_of_who_waits_costs_nothing() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 5 })).await;
    let mut crowd = world.joined_users(100).await;
    world.ticks(7).await;
    for person in &mut crowd {
        person.poll().await.expect(200);
    }
    world.wait(1);
    let meter = start_meter(&world).await;
    // Ten polls of a hundred people, some of them side by side, within a second.
    for round in 0..10 {
        let part = crowd.clone();
        concurrently(part, |mut person| async move { person.poll().await.expect(200) }).await;
        if round % 3 == 2 {
            world.clock.advance(jiff::SignedDuration::from_millis(250));
        }
    }
    let cost = meter.take();
    println!("1,000 polls of 100 people in a second: {cost:?}");
    // Five have been admitted: how they stand is looked up, once a second each.
    let admitted = 5;
    assert!(cost.calls <= 5 + admitted, "{cost:?}");
    let mut waiting = crowd.split_off(50);
    world.clock.advance(jiff::SignedDuration::from_millis(250));
    for _ in 0..20 {
        for person in &mut waiting {
            assert_eq!(person.poll().await.expect(200).body["state"], "waiting");
        }
    }
    let cost = meter.take();
    println!("1,000 polls of 50 who wait in a second: {cost:?}");
    assert!((1..=5).contains(&cost.calls), "{cost:?}");
    assert!(cost.write <= 1.0 && cost.read <= 3.0, "{cost:?}");
}

#[tokio::test]
async fn an_admission_costs_what_it_may_from_the_claim_to_its_end() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({ "capacity": 50, "admit_per_second": 50 })).await;
    let warm = world.admitted_user().await;
    let held = warm.hold(&hall, &["A-1-49"]).await.expect(201).reservation();
    warm.pay(&held).await.expect(201);
    world.stack.drain_events().await.expect("settled");
    let (mut mina, mut joon) = (world.joined_user().await, world.joined_user().await);
    world.ticks(2).await;
    let warm = world.joined_user().await;
    warm.clone().poll().await.expect(200);
    warm.leave().await.expect(204);
    world.wait(1);
    joon.poll().await.expect(200);
    let meter = start_meter(&world).await;
    mina.poll().await.expect(200);
    within("claim an admission", meter.take(), 5.0, 2.0, 3);
    mina.poll().await.expect(200);
    within("poll of who is admitted", meter.take(), 0.0, 1.0, 1);
    mina.poll().await.expect(200);
    assert_eq!(meter.take(), Cost::default(), "again within a second");
    let four = mina.hold(&hall, &["A-1-1", "A-1-2", "A-1-3", "A-1-4"]).await.expect(201).reservation();
    within("hold 4 neighbours with a token", meter.take(), 7.0, 2.0, 3);
    mina.get(&format!("/schedules/{hall}/seats/A-1-9")).await.expect(200);
    meter.take();
    mina.pay(&four).await.expect(201);
    within("pay 4 neighbours with a token", meter.take(), 10.0, 2.0, 3);
    world.stack.drain_events().await.expect("settled");
    within("finish 1", meter.take(), 4.0, 0.0, 1);
    joon.leave().await.expect(204);
    // The queue, the token, the reservations; the token, and its place on the index.
    within("leave the sale", meter.take(), 2.0, 3.0, 4);
}

#[tokio::test]
async fn moving_a_queue_costs_its_batches_and_ends_are_counted_together() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 60, "admit_per_second": 60 })).await;
    let mut crowd = world.joined_users(60).await;
    world.ticks(1).await;
    world.wait(1);
    let meter = start_meter(&world).await;
    let index = 16.0 * 0.5;
    world.stack.run_schedule("advance_queues").await.expect("advanced");
    // The turn, the queue and three batches; the list of queues, the queue, its counter, its gaps, its missed numbers,
    // sixteen pieces of the index.
    within("call 60 numbers", meter.take(), 9.0, 3.5 + index, 23);
    for person in &mut crowd {
        assert_eq!(person.poll().await.expect(200).body["state"], "admitted");
    }
    meter.take();
    for person in &crowd[..30] {
        person.leave().await.expect(204);
    }
    meter.take();
    world.stack.relay().await.expect("relayed");
    let told = receive_all(&world, &queue(&world, "Tokens")).await;
    let bodies: Vec<&str> = told.iter().map(String::as_str).collect();
    meter.take();
    world.stack.invoke("free_queue_places", batch(&bodies)).await.expect("an answer");
    within("finish 30 together", meter.take(), 62.0, 0.0, 1);
    world.wait(91);
    world.stack.run_schedule("advance_queues").await.expect("advanced");
    // The turn, the batches, the queue; the same and sixteen partitions of batches.
    within("close 3 batches all of which were claimed", meter.take(), 9.0, 3.5 + 16.0 + index, 39);
    world.wait(600);
    world.stack.run_schedule("advance_queues").await.expect("advanced");
    // Each a read and a write, and one of the index.
    within("end 30 admissions", meter.take(), 60.0, 30.0 + 3.5 + 2.0 * index, 21 + 16 + 60);
    world.wait(1);
    world.stack.run_schedule("advance_queues").await.expect("advanced");
    within("find nothing to do", meter.take(), 0.0, 3.5 + index, 21);
}

/// The cost of a second in which people ask for a queue with a hall behind it, and nobody else looks at the hall.
#[tokio::test]
async fn a_look_at_the_hall_costs_its_count() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 5 })).await;
    let concert = json!({ "name": "Concert", "description": "", "queue_id": QUEUE });
    let hall = world.schedule_of(concert, json!({})).await;
    let rows: Vec<Value> = (1..=50).map(|row| json!({ "row": row.to_string(), "from": 1, "to": 50 })).collect();
    let seats = json!({ "section": "A", "rows": rows, "price": 1_000 });
    world.admin().await.post(&format!("/schedules/{hall}/seats"), seats).await.expect(201);
    world.ticks(2).await;
    world.wait(1);
    let meter = start_meter(&world).await;
    world.anonymous().get(&format!("/queues/{QUEUE}")).await.expect(200);
    // The queue, its counter twice, its gaps, missed numbers and concerts, the dates, the date, the overview, its count.
    within("look at 2,500 free seats", meter.take(), 2.0, 8.0, 15);
    world.wait(1);
    world.user().await.join().await.expect(201);
    meter.take();
    world.anonymous().get(&format!("/queues/{QUEUE}")).await.expect(200);
    within("the same, and somebody has come", meter.take(), 3.0, 8.0, 16);
}

#[tokio::test]
async fn a_second_call_costs_what_a_first_one_does() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 3, "admit_per_second": 3 })).await;
    // The process has signed before, and published its key.
    world.admitted_user().await;
    let mut mina = world.joined_user().await;
    world.ticks(2).await;
    world.wait(90);
    world.ticks(2).await;
    let meter = start_meter(&world).await;
    mina.poll().await.expect(200);
    // The queue, the entry, the batch twice; the entry and the number.
    within("miss a call", meter.take(), 4.0, 3.0, 4);
    world.wait(1);
    world.stack.run_schedule("advance_queues").await.expect("advanced");
    // The turn; the queue, a batch, and the number.
    within("call one again", meter.take(), 7.0, 11.5, 23);
    mina.poll().await.expect(200);
    within("claim a second call", meter.take(), 5.0, 4.0, 5);
}
