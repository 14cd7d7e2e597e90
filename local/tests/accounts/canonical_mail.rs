//! The setting `CanonicalMail`: one mailbox of a big provider has one account.

use axum::http::Method;
use serde_json::json;

use super::{PASSWORD, log_in, sign_up};
use crate::support::World;
use crate::support::mail::sends_mail;

const WRITTEN: &str = "Mi.Na+tickets@gmail.com";
const OTHERWISE: &str = "mina@googlemail.com";

async fn canonical() -> World {
    World::with_options(|options| {
        sends_mail(options);
        options.variables.insert("CANONICAL_MAIL".into(), "true".into());
    })
    .await
}

#[tokio::test]
async fn a_mailbox_has_one_account_and_any_of_its_addresses_logs_in() {
    let world = canonical().await;
    let made = sign_up(&world, WRITTEN).await.expect(201);
    assert_eq!(made.body["email"], "mi.na+tickets@gmail.com", "mail goes to what its owner wrote");
    sign_up(&world, OTHERWISE).await.expect_problem(409, "email-taken");
    sign_up(&world, "mina@example.com").await.expect(201);
    sign_up(&world, "mi.na@example.com").await.expect(201);
    for address in [WRITTEN, OTHERWISE, "m.i.n.a@gmail.com"] {
        log_in(&world, address, PASSWORD).await.expect(200);
    }
    let token = log_in(&world, OTHERWISE, PASSWORD).await.expect(200).text("access_token");
    let mut mina = world.anonymous();
    mina.token = Some(token);
    let body = json!({ "password": PASSWORD, "new_password": "another battery staple" });
    mina.call(Method::PUT, "/users/me/password", Some(body), None).await.expect(204);
    log_in(&world, OTHERWISE, "another battery staple").await.expect(200);
}

/// Otherwise a stranger would have as many guesses more as an address has dots.
#[tokio::test]
async fn guesses_count_together_however_the_address_is_written() {
    let world = canonical().await;
    sign_up(&world, WRITTEN).await.expect(201);
    let written = ["mina@gmail.com", "m.ina@gmail.com", "mi.na@gmail.com", "min.a@gmail.com", WRITTEN, OTHERWISE];
    for address in written {
        log_in(&world, address, "wrong battery staple").await.expect_problem(401, "bad-credentials");
    }
    log_in(&world, "mina+x@gmail.com", "wrong battery staple").await.expect_problem(429, "too-many-attempts");
}

/// Otherwise somebody could fill another's inbox: three links an hour for each way of writing its address.
#[tokio::test]
async fn an_inbox_gets_three_links_an_hour_however_its_address_is_written() {
    let world = canonical().await;
    sign_up(&world, WRITTEN).await.expect(201);
    for address in ["mina@gmail.com", "m.ina@gmail.com", OTHERWISE, WRITTEN, "mina+x@gmail.com"] {
        world.anonymous().post("/password-resets", json!({ "email": address })).await.expect(202);
    }
    world.stack.drain_events().await.expect("settled");
    let mails = world.mails();
    // The link that proves the address is one of the three.
    assert_eq!(mails.len(), 3);
    assert!(mails.iter().all(|mail| mail.to == ["mi.na+tickets@gmail.com"]), "to the address as it was written");
}

#[tokio::test]
async fn an_erased_account_frees_its_mailbox() {
    let world = canonical().await;
    sign_up(&world, WRITTEN).await.expect(201);
    let mut mina = world.anonymous();
    mina.token = Some(log_in(&world, OTHERWISE, PASSWORD).await.expect(200).text("access_token"));
    mina.call(Method::DELETE, "/users/me", Some(json!({ "password": PASSWORD })), None).await.expect(204);
    log_in(&world, WRITTEN, PASSWORD).await.expect_problem(401, "bad-credentials");
    sign_up(&world, OTHERWISE).await.expect(201);
    world.check_invariants().await;
}

#[tokio::test]
async fn addresses_are_told_apart_as_they_are_written_unless_a_setting_says_otherwise() {
    let world = World::new().await;
    for address in [WRITTEN, OTHERWISE, "mina@gmail.com"] {
        sign_up(&world, address).await.expect(201);
    }
    log_in(&world, "m.ina@gmail.com", PASSWORD).await.expect_problem(401, "bad-credentials");
}
