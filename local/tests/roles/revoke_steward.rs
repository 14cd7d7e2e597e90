//! DELETE /concerts/{concert_id}/stewards/{user_id}

use super::{account, concert, put, roles};
use crate::support::World;

#[tokio::test]
async fn a_steward_is_none_at_once() {
    let world = World::new().await;
    let (organiser, other) = (world.organiser().await, world.organiser().await);
    let mina = account(&world, "mina@example.com").await;
    let own = concert(&organiser).await.expect(201).text("concert_id");
    let path = format!("/concerts/{own}/stewards/{}", mina.id);
    put(&organiser, &path).await.expect(204);
    for caller in [&other, &mina] {
        caller.delete(&path).await.expect_problem(403, "forbidden");
    }
    assert_eq!(roles(&mina).await, ["steward"]);
    for _ in 0..2 {
        organiser.delete(&path).await.expect(204);
    }
    assert!(roles(&mina).await.is_empty());
}
