//! GET /reservations

use serde_json::{Value, json};

use crate::support::{Person, World};

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["reservation_id"].as_str().expect("an id").to_owned()).collect()
}

/// Four holds, a second apart; their ids, newest first.
async fn four(world: &World, person: &Person) -> Vec<String> {
    let id = world.schedule_with_seats().await;
    let mut held = Vec::new();
    for seat in ["A-1-1", "A-1-2", "A-1-3", "A-1-4"] {
        held.push(person.hold(&id, &[seat]).await.expect(201).reservation());
        world.wait(1);
    }
    held.reverse();
    held
}

#[tokio::test]
async fn ones_own_come_newest_first_page_by_page() {
    let world = World::new().await;
    let (mina, joon) = (world.user().await, world.user().await);
    let (minas, joons) = (four(&world, &mina).await, four(&world, &joon).await);
    for limit in [1, 3, 4, 100] {
        assert_eq!(ids(&mina.pages("/reservations", limit).await), minas, "in pages of {limit}");
    }
    assert_eq!(ids(&joon.pages("/reservations", 1).await), joons);
    let nobodys = world.user().await.get("/reservations").await.expect(200);
    assert_eq!(nobodys.body, json!({ "items": [], "next": null }));
}

#[tokio::test]
async fn a_listed_reservation_is_as_it_is_shown_by_itself() {
    let world = World::new().await;
    let mina = world.user_with(100_000).await;
    let held = four(&world, &mina).await;
    mina.pay(&held[0]).await.expect(201);
    mina.delete(&format!("/reservations/{}", held[1])).await.expect(200);
    world.wait(310);
    for item in mina.pages("/reservations", 2).await {
        let path = format!("/reservations/{}", item["reservation_id"].as_str().expect("an id"));
        assert_eq!(mina.get(&path).await.expect(200).body, item);
    }
    let states: Vec<Value> =
        mina.pages("/reservations", 2).await.into_iter().map(|item| item["state"].clone()).collect();
    assert_eq!(states, ["paid", "cancelled", "expired", "expired"]);
}

#[tokio::test]
async fn reservations_of_the_same_instant_are_each_listed_once() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let mina = world.user().await;
    for seat in ["A-1-1", "A-1-2", "A-1-3", "A-1-4"] {
        mina.hold(&id, &[seat]).await.expect(201);
    }
    let mut listed = ids(&mina.pages("/reservations", 1).await);
    listed.sort();
    listed.dedup();
    assert_eq!(listed.len(), 4);
}

#[tokio::test]
async fn a_cursor_is_of_its_own_list() {
    let world = World::new().await;
    let (mina, joon) = (world.user_with(1).await, world.user().await);
    four(&world, &mina).await;
    four(&world, &joon).await;
    mina.post("/wallet/charges", json!({ "amount": 1 })).await.expect(201);
    let joons = joon.get("/reservations?limit=1").await.expect(200).text("next");
    let entries = mina.get("/wallet/entries?limit=1").await.expect(200).text("next");
    for cursor in [joons.as_str(), &entries, "x", "e30", ""] {
        mina.get(&format!("/reservations?cursor={cursor}")).await.expect_invalid("cursor");
    }
    for limit in ["0", "101", "abc"] {
        mina.get(&format!("/reservations?limit={limit}")).await.expect_invalid("limit");
    }
}
