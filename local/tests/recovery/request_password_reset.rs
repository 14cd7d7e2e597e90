//! POST /password-resets

use std::sync::Arc;

use serde_json::json;

use super::{MINA, ask_for_reset, links, signed_up};
use crate::support::World;
use crate::support::recorder::Meter;

#[tokio::test]
async fn a_known_address_gets_a_mail_and_an_unknown_one_none() {
    let (world, _) = signed_up().await;
    let known = ask_for_reset(&world, " Mina@Example.COM ").await.expect(202);
    let unknown = ask_for_reset(&world, "nobody@example.com").await.expect(202);
    assert_eq!((&known.bytes, &known.body), (&unknown.bytes, &unknown.body));
    assert_eq!(links(&world, "password_reset").await.len(), 1);
    // The sign-up's own letter, and this one.
    assert_eq!(world.mails().len(), 2);
    assert!(world.letter_states().contains(&"no_account".to_owned()));
    ask_for_reset(&world, "nobody").await.expect_problem(400, "invalid-request");
}

/// Nothing that the function does depends on whether there is an account: it never looks.
#[tokio::test]
async fn an_unknown_address_costs_the_same_calls() {
    let (world, _) = signed_up().await;
    ask_for_reset(&world, "warm@example.com").await.expect(202);
    let mut calls = Vec::new();
    for email in ["joon@example.com", "nobody@example.com"] {
        if email.starts_with("joon") {
            let body = json!({ "email": email, "password": super::PASSWORD, "name": "Joon" });
            world.anonymous().post("/users", body).await.expect(201);
            world.wait(3_601);
        }
        let meter = Arc::new(Meter::default());
        world.stack.intercept(Some(meter.clone()));
        ask_for_reset(&world, email).await.expect(202);
        world.stack.intercept(None);
        let cost = meter.take();
        calls.push((cost.write, cost.read, cost.calls));
    }
    assert!(calls[0].2 > 0);
    assert_eq!(calls[0], calls[1]);
}

/// Otherwise the time of an answer would tell of whoever has asked for, or got, three links within the hour.
#[tokio::test]
async fn one_too_many_costs_the_same_calls() {
    let (world, _) = signed_up().await;
    let mut costs = Vec::new();
    for _ in 0..5 {
        let meter = Arc::new(Meter::default());
        world.stack.intercept(Some(meter.clone()));
        ask_for_reset(&world, "nobody@example.com").await.expect(202);
        world.stack.intercept(None);
        let cost = meter.take();
        costs.push((cost.write, cost.calls));
    }
    // The first finds no count.
    assert!(costs[1..].iter().all(|cost| *cost == costs[1]), "{costs:?}");
    for _ in 0..5 {
        ask_for_reset(&world, MINA).await.expect(202);
    }
    // The link that proves her address is one of the three.
    assert_eq!(links(&world, "password_reset").await.len(), 2);
}

#[tokio::test]
async fn no_source_asks_for_links_without_end() {
    let world = World::with_options(|options| {
        crate::support::mail::sends_mail(options);
        options.variables.insert("LINK_SOURCE_FREE_ATTEMPTS".into(), "3".into());
    })
    .await;
    for number in 0..3 {
        ask_for_reset(&world, &format!("user{number}@example.com")).await.expect(202);
    }
    let blocked = ask_for_reset(&world, MINA).await.expect_problem(429, "too-many-attempts");
    let pause: i64 = blocked.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    world.wait(pause);
    ask_for_reset(&world, MINA).await.expect(202);
}

/// Neither the table, nor a queue, nor a log has what opens the account.
#[tokio::test]
async fn the_secret_is_in_the_mail_alone() {
    let (world, _) = signed_up().await;
    ask_for_reset(&world, MINA).await.expect(202);
    let link = links(&world, "password_reset").await.remove(0);
    let kept = world.dump().join("\n");
    assert!(!kept.contains(&link) && !kept.contains(&link[30..]));
}
