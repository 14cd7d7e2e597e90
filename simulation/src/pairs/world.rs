//! A small world that goes back to where it was, as often as it is told to.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use onsale_domain::id::UserId;
use onsale_domain::queue::number_lease::LEASES;
use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use onsale_platform::lambda;
use serde_json::{Value, json};
use uuid::Uuid;

use super::footprint::Gate;
use crate::fixture::{self, Fixture};
use crate::random::actors::{Machine, Outcome, http_answer, panic_text};
use crate::random::cards;
use crate::random::deliveries::{drain_queues, read_records, sqs_event};
use crate::random::quiescence;
use crate::random::run::{CARD_SWEEP, HOLD_SECONDS, START, SWEEPS};
use crate::random::workload::{Action, Person};
use crate::replica::{Replica, attribute_texts};
use crate::requests::{ApiAnswer, ApiCall, Identity, api_gateway_event};
use local::intercept::Intercept;
use local::stack::{Options, Stack};
use local::third_parties::payment_provider::Memory as ProviderMemory;

/// The two who meet, and one more, who is needed to prepare some scenes.
pub(super) const USERS: usize = 3;
/// The place of the administrator among the people.
pub(super) const ADMIN: usize = USERS;
/// Most records of one batch.
const RECORDS_MAX: usize = 1_000;
/// Most rounds until everything must be quiet.
const QUIET_ROUNDS_MAX: usize = 40;

/// The stack, and what is known outside of it.
pub(super) struct World {
    pub(super) stack: Stack,
    pub(super) gate: Gate,
    pub(super) clock: Clock,
    pub(super) fixture: Fixture,
    pub(super) memory: Memory,
    /// How far apart the clocks of this scene are from the right time, in seconds.
    pub(super) skew: i64,
    start: Option<(Timestamp, Memory, ProviderMemory)>,
    snapshots: u64,
    /// Digests of states in which the books are known to be right.
    checked: HashSet<u64>,
    /// States that are known to come to rest, and what was refused before.
    pub(super) rested: HashSet<(u64, BTreeSet<(String, String)>)>,
}

/// The state that is restored with the table.
#[derive(Clone)]
pub(super) struct Memory {
    pub(super) people: Vec<Person>,
    pub(super) replica: Replica,
    /// Digests of the items.
    prints: BTreeMap<(String, String), u64>,
    /// The last record of the stream that was relayed.
    pub(super) position: Option<String>,
    /// Messages that were sent and not taken, by consumer.
    pub(super) mail: Vec<(&'static str, String)>,
    /// Calls so far that nobody disturbed; ids follow from it.
    calls: u64,
}

/// The id of a person.
pub(super) fn person_id(person: usize) -> UserId {
    // So that all of them have the same lease of a queue's numbers.
    UserId(Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0001 + u128::from(LEASES) * person as u128))
}

/// A digest that is the same in every run.
pub(super) fn digest(thing: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

impl World {
    /// Everything there is to buy, and nobody has bought anything. Whoever meets another has none of the guards that
    /// are `struck` out.
    pub(super) async fn new(struck: &[String]) -> Result<Self, Box<dyn Error>> {
        let start: Timestamp = START.parse()?;
        let clock = Clock::manual(start);
        let ids = Ids::seeded("pairs");
        // Declines release, so that what follows from one is among what meets.
        let settings = [("HOLD_SECONDS", HOLD_SECONDS), ("RELEASE_ON_DECLINE", "true")];
        let variables = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let options = Options { clock: clock.clone(), ids: ids.clone(), variables, ..Options::default() };
        let stack = Stack::start(options).await?;
        let users: Vec<UserId> = (0..USERS).map(person_id).collect();
        let fixture = Fixture::build(&stack, clock.clone(), ids, person_id(ADMIN), &users).await?;
        let mut people: Vec<Person> = users.iter().map(|user| Person::new(*user, "user")).collect();
        people.push(Person::new(person_id(ADMIN), "admin"));
        let replica = Replica::default();
        let memory = Memory { people, replica, prints: BTreeMap::new(), position: None, mail: Vec::new(), calls: 0 };
        let gate = Gate::default();
        gate.scheduler.start_intercepting(struck.to_vec());
        let (checked, rested) = (HashSet::new(), HashSet::new());
        let mut world =
            Self { stack, gate, clock, fixture, memory, skew: 0, start: None, snapshots: 0, checked, rested };
        world.reload_replica()?;
        Ok(world)
    }

    /// From now on calls wait at the gate.
    pub(super) fn start_intercepting(&self) {
        self.stack.intercept(Some(Arc::new(self.gate.clone())));
    }

    /// From now on calls do not wait.
    pub(super) fn stop_intercepting(&self) {
        self.stack.intercept(self.gate.refused.map(|full| Arc::new(full) as Arc<dyn Intercept>));
    }

    fn snapshot_path(&self) -> PathBuf {
        self.stack.directory().join(format!("pairs-{}.sqlite", self.snapshots))
    }

    /// Saves everything as it is now.
    pub(super) fn save_snapshot(&mut self) -> Result<(), Box<dyn Error>> {
        self.reload_replica()?;
        self.snapshots += 1;
        self.stack.dynamodb().database().vacuum_into(&self.snapshot_path().to_string_lossy())?;
        let provider = self.stack.payment_provider().provider().memory();
        self.start = Some((self.clock.now(), self.memory.clone(), provider));
        Ok(())
    }

    /// Restores the last snapshot: the table with its stream and the tokens of its transactions, the queues, the
    /// clock, and all that is known outside. Processes are not here; they are new in every execution.
    pub(super) async fn restore_snapshot(&mut self) -> Result<(), String> {
        let path = self.snapshot_path();
        let (now, memory, provider) = self.start.as_ref().ok_or("nothing was kept")?;
        let database = self.stack.dynamodb().database();
        database.restore_from(&path.to_string_lossy()).map_err(|problem| problem.to_string())?;
        self.clock.advance(self.clock.now().duration_until(*now));
        self.memory.clone_from(memory);
        self.stack.payment_provider().provider().put_back(provider);
        drain_queues(&self.stack).await?;
        Ok(())
    }

    // --------------------------------------------------------------------------------------- what nobody disturbs

    /// Calls a function; nothing else happens meanwhile.
    pub(super) async fn call(&mut self, function: &'static str, event: Value) -> Result<Outcome, String> {
        self.memory.calls += 1;
        let name = format!("calm {}", self.memory.calls);
        let mut machine = Machine::new(self.clock.now(), SignedDuration::ZERO, name);
        let process = machine.process(&self.stack, function).map_err(|problem| problem.to_string())?;
        let outcome = lambda::invoke(&process.code, process.app.clone(), event).await;
        self.reload_replica().map_err(|problem| problem.to_string())?;
        self.check()?;
        Ok(outcome.map_err(|problem| problem.to_string()))
    }

    /// Sends a person's request, and checks its answer.
    pub(super) async fn send(&mut self, person: usize, action: &Action, key: Uuid) -> Result<ApiAnswer, String> {
        let (function, event) = self.event(person, action, key);
        let answer = http_answer(&self.call(function, event).await?);
        let user = self.memory.people[person].id;
        if let Some(broken) = action.violation(user, key, &answer, &self.fixture, &self.memory.replica) {
            return Err(broken);
        }
        self.memory.people[person].learn(action, &answer);
        Ok(answer)
    }

    /// The function that a person's request calls, and the gateway's event.
    pub(super) fn event(&self, person: usize, action: &Action, key: Uuid) -> (&'static str, Value) {
        let (call, person) = (action.api_call(&self.fixture), &self.memory.people[person]);
        let queue_token = person.queue_token.as_deref();
        let caller = Identity { user: person.id, key: Some(key), queue_token };
        (call.function, api_gateway_event(&call, caller))
    }

    /// The same for the administrator who gives the queue so many places.
    pub(super) fn put_queue_event(&self, places: u32) -> (&'static str, Value) {
        let call: ApiCall = fixture::put_queue_call(places);
        let admin = self.memory.people[ADMIN].id;
        (call.function, api_gateway_event(&call, Identity { user: admin, key: None, queue_token: None }))
    }

    /// Lets time pass.
    pub(super) fn advance_clock(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// Relays the changes that were not relayed yet.
    pub(super) async fn relay(&mut self) -> Result<(), String> {
        let new = read_records(&self.stack, self.memory.position.as_deref(), RECORDS_MAX)?;
        let Some(last) = new.last() else { return Ok(()) };
        self.memory.position = last["dynamodb"]["SequenceNumber"].as_str().map(str::to_owned);
        self.call("relay_changes", json!({ "Records": new })).await??;
        self.memory.mail.extend(drain_queues(&self.stack).await?);
        Ok(())
    }

    /// The records that were not relayed, as an event, if there are any.
    pub(super) fn unrelayed_records(&self) -> Result<Value, String> {
        Ok(json!({ "Records": read_records(&self.stack, self.memory.position.as_deref(), RECORDS_MAX)? }))
    }

    /// The messages for a consumer.
    pub(super) fn queued_messages(&self, consumer: &str) -> Value {
        let own = self.memory.mail.iter().filter(|(other, _)| *other == consumer);
        sqs_event(&own.map(|(_, body)| body.clone()).collect::<Vec<_>>())
    }

    /// Relays and delivers until there is nothing more.
    pub(super) async fn drain_events(&mut self) -> Result<(), String> {
        self.relay().await?;
        while let Some((consumer, body)) = self.memory.mail.pop() {
            let answer = self.call(consumer, sqs_event(&[body])).await??;
            if answer["batchItemFailures"].as_array().is_some_and(|failures| !failures.is_empty()) {
                return Err(format!("{consumer} fails though nothing is wrong"));
            }
            self.relay().await?;
        }
        Ok(())
    }

    /// No new requests: everything must come to its end.
    pub(super) async fn quiesce(&mut self, refused: &BTreeSet<(String, String)>) -> Result<(), String> {
        let (function, event) = self.put_queue_event(100);
        self.call(function, event).await??;
        // An end by the clock that is ahead is an end by every other a little later.
        self.advance_clock(2 * self.skew);
        for _ in 0..QUIET_ROUNDS_MAX {
            self.drain_events().await?;
            let now = self.clock.now().as_second();
            if quiescence::is_quiet(&self.memory.replica, now) {
                cards::check_provider(&self.stack, &self.memory.replica)?;
                return quiescence::check_quiet(&self.memory.replica, now, refused);
            }
            let waits = quiescence::quiet_milliseconds(&self.memory.replica) / 1_000;
            self.advance_clock(i64::try_from(waits).unwrap_or(130));
            for function in SWEEPS.into_iter().chain([CARD_SWEEP]) {
                self.call(function, json!({})).await??;
            }
        }
        Err("it does not come to rest".to_owned())
    }

    // ------------------------------------------------------------------------------------------- what is checked

    /// Reads the whole table into the replica.
    fn reload_replica(&mut self) -> Result<(), local::aws::engine::EngineError> {
        self.memory.replica = Replica::read(&self.stack)?;
        let print =
            |(key, item): (&(String, String), &crate::invariants::Item)| (key.clone(), digest(attribute_texts(item)));
        self.memory.prints = self.memory.replica.iter().map(print).collect();
        Ok(())
    }

    /// Reads the items that a call has touched into the replica; gives those that changed.
    pub(super) fn refresh_items(&mut self, touched: &[Value]) -> Result<Vec<Value>, String> {
        let memory = &mut self.memory;
        memory.replica.refresh_items(&self.stack, touched)?;
        let mut changed = Vec::new();
        for key in touched {
            let part = |name: &str| key[name]["S"].as_str().unwrap_or_default().to_owned();
            let keys = (part("pk"), part("sk"));
            let now = memory.replica.get(&keys.0, &keys.1).map(|item| digest(attribute_texts(item)));
            let before = match now {
                Some(print) => memory.prints.insert(keys, print),
                None => memory.prints.remove(&keys),
            };
            if before != now {
                changed.push(key.clone());
            }
        }
        Ok(changed)
    }

    /// A digest of the table, the time, and the provider.
    pub(super) fn state_digest(&self) -> u64 {
        let provider = self.stack.payment_provider().provider();
        let objects = provider.payment_intents().chain(provider.refunds()).map(|object| object.to_string());
        digest((&self.memory.prints, self.clock.now(), objects.collect::<Vec<_>>()))
    }

    /// Checks the invariants of the state, once for each state.
    pub(super) fn check(&mut self) -> Result<(), String> {
        let state = self.state_digest();
        if self.checked.contains(&state) {
            return Ok(());
        }
        let snapshot = self.memory.replica.snapshot(self.clock.now().as_second()).with_skew(self.skew);
        catch_unwind(AssertUnwindSafe(|| snapshot.check())).map_err(|panic| panic_text(&*panic))?;
        cards::check_orders(&self.stack, &self.memory.replica)?;
        self.checked.insert(state);
        Ok(())
    }
}
