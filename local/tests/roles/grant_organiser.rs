//! PUT /users/{user_id}/roles/organiser

use serde_json::json;

use super::{account, concert, logged, organiser_path, put, roles};
use crate::support::World;

#[tokio::test]
async fn an_administrator_makes_an_organiser_who_has_own_concerts_at_once() {
    let world = World::new().await;
    let (admin, mina) = (world.admin().await, account(&world, "mina@example.com").await);
    concert(&mina).await.expect_problem(403, "forbidden");
    for _ in 0..2 {
        put(&admin, &organiser_path(&mina)).await.expect(204);
    }
    assert_eq!(roles(&mina).await, ["organiser"]);
    let own = concert(&mina).await.expect(201).text("concert_id");
    let date = json!({
        "place": "Hall", "starts_at": world.at(864_000), "sale_opens_at": world.at(-3_600),
        "sale_closes_at": world.at(864_000),
    });
    let schedule = mina.post(&format!("/concerts/{own}/schedules"), date).await.expect(201).text("schedule_id");
    mina.post(&format!("/schedules/{schedule}/seats"), json!({})).await.expect(201);
    // What is the shop's is not an organiser's.
    let product = json!({ "name": "Pin", "price": 1, "stock": 1 });
    mina.post("/products", product).await.expect_problem(403, "forbidden");
    mina.get("/admin/actions").await.expect_problem(403, "forbidden");
    mina.delete(&format!("/concerts/{own}/schedules/{schedule}")).await.expect(204);
    mina.delete(&format!("/concerts/{own}")).await.expect(204);
    let done: Vec<(String, String)> = logged(&admin, 6)
        .await
        .into_iter()
        .map(|(function, role, _)| (function.as_str().expect("text").into(), role.as_str().expect("a role").into()))
        .collect();
    let expected = [
        ("delete_concert", "organiser"),
        ("delete_schedule", "organiser"),
        ("create_seats", "organiser"),
        ("create_schedule", "organiser"),
        ("create_concert", "organiser"),
        ("grant_organiser", "admin"),
    ];
    let expected: Vec<(String, String)> = expected.map(|(function, role)| (function.into(), role.into())).into();
    assert_eq!(done.iter().collect::<std::collections::BTreeSet<_>>(), expected.iter().collect(), "{done:?}");
}

#[tokio::test]
async fn only_an_administrator_does_and_only_to_somebody_who_is_there() {
    let world = World::new().await;
    let (admin, organiser, mina) =
        (world.admin().await, world.organiser().await, account(&world, "mina@example.com").await);
    let before = world.dump();
    for caller in [&organiser, &mina] {
        put(caller, &organiser_path(&mina)).await.expect_problem(403, "forbidden");
    }
    put(&world.anonymous(), &organiser_path(&mina)).await.expect(401);
    let nobody = "/users/01930000-0000-7000-8000-00000000beef/roles/organiser";
    put(&admin, nobody).await.expect_problem(404, "not-found");
    put(&admin, "/users/mina/roles/organiser").await.expect_problem(400, "invalid-request");
    // Nobody makes an administrator over HTTP: there is no such route.
    put(&admin, &format!("/users/{}/roles/admin", mina.id)).await.expect_problem(404, "not-found");
    assert_eq!(world.dump(), before);
}
