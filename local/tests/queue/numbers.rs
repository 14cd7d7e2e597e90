//! Numbers of a queue that more people join than one counter can be written.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::SignedDuration;
use local::intercept::{Before, Call, FailedItems, Intercept};
use serde_json::json;

use super::number;
use crate::support::queue::{QUEUE, user_by_lease};
use crate::support::{World, concurrently};

/// A counter of numbers that has no room for single numbers, only for leases; counts these.
#[derive(Default)]
struct FullCounter {
    leases: AtomicUsize,
    /// Nor does it hear of leases.
    is_deaf: bool,
}

impl Intercept for FullCounter {
    fn before(&self, call: &Call<'_>) -> Before {
        let counter = call.request["Key"]["pk"]["S"].as_str().is_some_and(|pk| pk.ends_with("#ISSUED"));
        if !counter || call.operation != "UpdateItem" {
            return Before::Proceed;
        }
        if call.request["ExpressionAttributeValues"][":issued"]["N"] == "1" {
            return Before::Throttle(FailedItems::ALL);
        }
        self.leases.fetch_add(1, Ordering::SeqCst);
        if self.is_deaf { Before::LoseRequest } else { Before::Proceed }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_burst_leases_numbers_and_leaves_only_holes() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 5, "paused": true })).await;
    let instances = [world.other_instances(), world.other_instances()];
    let counter = Arc::new(FullCounter::default());
    world.stack.intercept(Some(counter.clone()));
    let mut joined: Vec<(i64, u64)> = Vec::new();
    let mut users = Vec::new();
    for _ in 0..600 {
        users.push(world.user().await);
    }
    // Twenty every ten milliseconds: two thousand a second.
    for batch in users.chunks(20) {
        let callers = batch.iter().enumerate().map(|(index, user)| user.at(&instances[index % 2]));
        let replies = concurrently(callers, |mut user| async move { user.join().await.expect(201) }).await;
        let now = world.clock.now().as_millisecond();
        joined.extend(replies.iter().map(|reply| (now, number(reply))));
        world.clock.advance(SignedDuration::from_millis(10));
    }
    world.stack.intercept(None);
    let leases = counter.leases.load(Ordering::SeqCst);
    let books = world.check_invariants().await;
    println!("600 joins at 2,000 a second: {leases} leases, {} numbers", books.issued(QUEUE));
    assert_eq!(books.numbers(QUEUE).len(), 600);
    assert!(leases < 150, "{leases} leases");
    for (index, (at, number)) in joined.iter().enumerate() {
        let earlier = joined[..index].iter().filter(|(before, _)| before + 200 <= *at);
        assert!(earlier.clone().all(|(_, before)| before < number), "{number} is before who came 200 ms earlier");
    }
    // The next move gives back numbers that were leased and given to nobody.
    world.ticks(1).await;
    let books = world.check_invariants().await;
    let (given, holes) = (books.numbers(QUEUE).len(), books.gaps(QUEUE).len());
    assert_eq!(i64::try_from(given + holes).ok(), Some(books.issued(QUEUE)), "{holes} holes are known");
    // Who comes later takes from the counter again.
    world.wait(600);
    let mut late = world.user().await.at(&instances[0]);
    let late = number(&late.join().await.expect(201));
    assert!(joined.iter().all(|(_, before)| *before < late), "{late} jumps the queue");
    let books = world.check_invariants().await;
    assert_eq!(i64::try_from(books.numbers(QUEUE).len() + holes).ok(), Some(books.issued(QUEUE)));
    world.queue(json!({ "capacity": 5 })).await;
    world.ticks(40).await;
    let books = world.drain_and_check().await;
    assert_eq!(books.places_in_use(QUEUE), 5);
    assert_eq!(books.unclaimed_numbers(QUEUE), 5, "each place is held by somebody who was called");
}

#[tokio::test]
async fn a_lease_that_nobody_fills_is_left_out_for_a_second_and_then_taken_over() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 5, "paused": true })).await;
    let mut mina = world.user().await;
    let (mut joon, mut sora) = (user_by_lease(&world, &mina, true).await, user_by_lease(&world, &mina, true).await);
    let dead = Arc::new(FullCounter { is_deaf: true, ..FullCounter::default() });
    world.stack.intercept(Some(dead.clone()));
    mina.join().await.expect_problem(503, "busy");
    assert!(dead.leases.load(Ordering::SeqCst) > 0, "nothing was leased");
    let full = Arc::new(FullCounter::default());
    world.stack.intercept(Some(full.clone()));
    // Another lease has been filled for him, in which he has the first number.
    assert_eq!(number(&joon.join().await.expect(201)), 1);
    assert_eq!(full.leases.load(Ordering::SeqCst), 1);
    world.clock.advance(SignedDuration::from_millis(1_001));
    assert_eq!(number(&sora.join().await.expect(201)), 5, "the first of a lease that follows one of four");
    assert_eq!(full.leases.load(Ordering::SeqCst), 2);
    world.stack.intercept(None);
    // Mina's place was claimed before it was known that she would get no number.
    assert_eq!(number(&mina.join().await.expect(201)), 6);
    // Who comes after a fifth of a second gets none of the old numbers.
    world.clock.advance(SignedDuration::from_millis(200));
    world.stack.intercept(Some(full.clone()));
    let mut late = user_by_lease(&world, &mina, true).await;
    assert_eq!(number(&late.join().await.expect(201)), 9);
    world.stack.intercept(None);
    world.ticks(1).await;
    let books = world.check_invariants().await;
    assert_eq!((books.numbers(QUEUE), books.gaps(QUEUE)), (vec![1, 5, 6, 9], vec![2, 3, 4, 7, 8, 10, 11, 12]));
}
