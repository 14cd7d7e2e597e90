//! POST /users/me/address-proof

use serde_json::json;

use super::{MINA, links, prove, signed_up};
use crate::support::World;

#[tokio::test]
async fn a_sign_up_is_asked_to_prove_the_address_and_may_ask_again() {
    let (world, mina) = signed_up().await;
    assert_eq!(links(&world, "address_proof").await.len(), 1);
    assert_eq!(mina.get("/users/me").await.expect(200).body["address_proven"], false);
    mina.post("/users/me/address-proof", json!({})).await.expect(202);
    let both = links(&world, "address_proof").await;
    assert_eq!(both.len(), 2);
    // Each is good for itself, until the address is proven.
    prove(&world, &both[0]).await.expect(204);
    mina.post("/users/me/address-proof", json!({})).await.expect(202);
    assert_eq!(links(&world, "address_proof").await.len(), 2);
    assert!(world.mails().iter().all(|mail| mail.to == [MINA]));
}

/// Whoever has the account, or has none, cannot fill an inbox: three an hour, together with new passwords.
#[tokio::test]
async fn an_inbox_gets_three_an_hour() {
    let (world, mina) = signed_up().await;
    for _ in 0..5 {
        mina.post("/users/me/address-proof", json!({})).await.expect(202);
        super::ask_for_reset(&world, MINA).await.expect(202);
    }
    world.stack.drain_events().await.expect("settled");
    assert_eq!(world.mails().len(), 3);
    world.wait(3_599);
    super::ask_for_reset(&world, MINA).await.expect(202);
    world.stack.drain_events().await.expect("settled");
    assert_eq!(world.mails().len(), 3);
    world.wait(1);
    super::ask_for_reset(&world, MINA).await.expect(202);
    world.stack.drain_events().await.expect("settled");
    assert_eq!(world.mails().len(), 4);
}

#[tokio::test]
async fn a_shop_without_mail_says_so() {
    let world = World::with_options(|options| options.mail_from = None).await;
    let body = json!({ "email": MINA, "password": super::PASSWORD, "name": "Mina" });
    world.anonymous().post("/users", body).await.expect(201);
    let mina = super::logged_in(&world, super::PASSWORD).await;
    mina.post("/users/me/address-proof", json!({})).await.expect_problem(409, "mail-off");
    super::ask_for_reset(&world, MINA).await.expect_problem(409, "mail-off");
    super::ask_for_reset(&world, "nobody@example.com").await.expect_problem(409, "mail-off");
    assert!(!world.dump().iter().any(|item| item.contains("LINK#")));
}

#[tokio::test]
async fn a_token_of_no_account_gets_none() {
    let world = World::mailing().await;
    let stranger = world.user().await;
    stranger.post("/users/me/address-proof", json!({})).await.expect_problem(401, "unauthorized");
}
