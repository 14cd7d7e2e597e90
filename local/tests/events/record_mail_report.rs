//! record_mail_report, from the queue of reports of SES

use serde_json::{Value, json};

use crate::events::{message_count, put, queue};
use crate::support::World;

/// Buys one seat for somebody with this address.
async fn buy(world: &World, schedule: &str, address: &str, seat: &str) -> crate::support::Person {
    let mina = world.buyer(address, 50_000).await;
    let held = mina.hold(schedule, &[seat]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    world.stack.drain_events().await.expect("settled");
    mina
}

fn bounce(kind: &str, address: &str) -> Value {
    json!({
        "version": "0", "source": "aws.ses", "detail-type": "Email Bounced",
        "detail": {
            "eventType": "Bounce",
            "bounce": { "bounceType": kind, "bouncedRecipients": [{ "emailAddress": address }] },
        },
    })
}

#[tokio::test(start_paused = true)]
async fn an_address_at_which_mail_bounces_or_is_complained_about_gets_no_more() {
    for address in ["bounce+1@simulator.amazonses.com", "complaint@simulator.amazonses.com"] {
        let world = World::mailing().await;
        let schedule = world.schedule_with_seats().await;
        buy(&world, &schedule, address, "A-1-1").await;
        assert_eq!((world.mails().len(), world.letter_states()), (1, vec!["sent".to_owned()]), "{address}");
        buy(&world, &schedule, address, "A-1-2").await;
        assert_eq!(world.letter_states(), ["sent", "suppressed"], "{address}");
        buy(&world, &schedule, "mina@example.com", "A-1-3").await;
        assert_eq!(world.letter_states(), ["sent", "sent", "suppressed"], "{address}: another's mail goes on");
        // Nowhere in the list, nor in its keys, is the address.
        let listed = world.items().into_values().filter(|item| item["sk"]["S"] == "SUPPRESSED");
        for item in listed {
            assert!(!item.to_string().contains("simulator"), "{item}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_bounce_that_passes_is_only_counted_and_reports_come_twice() {
    let world = World::mailing().await;
    let schedule = world.schedule_with_seats().await;
    let reports = queue(&world, "MailReports");
    put(&world, &reports, &bounce("Transient", "mina@example.com").to_string()).await;
    buy(&world, &schedule, "mina@example.com", "A-1-1").await;
    assert_eq!(world.letter_states(), ["sent"]);
    for _ in 0..2 {
        // As the other side writes it.
        put(&world, &reports, &bounce("Permanent", "Mina@Example.COM").to_string()).await;
    }
    world.stack.drain_events().await.expect("settled");
    buy(&world, &schedule, "mina@example.com", "A-1-2").await;
    assert_eq!(
        (world.letter_states(), message_count(&world, "MailReports")),
        (vec!["sent".to_owned(), "suppressed".to_owned()], 0)
    );
}

#[tokio::test(start_paused = true)]
async fn garbage_dies_alone() {
    let world = World::mailing().await;
    let schedule = world.schedule_with_seats().await;
    let reports = queue(&world, "MailReports");
    put(&world, &reports, "garbage").await;
    put(&world, &reports, &json!({ "detail": { "eventType": "Open" } }).to_string()).await;
    put(&world, &reports, &bounce("Permanent", "mina@example.com").to_string()).await;
    for _ in 0..7 {
        world.stack.deliver().await.expect("delivered");
    }
    let left = (message_count(&world, "MailReports"), message_count(&world, "MailReportsDeadLetter"));
    assert_eq!(left, (0, 2));
    buy(&world, &schedule, "mina@example.com", "A-1-1").await;
    assert_eq!(world.letter_states(), ["suppressed"]);
}
