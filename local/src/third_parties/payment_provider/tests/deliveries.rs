use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{GOOD_CARD, SIGNING_SECRETS, World, text};
use crate::third_parties::payment_provider::{Delivery, RETRIES_MAX, REVERSED_SECONDS, Webhooks};

/// HMAC-SHA256 by its definition (RFC 2104), without the library that signs.
fn hmac(key: &[u8], message: &[u8]) -> String {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    let outer = Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize();
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a receiver that knows one of the secrets takes it.
fn is_signed(delivery: &Delivery, secret: &str) -> bool {
    let mut parts = delivery.signature.split(',');
    let seconds = parts.next().and_then(|part| part.strip_prefix("t=")).expect("the time first");
    let expected = hmac(secret.as_bytes(), format!("{seconds}.{}", delivery.body).as_bytes());
    parts.any(|part| part.strip_prefix("v1=") == Some(&expected))
}

fn due(world: &mut World) -> Vec<Delivery> {
    world.provider.due_deliveries(world.now)
}

fn types(deliveries: &[Delivery]) -> Vec<String> {
    let kind = |delivery: &Delivery| text(&serde_json::from_str::<Value>(&delivery.body).expect("JSON")["type"]);
    deliveries.iter().map(kind).collect()
}

#[test]
fn hmac_is_that_of_the_standard() {
    let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(hmac(b"Jefe", b"what do ya want for nothing?"), expected, "RFC 4231, test case 2");
}

#[test]
fn events_are_signed_by_each_secret() {
    let mut world = World::new();
    world.create("manual");
    let deliveries = due(&mut world);
    assert_eq!(deliveries.len(), 1);
    assert!(SIGNING_SECRETS.iter().all(|secret| is_signed(&deliveries[0], secret)));
    assert!(!is_signed(&deliveries[0], "whsec_other"));
    assert!(deliveries[0].signature.starts_with(&format!("t={},v1=", world.now.as_second())));
    let event: Value = serde_json::from_str(&deliveries[0].body).expect("JSON");
    assert_eq!(event["id"], deliveries[0].event_id);
    assert_eq!(event["data"]["object"]["status"], "requires_payment_method");
}

#[test]
fn an_event_has_the_object_as_it_was() {
    let mut world = World::new();
    let id = world.confirmed("manual", GOOD_CARD);
    world.post(&format!("/v1/payment_intents/{id}/capture"), &[]);
    let deliveries = due(&mut world);
    let statuses: Vec<Value> = deliveries
        .iter()
        .map(|delivery| {
            serde_json::from_str::<Value>(&delivery.body).expect("JSON")["data"]["object"]["status"].clone()
        })
        .collect();
    assert_eq!(statuses, ["requires_payment_method", "requires_capture", "succeeded"]);
}

#[test]
fn a_delivery_stays_due_until_it_is_done() {
    let mut world = World::new();
    world.create("manual");
    let first = due(&mut world);
    assert_eq!(due(&mut world), first);
    world.provider.delivered(&first[0].event_id, true, world.now);
    assert!(due(&mut world).is_empty());
    assert_eq!(world.provider.next_due(), None);
    assert_eq!(world.provider.object(&first[0].event_id).expect("the event")["pending_webhooks"], 0);
}

#[test]
fn a_failed_delivery_is_tried_again_ever_later() {
    let mut world = World::new();
    world.create("manual");
    let id = due(&mut world)[0].event_id.clone();
    let mut waits = Vec::new();
    loop {
        world.provider.delivered(&id, false, world.now);
        let Some(next) = world.provider.next_due() else { break };
        waits.push(next.as_second() - world.now.as_second());
        assert!(due(&mut world).is_empty());
        world.now = next;
        assert_eq!(due(&mut world).len(), 1);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
    assert_eq!(waits.len(), RETRIES_MAX as usize);
    world.provider.delivered("evt_t99", false, world.now);
}

#[test]
fn events_can_come_twice() {
    let mut world = World::new();
    world.faults(|faults| faults.webhooks = Webhooks::Twice);
    world.confirmed("manual", GOOD_CARD);
    let deliveries = due(&mut world);
    let (created, changed) = ("payment_intent.created", "payment_intent.amount_capturable_updated");
    assert_eq!(types(&deliveries), [created, created, changed, changed]);
    world.provider.delivered(&deliveries[0].event_id, true, world.now);
    world.provider.delivered(&deliveries[1].event_id, false, world.now);
    assert_eq!(types(&due(&mut world)), [changed, changed], "the success counts");
}

#[test]
fn events_can_come_never_and_then_late() {
    let mut world = World::new();
    world.faults(|faults| faults.webhooks = Webhooks::Never);
    world.create("manual");
    world.wait(1_000);
    assert!(due(&mut world).is_empty());
    assert_eq!(world.provider.next_due(), None);
    world.faults(|faults| faults.webhooks = Webhooks::Normal);
    assert_eq!(due(&mut world).len(), 1);
}

#[test]
fn events_can_come_the_newest_first() {
    let mut world = World::new();
    world.faults(|faults| faults.webhooks = Webhooks::Reversed);
    world.create("manual");
    world.wait(1);
    world.confirmed("automatic", GOOD_CARD);
    assert!(due(&mut world).is_empty(), "they are held");
    world.wait(i64::try_from(REVERSED_SECONDS).expect("seconds") - 1);
    let kinds = types(&due(&mut world));
    assert_eq!(kinds, ["payment_intent.succeeded", "payment_intent.created", "payment_intent.created"]);
}

#[test]
fn events_can_have_a_wrong_signature() {
    let mut world = World::new();
    world.faults(|faults| faults.webhooks = Webhooks::WrongSignature);
    world.create("manual");
    let deliveries = due(&mut world);
    assert!(SIGNING_SECRETS.iter().all(|secret| !is_signed(&deliveries[0], secret)));
}

#[test]
fn what_happens_by_itself_is_told() {
    let mut world = World::new();
    world.confirmed("automatic", "4000000000009029");
    for delivery in due(&mut world) {
        world.provider.delivered(&delivery.event_id, true, world.now);
    }
    world.now = world.provider.next_due().expect("late money");
    let deliveries = due(&mut world);
    assert_eq!(types(&deliveries), ["payment_intent.succeeded"]);
    let event: Value = serde_json::from_str(&deliveries[0].body).expect("JSON");
    assert_eq!(event["request"]["id"], Value::Null);
}
