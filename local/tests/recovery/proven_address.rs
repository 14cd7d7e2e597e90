//! The setting `ProvenAddress`: what needs an address that its owner has proven.

use serde_json::json;

use super::{links, prove, signed_up_in};
use crate::support::queue::public;
use crate::support::{Person, World};

async fn needing(word: &'static str) -> (World, Person) {
    let world = World::with_options(|options| {
        crate::support::mail::sends_mail(options);
        options.variables.insert("PROVEN_ADDRESS".into(), word.into());
    })
    .await;
    let mina = signed_up_in(&world).await;
    (world, mina)
}

#[tokio::test]
async fn buying_waits_for_the_proof_and_joining_does_not() {
    let (world, mut mina) = needing("buying").await;
    let (schedule, product) = (world.schedule_with_seats().await, world.product(1_000, 3).await);
    let queued = world.queued_schedule(json!({})).await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect_problem(403, "address-not-proven");
    assert!(held.text("detail").contains("address-proof"), "{}", held.body);
    let seat = format!("/schedules/{schedule}/seats/A-1-1/hold");
    mina.put(&seat).await.expect_problem(403, "address-not-proven");
    mina.order(&[(&product, 1)]).await.expect_problem(403, "address-not-proven");
    mina.join().await.expect(201);
    mina.hold(&queued, &["A-1-1"]).await.expect_problem(403, "address-not-proven");
    prove(&world, &links(&world, "address_proof").await.remove(0)).await.expect(204);
    mina.hold(&schedule, &["A-1-1"]).await.expect(201);
    mina.put(&format!("/schedules/{schedule}/seats/A-1-2/hold")).await.expect(201);
    mina.order(&[(&product, 1)]).await.expect(201);
    world.check_invariants().await;
}

#[tokio::test]
async fn joining_waits_for_the_proof() {
    let (world, mut mina) = needing("joining").await;
    world.queued_schedule(json!({})).await;
    mina.join().await.expect_problem(403, "address-not-proven");
    // A refusal takes no place.
    assert_eq!(public(&world).await["issued"], 0);
    mina.hold(&world.schedule_with_seats().await, &["A-1-1"]).await.expect_problem(403, "address-not-proven");
    prove(&world, &links(&world, "address_proof").await.remove(0)).await.expect(204);
    mina.join().await.expect(201);
}

#[tokio::test]
async fn an_erased_account_is_told_that_it_is_gone() {
    let (world, mina) = needing("buying").await;
    let schedule = world.schedule_with_seats().await;
    let body = json!({ "password": super::PASSWORD });
    mina.call(axum::http::Method::DELETE, "/users/me", Some(body), None).await.expect(204);
    mina.hold(&schedule, &["A-1-1"]).await.expect_problem(401, "unauthorized");
}

/// The setting may come while people hold seats.
#[tokio::test]
async fn seats_that_are_held_already_can_be_paid_without_a_proof() {
    let (world, mina) = needing("buying").await;
    let schedule = world.schedule_with_seats().await;
    mina.post("/wallet", json!({})).await.expect(201);
    mina.post("/wallet/charges", json!({ "amount": 100_000 })).await.expect(201);
    prove(&world, &links(&world, "address_proof").await.remove(0)).await.expect(204);
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let mut unproven = world.items();
    for item in unproven.values_mut().filter(|item| item["sk"]["S"] == "PROFILE") {
        item.as_object_mut().expect("an item").remove("proven_at");
    }
    world.restore(&unproven);
    mina.hold(&schedule, &["A-1-2"]).await.expect_problem(403, "address-not-proven");
    mina.pay(&held).await.expect(201);
    world.check_invariants().await;
}
