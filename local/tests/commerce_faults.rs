//! What can go wrong with a call to the table, for each operation of the shop: the effect happens once and its caller
//! is told so, or nothing happened and its caller is told that.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::recorder::{Disturb, Fault};
use crate::support::shop::order_of;
use crate::support::{Person, Reply, World};

/// An operation that writes one transaction, with what it needs made before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    PlaceAndPay,
    Place,
    PayOrder,
    CancelOrder,
    RefundOrder,
    RefundReservation,
    Claim,
    AddStock,
    TakeStock,
    CreateProduct,
    UpdateProduct,
    CreateCoupon,
}

use Operation as O;

const OPERATIONS: [Operation; 12] = [
    O::PlaceAndPay,
    O::Place,
    O::PayOrder,
    O::CancelOrder,
    O::RefundOrder,
    O::RefundReservation,
    O::Claim,
    O::AddStock,
    O::TakeStock,
    O::CreateProduct,
    O::UpdateProduct,
    O::CreateCoupon,
];

/// Money of the user before anything.
const MONEY: i64 = 200_000;

struct Scene {
    world: World,
    user: Person,
    admin: Person,
    product: String,
    coupon: String,
    fresh_coupon: String,
    pending: String,
    paid: String,
    reservation: String,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let schedule = world.hall().await;
        let product = world.product_with(json!({ "price": 1_500, "stock": 100, "stock_shards": 2 })).await;
        let (coupon, fresh_coupon) = (world.coupon(9).await, world.coupon(9).await);
        let (user, admin) = (world.user_with(MONEY).await, world.admin().await);
        user.claim(&coupon).await.expect(201);
        let pending = user.order(&[(&product, 1)]).await.expect(201).order();
        let paid = user.buy(&[(&product, 2)]).await.expect(201).order();
        let reservation = user.hold(&schedule, &["A-1-1", "A-1-40"]).await.expect(201).reservation();
        user.pay(&reservation).await.expect(201);
        Self { world, user, admin, product, coupon, fresh_coupon, pending, paid, reservation }
    }

    fn request(&self, operation: Operation) -> (Method, String, Value) {
        let stock = format!("/products/{}/stock", self.product);
        let order = |pay| {
            let mut body = order_of(&[(&self.product, 3)], pay);
            body["coupon_id"] = json!(self.coupon);
            body
        };
        let made = json!({ "name": "Lamp", "price": 5, "stock": 9, "stock_shards": 3 });
        let coupon = json!({
            "name": "Half", "discount": { "kind": "percent", "value": 50 }, "quantity": 3,
            "valid_from": "2026-11-21T00:00:00Z", "valid_until": "2026-11-22T00:00:00Z",
        });
        match operation {
            O::PlaceAndPay => (Method::POST, "/orders".into(), order(true)),
            O::Place => (Method::POST, "/orders".into(), order(false)),
            O::PayOrder => (Method::POST, "/payments".into(), json!({ "order_id": self.pending })),
            O::CancelOrder => (Method::DELETE, format!("/orders/{}", self.pending), Value::Null),
            O::RefundOrder => (Method::POST, format!("/payments/ord-{}/cancel", self.paid), Value::Null),
            O::RefundReservation => (Method::POST, format!("/payments/rsv-{}/cancel", self.reservation), Value::Null),
            O::Claim => (Method::POST, format!("/coupons/{}/claims", self.fresh_coupon), Value::Null),
            O::AddStock => (Method::POST, stock, json!({ "delta": 5 })),
            O::TakeStock => (Method::POST, stock, json!({ "delta": -60 })),
            O::CreateProduct => (Method::POST, "/products".into(), made),
            O::UpdateProduct => (Method::PATCH, format!("/products/{}", self.product), json!({ "price": 1_600 })),
            O::CreateCoupon => (Method::POST, "/coupons".into(), coupon),
        }
    }

    async fn call(&self, operation: Operation) -> Reply {
        let (method, path, body) = self.request(operation);
        let caller = if operation.is_an_admins() { &self.admin } else { &self.user };
        caller.call(method, &path, (!body.is_null()).then_some(body), Some(Uuid::from_u128(1))).await
    }

    /// How often the operation has had its effect, after the books were added up.
    async fn effects(&self, operation: Operation) -> i64 {
        self.world.check_books().await;
        let spent = MONEY - 3_000 - 100_000 - self.user.balance().await;
        let gone = 97 - self.world.left(&self.product);
        let count = |items: Vec<Value>| i64::try_from(items.len()).expect("few");
        match operation {
            O::PlaceAndPay => {
                assert_eq!(spent, gone / 3 * 3_500);
                gone / 3
            }
            O::Place => gone / 3,
            O::PayOrder => spent / 1_500,
            O::CancelOrder => -gone,
            O::RefundOrder => {
                assert_eq!(spent, gone / 2 * 3_000);
                -gone / 2
            }
            O::RefundReservation => -spent / 100_000,
            O::Claim => count(self.user.pages("/users/me/coupons", 100).await) - 1,
            O::AddStock => -gone / 5,
            O::TakeStock => gone / 60,
            O::CreateProduct => {
                // A page is remembered for five seconds.
                self.world.wait(5);
                count(self.user.pages("/products", 100).await) - 1
            }
            O::UpdateProduct => {
                self.world.wait(1);
                let price =
                    self.user.get(&format!("/products/{}", self.product)).await.expect(200).body["price"].clone();
                i64::from(price == 1_600)
            }
            O::CreateCoupon => {
                let items = self.world.dump();
                let coupons = items.iter().filter(|item| item.contains("\"sk\":{\"S\":\"COUPON\"}")).count();
                i64::try_from(coupons).expect("few") - 2
            }
        }
    }
}

impl Operation {
    fn is_an_admins(self) -> bool {
        matches!(self, O::AddStock | O::TakeStock | O::CreateProduct | O::UpdateProduct | O::CreateCoupon)
    }

    fn success(self) -> u16 {
        match self {
            O::CancelOrder | O::RefundOrder | O::RefundReservation | O::UpdateProduct => 200,
            _ => 201,
        }
    }

    /// A claim tells by its status whether it is new.
    fn repeated(self) -> u16 {
        if self == O::Claim { 200 } else { self.success() }
    }
}

/// Disturbs the next `times` transactions of every operation, which must then have had its effect once.
async fn succeeds_under(fault: Fault, times: usize) {
    for operation in OPERATIONS {
        let scene = Scene::new().await;
        let disturb = Arc::new(Disturb::next("TransactWriteItems", fault, times));
        scene.world.stack.intercept(Some(disturb.clone()));
        let reply = scene.call(operation).await.expect(operation.success());
        scene.world.stack.intercept(None);
        assert_eq!(disturb.done(), times, "{operation:?} met {fault:?}");
        assert!(!reply.replayed(), "{operation:?}: a first success is not a repeat");
        let again = scene.call(operation).await.expect(operation.repeated());
        assert_eq!(again.body, reply.body, "{operation:?} repeated");
        assert_eq!(scene.effects(operation).await, 1, "{operation:?} under {fault:?} × {times}");
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
        let scene = Scene::new().await;
        let before = scene.world.dump();
        scene.world.stack.intercept(Some(Arc::new(Disturb::next("TransactWriteItems", Fault::Throttle, 1_000))));
        let reply = scene.call(operation).await.expect_problem(503, "busy");
        assert!(reply.headers.contains_key("retry-after"));
        scene.world.stack.intercept(None);
        assert_eq!(scene.world.dump(), before, "{operation:?}");
        scene.call(operation).await.expect(operation.success());
        assert_eq!(scene.effects(operation).await, 1, "{operation:?}");
    }
}

#[tokio::test]
async fn f02_endless_conflicts_end_in_busy_and_change_nothing() {
    for operation in [O::PlaceAndPay, O::RefundOrder, O::Claim, O::TakeStock] {
        let scene = Scene::new().await;
        let before = scene.world.dump();
        scene.world.stack.intercept(Some(Arc::new(Disturb::next("TransactWriteItems", Fault::Conflict, 10_000))));
        scene.call(operation).await.expect_problem(503, "busy");
        scene.world.stack.intercept(None);
        assert_eq!(scene.world.dump(), before, "{operation:?}");
    }
}

#[tokio::test]
async fn f09_the_same_key_a_day_later_has_no_second_effect() {
    for operation in [O::PlaceAndPay, O::Place, O::PayOrder, O::AddStock, O::CreateProduct] {
        let scene = Scene::new().await;
        let first = scene.call(operation).await.expect(201);
        scene.world.wait(86_400);
        let (user, admin) = (scene.world.again(&scene.user).await, scene.world.admin_again(&scene.admin).await);
        let scene = Scene { user, admin, ..scene };
        let later = scene.call(operation).await.expect(201);
        assert!(later.replayed(), "{operation:?}");
        let ids = ["payment_id", "order_id", "adjustment_id", "product_id"];
        let id = ids.iter().find(|id| first.body.get(**id).is_some()).expect("an id");
        assert_eq!(later.body[*id], first.body[*id]);
        scene.world.check_books().await;
    }
}

#[tokio::test]
async fn f03_a_decline_of_an_order_whose_answer_was_lost_is_a_decline() {
    for times in [1, 3] {
        let world = World::new().await;
        let product = world.product(1_000, 5).await;
        let user = world.user_with(1).await;
        let order = user.order(&[(&product, 1)]).await.expect(201).order();
        let disturb = Arc::new(Disturb::next("UpdateItem", Fault::LoseAnswer, times));
        world.stack.intercept(Some(disturb.clone()));
        user.pay_order(&order).await.expect_problem(402, "insufficient-balance");
        world.stack.intercept(None);
        assert_eq!(disturb.done(), times);
        world.stack.settle().await.expect("settled");
        assert_eq!((world.left(&product), user.order_state(&order).await), (5, "declined".into()));
        world.check_books().await;
    }
}

#[tokio::test]
async fn f14_with_the_sweep_off_units_come_back_one_period_after_it_is_on() {
    let world = World::new().await;
    let product = world.product(1_000, 4).await;
    let people = world.users_with(4, 0).await;
    for person in &people {
        person.order(&[(&product, 1)]).await.expect(201);
    }
    world.wait(3_600);
    // Of others' orders nobody but the sweep knows that they have lapsed.
    let mina = world.user().await;
    mina.order(&[(&product, 1)]).await.expect_problem(409, "out-of-stock");
    let swept = world.stack.run_schedule("expire_holds").await.expect("swept");
    assert_eq!(swept, json!({ "closed": 4, "failed": 0, "deletions": 0 }));
    mina.order(&[(&product, 4)]).await.expect(201);
    world.check_books().await;
}

#[tokio::test]
async fn f13_a_clock_that_is_behind_pays_late_only_what_is_still_there() {
    let world = World::new().await;
    let product = world.product(1_000, 1).await;
    let (slow, fast) = (world.user_with(1_000).await, world.user_with(1_000).await);
    let order = slow.order(&[(&product, 1)]).await.expect(201).order();
    world.wait(310);
    world.stack.run_schedule("expire_holds").await.expect("swept");
    let taken = fast.buy(&[(&product, 1)]).await.expect(201);
    // The slow user's instance still lives half a minute earlier, within the time of the order.
    world.wait(-30);
    slow.pay_order(&order).await.expect_problem(409, "hold-expired");
    assert_eq!((slow.balance().await, taken.body["state"].as_str()), (1_000, Some("paid")));
    world.check_books().await;
}
