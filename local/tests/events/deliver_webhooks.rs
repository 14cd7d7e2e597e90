//! deliver_webhooks, from the queue of the data platform, over HTTP

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local::intercept::{Before, Call, Intercept};
use local::server::ports::Port;
use local::stack::Mode;
use local::third_parties::webhook_receiver::Behaviour;
use onsale_platform::clock::Clock;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{message_count, put, queue, quiet_hall, receive_all};
use crate::support::World;
use crate::support::receiver::Listening;
use crate::support::recorder::{Disturb, Fault};

/// Somebody buys a ticket; the reservation.
async fn buy(world: &World) -> String {
    let schedule = quiet_hall(world).await;
    buy_at(world, &schedule).await
}

async fn buy_at(world: &World, schedule: &str) -> String {
    let mina = world.user_with(50_000).await;
    let held = mina.hold(schedule, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&held).await.expect(201);
    held
}

fn kinds(listening: &Listening) -> Vec<String> {
    listening.events().iter().map(|event| event["type"].as_str().expect("a type").to_owned()).collect()
}

type Caught = (Method, Uri, HeaderMap, Bytes);

/// Takes every request as it is, and answers so.
#[derive(Clone)]
struct Catcher {
    answer: (StatusCode, &'static str),
    caught: Arc<Mutex<Vec<Caught>>>,
}

async fn catch(State(catcher): State<Catcher>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    catcher.caught.lock().expect("no panic").push((method, uri, headers, body));
    (catcher.answer.0, [(header::LOCATION, catcher.answer.1)]).into_response()
}

/// HMAC by its definition (RFC 2104), to check what a library made.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let pad = |with: u8| (0..64).map(|place| key.get(place).copied().unwrap_or(0) ^ with).collect::<Vec<u8>>();
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

#[tokio::test]
async fn an_event_is_posted_as_a_signed_cloud_event() {
    let port = Port::bind("any", 0).await.expect("a port");
    let url = format!("{}/some/where?tenant=7", port.url());
    let catcher = Catcher { answer: (StatusCode::NO_CONTENT, ""), caught: Arc::default() };
    let router = Router::new().fallback(catch).with_state(catcher.clone());
    let _serving = port.serve(router);
    let world = World::with_options(|options| options.data_platform = Some(url)).await;
    let held = buy(&world).await;
    world.stack.drain_events().await.expect("settled");

    let caught = catcher.caught.lock().expect("no panic").clone();
    assert_eq!(caught.len(), 2, "a hold and a payment");
    let secret = std::fs::read_to_string(world.stack.directory().join("data-platform-secret")).expect("a secret");
    let key = STANDARD.decode(&secret).expect("base64");
    for (method, uri, headers, body) in caught {
        assert_eq!((method, uri.to_string().as_str()), (Method::POST, "/some/where?tenant=7"));
        let event: Value = serde_json::from_slice(&body).expect("JSON");
        let text = |name: &str| headers[name].to_str().expect("a text").to_owned();
        assert_eq!(text("content-type"), "application/cloudevents+json; charset=utf-8");
        assert_eq!(event["data"]["reservation_id"], held);
        let (id, time) = (text("webhook-id"), text("webhook-timestamp"));
        assert_eq!((event["id"].as_str(), time.parse()), (Some(id.as_str()), Ok(world.at(0).as_second())));
        assert!(!id.contains('.') && !headers.contains_key("authorization") && !headers.contains_key("cookie"));
        let signed = [id.as_bytes(), b".", time.as_bytes(), b".", &body].concat();
        assert_eq!(text("webhook-signature"), format!("v1,{}", STANDARD.encode(hmac(&key, &signed))));
    }
}

#[tokio::test]
async fn an_event_comes_once_and_the_receiver_shows_it() {
    let (world, listening) = World::with_receiver().await;
    let held = buy(&world).await;
    world.stack.drain_events().await.expect("settled");
    assert_eq!(kinds(&listening), ["reservation.held", "payment.completed"]);
    assert!(listening.buyer_events().iter().all(|received| received.times == 1));
    let shown = reqwest::get(format!("{}?type=payment.completed&limit=1", listening.url())).await.expect("an answer");
    let shown: Value = shown.json().await.expect("JSON");
    assert_eq!((&shown["events"], shown["items"].as_array().map(Vec::len)), (&json!(2), Some(1)));
    assert_eq!(shown["items"][0]["event"]["data"]["reservation_id"], held);
    // Whoever knows no secret is not believed.
    let forged = shown["items"][0]["event"].to_string();
    let client = reqwest::Client::new();
    for signature in ["", "v1,", "v1,AAAA", "v2,AAAA"] {
        let request = client.post(listening.url()).header("webhook-id", "x").header("webhook-signature", signature);
        let request = request.header("webhook-timestamp", world.at(0).as_second()).body(forged.clone());
        assert_eq!(request.send().await.expect("an answer").status(), 401, "{signature}");
    }
    assert_eq!(client.delete(listening.url()).send().await.expect("an answer").status(), 204);
    assert!(listening.events().is_empty());
    let behaviour = listening.url().replace("/events", "/behaviour");
    for wrong in [
        json!({ "answer": 199 }),
        json!({ "answer": 600 }),
        json!({ "mood": 1 }),
        json!({ "delay_milliseconds": 60_001 }),
    ] {
        let answer = client.put(&behaviour).json(&wrong).send().await.expect("an answer");
        assert_eq!(answer.status(), 400, "{wrong}");
    }
    let answer = client.put(&behaviour).json(&json!({ "answer": 503 })).send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn each_answer_has_its_meaning() {
    for (answer, left, parked) in [
        (200, 0, 0),
        (202, 0, 0),
        (204, 0, 0),
        (299, 0, 0),
        (301, 2, 0),
        (307, 2, 0),
        (400, 2, 0),
        (401, 2, 0),
        (404, 2, 0),
        (410, 0, 2),
        (429, 2, 0),
        (500, 2, 0),
        (503, 2, 0),
    ] {
        let (world, listening) = World::with_receiver().await;
        listening.answer(answer);
        buy(&world).await;
        world.stack.drain_events().await.expect("settled");
        let queued = receive_all(&world, &queue(&world, "DataPlatform")).await.len();
        assert_eq!((queued, message_count(&world, "Parked")), (left, parked), "{answer}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let port = Port::bind("any", 0).await.expect("a port");
    let url = port.url();
    let catcher = Catcher { answer: (StatusCode::TEMPORARY_REDIRECT, "/elsewhere"), caught: Arc::default() };
    let _serving = port.serve(Router::new().fallback(catch).with_state(catcher.clone()));
    let world = World::with_options(|options| options.data_platform = Some(format!("{url}/events"))).await;
    buy(&world).await;
    world.stack.drain_events().await.expect("settled");
    let caught = catcher.caught.lock().expect("no panic").clone();
    assert!(!caught.is_empty() && caught.iter().all(|(_, uri, _, _)| uri.path() == "/events"));
}

#[tokio::test]
async fn who_hangs_or_is_slow_or_away_is_tried_again() {
    let (world, mut listening) = World::with_receiver_and(|options| {
        options.variables.insert("DATA_PLATFORM_TIMEOUT_MILLISECONDS".into(), "100".into());
    })
    .await;
    buy(&world).await;
    listening.behave(Behaviour { hang: true, ..Behaviour::default() });
    world.stack.relay().await.expect("relayed");
    assert_eq!((world.stack.deliver().await.expect("delivered"), listening.events().len()), (0, 0));
    listening.stop_listening().await;
    assert_eq!(world.stack.deliver().await.expect("delivered"), 0);
    listening.listen_again().await;
    // It has the events and does not say so in time: they come twice, with the same ids and contents.
    listening.behave(Behaviour { delay_milliseconds: 60_000, ..Behaviour::default() });
    assert_eq!((world.stack.deliver().await.expect("delivered"), listening.events().len()), (0, 2));
    listening.answer(200);
    assert_eq!(world.stack.deliver().await.expect("delivered"), 2);
    let times: Vec<u64> = listening.buyer_events().iter().map(|received| received.times).collect();
    assert_eq!(times, [2, 2]);
}

/// Notes for how long the function puts messages off.
#[derive(Default)]
struct Pauses(Mutex<Vec<u64>>);

impl Intercept for Pauses {
    fn before(&self, call: &Call<'_>) -> Before {
        if call.function == Some("deliver_webhooks") && call.operation == "ChangeMessageVisibility" {
            self.0.lock().expect("no panic").push(call.request["VisibilityTimeout"].as_u64().expect("seconds"));
        }
        Before::Proceed
    }
}

#[tokio::test]
async fn pauses_grow_up_to_a_quarter_of_an_hour_and_then_it_lies_in_the_dead_letter_queue() {
    let (world, listening) = World::with_receiver().await;
    let pauses = Arc::new(Pauses::default());
    world.stack.intercept(Some(pauses.clone()));
    listening.answer(500);
    world.user().await.hold(&quiet_hall(&world).await, &["A-1-1"]).await.expect(201);
    world.stack.relay().await.expect("relayed");
    for _ in 0..101 {
        assert_eq!(world.stack.deliver().await.expect("delivered"), 0);
    }
    let pauses = pauses.0.lock().expect("no panic").clone();
    assert_eq!((pauses.len(), listening.requests()), (100, 100));
    for (delivery, pause) in pauses.iter().enumerate() {
        let most = 1_u64.checked_shl(u32::try_from(delivery).expect("few")).unwrap_or(900).min(900);
        assert!((most - most / 5..=most).contains(pause), "delivery {delivery}: {pause} of {most}");
    }
    let hours = pauses.iter().sum::<u64>() / 3_600;
    println!("an event is tried for {hours} whole hours");
    assert!((18..=22).contains(&hours), "{hours}");
    assert_eq!((message_count(&world, "DataPlatformDeadLetter"), message_count(&world, "Parked")), (1, 0));
}

#[tokio::test]
async fn it_is_not_tried_again_before_the_receiver_asks_for_it() {
    for (answer, asked, expected) in [(503, 77, 77), (429, 77, 77), (429, 86_400, 900), (500, 77, 1)] {
        let (world, listening) = World::with_receiver().await;
        let pauses = Arc::new(Pauses::default());
        world.stack.intercept(Some(pauses.clone()));
        listening.behave(Behaviour { answer, retry_after_seconds: Some(asked), ..Behaviour::default() });
        world.user().await.hold(&quiet_hall(&world).await, &["A-1-1"]).await.expect(201);
        world.stack.relay().await.expect("relayed");
        assert_eq!(world.stack.deliver().await.expect("delivered"), 0);
        assert_eq!(*pauses.0.lock().expect("no panic"), [expected], "{answer}, {asked}");
    }
}

#[tokio::test]
async fn what_could_not_be_put_off_comes_again_all_the_same() {
    let (world, listening) = World::with_receiver().await;
    listening.answer(500);
    buy(&world).await;
    let lost = Arc::new(Disturb::next("ChangeMessageVisibility", Fault::LoseRequest, 1_000));
    world.stack.intercept(Some(lost.clone()));
    world.stack.relay().await.expect("relayed");
    assert_eq!(world.stack.deliver().await.expect("delivered"), 0);
    assert!(lost.disturbed_calls() >= 2);
    world.stack.intercept(None);
    listening.answer(200);
    assert_eq!(world.stack.deliver().await.expect("delivered"), 2);
    assert_eq!(listening.events().len(), 2);
}

#[tokio::test]
async fn who_is_gone_is_left_alone_for_five_minutes_and_nothing_is_lost() {
    let (world, listening) = World::with_receiver().await;
    listening.answer(410);
    let schedule = quiet_hall(&world).await;
    let mina = world.user().await;
    mina.hold(&schedule, &["A-1-1"]).await.expect(201);
    world.stack.drain_events().await.expect("settled");
    assert_eq!(listening.requests(), 1);
    // It would take them by now, and is not asked.
    listening.answer(200);
    for seat in ["A-1-2", "A-1-3"] {
        mina.hold(&schedule, &[seat]).await.expect(201);
        world.wait(149);
        world.stack.drain_events().await.expect("settled");
    }
    assert_eq!((listening.requests(), message_count(&world, "Parked")), (1, 3));
    world.wait(3);
    // Somebody else: a hold of Mina's would close those of hers that have lapsed, which is told as well.
    world.user().await.hold(&schedule, &["A-1-4"]).await.expect(201);
    world.stack.drain_events().await.expect("settled");
    assert_eq!((listening.requests(), listening.events().len()), (2, 1));
    // What was parked is put back as it is, by hand, and arrives.
    for letter in receive_all(&world, &queue(&world, "Parked")).await {
        let letter: Value = serde_json::from_str(&letter).expect("JSON");
        assert_eq!(letter["problem"], "the data platform answered 410");
        put(&world, &queue(&world, "DataPlatform"), &letter["event"].to_string()).await;
    }
    world.stack.drain_events().await.expect("settled");
    assert_eq!(kinds(&listening), ["reservation.held"; 4]);
}

#[tokio::test]
async fn what_cannot_be_parked_stays_in_its_queue() {
    let (world, listening) = World::with_receiver().await;
    listening.answer(410);
    world.user().await.hold(&quiet_hall(&world).await, &["A-1-1"]).await.expect(201);
    world.stack.relay().await.expect("relayed");
    world.stack.intercept(Some(Arc::new(Disturb::next("SendMessageBatch", Fault::LoseRequest, 1_000))));
    assert_eq!(world.stack.deliver().await.expect("delivered"), 0);
    world.stack.intercept(None);
    assert_eq!((world.stack.deliver().await.expect("delivered"), message_count(&world, "Parked")), (1, 1));
}

#[tokio::test]
async fn without_a_data_platform_nothing_is_queued_for_it() {
    let world = World::new().await;
    buy(&world).await;
    world.stack.relay().await.expect("relayed");
    assert!(receive_all(&world, &queue(&world, "DataPlatform")).await.is_empty());
    // And what lay there from before is nobody's.
    let example: Value = serde_json::from_str(&crate::repository::read("events/deliver_webhooks.json")).expect("JSON");
    let answer = world.stack.invoke("deliver_webhooks", example).await.expect("an answer");
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
}

#[tokio::test]
async fn garbage_fails_alone() {
    let (world, listening) = World::with_receiver().await;
    let schedule = quiet_hall(&world).await;
    put(&world, &queue(&world, "DataPlatform"), "garbage").await;
    put(&world, &queue(&world, "DataPlatform"), r#"{"specversion":"0.3","id":"x","source":"/onsale"}"#).await;
    buy_at(&world, &schedule).await;
    world.stack.drain_events().await.expect("settled");
    assert_eq!((listening.events().len(), listening.requests()), (2, 2));
    assert_eq!(receive_all(&world, &queue(&world, "DataPlatform")).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_running_stack_tries_again_by_itself() {
    let (world, listening) = World::with_receiver_and(|options| {
        (options.triggers, options.clock) = (Mode::Running, Clock::System);
    })
    .await;
    let schedule = world.schedule_with_seats().await;
    // Concert, date and seats.
    listening.until_requests(3).await;
    listening.answer(500);
    buy_at(&world, &schedule).await;
    // Each has been refused twice: once at once, and once a second later.
    listening.until_requests(3 + 4).await;
    listening.answer(200);
    listening.until_events(2).await;
    assert!(listening.requests() <= 3 + 8, "{} requests: not pauses that grow", listening.requests());
}
