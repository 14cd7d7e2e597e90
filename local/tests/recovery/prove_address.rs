//! POST /address-proofs

use serde_json::json;

use super::{links, prove, reset, signed_up};
use crate::support::concurrently;

#[tokio::test]
async fn a_link_proves_the_address_once() {
    let (world, mina) = signed_up().await;
    let link = links(&world, "address_proof").await.remove(0);
    prove(&world, &link).await.expect(204);
    assert_eq!(mina.get("/users/me").await.expect(200).body["address_proven"], true);
    let before = world.dump();
    prove(&world, &link).await.expect_problem(409, "link-ended");
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn it_is_good_for_a_day() {
    let (world, _) = signed_up().await;
    let link = links(&world, "address_proof").await.remove(0);
    world.wait(86_401);
    prove(&world, &link).await.expect_problem(409, "link-ended");
}

#[tokio::test]
async fn what_is_no_link_proves_nothing() {
    let (world, _) = signed_up().await;
    let link = links(&world, "address_proof").await.remove(0);
    let mut other = link.clone().into_bytes();
    // Within the tag, and within the id.
    for place in [40, 8] {
        other[place] = if other[place] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(other.clone()).expect("text");
        prove(&world, &forged).await.expect_problem(409, "link-ended");
    }
    for wrong in ["", "ml1.", "ml1.AAAA", &link[..30], &format!("{link}A")] {
        prove(&world, wrong).await.expect_problem(409, "link-ended");
    }
    // A link is for what it was asked for.
    reset(&world, &link, super::NEW).await.expect_problem(409, "link-ended");
    let body = json!({ "token": link, "user_id": "x" });
    world.anonymous().post("/address-proofs", body).await.expect_problem(400, "invalid-request");
    prove(&world, &link).await.expect(204);
}

#[tokio::test]
async fn of_several_at_once_one_proves_it() {
    let (world, _) = signed_up().await;
    let link = links(&world, "address_proof").await.remove(0);
    let replies = concurrently(0..4, |_| {
        let (anybody, body) = (world.anonymous(), json!({ "token": link }));
        async move { anybody.post("/address-proofs", body).await }
    })
    .await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 204).count(), 1);
}
