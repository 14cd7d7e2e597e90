//! A whole on-sale in virtual time: a crowd comes within seconds, waits, buys, leaves, vanishes. What
//! `tools/load/queue.js` does to a running stack, without its clock. `ONSALE_SCALE=full` makes it ten thousand people.

use serde_json::{Value, json};

use crate::support::queue::public;
use crate::support::{Person, Reply, World, scaled};

/// How many come at full scale; else a twentieth of them, for all of them take minutes in a debug build.
const PEOPLE: usize = 10_000;
/// In how many seconds they join.
const JOIN_SECONDS: usize = 5;
/// Of how many people one may be inside at a time.
const PEOPLE_PER_PLACE: usize = 8;
/// Of how many people one is let in each second.
const PEOPLE_PER_ADMISSION: usize = 40;
/// Every so manyth buys; there is a seat for each.
const BUYER_EVERY: usize = 40;
/// In what time all of it must be over, in seconds.
const SECONDS_MAX: i64 = 800;

/// What somebody came for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    /// To buy a seat.
    Buy,
    /// To look around inside and leave.
    Look,
    /// To leave after the first poll.
    GiveUp,
    /// Never to be seen again after joining.
    Vanish,
    /// To be let in, and then never to be seen again.
    FallAsleep,
}

impl Plan {
    fn of(number: usize) -> Self {
        match number % 12 {
            _ if number.is_multiple_of(BUYER_EVERY) => Self::Buy,
            1 => Self::GiveUp,
            2 => Self::Vanish,
            3 => Self::FallAsleep,
            _ => Self::Look,
        }
    }
}

/// Somebody in the crowd.
struct Visitor {
    person: Person,
    plan: Plan,
    /// In which second to ask again; none once it is over.
    asks_at: Option<i64>,
    number: u64,
    position: u64,
    bought: bool,
}

impl Visitor {
    /// Asks once, and does what it came for when it is let in. The position never rises.
    async fn ask(&mut self, schedule: &str, second: i64, seat: &str) {
        let place = self.person.poll().await.expect(200);
        let position = place.body["position"].as_u64().expect("a position");
        assert!(position <= self.position, "{} after {}: {}", position, self.position, place.body);
        self.position = position;
        match (place.text("state").as_str(), self.plan) {
            ("waiting", Plan::GiveUp) => self.leave().await,
            ("waiting", _) => {
                let wait = place.body["retry_after_ms"].as_i64().expect("a time");
                self.asks_at = Some(second + (wait + 999) / 1_000);
            }
            ("admitted", Plan::Buy) => {
                let held = self.person.hold(schedule, &[seat]).await.expect(201).reservation();
                self.person.pay(&held).await.expect(201);
                (self.bought, self.asks_at) = (true, None);
            }
            ("admitted", Plan::Look | Plan::GiveUp) => self.leave().await,
            ("admitted", Plan::FallAsleep | Plan::Vanish) => self.asks_at = None,
            (state, plan) => panic!("{state} for somebody who came to {plan:?}: {}", place.body),
        }
    }

    async fn leave(&mut self) {
        self.person.leave().await.expect(204);
        self.asks_at = None;
    }
}

fn number(reply: &Reply, field: &str) -> u64 {
    reply.body[field].as_u64().unwrap_or_else(|| panic!("no {field} in {}", reply.body))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_comes_at_once_and_nobody_is_lost() {
    let people = scaled(PEOPLE);
    let (capacity, rate) = ((people / PEOPLE_PER_PLACE) as u64, (people / PEOPLE_PER_ADMISSION) as u64);
    let world = World::new().await;
    let schedule = hall(&world, people, json!({ "capacity": capacity, "admit_per_second": rate })).await;
    let mut crowd: Vec<Visitor> = Vec::with_capacity(people);
    let (mut second, mut served, mut most_inside) = (0, 0, 0);
    while second < SECONDS_MAX {
        for index in crowd.len()..(crowd.len() + people / JOIN_SECONDS).min(people) {
            let plan = Plan::of(index);
            let mut person = if plan == Plan::Buy { world.user_with(50_000).await } else { world.user().await };
            let joined = person.join().await.expect(201);
            let asks_at = (plan != Plan::Vanish).then_some(second + 1);
            let (number, position) = (number(&joined, "number"), number(&joined, "position"));
            crowd.push(Visitor { person, plan, asks_at, number, position, bought: false });
        }
        world.wait(1);
        second += 1;
        for (index, visitor) in crowd.iter_mut().enumerate().filter(|(_, visitor)| visitor.asks_at == Some(second)) {
            let (row, place) = (index / BUYER_EVERY / 25 + 1, index / BUYER_EVERY % 25 + 1);
            visitor.ask(&schedule, second, &format!("A-{row}-{place}")).await;
        }
        if second % 60 == 0 {
            world.stack.run_schedule("advance_queues").await.expect("advanced");
        }
        world.stack.drain_events().await.expect("settled");
        let queue = world.anonymous().get("/queues/spring").await.expect(200);
        let (inside, serving) = (number(&queue, "active"), number(&queue, "serving"));
        assert!(inside <= capacity, "{inside} inside in second {second}");
        // Two seconds' worth, and in the minute of the sweep a minute's that nobody has used. A number that was left is
        // passed over, which costs no time.
        let stays =
            |visitor: &&Visitor| visitor.plan != Plan::GiveUp && (served + 1..=serving).contains(&visitor.number);
        let called = crowd.iter().filter(stays).count() as u64;
        let most = if second % 60 == 0 { 60 } else { 2 } * rate;
        assert!(called <= most, "{called} from {served} to {serving} in second {second}");
        (served, most_inside) = (serving, most_inside.max(inside));
        let all_seen = crowd.len() == people && crowd.iter().all(|visitor| visitor.asks_at.is_none());
        if all_seen && inside == 0 && serving == number(&queue, "issued") {
            break;
        }
    }
    let bought = crowd.iter().filter(|visitor| visitor.bought).count();
    println!("{people} people, {bought} bought, over in second {second}, at most {most_inside} inside");
    assert_eq!(bought, people.div_ceil(BUYER_EVERY), "everybody who came to buy");
    let left = public(&world).await;
    assert_eq!((&left["active"], &left["serving"]), (&json!(0), &left["issued"]), "no place is lost");
    world.check_invariants().await;
}

/// A hall with a seat for each buyer, whose admissions are short.
async fn hall(world: &World, people: usize, mut settings: Value) -> String {
    settings["active_minutes"] = json!(1);
    let schedule = world.queued_schedule(settings).await;
    let rows = 1..=people / BUYER_EVERY / 25 + 1;
    let rows: Vec<_> = rows.map(|row| json!({ "row": row.to_string(), "from": 1, "to": 25 })).collect();
    let seats = json!({ "section": "A", "rows": rows, "price": 50_000 });
    world.admin().await.post(&format!("/schedules/{schedule}/seats"), seats).await.expect(201);
    schedule
}
