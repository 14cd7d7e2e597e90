//! What goes wrong between the table, the queue and SES: no mail is lost, and one comes twice only if an answer got lost.

use std::sync::Arc;

use jiff::SignedDuration;
use local::intercept::{After, Before, Call, Intercept};
use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use onsale_platform::lambda;
use serde_json::{Value, json};

use crate::events::{batch, message_count, queue, receive_all};
use crate::support::World;
use crate::support::mail::LoseMails;
use crate::support::recorder::{Disturb, Fault};

/// A world in which a payment waits to be told of.
async fn with_a_payment() -> World {
    let world = World::mailing().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.buyer("mina@example.com", 50_000).await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    world.stack.relay().await.expect("relayed");
    world
}

#[tokio::test(start_paused = true)]
async fn a_call_of_ses_that_does_not_arrive_is_made_again() {
    let world = with_a_payment().await;
    world.stack.intercept(Some(LoseMails::requests(3)));
    for _ in 0..3 {
        assert_eq!(world.stack.deliver().await.expect("delivered"), 0);
        assert_eq!((world.mails().len(), message_count(&world, "Mail")), (0, 1));
    }
    world.stack.drain_events().await.expect("settled");
    assert_eq!((world.mails().len(), message_count(&world, "Mail")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_ses_that_got_lost_is_one_mail_more() {
    let world = with_a_payment().await;
    world.stack.intercept(Some(LoseMails::answers(1)));
    assert_eq!(world.stack.deliver().await.expect("delivered"), 0);
    world.stack.drain_events().await.expect("settled");
    assert_eq!((world.mails().len(), world.letter_states()), (2, vec!["sent".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn whatever_the_table_does_not_answer_it_is_one_mail() {
    for (operation, fault) in [
        ("UpdateItem", Fault::LoseAnswer),
        ("UpdateItem", Fault::LoseRequest),
        ("UpdateItem", Fault::Throttle),
        ("UpdateItem", Fault::Conflict),
        ("GetItem", Fault::LoseRequest),
        ("GetItem", Fault::Throttle),
        ("Query", Fault::LoseRequest),
    ] {
        for spared in 0..4 {
            for times in [1, 40] {
                let world = with_a_payment().await;
                let disturb = Arc::new(Disturb::after(operation, fault, spared, times));
                world.stack.intercept(Some(disturb.clone()));
                world.stack.deliver().await.expect("delivered");
                world.stack.intercept(None);
                // Whoever could not release its mark is waited for.
                world.wait(91);
                world.stack.drain_events().await.expect("settled");
                let case = format!("{operation} {fault:?} {spared} {times}");
                assert_eq!((world.mails().len(), message_count(&world, "Mail")), (1, 0), "{case}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_dies_with_a_letter_is_waited_for_until_the_lease_is_over() {
    let world = with_a_payment().await;
    // It marks the letter, and is never heard of again: neither by SES nor by the table.
    world.stack.intercept(Some(Arc::new(Disturb::after("UpdateItem", Fault::LoseRequest, 1, 1_000))));
    world.stack.deliver().await.expect("delivered");
    world.stack.intercept(None);
    world.stack.drain_events().await.expect("settled");
    assert_eq!((world.mails().len(), message_count(&world, "Mail")), (0, 1), "its lease is not over");
    world.wait(91);
    world.stack.drain_events().await.expect("settled");
    assert_eq!((world.mails().len(), message_count(&world, "Mail")), (1, 0));
}

/// The messages that tell of a payment, and a process that is to send.
async fn with_messages() -> (World, Vec<String>) {
    let world = with_a_payment().await;
    let bodies = receive_all(&world, &queue(&world, "Mail")).await;
    assert_eq!(bodies.len(), 1);
    (world, bodies)
}

async fn send(world: &World, clock: Clock, bodies: &[String]) -> usize {
    let process = world.stack.process("send_mail", clock, Ids::Random).expect("a process");
    let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
    let answer = lambda::invoke(&process.code, process.app, batch(&bodies)).await.expect("an answer");
    answer["batchItemFailures"].as_array().expect("a list").len()
}

/// Kills a sender while its call of SES is held before SES sees it, or after.
async fn killed_at_ses(after: bool) -> (World, Vec<String>) {
    let (world, bodies) = with_messages().await;
    world.stack.intercept(Some(Arc::new(Hang { after })));
    tokio::select! {
        _ = send(&world, world.clock.clone(), &bodies) => panic!("it outlived its death"),
        () = tokio::time::sleep(std::time::Duration::from_secs(5)) => {}
    }
    world.stack.intercept(None);
    (world, bodies)
}

/// Lets calls of SES, or their answers, go nowhere.
struct Hang {
    after: bool,
}

impl Intercept for Hang {
    fn before(&self, call: &Call<'_>) -> Before {
        if call.service == "ses" && !self.after {
            Before::Hold(Box::pin(std::future::pending()))
        } else {
            Before::Proceed
        }
    }

    fn after(&self, call: &Call<'_>, _: &Value) -> After {
        if call.service == "ses" && self.after { After::Hold(Box::pin(std::future::pending())) } else { After::Deliver }
    }
}

#[tokio::test(start_paused = true)]
async fn f05_killed_before_a_mail_is_sent_it_is_sent_once_the_lease_is_over() {
    let (world, bodies) = killed_at_ses(false).await;
    assert_eq!(
        (send(&world, world.clock.clone(), &bodies).await, world.mails().len()),
        (1, 0),
        "its lease is not over"
    );
    world.wait(91);
    assert_eq!((send(&world, world.clock.clone(), &bodies).await, world.mails().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn f06_killed_after_a_mail_was_sent_it_is_sent_once_more() {
    let (world, bodies) = killed_at_ses(true).await;
    world.wait(91);
    assert_eq!((send(&world, world.clock.clone(), &bodies).await, world.mails().len()), (0, 2));
    assert_eq!((send(&world, world.clock.clone(), &bodies).await, world.mails().len()), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn f13_clocks_that_differ_send_no_mail_twice() {
    for skew in [30, -30, -300] {
        let (world, bodies) = with_messages().await;
        let other = Clock::manual(world.clock.now() + SignedDuration::from_secs(skew));
        assert_eq!(send(&world, other.clone(), &bodies).await, 0, "{skew} s");
        for clock in [world.clock.clone(), other] {
            assert_eq!((send(&world, clock, &bodies).await, world.mails().len()), (0, 1), "{skew} s");
        }
        // A clock that is ahead has taken a moment to come: another sender waits for it, and not for long.
        let (another, bodies) = with_messages().await;
        let ahead = Clock::manual(another.clock.now() + SignedDuration::from_secs(skew));
        assert_eq!(send(&another, ahead, &bodies).await, 0, "{skew} s");
    }
}

#[tokio::test(start_paused = true)]
async fn f18_the_stream_read_again_sends_nothing_again() {
    let (world, bodies) = with_messages().await;
    for _ in 0..3 {
        assert_eq!((send(&world, world.clock.clone(), &bodies).await, world.mails().len()), (0, 1));
        world.wait(86_400);
    }
}

#[tokio::test(start_paused = true)]
async fn f20_an_event_that_says_more_is_a_letter_and_one_of_another_version_waits() {
    let (world, bodies) = with_messages().await;
    let changed = |name: &str, value: Value| -> Vec<String> {
        let event = |body: &String| {
            let mut event: Value = serde_json::from_str(body).expect("JSON");
            event[name] = value.clone();
            event.to_string()
        };
        bodies.iter().map(event).collect()
    };
    let other = changed("specversion", json!("2.0"));
    assert_eq!((send(&world, world.clock.clone(), &other).await, world.mails().len()), (1, 0));
    let more = changed("newer", json!({ "than": "this" }));
    assert_eq!((send(&world, world.clock.clone(), &more).await, world.mails().len()), (0, 1));
}
