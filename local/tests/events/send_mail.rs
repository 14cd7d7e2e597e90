//! send_mail, from the queue of mail

use local::aws::engine::ses::Refusal;
use serde_json::{Value, json};

use crate::events::redrive::redrive;
use crate::events::{message_count, put, queue, receive_all};
use crate::support::World;
use crate::support::mail::{FROM, PAGE};

/// Somebody buys two seats; the reservation.
async fn buy_two(world: &World, address: &str) -> String {
    let schedule = world.schedule_with_seats().await;
    let mina = world.buyer(address, 100_000).await;
    let held = mina.hold(&schedule, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    held
}

#[tokio::test(start_paused = true)]
async fn a_buyer_gets_the_tickets_by_mail() {
    let world = World::mailing().await;
    let held = buy_two(&world, "mina@example.com").await;
    world.stack.drain_events().await.expect("settled");
    let [mail] = world.mails().try_into().expect("one mail");
    assert_eq!(mail.from, format!("Onsale <{FROM}>"));
    assert_eq!((mail.to, mail.subject.as_str()), (vec!["mina@example.com".to_owned()], "Your tickets: Concert"));
    assert_eq!((mail.letter.as_deref(), mail.configuration_set.as_deref()), (Some("tickets"), Some("MailSet")));
    for part in [&mail.text, &mail.html] {
        for told in ["Mina", "Olympic Hall", "A-1-1", "A-1-2", "₩50,000", "₩100,000", "21 Dec 2026, 10:00 UTC", &held]
        {
            assert!(part.contains(told), "{told}: {part}");
        }
        assert!(part.contains(&format!("{PAGE}/app/tickets")), "{part}");
    }
    assert_eq!((world.letter_states(), message_count(&world, "Mail")), (vec!["sent".to_owned()], 0));
}

#[tokio::test(start_paused = true)]
async fn a_mail_is_in_the_language_of_its_reader() {
    let world = World::mailing().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.buyer("mina@example.com", 50_000).await;
    world.put_account(&mina, "민아", "mina@example.com", Some("ko"));
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    world.stack.drain_events().await.expect("settled");
    let [mail] = world.mails().try_into().expect("one mail");
    assert_eq!(mail.subject, "예매 완료: Concert");
    assert!(mail.text.contains("민아 님") && mail.html.contains("<html lang=\"ko\">"), "{}", mail.text);
}

#[tokio::test(start_paused = true)]
async fn while_mail_is_off_nothing_is_queued_for_it() {
    let world = World::new().await;
    buy_two(&world, "mina@example.com").await;
    world.stack.relay().await.expect("relayed");
    assert!(receive_all(&world, &queue(&world, "Mail")).await.is_empty());
    // And what lay there from before is nobody's.
    let example: Value = serde_json::from_str(&crate::repository::read("events/send_mail.json")).expect("JSON");
    let answer = world.stack.invoke("send_mail", example).await.expect("an answer");
    assert_eq!((answer, world.mails().len()), (json!({ "batchItemFailures": [] }), 0));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_comes_twice_is_one_mail() {
    let world = World::mailing().await;
    buy_two(&world, "mina@example.com").await;
    world.stack.relay().await.expect("relayed");
    let bodies = receive_all(&world, &queue(&world, "Mail")).await;
    assert_eq!(bodies.len(), 1);
    for _ in 0..3 {
        put(&world, &queue(&world, "Mail"), &bodies[0]).await;
    }
    // Three side by side: one sends, the others find that, or come again until they do.
    world.stack.drain_events().await.expect("settled");
    assert_eq!((world.mails().len(), message_count(&world, "Mail")), (1, 0));
    put(&world, &queue(&world, "Mail"), &bodies[0]).await;
    world.wait(29 * 86_400);
    world.stack.drain_events().await.expect("settled");
    assert_eq!((world.mails().len(), message_count(&world, "Mail")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn messages_say_who_and_what_and_never_an_address() {
    let world = World::mailing().await;
    buy_two(&world, "mina@example.com").await;
    world.stack.relay().await.expect("relayed");
    for body in receive_all(&world, &queue(&world, "Mail")).await {
        assert!(!body.contains("example.com") && !body.contains("Mina") && !body.contains("Concert"), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_gone_gets_nothing() {
    let world = World::mailing().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.buyer("mina@example.com", 50_000).await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    world.remove_account(&mina);
    world.stack.drain_events().await.expect("settled");
    assert_eq!((world.mails().len(), world.letter_states()), (0, vec!["no_account".to_owned()]));
    assert_eq!(message_count(&world, "Mail"), 0);
}

#[tokio::test(start_paused = true)]
async fn each_refusal_of_ses_has_its_meaning() {
    let unverified = "Email address is not verified. The following identities failed the check";
    for (code, message, final_state) in [
        ("MessageRejected", "Illegal content", Some("refused")),
        ("BadRequestException", "Illegal address", Some("refused")),
        ("MessageRejected", unverified, None),
        ("MailFromDomainNotVerifiedException", "it is not verified", None),
        ("TooManyRequestsException", "Maximum sending rate exceeded.", None),
        ("LimitExceededException", "Daily message quota exceeded", None),
        ("SendingPausedException", "Sending is paused", None),
        ("AccountSuspendedException", "The account is suspended", None),
        ("NotFoundException", "There is no such configuration set", None),
        ("SomethingNewException", "Nobody knows yet", None),
    ] {
        let world = World::mailing().await;
        buy_two(&world, "mina@example.com").await;
        world.stack.ses().refuse(Some(Refusal { code, message }));
        world.stack.relay().await.expect("relayed");
        world.stack.deliver().await.expect("delivered");
        let left = usize::from(final_state.is_none());
        let case = format!("{code}: {:?}", world.letter_states());
        assert_eq!((message_count(&world, "Mail"), world.mails().len()), (left, 0), "{case}");
        assert_eq!(world.letter_states(), [final_state.unwrap_or("sending")], "{case}");
        world.stack.ses().refuse(None);
        world.stack.drain_events().await.expect("settled");
        assert_eq!((message_count(&world, "Mail"), world.mails().len()), (0, left), "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn letters_that_failed_too_often_are_put_back_and_sent_once() {
    let world = World::mailing().await;
    buy_two(&world, "mina@example.com").await;
    let down = Refusal { code: "AccountSuspendedException", message: "The account is suspended" };
    world.stack.ses().refuse(Some(down));
    world.stack.relay().await.expect("relayed");
    for _ in 0..101 {
        world.stack.deliver().await.expect("delivered");
    }
    assert_eq!((message_count(&world, "Mail"), message_count(&world, "MailDeadLetter")), (0, 1));
    world.stack.ses().refuse(None);
    for _ in 0..2 {
        redrive(&world, "Mail").await;
        world.wait(10 * 86_400);
        world.stack.drain_events().await.expect("settled");
        assert_eq!((world.mails().len(), message_count(&world, "MailDeadLetter")), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn garbage_fails_alone_and_dies() {
    let world = World::mailing().await;
    put(&world, &queue(&world, "Mail"), "garbage").await;
    buy_two(&world, "mina@example.com").await;
    world.stack.drain_events().await.expect("settled");
    assert_eq!((world.mails().len(), message_count(&world, "Mail")), (1, 1));
    for _ in 0..101 {
        world.stack.deliver().await.expect("delivered");
    }
    assert_eq!((message_count(&world, "Mail"), message_count(&world, "MailDeadLetter")), (0, 1));
}
