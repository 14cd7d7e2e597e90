//! GET /admin/roles

use serde_json::{Value, json};

use super::{account, organiser_path, put};
use crate::support::World;

#[tokio::test]
async fn administrators_see_who_has_which_role_and_from_whom() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.wait(1);
    let mina = account(&world, "mina@example.com").await;
    put(&admin, &organiser_path(&mina)).await.expect(204);
    world.wait(1);
    let event = json!({ "user_id": mina.id.0, "role": "admin" });
    world.stack.invoke("grant_role", event).await.expect("granted");
    let all = admin.pages("/admin/roles", 2).await;
    let shown: Vec<(&Value, &Value, &Value)> =
        all.iter().map(|grant| (&grant["user_id"], &grant["role"], &grant["granted_by"])).collect();
    let (admins, minas) = (json!(admin.id.0), json!(mina.id.0));
    let expected = [
        (&minas, &json!("admin"), &Value::Null),
        (&minas, &json!("organiser"), &admins),
        (&admins, &json!("admin"), &Value::Null),
    ];
    assert_eq!(shown, expected);
    world.organiser().await.get("/admin/roles").await.expect_problem(403, "forbidden");
    admin.get("/admin/roles?limit=0").await.expect_problem(400, "invalid-request");
    admin.get("/admin/roles?cursor=x").await.expect_problem(400, "invalid-request");
}
