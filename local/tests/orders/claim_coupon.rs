//! POST /coupons/{coupon_id}/claims

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use local::intercept::{Before, Call, Intercept};
use serde_json::json;
use tokio::sync::Semaphore;

use super::NOBODY;
use crate::support::World;

#[tokio::test]
async fn one_is_claimed_once() {
    let world = World::new().await;
    let id = world.coupon(2).await;
    let mina = world.user().await;
    let first = mina.claim(&id).await.expect(201);
    let shown = json!({
        "coupon_id": id, "name": "1,000 off", "discount": { "kind": "amount", "value": 1_000 }, "currency": "KRW",
        "state": "unused", "claimed_at": "2026-11-21T10:00:00.5Z", "valid_from": "2026-11-21T10:00:00.5Z",
        "valid_until": "2026-11-22T10:00:00.5Z",
    });
    assert_eq!(first.body, shown);
    let before = world.dump();
    world.wait(5);
    assert_eq!(mina.claim(&id).await.expect(200).body, first.body, "the same claim");
    assert_eq!(world.dump(), before);
    assert_eq!(world.units_left(&id), 1);
    world.check_invariants().await;
}

#[tokio::test]
async fn every_last_one_is_given_out_and_none_too_many() {
    let world = World::new().await;
    let id = world.coupon_with(json!({ "quantity": 7, "shards": 4 })).await;
    let users = world.users_with(9, 0).await;
    for (number, user) in users.iter().enumerate() {
        let reply = user.claim(&id).await;
        if number < 7 {
            reply.expect(201);
        } else {
            reply.expect_problem(409, "coupon-exhausted");
        }
    }
    // Who has one is told so, also when nobody else can have one.
    users[0].claim(&id).await.expect(200);
    assert_eq!(world.units_left(&id), 0);
    world.check_invariants().await;
}

#[tokio::test]
async fn it_is_open_between_its_dates() {
    let world = World::new().await;
    let dates = json!({ "valid_from": world.at(10).to_string(), "valid_until": world.at(20).to_string() });
    let id = world.coupon_with(dates).await;
    let (mina, joon) = (world.user().await, world.user().await);
    let before = world.dump();
    mina.claim(&id).await.expect_problem(409, "coupon-not-open");
    assert_eq!(world.dump(), before);
    world.wait(10);
    mina.claim(&id).await.expect(201);
    world.wait(10);
    joon.claim(&id).await.expect_problem(409, "coupon-not-open");
    assert_eq!(mina.claim(&id).await.expect(200).body["state"], "expired");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new().await;
    world.user().await.claim(NOBODY).await.expect_problem(404, "not-found");
}

/// The first write waits until it is let on.
struct WritesLate {
    writes: AtomicUsize,
    waits: Semaphore,
    open: Arc<Semaphore>,
}

impl Intercept for WritesLate {
    fn before(&self, call: &Call<'_>) -> Before {
        match call.operation {
            "TransactWriteItems" if self.writes.fetch_add(1, Ordering::SeqCst) == 0 => {
                self.waits.add_permits(1);
                let open = Arc::clone(&self.open);
                Before::Hold(Box::pin(async move {
                    drop(open.acquire().await);
                    Before::Proceed
                }))
            }
            _ => Before::Proceed,
        }
    }
}

#[tokio::test]
async fn the_last_one_is_not_refused_to_who_has_just_got_it() {
    let world = World::new().await;
    let id = world.coupon_with(json!({ "quantity": 1, "shards": 1 })).await;
    let mina = world.user().await;
    let late = Arc::new(WritesLate {
        writes: AtomicUsize::new(0),
        waits: Semaphore::new(0),
        open: Arc::new(Semaphore::new(0)),
    });
    world.stack.intercept(Some(late.clone()));
    let first = tokio::spawn({
        let (mina, id) = (mina.clone(), id.clone());
        async move { mina.claim(&id).await }
    });
    late.waits.acquire().await.expect("never closed").forget();
    // The same user asks again meanwhile, and gets it.
    let claimed = mina.claim(&id).await.expect(201);
    late.open.add_permits(1);
    assert_eq!(first.await.expect("no panic").expect(200).body, claimed.body);
    assert_eq!(world.units_left(&id), 0);
    world.check_invariants().await;
}
