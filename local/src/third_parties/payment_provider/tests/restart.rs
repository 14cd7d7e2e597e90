use serde_json::Value;

use super::{GOOD_CARD, World, post, settings, text, with_key};
use crate::third_parties::payment_provider::Provider;

fn open(path: &std::path::Path) -> World {
    World::with(Provider::open(settings(), path).expect("a file"))
}

#[test]
fn a_restart_forgets_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("provider.sqlite");
    let capture = |id: &str| with_key(post(&format!("/v1/payment_intents/{id}/capture"), &[]), "capture-1");
    let (id, refund, answer, events, deliveries) = {
        let mut world = open(&path);
        let id = world.confirmed("manual", "4000000000005126");
        let answer = world.call(&capture(&id));
        let refund = text(&world.refund(&id, "4000").body["id"]);
        let first = world.provider.due_deliveries(world.now)[0].event_id.clone();
        world.provider.delivered(&first, true, world.now);
        let events: Vec<Value> = world.provider.events().collect();
        (id, refund, answer, events, world.provider.due_deliveries(world.now))
    };
    let mut world = open(&path);
    assert_eq!(world.provider.events().collect::<Vec<Value>>(), events);
    assert_eq!(world.provider.due_deliveries(world.now), deliveries);
    let again = world.call(&capture(&id));
    assert!(again.replayed);
    assert_eq!(again.body, answer.body);
    assert_eq!(world.refund(&id, "6001").status, 400, "what was given back is known");
    world.wait(5);
    let failed = world.get(&format!("/v1/refunds/{refund}"), &[]).body;
    assert_eq!(failed["status"], "failed", "what was to come comes");
    let known: Vec<String> = world.provider.payment_intents().map(|intent| text(&intent["id"])).collect();
    let new = world.confirmed("manual", GOOD_CARD);
    assert!(!known.contains(&new), "ids are not used twice");
}

#[test]
fn what_is_forgotten_leaves_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("provider.sqlite");
    let call = with_key(post("/v1/payment_intents", &[("amount", "1000"), ("currency", "krw")]), "k-1");
    {
        let mut world = open(&path);
        world.call(&call);
        world.wait(24 * 3_600);
        world.provider.advance(world.now);
    }
    let mut world = open(&path);
    assert!(!world.call(&call).replayed);
}

#[test]
fn another_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("provider.sqlite");
    std::fs::write(&path, "this is a letter to nobody in particular, and no table").expect("a file");
    let problem = Provider::open(settings(), &path).err().expect("a refusal");
    assert!(problem.to_string().starts_with("the payment provider's file cannot be read"), "{problem}");
    assert!(Provider::open(settings(), folder.path()).is_err(), "a folder is no file");
    let path = folder.path().join("other.sqlite");
    drop(open(&path));
    let connection = rusqlite::Connection::open(&path).expect("a table");
    connection.execute("INSERT INTO objects VALUES ('coin', 1, '{}')", []).expect("a row");
    let problem = Provider::open(settings(), &path).err().expect("a refusal");
    assert_eq!(problem.to_string(), "the payment provider's file has no known kind: coin");
}
