//! Order and multiplicity: every event of a busy day, delivered one to three times in any order to consumers that die
//! after any of their writes, leaves what one calm delivery leaves.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use local::intercept::{After, Before, Call, Intercept};
use onsale_platform::ids::Ids;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::{self, Id};

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

/// Kills functions, one call at a time.
#[derive(Default)]
struct Deaths {
    /// The function that is to die, and the writes that it commits before.
    next: Mutex<Option<(&'static str, usize)>>,
    /// The tasks of the calls that have died. They hear no answer any more, and what they ask is never sent: a task
    /// outlives who called it, and the table is put back while it sleeps.
    dead: Mutex<HashSet<Id>>,
    died: Notify,
}

impl Intercept for Deaths {
    fn before(&self, _: &Call<'_>) -> Before {
        let dead = task::try_id().is_some_and(|id| self.dead.lock().expect("unpoisoned").contains(&id));
        if dead { Before::Hold(Box::pin(std::future::pending())) } else { Before::Proceed }
    }

    fn after(&self, call: &Call<'_>, _: &Value) -> After {
        let mut next = self.next.lock().expect("unpoisoned");
        let Some((function, writes_left)) = next.as_mut() else { return After::Deliver };
        let writes = ["TransactWriteItems", "UpdateItem", "PutItem"].contains(&call.operation);
        if call.function != Some(*function) || !writes {
            return After::Deliver;
        }
        *writes_left -= 1;
        if *writes_left > 0 {
            return After::Deliver;
        }
        *next = None;
        self.dead.lock().expect("unpoisoned").insert(task::id());
        self.died.notify_one();
        After::Hold(Box::pin(std::future::pending()))
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

/// Hands messages over in one batch to a consumer, which dies once it has committed `writes`, if that is given; the
/// messages that must come again.
async fn hand_over(
    world: &World,
    deaths: &Deaths,
    (consumer, batch): (&'static str, &[String]),
    writes: Option<usize>,
) -> Vec<String> {
    let records: Vec<Value> = (0..batch.len())
        .map(|index| json!({ "messageId": index.to_string(), "body": batch[index], "eventSource": "aws:sqs" }))
        .collect();
    *deaths.next.lock().expect("unpoisoned") = writes.map(|writes| (consumer, writes));
    let again = tokio::select! {
        biased;
        () = deaths.died.notified() => batch.to_vec(),
        answer = world.stack.invoke(consumer, json!({ "Records": records })) => {
            assert_eq!(answer.expect("an answer"), json!({ "batchItemFailures": [] }));
            Vec::new()
        }
    };
    *deaths.next.lock().expect("unpoisoned") = None;
    again
}

/// Hands everything over as the dice fall; how often a consumer died.
async fn deliver_at_random(world: &World, deaths: &Deaths, told: &[(&'static str, Vec<String>)], dice: &Dice) -> usize {
    let several = |message: &String| vec![message.clone(); 1 + dice.below(3)];
    let mut waiting: Vec<(&'static str, Vec<String>)> = told
        .iter()
        .map(|(consumer, messages)| (*consumer, dice.shuffled(messages.iter().flat_map(several).collect())))
        .collect();
    let mut died = 0;
    while !waiting.is_empty() {
        let place = dice.below(waiting.len());
        let (consumer, messages) = &mut waiting[place];
        let batch: Vec<String> = messages.drain(..messages.len().min(1 + dice.below(4))).collect();
        let writes = (dice.below(3) == 0).then(|| 1 + dice.below(2));
        let again = hand_over(world, deaths, (consumer, &batch), writes).await;
        died += usize::from(!again.is_empty());
        messages.extend(again);
        if messages.is_empty() {
            waiting.remove(place);
        }
    }
    died
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
    let deaths = Arc::new(Deaths::default());
    world.stack.intercept(Some(Arc::clone(&deaths) as Arc<dyn Intercept>));
    for (consumer, messages) in &told {
        assert!(hand_over(&world, &deaths, (consumer, messages), None).await.is_empty());
    }
    let calm = world.dump();
    world.check_invariants().await;
    assert_ne!(before.values().map(Value::to_string).collect::<Vec<_>>(), calm, "the consumers have written something");
    let mut died = 0;
    for day in 0..DAYS {
        world.restore(&before);
        let dice = Dice(Ids::seeded(&format!("day {day}")));
        died += deliver_at_random(&world, &deaths, &told, &dice).await;
        assert_eq!(world.dump(), calm, "day {day}");
    }
    println!("{DAYS} days of {counts:?} events: consumers died {died} times");
    assert!(died >= DAYS, "{died} deaths in {DAYS} days");
}
