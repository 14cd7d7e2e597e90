//! The cost of a card payment at the table, in each of its steps: the budgets of `docs/data.md`.

use std::sync::Arc;

use serde_json::json;

use crate::capacity::within;
use crate::support::World;
use crate::support::cards::{GOOD, Started};
use crate::support::recorder::Meter;

#[tokio::test]
async fn each_step_of_a_card_payment_stays_within_its_budget() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user_with(1_000).await;
    mina.get(&format!("/schedules/{schedule}")).await.expect(200);
    let held = mina.hold(&schedule, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
    world.stack.drain_events().await.expect("the engines");
    let meter = Arc::new(Meter::default());
    world.stack.intercept(Some(meter.clone()));

    let started = Started::of(&mina.start_card(json!({ "reservation_id": held })).await.expect(201));
    within("begin a card payment", meter.take(), 3.0, 2.0, 4);
    world.authorise(&started, GOOD);
    mina.confirm_card(&started).await.expect(200);
    within("pay 2 neighbours by card", meter.take(), 13.0, 4.0, 5);
    world.stack.drain_events().await.expect("the engines");
    within("capture", meter.take(), 2.0, 3.0, 4);
    mina.delete(&format!("/reservations/{held}/tickets/A-1-2")).await.expect(200);
    within("refund 1 ticket to the card", meter.take(), 16.0, 4.0, 5);
    world.stack.drain_events().await.expect("the engines");
    within("make the refund", meter.take(), 3.0, 4.0, 5);
    mina.top_up_by_card(&world, 30_000, GOOD).await;
    within("top up by card", meter.take(), 8.0, 5.0, 8);
    mina.post("/wallet/payouts", json!({ "amount": 10_000 })).await.expect(201);
    within("pay out to one charge", meter.take(), 9.0, 2.0, 3);
    world.stack.intercept(None);
    world.check_invariants().await;
}
