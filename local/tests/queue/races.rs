//! Many at once in a queue, and two who meet at the worst moment. Whatever the order, the places add up.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::json;

use super::{finished_numbers, number};
use crate::support::queue::QUEUE;
use crate::support::recorder::Gate;
use crate::support::{Person, World, concurrently};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_hundred_join_at_once() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 5 })).await;
    let mut users = Vec::new();
    for _ in 0..100 {
        users.push(world.user().await);
    }
    let instances = [world.other_instances(), world.other_instances()];
    let callers = users.iter().enumerate().map(|(index, user)| user.at(&instances[index % 2]));
    let replies = concurrently(callers, |mut user| async move { user.join().await }).await;
    let numbers: BTreeSet<u64> = replies.into_iter().map(|reply| number(&reply.expect(201))).collect();
    let books = world.check_invariants().await;
    // A try of the counter whose answer is late leaves a hole, and nothing else.
    assert_eq!((numbers.len(), books.numbers(QUEUE).len()), (100, 100));
    assert!(numbers.iter().all(|number| (1..=books.issued(QUEUE).unsigned_abs()).contains(number)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_who_joins_ten_times_at_once_has_one_place() {
    let world = World::new().await;
    world.queue(json!({})).await;
    let instances = [world.other_instances(), world.other_instances()];
    for round in 0..5 {
        let user = world.user().await;
        // The second time there is a place that has ended, to be replaced once.
        for _ in 0..2 {
            let callers = (0..10).map(|index| user.at(&instances[index % 2]));
            let replies = concurrently(callers, |mut user| async move { user.join().await }).await;
            let first = number(&replies[0]);
            assert!(replies.iter().all(|reply| number(reply) == first), "round {round}: two places");
            let new = replies.iter().filter(|reply| reply.status == 201).count();
            assert_eq!((new, replies.iter().filter(|reply| reply.status == 200).count()), (1, 9));
            let token = replies[0].text("token");
            user.with_queue_token(Some(&token)).leave().await.expect(204);
            world.wait(61);
        }
    }
    assert_eq!(world.check_invariants().await.numbers(QUEUE).len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn schedulers_and_polls_at_once_admit_what_one_would() {
    let world = Arc::new(World::new().await);
    world.queue(json!({ "capacity": 12, "admit_per_second": 3 })).await;
    let crowd = world.joined_users(30).await;
    let instances = [world.other_instances(), world.other_instances(), world.other_instances()];
    for second in 1..=6_i64 {
        world.wait(1);
        let polls = crowd.iter().enumerate().map(|(index, person)| Some(person.at(&instances[index % 3])));
        let all: Vec<Option<Person>> = polls.chain((0..4).map(|_| None)).collect();
        concurrently(all, |person| {
            let world = Arc::clone(&world);
            async move {
                match person {
                    Some(mut person) => {
                        person.poll().await.expect(200);
                    }
                    None => {
                        world.stack.run_schedule("advance_queues").await.expect("advanced");
                    }
                }
            }
        })
        .await;
        let books = world.drain_and_check().await;
        assert_eq!(books.serving(QUEUE), (3 * (second - 1)).min(12), "in second {second}");
        assert_eq!(books.places_in_use(QUEUE), books.serving(QUEUE));
    }
    assert_eq!(world.drain_and_check().await.admitted_now(QUEUE), 12);
    world.quiesce().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn claims_meet_the_end_of_their_window() {
    let mut outcomes = BTreeSet::new();
    for _ in 0..3 {
        let world = Arc::new(World::new().await);
        world.queue(json!({ "capacity": 30, "admit_per_second": 30 })).await;
        let crowd = world.joined_users(30).await;
        let instances = [world.other_instances(), world.other_instances()];
        world.ticks(2).await;
        world.clock.advance(SignedDuration::from_millis(89_500));
        // Two claim in time; their instances will not look again before a second has passed.
        for (index, instance) in instances.iter().enumerate() {
            crowd[index].at(instance).poll().await.expect(200);
        }
        world.clock.advance(SignedDuration::from_millis(700));
        let claims = crowd.iter().enumerate().map(|(index, person)| Some(person.at(&instances[index % 2])));
        let all: Vec<Option<Person>> = claims.chain([None, None]).collect();
        let states = concurrently(all, |person| {
            let world = Arc::clone(&world);
            async move {
                match person {
                    Some(mut person) => person.poll().await.expect(200).text("state"),
                    None => {
                        world.stack.run_schedule("advance_queues").await.expect("advanced");
                        String::new()
                    }
                }
            }
        })
        .await;
        let count_of = |wanted: &str| states.iter().filter(|state| *state == wanted).count();
        // Those who were too late wait for a second call; a move calls ten of them.
        let (admitted, missed) = (count_of("admitted"), count_of("waiting"));
        assert_eq!(admitted + missed, 30);
        let again = missed.min(10);
        world.wait(1);
        world.stack.run_schedule("advance_queues").await.expect("advanced");
        let books = world.drain_and_check().await;
        assert_eq!(books.admitted_now(QUEUE), admitted);
        let numbers = [books.unclaimed_numbers(QUEUE), books.places_in_use(QUEUE)].map(usize::try_from);
        assert_eq!(numbers, [Ok(again), Ok(admitted + again)]);
        outcomes.insert(admitted);
        world.quiesce().await;
    }
    println!("claims that met the end of their window: {outcomes:?} of 30 were admitted");
}

/// Two in a queue of one place. The first is called and her window has just ended, unseen by the instances that
/// answered a poll half a second ago.
async fn at_the_end_of_a_window() -> (Arc<World>, Person) {
    let world = Arc::new(World::new().await);
    world.queue(json!({ "capacity": 1 })).await;
    let (mina, mut joon) = (world.joined_user().await, world.joined_user().await);
    world.ticks(2).await;
    world.clock.advance(SignedDuration::from_millis(89_500));
    assert_eq!(joon.poll().await.expect(200).body["position"], 1);
    world.clock.advance(SignedDuration::from_millis(700));
    (world, mina)
}

#[tokio::test]
async fn a_claim_is_refused_when_its_batch_closes_before_it() {
    let (world, mut mina) = at_the_end_of_a_window().await;
    let gate = Arc::new(Gate::before("get_queue_entry", "TransactWriteItems"));
    world.stack.intercept(Some(gate.clone()));
    let claiming = tokio::spawn(async move { mina.poll().await });
    gate.reached().await;
    world.stack.run_schedule("advance_queues").await.expect("advanced");
    assert_eq!(finished_numbers(&world).await, 1);
    gate.open();
    let told = claiming.await.expect("no panic").expect(200);
    world.stack.intercept(None);
    assert_eq!((told.text("state"), &told.body["position"]), ("waiting".to_owned(), &json!(1)));
    assert_eq!(world.drain_and_check().await.admitted_now(QUEUE), 0);
    world.quiesce().await;
}

#[tokio::test]
async fn a_batch_that_is_claimed_from_while_it_closes_frees_no_place() {
    let (world, mut mina) = at_the_end_of_a_window().await;
    let gate = Arc::new(Gate::before("advance_queues", "TransactWriteItems"));
    world.stack.intercept(Some(gate.clone()));
    let closing = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.stack.run_schedule("advance_queues").await }
    });
    gate.reached().await;
    assert_eq!(mina.poll().await.expect(200).body["state"], "admitted");
    gate.open();
    closing.await.expect("no panic").expect("advanced");
    world.stack.intercept(None);
    let books = world.drain_and_check().await;
    assert_eq!((books.admitted_now(QUEUE), books.places_in_use(QUEUE), books.serving(QUEUE)), (1, 1, 1));
    world.quiesce().await;
}

#[tokio::test]
async fn a_move_that_was_decided_before_the_capacity_fell_does_not_happen() {
    let world = Arc::new(World::new().await);
    world.queue(json!({ "capacity": 5, "admit_per_second": 5 })).await;
    world.joined_users(5).await;
    world.tick().await;
    world.wait(1);
    let gate = Arc::new(Gate::before("advance_queues", "TransactWriteItems"));
    world.stack.intercept(Some(gate.clone()));
    let moving = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.stack.run_schedule("advance_queues").await }
    });
    gate.reached().await;
    world.queue(json!({ "capacity": 1, "admit_per_second": 5 })).await;
    gate.open();
    moving.await.expect("no panic").expect("advanced");
    world.stack.intercept(None);
    assert_eq!(world.drain_and_check().await.serving(QUEUE), 0);
    world.ticks(2).await;
    assert_eq!(world.drain_and_check().await.serving(QUEUE), 1);
}

#[tokio::test]
async fn a_hold_that_is_made_while_its_holder_leaves_keeps_him() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({})).await;
    let mina = world.admitted_user().await;
    let gate = Arc::new(Gate::before("leave_queue", "UpdateItem"));
    world.stack.intercept(Some(gate.clone()));
    let leaving = tokio::spawn({
        let mina = mina.clone();
        async move { mina.leave().await }
    });
    gate.reached().await;
    mina.hold(&hall, &["A-1-1"]).await.expect(201);
    gate.open();
    leaving.await.expect("no panic").expect_problem(409, "has-live-hold");
    world.stack.intercept(None);
    assert_eq!(world.state_of(&mina), "admitted");
    world.quiesce().await;
}

#[tokio::test]
async fn a_hold_that_comes_after_its_holder_left_is_none() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({})).await;
    let mina = world.admitted_user().await;
    let gate = Arc::new(Gate::before("create_reservation", "TransactWriteItems"));
    world.stack.intercept(Some(gate.clone()));
    let holding = tokio::spawn({
        let (mina, hall) = (mina.clone(), hall.clone());
        async move { mina.hold(&hall, &["A-1-1"]).await }
    });
    gate.reached().await;
    mina.leave().await.expect(204);
    gate.open();
    holding.await.expect("no panic").expect_problem(403, "queue-token-ended");
    world.stack.intercept(None);
    assert_eq!(world.drain_and_check().await.held_and_sold(), (0, 0));
    world.quiesce().await;
}

#[tokio::test]
async fn a_payment_that_comes_after_the_sweep_ended_its_token_is_refused() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({ "active_minutes": 1 })).await;
    let mina = world.admitted_user().await;
    let held = mina.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    world.wait(59);
    let gate = Arc::new(Gate::before("pay", "TransactWriteItems"));
    world.stack.intercept(Some(gate.clone()));
    let paying = tokio::spawn({
        let (mina, held) = (mina.clone(), held.clone());
        async move { mina.pay(&held).await }
    });
    gate.reached().await;
    world.wait(2);
    assert_eq!(world.stack.run_schedule("advance_queues").await.expect("swept")["ended"], 1);
    gate.open();
    paying.await.expect("no panic").expect_problem(403, "queue-token-ended");
    world.stack.intercept(None);
    assert_eq!((mina.balance().await, world.state_of(&mina)), (1_000_000, "expired".to_owned()));
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 0);
    world.quiesce().await;
}

#[tokio::test]
async fn a_sweep_that_comes_after_the_payment_ends_nothing() {
    let world = Arc::new(World::new().await);
    let hall = world.queued_schedule(json!({ "active_minutes": 1 })).await;
    let mina = world.admitted_user().await;
    let held = mina.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    world.wait(61);
    let gate = Arc::new(Gate::before("advance_queues", "UpdateItem"));
    world.stack.intercept(Some(gate.clone()));
    let sweeping = tokio::spawn({
        let world = Arc::clone(&world);
        async move { world.stack.run_schedule("advance_queues").await }
    });
    gate.reached().await;
    // The clock of the sweep was ahead; the payer's instance is in time.
    world.wait(-5);
    mina.pay(&held).await.expect(201);
    gate.open();
    assert_eq!(sweeping.await.expect("no panic").expect("swept")["ended"], 0);
    world.stack.intercept(None);
    assert_eq!(world.state_of(&mina), "used");
    assert_eq!(finished_numbers(&world).await, 0);
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 0);
    world.quiesce().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_payments_under_one_token_at_once_both_succeed_and_free_one_place() {
    for _ in 0..5 {
        let world = World::new().await;
        let hall = world.queued_schedule(json!({})).await;
        let mina = world.admitted_user().await;
        let mut held = Vec::new();
        for seat in ["A-1-1", "A-1-30", "A-1-31"] {
            held.push(mina.hold(&hall, &[seat]).await.expect(201).reservation());
        }
        let replies = concurrently(held, |held| {
            let mina = mina.clone();
            async move { mina.pay(&held).await }
        })
        .await;
        for reply in replies {
            reply.expect(201);
        }
        world.stack.drain_events().await.expect("settled");
        assert_eq!(finished_numbers(&world).await, 1);
        assert_eq!(mina.balance().await, 850_000);
        assert_eq!(world.drain_and_check().await.held_and_sold(), (0, 3));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everybody_leaves_at_once_and_no_place_is_lost() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 20, "admit_per_second": 20 })).await;
    let mut crowd = world.joined_users(40).await;
    world.ticks(2).await;
    for person in &mut crowd[..10] {
        person.poll().await.expect(200);
    }
    // Ten are inside, ten are called, twenty wait; some of those called claim at this moment.
    let instances = [world.other_instances(), world.other_instances()];
    let leave = crowd.iter().enumerate().map(|(index, person)| (person.at(&instances[index % 2]), true));
    let poll = crowd[10..20].iter().map(|person| (person.clone(), false));
    let all: Vec<(Person, bool)> = leave.chain(poll).collect();
    let statuses = concurrently(all, |(mut person, leaves)| async move {
        if leaves { person.leave().await.status } else { person.poll().await.status }
    })
    .await;
    assert!(statuses.iter().all(|status| status.is_success()), "{statuses:?}");
    for person in &crowd {
        assert_eq!(world.state_of(person), "left");
    }
    world.drain_and_check().await;
    world.quiesce().await;
    let late = world.admitted_user().await;
    assert_eq!(world.state_of(&late), "admitted");
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lapsed_admission_ends_once_whoever_finds_it() {
    let world = Arc::new(World::new().await);
    world.queue(json!({ "capacity": 30, "admit_per_second": 30 })).await;
    for round in 1..=5_i64 {
        let mina = world.admitted_user().await;
        world.wait(602);
        let mina = world.with_fresh_access_token(&mina).await;
        let parts: Vec<usize> = (0..6).collect();
        concurrently(parts, |part| {
            let (world, mut mina) = (Arc::clone(&world), mina.clone());
            async move {
                match part % 3 {
                    0 => drop(mina.join().await),
                    1 => drop(mina.leave().await),
                    _ => drop(world.stack.run_schedule("advance_queues").await.expect("advanced")),
                }
            }
        })
        .await;
        world.stack.drain_events().await.expect("settled");
        let state = world.state_of(&mina);
        assert!(matches!(state.as_str(), "waiting" | "expired"), "{state}");
        let books = world.check_invariants().await;
        // Those of earlier rounds who joined again are called meanwhile, and are in the books.
        books.check_every_place(QUEUE);
        assert!(books.places_in_use(QUEUE) <= round, "round {round}: {} in use", books.places_in_use(QUEUE));
    }
    world.quiesce().await;
}
