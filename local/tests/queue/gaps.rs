//! Numbers that nobody has: who makes them, and that no place waits for them.

use std::sync::{Arc, Mutex};

use local::intercept::{Before, Call, Intercept};
use onsale_platform::ids::Ids;
use onsale_platform::lambda;
use serde_json::{Value, json};
use simulation::requests::{self, ApiCall, Identity};
use tokio::sync::Semaphore;

use crate::support::queue::QUEUE;
use crate::support::{Person, World, concurrently};

/// Where a join is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// It has claimed the place.
    Claimed,
    /// It has taken a number.
    Numbered,
}

/// Lets the first join that comes so far wait there, every try of it, until it is opened.
struct Stopped {
    at: Stop,
    claim: Mutex<Option<Value>>,
    reached: Semaphore,
    open: Arc<Semaphore>,
}

impl Stopped {
    fn at(at: Stop) -> Arc<Self> {
        let (reached, open) = (Semaphore::new(0), Arc::new(Semaphore::new(0)));
        Arc::new(Self { at, claim: Mutex::new(None), reached, open })
    }
}

impl Intercept for Stopped {
    fn before(&self, call: &Call<'_>) -> Before {
        let sort_key = call.request["Key"]["sk"]["S"].as_str().unwrap_or_default();
        let wanted = match self.at {
            Stop::Claimed => sort_key == "ISSUED",
            Stop::Numbered => sort_key.starts_with("TOKEN#"),
        };
        if call.operation != "UpdateItem" || !wanted {
            return Before::Proceed;
        }
        // A counter is nobody's: there only one comes so far while it is closed.
        let claim = call.request["ExpressionAttributeValues"][":claim"].clone();
        if *self.claim.lock().expect("no panic").get_or_insert_with(|| claim.clone()) != claim {
            return Before::Proceed;
        }
        self.reached.add_permits(1);
        let open = Arc::clone(&self.open);
        Before::Hold(Box::pin(async move {
            drop(open.acquire().await);
            Before::Proceed
        }))
    }
}

/// A join in a process of its own, which can be killed; the body of its answer.
async fn join_alone(world: &World, user: &Person) -> Value {
    let process = world.stack.process("join_queue", world.clock.clone(), Ids::Random).expect("a process");
    let path = format!("/queues/{QUEUE}/tokens");
    let asked = ApiCall { function: "join_queue", method: "POST", path, body: None };
    let event = requests::api_gateway_event(&asked, Identity { user: user.id, key: None, queue_token: None });
    let answer = lambda::invoke(&process.code, process.app.clone(), event).await.expect("an answer");
    serde_json::from_str(answer["body"].as_str().expect("a body")).expect("JSON")
}

/// Somebody joins with two requests, of which the first stands still with a number in hand; the number of the place.
pub async fn join_with_overtaken_request(world: &World, user: &mut Person) -> u64 {
    let stopped = Stopped::at(Stop::Numbered);
    world.stack.intercept(Some(stopped.clone()));
    let same = user.clone();
    let (slow, number) = tokio::join!(join_alone(world, &same), async {
        stopped.reached.acquire().await.expect("never closed").forget();
        let number = user.join().await.expect(201).body["number"].clone();
        stopped.open.add_permits(Semaphore::MAX_PERMITS);
        number
    });
    world.stack.intercept(None);
    assert_eq!(slow["number"], number, "the place that is there: {slow}");
    number.as_u64().expect("a number")
}

/// Lets a join die at this point.
async fn join_and_die(world: &World, user: &Person, at: Stop) {
    let stopped = Stopped::at(at);
    world.stack.intercept(Some(stopped.clone()));
    tokio::select! {
        reached = stopped.reached.acquire() => reached.expect("never closed").forget(),
        answer = join_alone(world, user) => panic!("it outlived its death: {answer}"),
    }
    world.stack.intercept(None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_joins_of_one_account_at_once_burn_no_number_over_several_processes() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1 })).await;
    let instances = [world.other_instances(), world.other_instances(), world.other_instances()];
    let mut mina = world.user().await;
    // The second time there is a place that has ended, to be replaced once.
    for round in 1..=2 {
        let callers = (0..50).map(|index| mina.at(&instances[index % 3]));
        let replies = concurrently(callers, |mut user| async move { user.join().await }).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1, "round {round}");
        for reply in &replies {
            assert!(reply.status.is_success() && reply.body["number"] == round, "{}", reply.body);
        }
        let books = world.check_invariants().await;
        // The only hole is the number that was left.
        let left = (1..round).collect();
        assert_eq!((books.issued(QUEUE), books.numbers(QUEUE), books.gaps(QUEUE)), (round, vec![round], left));
        if round == 1 {
            mina.join().await.expect(200);
            mina.leave().await.expect(204);
            world.wait(61);
        }
    }
    // Whoever comes next is the next: no place is held by what fifty requests left behind.
    let mut joon = world.joined_user().await;
    mina.join().await.expect(200);
    world.ticks(2).await;
    assert_eq!(mina.poll().await.expect(200).body["state"], "admitted");
    mina.leave().await.expect(204);
    world.stack.drain_events().await.expect("settled");
    world.tick().await;
    assert_eq!(joon.poll().await.expect(200).body["state"], "admitted");
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 1);
    world.quiesce().await;
}

#[tokio::test]
async fn who_dies_between_claim_and_number_burns_none_and_the_next_request_goes_on() {
    let world = World::new().await;
    world.queue(json!({})).await;
    let mut mina = world.user().await;
    join_and_die(&world, &mina, Stop::Claimed).await;
    let books = world.check_invariants().await;
    assert_eq!((books.numbers(QUEUE), books.issued(QUEUE)), (vec![], 0), "a place without a number is no token");
    assert_eq!(mina.join().await.expect(201).body["number"], 1);
    assert_eq!(mina.join().await.expect(200).body["number"], 1);
    world.quiesce().await;
}

#[tokio::test]
async fn who_is_slow_to_write_a_number_down_loses_the_place_and_gives_the_number_back() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1 })).await;
    let mut mina = world.user().await;
    assert_eq!(join_with_overtaken_request(&world, &mut mina).await, 2);
    assert_eq!(world.check_invariants().await.gaps(QUEUE), [1]);
    // Of one place, the hole takes none.
    world.ticks(2).await;
    assert_eq!(mina.poll().await.expect(200).body["state"], "admitted");
    let books = world.drain_and_check().await;
    assert_eq!((books.serving(QUEUE), books.places_in_use(QUEUE), books.gaps(QUEUE)), (2, 1, vec![]));
    world.quiesce().await;
}

#[tokio::test]
async fn who_dies_with_a_number_in_hand_costs_one_claim_window_and_no_more() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1 })).await;
    let mut mina = world.user().await;
    join_and_die(&world, &mina, Stop::Numbered).await;
    assert_eq!(mina.join().await.expect(201).body["number"], 2);
    world.ticks(3).await;
    assert_eq!(mina.poll().await.expect(200).body["position"], 1, "nobody knows that the first is nobody's");
    world.wait(90);
    world.ticks(2).await;
    assert_eq!(mina.poll().await.expect(200).body["state"], "admitted");
    world.quiesce().await;
}

#[tokio::test]
async fn a_hundred_who_leave_while_they_wait_hold_no_place() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1, "admit_per_second": 1 })).await;
    let crowd = world.joined_users(100).await;
    let mut last = world.joined_user().await;
    for person in &crowd {
        person.leave().await.expect(204);
    }
    let mut seconds = 0;
    while last.poll().await.expect(200).body["state"] == "waiting" {
        world.tick().await;
        seconds += 1;
        assert!(seconds <= 5, "after {seconds} s nobody is let in");
    }
    let books = world.drain_and_check().await;
    assert_eq!((books.serving(QUEUE), books.admitted_now(QUEUE), books.places_in_use(QUEUE)), (101, 1, 1));
    world.quiesce().await;
}

#[tokio::test]
async fn whoever_is_called_and_leaves_gives_the_place_on_at_once() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1 })).await;
    let (mina, mut joon) = (world.joined_user().await, world.joined_user().await);
    world.ticks(2).await;
    let books = world.drain_and_check().await;
    assert_eq!((books.serving(QUEUE), books.unclaimed_numbers(QUEUE)), (1, 1), "called, and not claimed");
    mina.leave().await.expect(204);
    world.ticks(2).await;
    assert_eq!(joon.poll().await.expect(200).body["state"], "admitted");
    let books = world.drain_and_check().await;
    assert_eq!((books.places_in_use(QUEUE), books.gaps(QUEUE)), (1, vec![]));
    world.quiesce().await;
}

#[tokio::test]
async fn whoever_leaves_when_the_window_is_over_frees_nothing_twice() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1 })).await;
    let mina = world.joined_user().await;
    world.ticks(2).await;
    world.wait(91);
    world.stack.run_schedule("advance_queues").await.expect("advanced");
    assert_eq!(super::finished_numbers(&world).await, 1);
    mina.leave().await.expect(204);
    world.ticks(2).await;
    let books = world.drain_and_check().await;
    assert_eq!((books.places_in_use(QUEUE), super::finished_numbers(&world).await), (0, 1));
    world.stack.run_schedule("advance_queues").await.expect("advanced");
    assert!(world.check_invariants().await.gaps(QUEUE).is_empty());
    world.quiesce().await;
}
