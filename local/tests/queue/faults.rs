//! What can go wrong with each write of a queue: its effect happens once, or its caller is told to come again; nothing
//! is half done, and no place is lost.

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use crate::support::queue::QUEUE;
use crate::support::recorder::{Disturb, Fault};
use crate::support::{Person, World, at_once};

/// An operation that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Join,
    /// After leaving.
    JoinAgain,
    /// After an admission that lapsed unseen.
    JoinLapsed,
    Claim,
    /// A claim that comes when the batch is closed.
    Missed,
    Hold,
    Pay,
    LeaveWaiting,
    LeaveAdmitted,
    /// The sweep calls numbers.
    Call,
    /// The sweep closes a batch, and calls numbers.
    Close,
    /// The sweep ends an admission.
    Expire,
    /// An end is counted.
    Finish,
}

use Operation::{
    Call, Claim, Close, Expire, Finish, Hold, Join, JoinAgain, JoinLapsed, LeaveAdmitted, LeaveWaiting, Missed, Pay,
};

const UPDATE: &str = "UpdateItem";
const PUT: &str = "PutItem";
const TRANSACT: &str = "TransactWriteItems";

/// Every write: of which operation, of which kind, and how many of that kind come before it.
const WRITES: [(Operation, &str, usize); 18] = [
    (Join, UPDATE, 0),
    (Join, PUT, 0),
    (JoinAgain, UPDATE, 0),
    (JoinAgain, PUT, 0),
    (JoinLapsed, UPDATE, 0),
    (JoinLapsed, UPDATE, 1),
    (JoinLapsed, PUT, 0),
    (Claim, TRANSACT, 0),
    (Missed, UPDATE, 0),
    (Hold, TRANSACT, 0),
    (Pay, TRANSACT, 0),
    (LeaveWaiting, UPDATE, 0),
    (LeaveAdmitted, UPDATE, 0),
    (Call, TRANSACT, 0),
    (Close, TRANSACT, 0),
    (Close, TRANSACT, 1),
    (Expire, UPDATE, 0),
    (Finish, TRANSACT, 0),
];

struct Scene {
    world: World,
    hall: String,
    user: Person,
    reservation: String,
}

impl Scene {
    /// The moment before an operation. Somebody else has joined before: every process is warm, and nobody is alone.
    async fn before(operation: Operation) -> Self {
        let world = World::new().await;
        let hall = world.queued_hall(json!({ "capacity": 3, "admit_per_second": 5 })).await;
        world.joined().await;
        let mut reservation = String::new();
        let user = match operation {
            Join => world.user().await,
            JoinAgain => {
                let user = world.joined().await;
                user.leave().await.expect(204);
                world.wait(61);
                user
            }
            LeaveWaiting => world.joined().await,
            Claim | Missed | Call | Close => {
                let user = world.joined().await;
                world.tick().await;
                if operation == Call {
                    world.joined().await;
                    world.wait(1);
                    return Self { world, hall, user, reservation };
                }
                world.tick().await;
                if matches!(operation, Missed | Close) {
                    for _ in 0..3 {
                        world.joined().await;
                    }
                    world.wait(90);
                }
                if operation == Missed {
                    world.stack.run_schedule("advance_queues").await.expect("advanced");
                }
                user
            }
            Hold | Pay | LeaveAdmitted | Expire | JoinLapsed | Finish => world.admitted().await,
        };
        match operation {
            Pay => reservation = user.hold(&hall, &["A-1-1"]).await.expect(201).reservation(),
            Expire | JoinLapsed => world.wait(601),
            Finish => {
                user.leave().await.expect(204);
                world.stack.relay().await.expect("relayed");
            }
            _ => {}
        }
        let user = world.renewed(&user).await;
        Self { world, hall, user, reservation }
    }

    /// Carries it out; the status, or what stands for it where nothing answers over HTTP.
    async fn act(&mut self, operation: Operation) -> u16 {
        let key = Uuid::from_u128(1);
        let reply = match operation {
            Join | JoinAgain | JoinLapsed => self.user.join().await,
            Claim | Missed => self.user.poll().await,
            Hold => {
                let body = json!({ "schedule_id": self.hall, "seat_ids": ["A-1-1", "A-1-30"] });
                self.user.post_with_key("/reservations", body, key).await
            }
            Pay => self.user.post_with_key("/payments", json!({ "reservation_id": self.reservation }), key).await,
            LeaveWaiting | LeaveAdmitted => self.user.leave().await,
            Call | Close | Expire => {
                let answer = self.world.stack.run_schedule("advance_queues").await.expect("an answer");
                let failed = answer["failed"] != 0 || answer["queues_failed"] != 0;
                return if failed { 503 } else { 200 };
            }
            Finish => {
                let done = self.world.stack.deliver().await.expect("delivered");
                return if done == 0 { 503 } else { 200 };
            }
        };
        if reply.status == 503 {
            assert!(reply.headers.contains_key("retry-after"), "{operation:?}");
        }
        reply.status.as_u16()
    }

    /// Insists that it has had its effect, once.
    async fn check_done(&self, operation: Operation) {
        let state = self.world.state_of(&self.user);
        let books = self.world.check_books().await;
        let token = self.world.token_of(&self.user);
        match operation {
            Join | JoinAgain | JoinLapsed => {
                assert_eq!(state, "waiting", "{operation:?}");
                assert_eq!(books.numbers(QUEUE).len(), 2);
            }
            Claim => assert_eq!((state.as_str(), books.inside(QUEUE), books.unclaimed(QUEUE)), ("admitted", 1, 1)),
            Missed => assert_eq!((state.as_str(), books.inside(QUEUE)), ("expired", 0)),
            Hold => assert_eq!((books.held_and_sold(), &token["holds"]["N"]), ((2, 0), &json!("1"))),
            Pay => {
                assert_eq!((state.as_str(), books.held_and_sold()), ("used", (0, 1)));
                assert_eq!(self.user.balance().await, 950_000);
            }
            LeaveWaiting | LeaveAdmitted => assert_eq!(state, "left"),
            Call => assert_eq!((books.serving(QUEUE), books.unclaimed(QUEUE)), (3, 3)),
            Close => assert_eq!((books.serving(QUEUE), books.in_use(QUEUE), books.unclaimed(QUEUE)), (5, 3, 3)),
            Expire => assert_eq!(state, "expired"),
            Finish => assert_eq!(super::finished(&self.world).await, 1),
        }
    }
}

fn succeeded(status: u16) -> bool {
    matches!(status, 200 | 201 | 204)
}

/// Disturbs each write of each operation. Whatever it answers, the same again must succeed, and have happened once.
async fn each_write_meets(fault: Fault, times: usize, answers: fn(u16) -> bool) {
    let writes = WRITES.into_iter().filter(|(_, kind, _)| fault != Fault::Conflict || *kind == TRANSACT);
    let writes: Vec<_> = writes.collect();
    // What is tried until its time is up waits most of it.
    for some in writes.chunks(if times > 10 { 6 } else { 1 }) {
        at_once(some.to_vec(), |(operation, kind, spared)| {
            write_meets(operation, (kind, spared), (fault, times), answers)
        })
        .await;
    }
}

async fn write_meets(
    operation: Operation,
    (kind, spared): (&'static str, usize),
    (fault, times): (Fault, usize),
    answers: fn(u16) -> bool,
) {
    let told = format!("{operation:?}, {kind} {spared}, {fault:?} × {times}");
    let mut scene = Scene::before(operation).await;
    let disturb = Arc::new(Disturb::after(kind, fault, spared, times));
    scene.world.stack.intercept(Some(disturb.clone()));
    let status = scene.act(operation).await;
    scene.world.stack.intercept(None);
    assert!(disturb.done() > 0, "{told} was not met");
    scene.world.check_books().await;
    if matches!(operation, Call | Close) {
        // Nobody waits for their answer; what they leave undone the next seconds do.
        for _ in 0..2 {
            scene.world.wait(1);
            assert_eq!(scene.act(operation).await, 200, "{told}, later");
        }
    } else {
        assert!(answers(status), "{told}: {status}");
        if succeeded(status) {
            scene.check_done(operation).await;
        }
        if operation != Finish || status == 503 {
            let again = scene.act(operation).await;
            assert!(succeeded(again), "{told}, again: {again}");
        }
    }
    scene.check_done(operation).await;
    scene.world.at_quiet().await;
}

fn any(status: u16) -> bool {
    succeeded(status) || status == 503
}

fn busy(status: u16) -> bool {
    status == 503
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f01_a_throttled_write_of_a_queue_is_tried_again() {
    each_write_meets(Fault::Throttle, 1, succeeded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f02_conflicts_of_a_queue_do_no_harm() {
    each_write_meets(Fault::Conflict, 1, any).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f02_many_conflicts_of_a_queue_do_no_harm() {
    each_write_meets(Fault::Conflict, 6, any).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f03_a_lost_answer_of_a_queue_is_a_success() {
    each_write_meets(Fault::LoseAnswer, 1, succeeded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f03_answers_of_a_queue_that_are_lost_three_times_do_no_harm() {
    each_write_meets(Fault::LoseAnswer, 3, any).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f04_a_lost_request_of_a_queue_is_sent_again() {
    each_write_meets(Fault::LoseRequest, 1, succeeded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f04_requests_of_a_queue_that_are_lost_four_times_do_no_harm() {
    each_write_meets(Fault::LoseRequest, 4, any).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f01_a_table_that_only_throttles_is_busy_and_a_queue_stands_still() {
    each_write_meets(Fault::Throttle, 1_000, busy).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f03_answers_of_a_queue_that_are_always_lost_do_no_harm() {
    each_write_meets(Fault::LoseAnswer, 1_000, any).await;
}

#[tokio::test]
async fn a_poll_that_cannot_move_its_queue_tells_the_place_all_the_same() {
    let world = World::new().await;
    world.queue(json!({})).await;
    let mut crowd = world.crowd(2).await;
    world.wait(1);
    for fault in [Fault::Throttle, Fault::Conflict, Fault::LoseRequest, Fault::LoseAnswer] {
        world.wait(1);
        world.stack.intercept(Some(Arc::new(Disturb::next(TRANSACT, fault, 1_000))));
        let told = crowd[1].poll().await.expect(200);
        world.stack.intercept(None);
        assert_eq!((&told.body["state"], &told.body["number"]), (&json!("waiting"), &json!(2)), "{fault:?}");
    }
    world.check_books().await;
    world.until_admitted(&mut crowd[1]).await;
    world.at_quiet().await;
}
