//! What can go wrong with a call to the table, for each operation: the effect happens once and its caller is told
//! so, or nothing happened and its caller is told that.

use std::sync::Arc;

use serde_json::json;
use uuid::Uuid;

use crate::support::recorder::{Disturb, Fault};
use crate::support::{Person, Reply, World};

/// An operation that writes one transaction, with what it needs made before.
#[derive(Clone, Copy, Debug)]
enum Operation {
    Hold,
    Release,
    CancelTicket,
    Pay,
    TopUp,
    Spend,
    RefundTicket,
    Refund,
}

const OPERATIONS: [Operation; 8] = [
    Operation::Hold,
    Operation::Release,
    Operation::CancelTicket,
    Operation::Pay,
    Operation::TopUp,
    Operation::Spend,
    Operation::RefundTicket,
    Operation::Refund,
];

/// Those that take an idempotency key.
const KEYED: [Operation; 4] = [Operation::Hold, Operation::Pay, Operation::TopUp, Operation::Spend];

struct Scene {
    world: World,
    user: Person,
    schedule: String,
    reservation: String,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let schedule = world.hall().await;
        let user = world.user_with(100_000).await;
        let reservation = user.hold(&schedule, &["A-1-1", "A-1-40"]).await.expect(201).reservation();
        Self { world, user, schedule, reservation }
    }

    /// A scene in which `operation` can succeed.
    async fn of(operation: Operation) -> Self {
        let scene = Self::new().await;
        if let Operation::RefundTicket | Operation::Refund = operation {
            scene.user.pay(&scene.reservation).await.expect(201);
        }
        scene
    }

    async fn call(&self, operation: Operation, key: Uuid) -> Reply {
        let reservation = format!("/reservations/{}", self.reservation);
        match operation {
            Operation::Hold => {
                let body = json!({ "schedule_id": self.schedule, "seat_ids": ["A-1-2", "A-1-30"] });
                self.user.post_with_key("/reservations", body, key).await
            }
            Operation::Release => self.user.delete(&reservation).await,
            Operation::CancelTicket | Operation::RefundTicket => {
                self.user.delete(&format!("{reservation}/tickets/A-1-1")).await
            }
            Operation::Pay => {
                let body = json!({ "reservation_id": self.reservation });
                self.user.post_with_key("/payments", body, key).await
            }
            Operation::TopUp => self.user.post_with_key("/wallet/charges", json!({ "amount": 7 }), key).await,
            Operation::Spend => {
                let body = json!({ "amount": 7, "memo": "tea" });
                self.user.post_with_key("/wallet/payments", body, key).await
            }
            Operation::Refund => self.user.post(&format!("/payments/rsv-{}/cancel", self.reservation), json!({})).await,
        }
    }

    /// How often the operation has had its effect.
    async fn effects(&self, operation: Operation) -> usize {
        let books = self.world.check_books().await;
        let (held, sold) = books.held_and_sold();
        match operation {
            Operation::Hold => (held - 2) / 2,
            Operation::Release => usize::from(held == 0),
            Operation::CancelTicket => 2 - held,
            Operation::Pay => usize::from(sold == 2),
            Operation::TopUp => usize::try_from((self.user.balance().await - 100_000) / 7).expect("few"),
            Operation::Spend => usize::try_from((100_000 - self.user.balance().await) / 7).expect("few"),
            // Both seats were sold, for all there was.
            Operation::RefundTicket => usize::try_from(self.user.balance().await / 50_000).expect("few"),
            Operation::Refund => usize::try_from(self.user.balance().await / 100_000).expect("few") * (2 - sold) / 2,
        }
    }
}

impl Operation {
    fn success(self) -> u16 {
        match self {
            Self::Hold | Self::Pay | Self::TopUp | Self::Spend => 201,
            Self::Release | Self::CancelTicket | Self::RefundTicket | Self::Refund => 200,
        }
    }
}

/// Disturbs the next `times` transactions of every operation, which must then have had its effect once.
async fn succeeds_under(fault: Fault, times: usize) {
    for operation in OPERATIONS {
        let scene = Scene::of(operation).await;
        let disturb = Arc::new(Disturb::next("TransactWriteItems", fault, times));
        scene.world.stack.intercept(Some(disturb.clone()));
        let reply = scene.call(operation, Uuid::from_u128(1)).await.expect(operation.success());
        scene.world.stack.intercept(None);
        assert_eq!(disturb.done(), times, "{operation:?} met {fault:?}");
        assert!(!reply.replayed(), "{operation:?}: a first success is not a repeat");
        assert_eq!(scene.effects(operation).await, 1, "{operation:?} under {fault:?} × {times}");
        let again = scene.call(operation, Uuid::from_u128(1)).await.expect(operation.success());
        assert_eq!(again.body, reply.body, "{operation:?} repeated");
        assert_eq!(scene.effects(operation).await, 1, "{operation:?} repeated");
    }
}

#[tokio::test]
async fn f01_a_throttled_write_is_tried_again() {
    succeeds_under(Fault::Throttle, 1).await;
}

#[tokio::test]
async fn f02_conflicts_are_tried_again() {
    succeeds_under(Fault::Conflict, 1).await;
    succeeds_under(Fault::Conflict, 6).await;
}

#[tokio::test]
async fn f03_a_lost_answer_is_a_success_for_its_caller() {
    succeeds_under(Fault::LoseAnswer, 1).await;
}

#[tokio::test]
async fn f03_also_when_every_try_of_the_sdk_loses_its_answer() {
    succeeds_under(Fault::LoseAnswer, 3).await;
}

#[tokio::test]
async fn f04_a_lost_request_is_tried_again() {
    succeeds_under(Fault::LoseRequest, 1).await;
    succeeds_under(Fault::LoseRequest, 4).await;
}

#[tokio::test]
async fn f01_a_table_that_only_throttles_is_said_to_be_busy() {
    for operation in OPERATIONS {
        let scene = Scene::of(operation).await;
        scene.world.stack.intercept(Some(Arc::new(Disturb::next("TransactWriteItems", Fault::Throttle, 1_000))));
        let reply = scene.call(operation, Uuid::from_u128(1)).await.expect_problem(503, "busy");
        assert!(reply.headers.contains_key("retry-after"));
        scene.world.stack.intercept(None);
        assert_eq!(scene.effects(operation).await, 0, "{operation:?}");
        scene.call(operation, Uuid::from_u128(1)).await.expect(operation.success());
        assert_eq!(scene.effects(operation).await, 1, "{operation:?}");
    }
}

#[tokio::test]
async fn f02_endless_conflicts_end_in_busy() {
    for operation in KEYED {
        let scene = Scene::of(operation).await;
        scene.world.stack.intercept(Some(Arc::new(Disturb::next("TransactWriteItems", Fault::Conflict, 10_000))));
        scene.call(operation, Uuid::from_u128(1)).await.expect_problem(503, "busy");
        scene.world.stack.intercept(None);
        assert_eq!(scene.effects(operation).await, 0, "{operation:?}");
    }
}

#[tokio::test]
async fn f09_the_same_key_a_day_later_has_no_second_effect() {
    for operation in KEYED {
        let scene = Scene::of(operation).await;
        let first = scene.call(operation, Uuid::from_u128(1)).await.expect(201);
        scene.world.wait(86_400);
        let scene = Scene { user: scene.world.again(&scene.user).await, ..scene };
        let balance = scene.user.balance().await;
        let later = scene.call(operation, Uuid::from_u128(1)).await.expect(201);
        assert!(later.replayed());
        assert_eq!(scene.user.balance().await, balance);
        let id =
            ["reservation_id", "payment_id", "charge_id", "spend_id"].iter().find(|id| first.body.get(**id).is_some());
        let id = id.expect("an id");
        assert_eq!(later.body[*id], first.body[*id]);
        scene.world.check_books().await;
    }
}

#[tokio::test]
async fn f10_the_same_key_with_another_body_is_refused() {
    let scene = Scene::new().await;
    let key = Uuid::from_u128(1);
    for operation in KEYED {
        scene.call(operation, key).await.expect(201);
    }
    let reused = "idempotency-key-reused";
    let other = json!({ "schedule_id": scene.schedule, "seat_ids": ["A-1-3"] });
    scene.user.post_with_key("/reservations", other, key).await.expect_problem(422, reused);
    scene.user.post_with_key("/wallet/charges", json!({ "amount": 8 }), key).await.expect_problem(422, reused);
    let other = json!({ "amount": 7, "memo": "coffee" });
    scene.user.post_with_key("/wallet/payments", other, key).await.expect_problem(422, reused);
    scene.world.check_books().await;
}

#[tokio::test]
async fn a_key_that_paid_one_reservation_pays_no_other() {
    let world = World::new().await;
    let schedule = world.hall().await;
    let user = world.user_with(100_000).await;
    let one = user.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let two = user.hold(&schedule, &["A-1-2"]).await.expect(201).reservation();
    let key = Uuid::from_u128(5);
    user.post_with_key("/payments", json!({ "reservation_id": one }), key).await.expect(201);
    let reply = user.post_with_key("/payments", json!({ "reservation_id": two }), key).await;
    reply.expect_problem(422, "idempotency-key-reused");
    assert_eq!(user.balance().await, 50_000);
    world.check_books().await;
}

#[tokio::test]
async fn f03_a_decline_whose_answer_was_lost_is_a_decline() {
    for times in [1, 3] {
        let world = World::new().await;
        let schedule = world.hall().await;
        let user = world.user_with(1).await;
        let held = user.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
        let disturb = Arc::new(Disturb::next("UpdateItem", Fault::LoseAnswer, times));
        world.stack.intercept(Some(disturb.clone()));
        user.pay(&held).await.expect_problem(402, "insufficient-balance");
        world.stack.intercept(None);
        assert_eq!(disturb.done(), times);
        world.stack.settle().await.expect("settled");
        assert_eq!(world.check_books().await.held_and_sold(), (0, 0));
    }
}

#[tokio::test]
async fn f13_a_faster_clock_takes_a_seat_over_and_nobody_pays_twice() {
    let world = World::new().await;
    let schedule = world.hall().await;
    let (slow, fast) = (world.user_with(50_000).await, world.user_with(50_000).await);
    let held = slow.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    world.wait(310);
    let taken = fast.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    // The slow user's instance still lives half a minute earlier, within the hold.
    world.wait(-30);
    slow.pay(&held).await.expect_problem(409, "hold-expired");
    slow.delete(&format!("/reservations/{held}")).await.expect(200);
    fast.pay(&taken).await.expect(201);
    assert_eq!((slow.balance().await, fast.balance().await), (50_000, 0));
    world.check_books().await;
}

#[tokio::test]
async fn f14_with_the_sweep_off_everything_stays_correct() {
    let world = World::new().await;
    let schedule = world.hall().await;
    let user = world.user_with(1_000_000).await;
    for round in 0..3 {
        // Four seats are the limit; each round the last round's have lapsed and nobody swept.
        let seats: Vec<String> = (1..=4).map(|seat| format!("A-1-{}", 4 * round + seat)).collect();
        let user = world.again(&user).await;
        user.hold(&schedule, &seats.iter().map(String::as_str).collect::<Vec<_>>()).await.expect(201);
        user.hold(&schedule, &["A-1-40"]).await.expect_problem(409, "seat-limit");
        assert_eq!(world.check_books().await.held_and_sold(), (4, 0));
        world.wait(3_600);
    }
    let listed = user.get(&format!("/schedules/{schedule}/seats?available=true")).await.expect(200);
    assert_eq!(listed.body["items"].as_array().map(Vec::len), Some(50));
}

#[tokio::test]
async fn f11_a_decline_that_is_told_after_its_hall_is_gone_is_settled() {
    let world = World::new().await;
    let schedule = world.hall().await;
    let user = world.user_with(1).await;
    let held = user.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    user.pay(&held).await.expect_problem(402, "insufficient-balance");
    world.wait(302);
    let admin = world.admin().await;
    let concert = admin.get(&format!("/schedules/{schedule}")).await.expect(200).text("concert_id");
    admin.delete(&format!("/concerts/{concert}/schedules/{schedule}")).await.expect(204);
    for _ in 0..2 {
        world.wait(400);
        world.stack.run_schedule("expire_holds").await.expect("swept");
    }
    world.stack.settle().await.expect("settled");
    let dead = world.stack.sqs().queues().census(&world.stack.template().unread_queues());
    assert_eq!(dead.1.len(), 0, "nothing ends in a dead-letter queue");
}
