//! POST /card-reports

use local::third_parties::payment_provider::Webhooks;
use serde_json::json;

use crate::support::World;
use crate::support::cards::{GOOD, Started};

/// The browser never came back: the report alone sells the seats and captures the charge.
#[tokio::test]
async fn a_report_alone_suffices() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let started = Started::of(&mina.start_card(json!({ "reservation_id": held })).await.expect(201));
    world.authorise(&started, GOOD);
    let statuses = world.deliver_reports().await;
    assert!(!statuses.is_empty() && statuses.iter().all(|status| *status == 204), "{statuses:?}");
    world.stack.drain_events().await.expect("the engines");
    assert_eq!(mina.get(&format!("/reservations/{held}")).await.expect(200).body["state"], "paid");
    assert_eq!(world.provider_state(&started), ("succeeded".to_owned(), 50_000));
    world.check_invariants().await;
}

/// Reports that come twice, in the wrong order, or never do the same once.
#[tokio::test]
async fn reports_are_hints_however_they_come() {
    for webhooks in [Webhooks::Twice, Webhooks::Reversed, Webhooks::Never] {
        let world = World::new().await;
        world.disturb_provider(|faults| faults.webhooks = webhooks);
        let schedule = world.schedule_with_seats().await;
        let mina = world.user().await;
        let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
        let started = mina.pay_by_card(&world, &held, GOOD).await;
        for _ in 0..3 {
            world.settle_cards().await;
            world.wait(70);
        }
        assert_eq!(world.provider_state(&started), ("succeeded".to_owned(), 50_000), "{webhooks:?}");
        world.check_invariants().await;
    }
}

#[tokio::test]
async fn a_report_that_the_provider_did_not_sign_is_refused() {
    let world = World::new().await;
    let mina = world.user().await;
    let started = Started::of(&mina.start_card(json!({ "top_up": 5_000 })).await.expect(201));
    world.deliver_reports().await;
    world.stack.drain_events().await.expect("the engines");
    world.disturb_provider(|faults| faults.webhooks = Webhooks::WrongSignature);
    world.authorise(&started, GOOD);
    let statuses = world.deliver_reports().await;
    assert!(!statuses.is_empty() && statuses.iter().all(|status| *status == 401), "{statuses:?}");
    world.report("", "{}").await.expect_problem(401, "report-invalid");
    world.report("t=1,v1=00", "{}").await.expect_problem(401, "report-invalid");
    world.stack.drain_events().await.expect("the engines");
    assert_eq!(mina.get("/wallet").await.status, 404, "nothing has happened");
}

/// A report that somebody has kept is worth nothing after five minutes.
#[tokio::test]
async fn a_report_is_of_its_time() {
    let world = World::new().await;
    let mina = world.user().await;
    mina.start_card(json!({ "top_up": 5_000 })).await.expect(201);
    let kept = world.stack.payment_provider().provider().due_deliveries(world.clock.now());
    let kept = kept.first().expect("a report");
    assert_eq!(world.report(&kept.signature, &kept.body).await.status, 204);
    world
        .report(&kept.signature, &kept.body.replace("payment_intent", "payment_intenT"))
        .await
        .expect_problem(401, "report-invalid");
    world.wait(301);
    world.report(&kept.signature, &kept.body).await.expect_problem(401, "report-invalid");
}

#[tokio::test]
async fn a_report_larger_than_any_body_is_not_read() {
    let world = World::new().await;
    world.report("t=1,v1=00", &"x".repeat(64 * 1024 + 1)).await.expect_problem(413, "body-too-large");
}
