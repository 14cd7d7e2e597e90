//! DELETE /users/{user_id}/roles/organiser

use super::{account, concert, logged, organiser_path, put, roles};
use crate::support::World;

#[tokio::test]
async fn an_organiser_is_none_at_once_and_the_concerts_stay() {
    let world = World::new().await;
    let (admin, mina) = (world.admin().await, account(&world, "mina@example.com").await);
    put(&admin, &organiser_path(&mina)).await.expect(204);
    let own = concert(&mina).await.expect(201).text("concert_id");
    for caller in [&mina, &world.organiser().await] {
        caller.delete(&organiser_path(&mina)).await.expect_problem(403, "forbidden");
    }
    for _ in 0..2 {
        admin.delete(&organiser_path(&mina)).await.expect(204);
    }
    assert!(roles(&mina).await.is_empty());
    concert(&mina).await.expect_problem(403, "forbidden");
    mina.delete(&format!("/concerts/{own}")).await.expect_problem(403, "forbidden");
    mina.get(&format!("/concerts/{own}")).await.expect(200);
    let functions: Vec<String> =
        logged(&admin, 10).await.into_iter().map(|(function, ..)| function.as_str().expect("text").into()).collect();
    assert_eq!(functions.iter().filter(|function| *function == "revoke_organiser").count(), 1, "{functions:?}");
}
