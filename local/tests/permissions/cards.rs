//! Card payments, so that each call of those that carry them on is seen.

use serde_json::json;
use uuid::Uuid;

use crate::support::cards::{CAPTURE_REFUSED, GOOD, REFUND_FAILS, Started};
use crate::support::{Person, World};

/// By card, each purpose, carried on by the browser, by the queue and by the sweep: to the sale, to a refusal, to the
/// wallet, back to the card, and undone.
pub async fn paying_by_card(world: &World) {
    let (schedule, product) = (world.schedule_with_seats().await, world.product(1_000, 50).await);
    let carry = async |by: usize, mina: &Person, started: &Started, alone: bool| match by {
        0 => drop(mina.confirm_card(started).await.expect(200)),
        1 => {
            world.deliver_reports().await;
            world.stack.drain_events().await.expect("settled");
        }
        // The sweep comes after the end of a hold: it finds a sale that is not captured, or it is `alone` with a payment.
        _ => {
            if !alone {
                mina.confirm_card(started).await.expect(200);
            }
            world.wait(if alone { 1_900 } else { 100 });
            world.stack.run_schedule("sweep_card_payments").await.expect("swept");
        }
    };
    for by in 0..3 {
        let mina = world.user().await;
        let seats = [format!("A-1-{}", by * 3 + 1), format!("A-1-{}", by * 3 + 2)];
        let held = mina.hold(&schedule, &[&seats[0]]).await.expect(201).reservation();
        let order = mina.order(&[(&product, 1)]).await.expect(201).order();
        for (body, card) in [
            (json!({ "reservation_id": held }), CAPTURE_REFUSED),
            (json!({ "order_id": order }), CAPTURE_REFUSED),
            (json!({ "top_up": 1_000 }), GOOD),
        ] {
            let key = Uuid::from_u128(u128::from(card == GOOD) + 7);
            let started = Started::of(&mina.start_card(body).await.expect(201));
            mina.post_with_key("/card-payments", json!({ "top_up": 900 }), key).await.expect(201);
            mina.post_with_key("/card-payments", json!({ "top_up": 900 }), key).await.expect(201);
            world.authorise(&started, card);
            carry(by, &mina, &started, card == GOOD).await;
        }
        // Lapsed before it is carried on.
        let mina = world.with_fresh_token(&mina).await;
        let order = mina.order(&[(&product, 1)]).await.expect(201).order();
        let lapsed = mina.order(&[(&product, 1)]).await.expect(201).order();
        let late = Started::of(&mina.start_card(json!({ "order_id": order })).await.expect(201));
        world.authorise(&late, GOOD);
        world.wait(310);
        let mina = world.with_fresh_token(&mina).await;
        mina.start_card(json!({ "order_id": lapsed })).await.expect_problem(409, "hold-expired");
        carry(by, &mina, &late, true).await;
        let mina = world.with_fresh_token(&mina).await;
        for _ in ["at first", "again"] {
            let payout = json!({ "amount": 400 });
            mina.post_with_key("/wallet/payouts", payout, Uuid::from_u128(3)).await.expect(201);
        }
        mina.post("/wallet/payouts", json!({ "amount": 10_000 })).await.expect_problem(409, "too-little-by-card");
        // Given back to the card, and to one that takes none.
        for card in [GOOD, REFUND_FAILS] {
            let held = mina.hold(&schedule, &[&seats[1]]).await.expect(201).reservation();
            mina.pay_by_card(world, &held, card).await;
            if by == 2 {
                world.wait(100);
                world.stack.run_schedule("sweep_card_payments").await.expect("swept");
            } else {
                world.settle_cards().await;
            }
            mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
            if by == 2 {
                world.wait(100);
                world.stack.run_schedule("sweep_card_payments").await.expect("swept");
            }
        }
        world.settle_cards().await;
        world.wait(800);
    }
}
