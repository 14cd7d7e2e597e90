//! POST /reservations/{reservation_id}/tickets/{ticket_id}/code

use std::sync::Arc;

use onsale_domain::audit::Outcome;
use serde_json::json;
use uuid::Uuid;

use super::{NOBODY, bought, code, door, path, reissue, verifies};
use crate::support::recorder::{Disturb, Fault};
use crate::support::{World, concurrently};

const KEY: Uuid = Uuid::from_u128(0x0193_0000_0000_7000_a000_0000_0000_0a11);

#[tokio::test]
async fn a_new_code_ends_the_one_before() {
    let world = World::new().await;
    let (schedule, mina, held) = bought(&world, &["A-1-1", "A-1-2"]).await;
    let first = code(&mina, &held, "A-1-2").await;
    let given = reissue(&mina, &held, "A-1-2").await.expect(201);
    assert_eq!(given.body, json!({ "ticket_id": "A-1-2", "generation": 2 }));
    let second = mina.get(&path(&held, "A-1-2")).await.expect(200);
    assert_eq!(second.body["generation"], 2);
    assert_ne!(second.text("code"), first);
    assert!(verifies(&world, &second.text("code")).await);
    let listed = door(&world, &schedule, &held);
    assert_eq!((&listed["d2"]["N"], &listed["d1"]), (&json!("1"), &serde_json::Value::Null));
    assert_eq!(listed["owner"], listed["pk"]);
    assert_eq!(listed["created_at"]["N"], world.clock.now().as_millisecond().to_string());
    world.wait(1);
    reissue(&mina, &held, "A-1-2").await.expect(201);
    let listed = door(&world, &schedule, &held);
    assert_eq!(listed["d2"]["N"], "2");
    assert_eq!(listed["created_at"]["N"], world.clock.now().as_millisecond().to_string(), "the last change");
    world.check_invariants().await;
}

#[tokio::test]
async fn a_repeat_gives_no_further_code() {
    let world = World::new().await;
    let (_, mina, held) = bought(&world, &["A-1-1", "A-1-2"]).await;
    let first = mina.post_with_key(&path(&held, "A-1-1"), json!({}), KEY).await.expect(201);
    assert!(!first.replayed());
    reissue(&mina, &held, "A-1-1").await.expect(201);
    let before = world.dump();
    let again = mina.post_with_key(&path(&held, "A-1-1"), json!({}), KEY).await.expect(201);
    assert_eq!((again.replayed(), &again.body), (true, &first.body));
    mina.post_with_key(&path(&held, "A-1-2"), json!({}), KEY).await.expect_problem(422, "idempotency-key-reused");
    assert_eq!(world.dump(), before);
    // Also once the ticket is gone.
    mina.delete(&format!("/reservations/{held}/tickets/A-1-1")).await.expect(200);
    assert!(mina.post_with_key(&path(&held, "A-1-1"), json!({}), KEY).await.expect(201).replayed());
    reissue(&mina, &held, "A-1-1").await.expect_problem(409, "ticket-cancelled");
    world.check_invariants().await;
}

#[tokio::test]
async fn an_answer_that_is_lost_is_found_again() {
    let world = World::new().await;
    let (_, mina, held) = bought(&world, &["A-1-1"]).await;
    world.stack.intercept(Some(Arc::new(Disturb::next("TransactWriteItems", Fault::LoseAnswer, 3))));
    let given = reissue(&mina, &held, "A-1-1").await.expect(201);
    world.stack.intercept(None);
    assert_eq!((given.replayed(), &given.body["generation"]), (false, &json!(2)));
    world.check_invariants().await;
}

#[tokio::test]
async fn many_at_once_each_end_one_code() {
    let world = World::new().await;
    let (schedule, mina, held) = bought(&world, &["A-1-1"]).await;
    let all = concurrently(vec![(mina, held.clone()); 4], |(mina, held)| async move {
        reissue(&mina, &held, "A-1-1").await.status.as_u16()
    })
    .await;
    let given = all.iter().filter(|status| **status == 201).count();
    assert!(all.iter().all(|status| matches!(status, 201 | 503)) && given > 0, "{all:?}");
    assert_eq!(door(&world, &schedule, &held)["d1"]["N"], given.to_string());
    world.check_invariants().await;
}

#[tokio::test]
async fn what_is_not_the_callers_or_not_sold_gets_none() {
    let world = World::new().await;
    let (schedule, mina, held) = bought(&world, &["A-1-1"]).await;
    let joon = world.user().await;
    let before = world.dump();
    for (person, reservation, ticket) in
        [(&joon, held.as_str(), "A-1-1"), (&mina, NOBODY, "A-1-1"), (&mina, &held, "A-1-2")]
    {
        reissue(person, reservation, ticket).await.expect_problem(404, "not-found");
    }
    reissue(&mina, &held, "A-1").await.expect_invalid("ticket_id");
    assert_eq!(world.dump(), before);
    let unpaid = mina.hold(&schedule, &["A-1-5"]).await.expect(201).reservation();
    reissue(&mina, &unpaid, "A-1-5").await.expect_problem(409, "not-paid");
}

#[tokio::test]
async fn a_ticket_has_a_thousand_codes_at_most() {
    let world = World::new().await;
    let (_, mina, held) = bought(&world, &["A-1-1"]).await;
    // As if all but the last had been made.
    let (mut item, mut listed) = (json!(null), json!(null));
    for found in world.items().into_values() {
        if found["id"]["S"] == held.as_str() {
            item = found;
        }
    }
    reissue(&mina, &held, "A-1-1").await.expect(201);
    for found in world.items().into_values() {
        if found["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("DOOR#")) {
            listed = found;
        }
    }
    item["tickets"]["L"][0]["M"]["generation"] = json!({ "N": "999" });
    item["version"] = json!({ "N": "77" });
    listed["d1"] = json!({ "N": "998" });
    for item in [item, listed] {
        let request = json!({ "TableName": world.stack.template().table.name, "Item": item });
        world.stack.dynamodb().call("PutItem", &request).expect("written");
    }
    assert_eq!(reissue(&mina, &held, "A-1-1").await.expect(201).body["generation"], 1_000);
    reissue(&mina, &held, "A-1-1").await.expect_problem(409, "too-many-codes");
    // It may be given back all the same.
    mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
    // Those that were not made have no receipts, which the books of the simulation would miss.
    assert_eq!(world.audit(|_| {}).await.verdict.outcome, Outcome::Agree);
}
