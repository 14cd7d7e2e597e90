//! A hundred thousand letters in virtual time, at the rate of SES, while answers get lost, calls are throttled and
//! processes die: none is lost, one is sent twice only where an answer was lost or its process died with it, and the
//! suppression list is kept.
//!
//! `ONSALE_SCALE=full cargo test --test suite mail::pace -- --nocapture` sends them all; without it a twentieth.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use local::aws::lambda::Entry;
use local::intercept::{After, Before, Call, FailedItems, Intercept};
use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use onsale_platform::lambda;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::support::mail::sends_mail;
use crate::support::{World, logs, scaled};

/// Mails a second that SES takes in this test: the rate of most accounts.
const RATE: usize = 14;
/// How long SES takes for an answer.
const SES_MILLISECONDS: u64 = 60;
/// What the queue waits before it delivers a message again whose function died.
const VISIBILITY: Duration = Duration::from_secs(360);
/// Of so many addresses one is on the suppression list.
const SUPPRESSED_EACH: u128 = 50;
/// Senders at once, as the template has them, and messages that each gets.
const SENDERS: usize = 2;
const BATCH: usize = 10;
/// While SES is away, in seconds since the start.
const AWAY: std::ops::Range<u64> = 100..160;

/// The messages by when they may be delivered, and what was seen of them.
#[derive(Default)]
struct Seen {
    /// How often a mail to each address was taken by SES.
    taken: BTreeMap<String, usize>,
    /// Letters that SES has, and of which the table does not know yet.
    unnoted: BTreeSet<String>,
    /// When each call arrived at SES, as far as a second goes back.
    arrivals: Vec<Instant>,
    /// Calls beyond the rate.
    too_fast: usize,
    lost_answers: usize,
    lost_requests: usize,
    throttles: usize,
    /// Pauses that senders asked the queue for, by the handle of the message.
    pauses: BTreeMap<String, u64>,
}

/// Plays SES and the table that go wrong, and lets the clock of the functions follow the virtual time.
struct Weather {
    clock: Clock,
    began: Instant,
    told: Mutex<i64>,
    seen: Arc<Mutex<Seen>>,
    dice: Mutex<fastrand::Rng>,
}

impl Weather {
    fn follow_the_time(&self) {
        let now = i64::try_from(self.began.elapsed().as_millis()).expect("a while");
        let mut told = self.told.lock().expect("no panic");
        self.clock.advance(SignedDuration::from_millis(now - *told));
        *told = now;
    }

    fn one_in(&self, many: u32) -> bool {
        self.dice.lock().expect("no panic").u32(0..many) == 0
    }
}

fn address_of(request: &Value) -> String {
    request["Destination"]["ToAddresses"][0].as_str().expect("an address").to_owned()
}

/// The user to whom a letter goes, by its key in the table or by its address.
fn user_in(text: &str) -> &str {
    let text = text.trim_start_matches("EVENT#").trim_start_matches("mina-");
    &text[..36]
}

impl Intercept for Weather {
    fn before(&self, call: &Call<'_>) -> Before {
        self.follow_the_time();
        let mut seen = self.seen.lock().expect("no panic");
        match (call.service, call.operation) {
            ("ses", _) => {
                let now = Instant::now();
                seen.arrivals.retain(|at| now.duration_since(*at) < Duration::from_secs(1));
                seen.arrivals.push(now);
                // The clock of the functions has milliseconds, so one may come into the second by its edge.
                seen.too_fast += usize::from(seen.arrivals.len() > RATE + 1);
                if AWAY.contains(&self.began.elapsed().as_secs()) || self.one_in(200) {
                    seen.lost_requests += 1;
                    return Before::LoseRequest;
                }
                if self.one_in(100) {
                    seen.throttles += 1;
                    return Before::Throttle(FailedItems::ALL);
                }
                let wait = sleep(Duration::from_millis(SES_MILLISECONDS));
                Before::Hold(Box::pin(async move {
                    wait.await;
                    Before::Proceed
                }))
            }
            ("sqs", "ChangeMessageVisibility") => {
                let handle = call.request["ReceiptHandle"].as_str().expect("a handle").to_owned();
                seen.pauses.insert(handle, call.request["VisibilityTimeout"].as_u64().expect("seconds"));
                Before::Proceed
            }
            ("dynamodb", _) if self.one_in(500) => Before::Throttle(FailedItems::ALL),
            _ => Before::Proceed,
        }
    }

    fn after(&self, call: &Call<'_>, response: &Value) -> After {
        let mut seen = self.seen.lock().expect("no panic");
        if call.service == "ses" && response.get("MessageId").is_some() {
            let address = address_of(call.request);
            seen.unnoted.insert(user_in(&address).to_owned());
            *seen.taken.entry(address).or_default() += 1;
            if self.one_in(300) {
                seen.lost_answers += 1;
                return After::LoseAnswer;
            }
        }
        if call.operation == "UpdateItem" {
            let key = call.request["Key"]["pk"]["S"].as_str().unwrap_or_default();
            if key.starts_with("EVENT#") && call.request["ExpressionAttributeValues"][":state"]["S"] == "sent" {
                seen.unnoted.remove(user_in(key));
            }
            if self.one_in(500) {
                return After::LoseAnswer;
            }
        }
        After::Deliver
    }
}

/// The queue of mail in virtual time: what may be delivered when.
struct Post {
    waiting: Mutex<BTreeMap<(Instant, usize), String>>,
    left: Mutex<usize>,
    handles: Mutex<usize>,
}

impl Post {
    fn put(&self, at: Instant, body: String) {
        let mut handles = self.handles.lock().expect("no panic");
        *handles += 1;
        self.waiting.lock().expect("no panic").insert((at, *handles), body);
    }

    /// The messages of one delivery, each with its handle.
    fn take(&self) -> Vec<(String, String)> {
        let mut waiting = self.waiting.lock().expect("no panic");
        let due: Vec<_> = waiting.range(..=(Instant::now(), usize::MAX)).take(BATCH).map(|(key, _)| *key).collect();
        due.into_iter().filter_map(|key| Some((format!("h{}", key.1), waiting.remove(&key)?))).collect()
    }
}

fn batch(messages: &[(String, String)]) -> Value {
    let record = |(handle, body): &(String, String)| {
        json!({
            "messageId": handle, "receiptHandle": handle, "body": body, "attributes": {}, "messageAttributes": {},
            "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:MailQueue",
            "awsRegion": "us-east-1",
        })
    };
    json!({ "Records": messages.iter().map(record).collect::<Vec<_>>() })
}

/// What came of all.
#[derive(Default)]
struct Ends {
    kills: usize,
    /// Letters that SES had, and that died with their process before the table knew.
    died_with: usize,
}

/// Delivers messages until none is left; now and then a process dies in the middle.
async fn deliver(sender: Entry, post: Arc<Post>, seen: Arc<Mutex<Seen>>, seed: u64) -> Ends {
    let (mut ends, mut dice) = (Ends::default(), fastrand::Rng::with_seed(seed));
    while *post.left.lock().expect("no panic") > 0 {
        let messages = post.take();
        if messages.is_empty() {
            sleep(Duration::from_millis(100)).await;
            continue;
        }
        let dies_after = if dice.u32(0..60) == 0 { dice.u64(0..1_500) } else { 60_000 };
        let answer = tokio::select! {
            answer = lambda::invoke(&sender.code, sender.app.clone(), batch(&messages)) => Some(answer.expect("an answer")),
            () = sleep(Duration::from_millis(dies_after)) => None,
        };
        let Some(answer) = answer else {
            ends.kills += 1;
            let mut seen = seen.lock().expect("no panic");
            for (_, body) in messages {
                let event: Value = serde_json::from_str(&body).expect("an event");
                let user = event["data"]["user_id"].as_str().expect("a user");
                ends.died_with += usize::from(seen.unnoted.remove(user));
                post.put(Instant::now() + VISIBILITY, body);
            }
            continue;
        };
        let failed: Vec<&str> = answer["batchItemFailures"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|failure| failure["itemIdentifier"].as_str().expect("a name"))
            .collect();
        for (handle, body) in messages {
            if failed.contains(&handle.as_str()) {
                let pause = seen.lock().expect("no panic").pauses.remove(&handle);
                post.put(Instant::now() + pause.map_or(VISIBILITY, Duration::from_secs), body);
            } else {
                *post.left.lock().expect("no panic") -= 1;
            }
        }
    }
    ends
}

fn event(user: Uuid) -> String {
    json!({
        "specversion": "1.0", "id": format!("{user}/CARDREFUND#{user}-1/2"), "source": "/onsale",
        "type": "card_refund.returned", "time": "2026-11-21T10:00:00Z",
        "data": { "user_id": user, "card_payment_id": user, "refund": 1, "amount": 5_000, "version": 2 },
    })
    .to_string()
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_letters_are_sent_at_the_rate_and_none_is_lost() {
    let _quiet = logs::briefly();
    let count = scaled(100_000);
    let world = World::with_options(|options| {
        sends_mail(options);
        options.variables.insert("MAIL_PER_SECOND".into(), RATE.to_string());
    })
    .await;
    let began = Instant::now();
    let post = Arc::new(Post { waiting: Mutex::default(), left: Mutex::new(0), handles: Mutex::new(0) });
    let table = &world.stack.template().table.name;
    let mut expected = BTreeSet::new();
    for number in 1..=count as u128 {
        // Apart from the keys of other tests, which no line may hold.
        let user = Uuid::from_u128(0x0193_0000_0000_7000_a000_0000_0000_0000 + number);
        let address = format!("mina-{user}@example.com");
        let text = |text: &str| json!({ "S": text });
        let item = json!({
            "pk": text(&format!("USER#{user}")), "sk": text("PROFILE"), "email": text(&address), "name": text("Mina"),
        });
        world.stack.dynamodb().call("PutItem", &json!({ "TableName": table, "Item": item })).expect("written");
        if number % SUPPRESSED_EACH == 0 {
            suppress(&world, &address).await;
        } else {
            expected.insert(address);
        }
        // Some come twice, as the stream and the queue may deliver them.
        for _ in 0..1 + usize::from(number % 97 == 0) {
            post.put(began, event(user));
            *post.left.lock().expect("no panic") += 1;
        }
    }
    let seen: Arc<Mutex<Seen>> = Arc::default();
    let dice = Mutex::new(fastrand::Rng::with_seed(7));
    let (clock, told) = (world.clock.clone(), Mutex::new(0));
    let weather = Weather { clock, began: Instant::now(), told, seen: Arc::clone(&seen), dice };
    world.stack.intercept(Some(Arc::new(weather)));
    let began = Instant::now();
    let senders = (0..SENDERS).map(|sender| {
        let process = world.stack.process("send_mail", world.clock.clone(), Ids::Random).expect("a process");
        deliver(process, Arc::clone(&post), Arc::clone(&seen), sender as u64)
    });
    let ends = futures_util::future::join_all(senders).await;
    let seconds = began.elapsed().as_secs_f64();
    world.stack.intercept(None);

    let seen = seen.lock().expect("no panic");
    let (kills, died_with) =
        ends.iter().fold((0, 0), |(kills, with), ends| (kills + ends.kills, with + ends.died_with));
    let sent: usize = seen.taken.values().sum();
    let twice = sent - seen.taken.len();
    println!(
        "{} letters in {seconds:.0} s of virtual time, {:.1} a second: {twice} sent twice; {} answers lost, {kills} \
         processes killed with {died_with} letters that SES had, {} requests lost, {} throttled",
        seen.taken.len(),
        sent as f64 / seconds,
        seen.lost_answers,
        seen.lost_requests,
        seen.throttles,
    );
    assert_eq!(
        seen.taken.keys().cloned().collect::<BTreeSet<_>>(),
        expected,
        "none is lost, none is to the suppressed"
    );
    assert!(twice <= seen.lost_answers + died_with, "{twice} sent twice");
    assert_eq!(seen.too_fast, 0, "calls beyond the rate");
    assert!(seen.lost_answers > 0 && kills > 0 && seen.throttles > 0 && seen.lost_requests > 0, "nothing went wrong");
    let states = world.letter_states();
    assert_eq!(states.iter().filter(|state| *state == "sent").count(), expected.len());
    assert_eq!(states.len(), count);
}

async fn suppress(world: &World, address: &str) {
    onsale_platform::store::events::mail::suppressed::add(
        world.stack.app(),
        address,
        onsale_platform::store::events::mail::suppressed::Reason::Bounced,
    )
    .await
    .expect("written");
}
