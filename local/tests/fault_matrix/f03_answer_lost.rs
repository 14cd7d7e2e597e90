//! F3: a write is committed, and its answer is lost.

use std::sync::Arc;

use super::disturbed::{Due, ENDLESS, each_write_meets};
use super::scene::Scene;
use crate::support::World;
use crate::support::recorder::{Disturb, Fault};

cells!(lose_each_answer);

/// Its caller is told of the success; also when every try of the SDK loses its answer. Where none ever comes, the
/// outcome is unknown, and the same request converges.
async fn lose_each_answer(scene: &Scene) {
    each_write_meets(scene, Fault::LoseAnswer, 1, Due::Success).await;
    each_write_meets(scene, Fault::LoseAnswer, 3, Due::SuccessOrBusy).await;
    each_write_meets(scene, Fault::LoseAnswer, ENDLESS, Due::Any).await;
}

#[tokio::test]
async fn a_decline_whose_answer_was_lost_is_a_decline() {
    for times in [1, 3] {
        let world = World::releasing().await;
        let schedule = world.schedule_with_seats().await;
        let user = world.user_with(1).await;
        let held = user.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
        let disturb = Arc::new(Disturb::next("UpdateItem", Fault::LoseAnswer, times));
        world.stack.intercept(Some(disturb.clone()));
        user.pay(&held).await.expect_problem(402, "insufficient-balance");
        world.stack.intercept(None);
        assert_eq!(disturb.disturbed_calls(), times);
        world.stack.drain_events().await.expect("settled");
        assert_eq!(world.check_invariants().await.held_and_sold(), (0, 0));
    }
}

#[tokio::test]
async fn a_decline_of_an_order_whose_answer_was_lost_is_a_decline() {
    for times in [1, 3] {
        let world = World::releasing().await;
        let product = world.product(1_000, 5).await;
        let user = world.user_with(1).await;
        let order = user.order(&[(&product, 1)]).await.expect(201).order();
        let disturb = Arc::new(Disturb::next("UpdateItem", Fault::LoseAnswer, times));
        world.stack.intercept(Some(disturb.clone()));
        user.pay_order(&order).await.expect_problem(402, "insufficient-balance");
        world.stack.intercept(None);
        assert_eq!(disturb.disturbed_calls(), times);
        world.stack.drain_events().await.expect("settled");
        assert_eq!((world.units_left(&product), user.order_state(&order).await), (5, "declined".into()));
        world.check_invariants().await;
    }
}
