//! PUT /concerts/{concert_id}/stewards/{user_id}

use serde_json::json;

use super::{account, concert, logged, put};
use crate::support::World;

#[tokio::test]
async fn an_organiser_chooses_stewards_of_the_own_concert_alone() {
    let world = World::new().await;
    let (organiser, other, admin) = (world.organiser().await, world.organiser().await, world.admin().await);
    let mina = account(&world, "mina@example.com").await;
    let own = concert(&organiser).await.expect(201).text("concert_id");
    let path = format!("/concerts/{own}/stewards/{}", mina.id);
    for caller in [&other, &mina] {
        put(caller, &path).await.expect_problem(403, "forbidden");
    }
    put(&world.anonymous(), &path).await.expect(401);
    for _ in 0..2 {
        put(&organiser, &path).await.expect(204);
    }
    let me = mina.get("/users/me").await.expect(200).body;
    assert_eq!((&me["roles"][0]["role"], &me["roles"][0]["concert_id"]), (&json!("steward"), &json!(own)));
    assert_eq!(me["roles"][0]["granted_by"], json!(organiser.id.0));
    // A steward changes nothing of the concert.
    mina.delete(&format!("/concerts/{own}")).await.expect_problem(403, "forbidden");
    mina.get(&format!("/concerts/{own}/stewards")).await.expect_problem(403, "forbidden");
    // An administrator may for any concert.
    let joon = account(&world, "joon@example.com").await;
    put(&admin, &format!("/concerts/{own}/stewards/{}", joon.id)).await.expect(204);
    let entry = |role: &str, user: &str| (json!("grant_steward"), json!(role), json!(user));
    let expected = [entry("admin", &joon.id.to_string()), entry("organiser", &mina.id.to_string())];
    let logged = logged(&admin, 10).await;
    let grants: Vec<_> = logged.into_iter().filter(|(function, ..)| function == "grant_steward").collect();
    assert_eq!(grants.len(), 2);
    assert!(expected.iter().all(|entry| grants.contains(entry)), "{grants:?}");
}

#[tokio::test]
async fn a_concert_or_a_user_that_is_not_there_gets_none() {
    let world = World::new().await;
    let organiser = world.organiser().await;
    let mina = account(&world, "mina@example.com").await;
    let own = concert(&organiser).await.expect(201).text("concert_id");
    let nothing = "01930000-0000-7000-8000-00000000beef";
    let before = world.dump();
    put(&organiser, &format!("/concerts/{own}/stewards/{nothing}")).await.expect_problem(404, "not-found");
    put(&organiser, &format!("/concerts/{nothing}/stewards/{}", mina.id)).await.expect_problem(404, "not-found");
    put(&organiser, &format!("/concerts/{own}/stewards/mina")).await.expect_problem(400, "invalid-request");
    assert_eq!(world.dump(), before);
}
