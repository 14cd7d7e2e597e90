//! POST /card-payments

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{StatusCode, Uri, header};
use local::server::ports::Port;
use local::third_parties::payment_provider::Method;
use onsale_platform::memory::lock;
use serde_json::json;
use uuid::Uuid;

use super::NOBODY;
use crate::support::World;
use crate::support::cards::{GOOD, Started};

#[tokio::test]
async fn a_card_payment_is_begun_for_what_the_table_says_it_costs() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let held = mina.hold(&schedule, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
    let reply = mina.start_card(json!({ "reservation_id": held })).await.expect(201);
    let shown = &reply.body;
    assert_eq!((&shown["amount"], &shown["currency"]), (&json!(100_000), &json!("KRW")));
    assert_eq!((&shown["state"], &shown["reservation_id"]), (&json!("open"), &json!(held)));
    assert_eq!((&shown["publishable_key"], &shown["script_url"]), (&json!("pk_local"), &json!("http://localhost/v3/")));
    let intent = world.stack.payment_provider().provider().object(Started::of(&reply).intent()).expect("an intent");
    assert_eq!((&intent["amount"], &intent["currency"]), (&json!(100_000), &json!("krw")));
    assert_eq!(intent["capture_method"], "manual");
    assert_eq!(intent["metadata"]["card_payment"], shown["card_payment_id"]);
    assert_eq!(world.provider_state(&Started::of(&reply)), ("requires_payment_method".to_owned(), 0));
    // Nothing is paid, and the hold is no longer for it.
    let read = mina.get(&format!("/reservations/{held}")).await.expect(200);
    assert_eq!(read.body["state"], "held");
    world.check_invariants().await;
}

#[tokio::test]
async fn the_same_key_is_the_same_payment_and_another_body_is_refused() {
    let world = World::new().await;
    let mina = world.user().await;
    let key = Uuid::from_u128(0x4444_4444_4444_4444_8444_4444_4444_4444);
    let first = mina.post_with_key("/card-payments", json!({ "top_up": 5_000 }), key).await.expect(201);
    let again = mina.post_with_key("/card-payments", json!({ "top_up": 5_000 }), key).await.expect(201);
    assert_eq!(first.body, again.body);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let other = mina.post_with_key("/card-payments", json!({ "top_up": 5_001 }), key).await;
    other.expect_problem(422, "idempotency-key-reused");
    assert_eq!(world.stack.payment_provider().provider().payment_intents().count(), 1);
    // Another user's key is another key.
    let joon = world.user().await;
    let third = joon.post_with_key("/card-payments", json!({ "top_up": 5_000 }), key).await.expect(201);
    assert_ne!(first.body["card_payment_id"], third.body["card_payment_id"]);
}

#[tokio::test]
async fn what_cannot_be_paid_by_card_is_refused() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let (mina, joon) = (world.user_with(200_000).await, world.user().await);
    let nothing = NOBODY;
    mina.start_card(json!({ "reservation_id": nothing })).await.expect_problem(404, "not-found");
    mina.start_card(json!({ "order_id": nothing })).await.expect_problem(404, "not-found");
    for wrong in
        [json!({}), json!({ "order_id": nothing, "top_up": 1 }), json!({ "top_up": 0 }), json!({ "amount": 1 })]
    {
        mina.start_card(wrong).await.expect_problem(400, "invalid-request");
    }
    mina.start_card(json!({ "top_up": 10_000_000 })).await.expect_problem(409, "balance-cap");
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    joon.start_card(json!({ "reservation_id": held })).await.expect_problem(404, "not-found");
    mina.pay(&held).await.expect(201);
    mina.start_card(json!({ "reservation_id": held })).await.expect_problem(409, "already-paid");
    let lapsed = joon.hold(&schedule, &["A-1-2"]).await.expect(201).reservation();
    world.wait(400);
    joon.start_card(json!({ "reservation_id": lapsed })).await.expect_problem(409, "hold-expired");
    let free = world.product(0, 5).await;
    let order = joon.order(&[(&free, 1)]).await.expect(201).order();
    joon.start_card(json!({ "order_id": order })).await.expect_problem(409, "card-amount-too-small");
    assert_eq!(world.stack.payment_provider().provider().payment_intents().count(), 0);
}

#[tokio::test]
async fn one_that_has_ended_is_not_begun_again_under_its_key() {
    let world = World::new().await;
    let mina = world.user().await;
    let key = Uuid::from_u128(0x4444_4444_4444_4444_8444_4444_4444_4445);
    let started = Started::of(&mina.post_with_key("/card-payments", json!({ "top_up": 5_000 }), key).await.expect(201));
    world.authorise(&started, GOOD);
    mina.confirm_card(&started).await.expect(200);
    let again = mina.post_with_key("/card-payments", json!({ "top_up": 5_000 }), key).await;
    again.expect_problem(409, "card-payment-ended");
}

#[tokio::test]
async fn a_shop_without_a_provider_takes_no_cards() {
    let world = World::with_options(|options| {
        options.variables.insert("CARD_PROVIDER_URL".into(), String::new());
    })
    .await;
    world.user().await.start_card(json!({ "top_up": 5_000 })).await.expect_problem(409, "cards-off");
}

/// Somebody else's payment can be neither seen nor confirmed, here or at the provider, without its secret.
#[tokio::test]
async fn a_payment_is_its_buyers_own() {
    let world = World::new().await;
    let (mina, joon) = (world.user().await, world.user().await);
    let started = Started::of(&mina.start_card(json!({ "top_up": 5_000 })).await.expect(201));
    joon.confirm_card(&started).await.expect_problem(404, "not-found");
    let guess = Started { id: started.id.clone(), secret: format!("{}_secret_guess", started.intent()) };
    assert_eq!(world.authorise(&guess, GOOD).status / 100, 4);
    // The publishable key changes no amount.
    let amount = [("client_secret", started.secret.clone()), ("amount", "1".to_owned())];
    let path = format!("/v1/payment_intents/{}/confirm", started.intent());
    assert_eq!(world.ask_provider("pk_local", Method::Post, path, &amount).status, 400);
    assert_eq!(world.provider_state(&started), ("requires_payment_method".to_owned(), 0));
}

/// Whoever answers at the provider's address leads the shop nowhere else: its key is sent to that address alone.
#[tokio::test]
async fn a_redirect_of_the_provider_is_not_followed() {
    let port = Port::bind("any", 0).await.expect("a port");
    let url = port.url();
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let kept = Arc::clone(&asked);
    let lead_away = async move |uri: Uri| {
        lock(&kept).push(uri.path().to_owned());
        (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/elsewhere")])
    };
    let _serving = port.serve(Router::new().fallback(lead_away));
    let world = World::with_options(|options| options.payment_provider = Some(url)).await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let reply = mina.start_card(json!({ "reservation_id": held })).await;
    assert!(reply.status.is_server_error(), "{}: {}", reply.status, reply.body);
    let asked = lock(&asked).clone();
    assert!(!asked.is_empty() && asked.iter().all(|path| path == "/v1/payment_intents"), "{asked:?}");
}
