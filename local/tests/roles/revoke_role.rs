//! revoke_role, which operators invoke

use serde_json::json;

use super::{account, concert, roles};
use crate::support::World;

#[tokio::test]
async fn a_role_ends_at_once_and_an_open_token_is_worth_no_more() {
    let world = World::new().await;
    let mina = account(&world, "mina@example.com").await;
    for role in ["admin", "organiser"] {
        let event = json!({ "user_id": mina.id.0, "role": role });
        world.stack.invoke("grant_role", event.clone()).await.expect("granted");
        concert(&mina).await.expect(201);
        let shown = json!({
            "user_id": mina.id.0, "email": "mina@example.com", "name": "Mina", "role": role, "granted": false,
        });
        assert_eq!(world.stack.invoke("revoke_role", event.clone()).await.expect("taken away"), shown);
        concert(&mina).await.expect_problem(403, "forbidden");
        assert_eq!(world.stack.invoke("revoke_role", event).await.expect("a second time"), shown);
        assert!(roles(&mina).await.is_empty());
    }
    let admin = world.admin().await;
    let logged = super::logged(&admin, 100).await;
    assert_eq!(logged.iter().filter(|(function, ..)| function == "revoke_role").count(), 2);
}
