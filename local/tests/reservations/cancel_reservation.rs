//! DELETE /reservations/{reservation_id}

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use local::intercept::{After, Before, Call, Intercept};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::NOBODY;
use crate::support::World;

/// Lets a payment that was decided in time be committed between the two reads of a cancellation that came later.
#[derive(Clone, Default)]
struct InBetween {
    decided: Arc<Notify>,
    looked: Arc<Notify>,
    committed: Arc<Notify>,
    reads: Arc<AtomicUsize>,
}

fn after(moment: &Arc<Notify>) -> Before {
    let moment = Arc::clone(moment);
    Before::Hold(Box::pin(async move {
        moment.notified().await;
        Before::Proceed
    }))
}

impl Intercept for InBetween {
    fn before(&self, call: &Call<'_>) -> Before {
        match (call.function, call.operation) {
            (Some("pay"), "TransactWriteItems") => {
                self.decided.notify_one();
                after(&self.looked)
            }
            (Some("cancel_reservation"), "GetItem") if self.reads.fetch_add(1, Ordering::SeqCst) == 0 => {
                self.looked.notify_one();
                after(&self.committed)
            }
            _ => Before::Proceed,
        }
    }

    fn after(&self, call: &Call<'_>, _: &Value) -> After {
        if (call.function, call.operation) == (Some("pay"), "TransactWriteItems") {
            self.committed.notify_one();
        }
        After::Deliver
    }
}

#[tokio::test]
async fn held_seats_are_given_back() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user().await, world.user().await);
    let held = mina.hold(&id, &["A-1-25", "A-1-26"]).await.expect(201);
    let path = format!("/reservations/{}", held.reservation());
    let reply = mina.delete(&path).await.expect(200);
    let mut shown = held.body.clone();
    shown["state"] = json!("cancelled");
    shown["reason"] = json!("cancelled-by-owner");
    for ticket in shown["tickets"].as_array_mut().expect("tickets") {
        ticket["state"] = json!("cancelled");
    }
    assert_eq!(reply.body, shown);
    joon.hold(&id, &["A-1-25", "A-1-26"]).await.expect(201);
    // Again the same success, and nothing of what is somebody else's by now is touched.
    let before = world.dump();
    assert_eq!(mina.delete(&path).await.expect(200).body, shown);
    assert_eq!(mina.get(&path).await.expect(200).body, shown);
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn what_is_paid_is_not_cancelled_so() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user_with(50_000).await;
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201);
    mina.pay(&held.reservation()).await.expect(201);
    let before = world.dump();
    mina.delete(&format!("/reservations/{}", held.reservation())).await.expect_problem(409, "already-paid");
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn a_payment_that_was_decided_in_time_is_not_called_a_cancellation() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user_with(50_000).await;
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    let moments = InBetween::default();
    world.stack.intercept(Some(Arc::new(moments.clone())));
    let cancelled = async {
        moments.decided.notified().await;
        world.wait(302);
        mina.delete(&format!("/reservations/{held}")).await
    };
    let (paid, cancelled) = tokio::join!(mina.pay(&held), cancelled);
    paid.expect(201);
    cancelled.expect_problem(409, "already-paid");
    world.check_invariants().await;
}

#[tokio::test]
async fn what_has_ended_stays_ended() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon, poor) = (world.user().await, world.user().await, world.user_with(0).await);
    let lapsed = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    let declined = poor.hold(&id, &["A-1-2"]).await.expect(201).reservation();
    poor.pay(&declined).await.expect(402);
    let ended = poor.delete(&format!("/reservations/{declined}")).await.expect(200);
    assert_eq!(ended.body["state"], "declined");
    world.wait(302);
    joon.hold(&id, &["A-1-1"]).await.expect(201);
    let ended = mina.delete(&format!("/reservations/{lapsed}")).await.expect(200);
    assert_eq!(ended.body["state"], "expired");
    let seat = joon.get(&format!("/schedules/{id}/seats/A-1-1")).await.expect(200);
    assert_eq!(seat.body["state"], "held");
}

#[tokio::test]
async fn somebody_elses_is_not_there() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon) = (world.user().await, world.user().await);
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    let before = world.dump();
    let others = joon.delete(&format!("/reservations/{held}")).await.expect_problem(404, "not-found");
    let nobodys = joon.delete(&format!("/reservations/{NOBODY}")).await.expect_problem(404, "not-found");
    assert_eq!(others.apart_from_instance(), nobodys.apart_from_instance());
    assert_eq!(world.dump(), before);
    mina.delete("/reservations/x").await.expect_invalid("reservation_id");
}
