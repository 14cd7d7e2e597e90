//! Every minute at :00

use serde_json::json;

use crate::support::World;
use crate::support::cards::{GOOD, LATE, Started};

/// Neither browser nor report: the sweep gives up what nobody can buy any more.
#[tokio::test]
async fn an_authorisation_that_nobody_speaks_of_again_is_given_up() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let authorised = Started::of(&mina.start_card(json!({ "reservation_id": held })).await.expect(201));
    let untouched = Started::of(&mina.start_card(json!({ "reservation_id": held })).await.expect(201));
    world.authorise(&authorised, GOOD);
    world.stack.run_schedule("sweep_card_payments").await.expect("the sweep");
    assert_eq!(world.provider_state(&authorised).0, "requires_capture", "it is not due");
    world.wait(400);
    let swept = world.stack.run_schedule("sweep_card_payments").await.expect("the sweep");
    assert_eq!((&swept["closed"], &swept["failed"]), (&json!(2), &json!(0)));
    for one in [&authorised, &untouched] {
        assert_eq!(world.provider_state(one), ("canceled".to_owned(), 0));
    }
    let again = world.stack.run_schedule("sweep_card_payments").await.expect("the sweep");
    assert_eq!(again["closed"], 0);
    world.check_invariants().await;
}

/// Money that comes too late for its hold is the buyer's: it is in the wallet, and can be paid out.
#[tokio::test]
async fn late_money_is_in_the_wallet() {
    let world = World::new().await;
    let mina = world.user().await;
    world.disturb_provider(|faults| faults.processing_seconds = 4_000);
    let started = Started::of(&mina.start_card(json!({ "top_up": 9_000 })).await.expect(201));
    world.authorise(&started, LATE);
    assert_eq!(mina.confirm_card(&started).await.expect(200).body["state"], "open");
    world.wait(1_900);
    world.settle_cards().await;
    world.check_invariants().await;
    world.wait(2_200);
    world.settle_cards().await;
    let mina = world.with_fresh_token(&mina).await;
    let shown = mina.confirm_card(&started).await.expect(200);
    assert_eq!((&shown.body["state"], &shown.body["in_wallet"]), (&json!("captured"), &json!(true)));
    assert_eq!(mina.balance().await, 9_000);
    world.check_invariants().await;
}
