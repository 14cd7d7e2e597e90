//! allow_mail, invoked by operators

use serde_json::json;

use crate::support::World;

#[tokio::test(start_paused = true)]
async fn an_operator_lets_mail_go_to_an_address_again_and_it_is_logged() {
    let world = World::mailing().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.buyer("bounce@simulator.amazonses.com", 100_000).await;
    for seat in ["A-1-1", "A-1-2"] {
        let held = mina.hold(&schedule, &[seat]).await.expect(201).reservation();
        mina.pay(&held).await.expect(201);
        world.stack.drain_events().await.expect("settled");
    }
    assert_eq!(world.letter_states(), ["sent", "suppressed"]);
    let request = json!({ "user_id": mina.id.to_string() });
    for was in [true, false] {
        let answer = world.stack.invoke("allow_mail", request.clone()).await.expect("an answer");
        assert_eq!(answer, json!({ "user_id": mina.id.to_string(), "was_suppressed": was }));
    }
    let actions = world.admin().await.pages("/admin/actions", 100).await;
    let logged = actions.iter().filter(|action| action["function"] == "allow_mail").count();
    assert_eq!(logged, 1, "{actions:?}");
    world.put_account(&mina, "Mina", "mina@example.com", None);
    let answer = world.stack.invoke("allow_mail", request).await.expect("an answer");
    assert_eq!(answer["was_suppressed"], false, "another address was never on the list");
}

#[tokio::test(start_paused = true)]
async fn what_is_no_account_is_refused() {
    let world = World::mailing().await;
    for wrong in [
        json!({}),
        json!({ "user_id": "mina" }),
        json!({ "user_id": "0193a0b0-0000-7000-8000-000000000009" }),
        json!({ "user_id": "0193a0b0-0000-7000-8000-000000000009", "address": "mina@example.com" }),
    ] {
        assert!(world.stack.invoke("allow_mail", wrong).await.is_err());
    }
}
