//! A data platform that is down does not touch a sale; and how soon an event arrives when it is up.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use local::intercept::{After, Before, Call, Intercept};
use local::stack::Mode;
use local::third_parties::webhook_receiver::Behaviour;
use onsale_platform::clock::Clock;
use serde_json::Value;

use super::relay_changes::records;
use crate::support::{Person, World, concurrently};

/// How many sales are timed.
const SALES: usize = 300;

/// Two seats held, paid by one and given up by the other, and an order.
async fn busy(person: Person, schedule: String, seat: usize, product: String) {
    let (one, two) = (format!("A-1-{seat}"), format!("A-1-{}", seat + 1));
    let held = person.hold(&schedule, &[&one]).await.expect(201).reservation();
    person.pay(&held).await.expect(201);
    let held = person.hold(&schedule, &[&two]).await.expect(201).reservation();
    person.delete(&format!("/reservations/{held}")).await.expect(200);
    person.buy(&[(&product, 1)]).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_data_platform_is_down_all_is_sold_and_afterwards_all_arrives() {
    let (world, mut listening) = World::with_receiver_and(|options| {
        (options.triggers, options.clock) = (Mode::Running, Clock::System);
        options.variables.insert("DATA_PLATFORM_TIMEOUT_MILLISECONDS".into(), "200".into());
    })
    .await;
    let product = world.product(1_000, 1_000).await;
    let down = [
        Some(Behaviour { hang: true, ..Behaviour::default() }),
        Some(Behaviour { answer: 500, ..Behaviour::default() }),
        // It has them, and says so too late.
        Some(Behaviour { delay_milliseconds: 10_000, ..Behaviour::default() }),
        None,
    ];
    let mut requests = 0;
    for behaviour in down {
        match behaviour {
            Some(behaviour) => listening.behave(behaviour),
            None => listening.stop_listening().await,
        }
        let schedule = world.schedule_with_seats().await;
        let mut sales = Vec::new();
        for number in 0..10 {
            let buyer = world.user_with(100_000).await;
            sales.push((buyer, schedule.clone(), 2 * number + 1, product.clone()));
        }
        concurrently(sales, |(buyer, schedule, seat, product)| busy(buyer, schedule, seat, product)).await;
        assert!(listening.requests() >= requests, "requests only grow");
        requests = listening.requests();
    }
    assert!(requests > 0, "it was asked while it was down");
    // No function that sells has anything to do with a queue.
    let used = world.stack.access_log().allowed();
    let callers = used.iter().filter(|used| used.action.starts_with("sqs:")).map(|used| used.function.as_str());
    let expected = BTreeSet::from(["deliver_webhooks", "relay_changes"]);
    assert!(callers.collect::<BTreeSet<_>>().is_subset(&expected));
    // What the table's stream says was committed, by id.
    let id = |record: &Value| {
        let image = &record["dynamodb"]["NewImage"];
        let text = |name: &str| image[name]["S"].as_str().expect("a text").to_owned();
        let user = text("pk").strip_prefix("USER#").expect("a user").to_owned();
        let subject = if text("sk").starts_with("RSV#") { format!("RSV#{}", text("id")) } else { text("sk") };
        format!("{user}/{subject}/{}", image["version"]["N"].as_str().expect("a version"))
    };
    let committed: BTreeSet<String> = records(&world).iter().map(id).collect();
    assert_eq!(committed.len(), 4 * 10 * 5, "hold, payment, hold, end, order");
    listening.answer(200);
    listening.listen_again().await;
    listening.until_events(committed.len()).await;
    let received = listening.buyer_events();
    let arrived = received.iter().map(|received| received.event["id"].as_str().expect("an id").to_owned());
    assert_eq!(arrived.collect::<BTreeSet<_>>(), committed);
    world.check_invariants().await;
}

/// When each order was committed.
#[derive(Default)]
struct Commits(Mutex<HashMap<String, Timestamp>>);

impl Intercept for Commits {
    fn before(&self, _: &Call<'_>) -> Before {
        Before::Proceed
    }

    fn after(&self, call: &Call<'_>, response: &Value) -> After {
        let items = call.request["TransactItems"].as_array().into_iter().flatten();
        let order = items.filter_map(|item| item["Put"]["Item"]["sk"]["S"].as_str()?.strip_prefix("ORDER#")).next();
        if let Some(order) = order.filter(|_| response.get("__type").is_none()) {
            self.0.lock().expect("no panic").insert(order.to_owned(), Clock::System.now());
        }
        After::Deliver
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_commit_to_arrival() {
    let (world, listening) = World::with_receiver_and(|options| {
        (options.triggers, options.clock) = (Mode::Running, Clock::System);
    })
    .await;
    let product = world.product(1_000, 1_000).await;
    let buyers = world.users_with(10, 1_000_000).await;
    let commits = Arc::new(Commits::default());
    world.stack.intercept(Some(commits.clone()));
    for sale in 0..SALES {
        buyers[sale % buyers.len()].buy(&[(&product, 1)]).await.expect(201);
    }
    listening.until_events(SALES).await;
    world.stack.intercept(None);
    let committed = commits.0.lock().expect("no panic").clone();
    let mut took: Vec<i64> = Vec::new();
    for received in listening.buyer_events() {
        let order = received.event["data"]["order_id"].as_str().expect("an order");
        took.push(received.first_at.as_millisecond() - committed[order].as_millisecond());
    }
    took.sort_unstable();
    assert_eq!(took.len(), SALES);
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    let (requests, most) = (listening.requests(), at(100));
    println!(
        "commit to arrival, {SALES} sales: p50 {} ms, p99 {} ms, most {most} ms, {requests} requests",
        at(50),
        at(99)
    );
}
