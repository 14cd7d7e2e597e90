//! GET /concerts/{concert_id}/stewards

use serde_json::{Value, json};

use super::{account, concert, put};
use crate::support::World;

#[tokio::test]
async fn an_organiser_sees_the_stewards_of_the_own_concert() {
    let world = World::new().await;
    let (organiser, other) = (world.organiser().await, world.organiser().await);
    let own = concert(&organiser).await.expect(201).text("concert_id");
    let path = format!("/concerts/{own}/stewards");
    let mut stewards = Vec::new();
    for email in ["mina@example.com", "joon@example.com", "haru@example.com"] {
        world.wait(1);
        let steward = account(&world, email).await;
        put(&organiser, &format!("{path}/{}", steward.id)).await.expect(204);
        stewards.insert(0, json!(steward.id.0));
    }
    let listed = organiser.pages(&path, 2).await;
    assert_eq!(listed.iter().map(|grant| grant["user_id"].clone()).collect::<Vec<Value>>(), stewards);
    assert_eq!((&listed[0]["concert_id"], &listed[0]["granted_by"]), (&json!(own), &json!(organiser.id.0)));
    other.get(&path).await.expect_problem(403, "forbidden");
    // Of a concert that is not there, there are none.
    let nothing = "/concerts/01930000-0000-7000-8000-00000000beef/stewards";
    assert_eq!(other.get(nothing).await.expect(200).body["items"], json!([]));
    organiser.get(&format!("{path}?limit=101")).await.expect_problem(400, "invalid-request");
}
