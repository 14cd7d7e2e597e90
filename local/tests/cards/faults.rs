//! The provider's answers are lost, at each of its operations, one after the other: a paid ticket or no charge.

use local::third_parties::payment_provider::Operation;
use serde_json::json;
use uuid::Uuid;

use crate::support::World;
use crate::support::cards::{GOOD, Started};

#[tokio::test]
async fn whatever_is_not_answered_ends_in_a_sale_and_a_charge_or_in_neither() {
    let operations = [Operation::Create, Operation::Capture, Operation::Cancel, Operation::Refund, Operation::Any];
    for operation in operations {
        for in_time in [true, false] {
            let world = World::new().await;
            let schedule = world.schedule_with_seats().await;
            let mina = world.user().await;
            let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
            world.disturb_provider(|faults| (faults.unanswered, faults.operation) = (2, operation));
            let key = Uuid::from_u128(0x4444_4444_4444_4444_8444_4444_4444_4444);
            let body = json!({ "reservation_id": held });
            let mut reply = mina.post_with_key("/card-payments", body.clone(), key).await;
            for _ in 0..4 {
                if reply.status.as_u16() == 503 {
                    reply = mina.post_with_key("/card-payments", body.clone(), key).await;
                }
            }
            let started = Started::of(&reply.expect(201));
            world.authorise(&started, GOOD);
            if !in_time {
                world.wait(301);
            }
            for _ in 0..8 {
                world.settle_cards().await;
                world.wait(700);
            }
            let mina = world.with_fresh_token(&mina).await;
            let paid = mina.get(&format!("/reservations/{held}")).await.expect(200).body["state"] == "paid";
            let (_, charged) = world.provider_state(&started);
            assert_eq!(charged, if paid { 50_000 } else { 0 }, "{operation:?}, in time {in_time}");
            world.check_invariants().await;
        }
    }
}
