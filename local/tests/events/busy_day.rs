//! Order and multiplicity: every event of a busy day, delivered one to three times in any order to consumers that die
//! after any of their writes, leaves what one calm delivery leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use local::intercept::{After, Before, Call, Intercept};
use onsale_platform::ids::Ids;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{queue, receive_all};
use crate::support::{Person, World};

/// Days that are told differently.
const DAYS: usize = 20;

/// Every consumer that writes, and its queue.
const CONSUMERS: [(&str, &str); 3] =
    [("release_declined_payment", "Payments"), ("record_sales", "Sales"), ("free_queue_places", "Tokens")];

/// Throws that repeat for the same seed.
struct Dice(Ids);

impl Dice {
    /// A number below `sides`.
    fn below(&self, sides: usize) -> usize {
        let bytes: [u8; 8] = self.0.bytes()[..8].try_into().expect("eight of them");
        usize::try_from(u64::from_be_bytes(bytes) % sides as u64).expect("below")
    }

    fn shuffled<T>(&self, mut things: Vec<T>) -> Vec<T> {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last + 1));
        }
        things
    }
}

/// Kills a function once it has committed so many writes: it hears no answer, and what it asks then is never sent.
struct Death {
    function: &'static str,
    writes_left: AtomicUsize,
    died: Notify,
}

impl Death {
    fn is_of(&self, call: &Call<'_>) -> bool {
        call.function == Some(self.function)
    }
}

impl Intercept for Death {
    fn before(&self, call: &Call<'_>) -> Before {
        let dead = self.is_of(call) && self.writes_left.load(Ordering::SeqCst) == 0;
        if dead { Before::Hold(Box::pin(std::future::pending())) } else { Before::Proceed }
    }

    fn after(&self, call: &Call<'_>, _: &Value) -> After {
        if !self.is_of(call) || !["TransactWriteItems", "UpdateItem", "PutItem"].contains(&call.operation) {
            return After::Deliver;
        }
        // Messages are handled side by side: a write may have been under way when it died.
        let left = self.writes_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if left.is_ok_and(|left| left > 1) {
            return After::Deliver;
        }
        self.died.notify_one();
        After::LoseAnswer
    }
}

/// Everything that an event tells of happens, and no event is handed on yet.
async fn busy_day(world: &World) {
    let (hall, queued) = (
        world.schedule_with_seats().await,
        world.queued_schedule(json!({ "capacity": 4, "admit_per_second": 4 })).await,
    );
    let (one, two) =
        (world.product(1_000, 50).await, world.product_with(json!({ "stock": 50, "stock_shards": 4 })).await);
    let coupon = world.coupon(5).await;
    for seat in 1..=4 {
        let poor = world.user_with(1_500).await;
        let held = poor.hold(&hall, &[&format!("A-1-{seat}")]).await.expect(201).reservation();
        poor.pay(&held).await.expect_problem(402, "insufficient-balance");
        poor.claim(&coupon).await.expect(201);
        let order = poor.order_with(&[(&one, 3), (&two, seat)], &coupon, false).await.expect(201).order();
        poor.pay_order(&order).await.expect_problem(402, "insufficient-balance");
    }
    for seat in 10..=14 {
        let rich = world.user_with(200_000).await;
        let seats = [format!("A-1-{seat}"), format!("A-1-{}", seat + 20)];
        let held = rich.hold(&hall, &[&seats[0], &seats[1]]).await.expect(201).reservation();
        rich.pay(&held).await.expect(201);
        rich.delete(&format!("/reservations/{held}/tickets/{}", seats[0])).await.expect(200);
        let order = rich.buy(&[(&one, 1), (&two, 2)]).await.expect(201).order();
        if seat % 2 == 0 {
            rich.refund_order(&order).await.expect(200);
            rich.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
        }
    }
    let mut crowd: Vec<Person> = Vec::new();
    for _ in 0..4 {
        crowd.push(world.joined_user().await);
    }
    for person in &mut crowd {
        world.until_admitted(person).await;
    }
    for (person, seat) in crowd[..2].iter().zip(["A-1-1", "A-1-2"]) {
        let held = person.hold(&queued, &[seat]).await.expect(201).reservation();
        person.pay(&held).await.expect(201);
    }
    crowd[2].leave().await.expect(204);
}

/// Hands messages over in one batch; those that must come again.
async fn hand_over(world: &World, consumer: &str, batch: &[String], death: Option<Arc<Death>>) -> Vec<String> {
    let records: Vec<Value> = (0..batch.len())
        .map(|index| json!({ "messageId": index.to_string(), "body": batch[index], "eventSource": "aws:sqs" }))
        .collect();
    world.stack.intercept(death.clone().map(|death| death as Arc<dyn Intercept>));
    let died = async {
        match &death {
            Some(death) => death.died.notified().await,
            None => std::future::pending().await,
        }
    };
    let again = tokio::select! {
        biased;
        () = died => batch.to_vec(),
        answer = world.stack.invoke(consumer, json!({ "Records": records })) => {
            assert_eq!(answer.expect("an answer"), json!({ "batchItemFailures": [] }));
            Vec::new()
        }
    };
    world.stack.intercept(None);
    again
}

/// Hands everything over as the dice fall; how often a consumer died.
async fn deliver_at_random(world: &World, told: &[(&'static str, Vec<String>)], dice: &Dice) -> usize {
    let several = |message: &String| vec![message.clone(); 1 + dice.below(3)];
    let mut waiting: Vec<(&'static str, Vec<String>)> = told
        .iter()
        .map(|(consumer, messages)| (*consumer, dice.shuffled(messages.iter().flat_map(several).collect())))
        .collect();
    let mut deaths = 0;
    while !waiting.is_empty() {
        let place = dice.below(waiting.len());
        let (consumer, messages) = &mut waiting[place];
        let batch: Vec<String> = messages.drain(..messages.len().min(1 + dice.below(4))).collect();
        let function = *consumer;
        let death = (dice.below(3) == 0).then(|| {
            let writes_left = AtomicUsize::new(1 + dice.below(2));
            Arc::new(Death { function, writes_left, died: Notify::new() })
        });
        let again = hand_over(world, function, &batch, death).await;
        deaths += usize::from(!again.is_empty());
        messages.extend(again);
        if messages.is_empty() {
            waiting.remove(place);
        }
    }
    deaths
}

#[tokio::test]
async fn however_a_busy_day_is_told_it_ends_the_same() {
    let world = World::releasing().await;
    busy_day(&world).await;
    world.stack.relay().await.expect("relayed");
    let mut told = Vec::new();
    for (consumer, name) in CONSUMERS {
        told.push((consumer, receive_all(&world, &queue(&world, name)).await));
    }
    let counts: Vec<usize> = told.iter().map(|(_, messages)| messages.len()).collect();
    // Eight declines; five orders paid and three given back; two places used and one left.
    assert_eq!(counts, [8, 8, 3]);
    let before = world.items();
    for (consumer, messages) in &told {
        assert!(hand_over(&world, consumer, messages, None).await.is_empty());
    }
    let calm = world.dump();
    world.check_invariants().await;
    assert_ne!(before.values().map(Value::to_string).collect::<Vec<_>>(), calm, "the consumers have written something");
    let mut deaths = 0;
    for day in 0..DAYS {
        // Who died yesterday may go on for a moment, meet a table that is half restored, and leave it so.
        while world.items() != before {
            world.restore(&before);
        }
        deaths += deliver_at_random(&world, &told, &Dice(Ids::seeded(&format!("day {day}")))).await;
        assert_eq!(world.dump(), calm, "day {day}");
    }
    println!("{DAYS} days of {counts:?} events: consumers died {deaths} times");
    assert!(deaths >= DAYS, "{deaths} deaths in {DAYS} days");
}
