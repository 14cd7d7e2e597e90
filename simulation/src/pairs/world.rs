//! A small world that goes back to where it was, as often as it is told to.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use onsale_domain::id::UserId;
use onsale_platform::clock::Clock;
use onsale_platform::ids::Ids;
use onsale_platform::lambda;
use serde_json::{Value, json};
use uuid::Uuid;

use super::footprint::Gate;
use crate::fixture::{self, Fixture};
use crate::random::actors::{Machine, Outcome, http, told};
use crate::random::deliveries::{received, records};
use crate::random::quiescence;
use crate::random::run::{HOLD_SECONDS, START, SWEEPS};
use crate::random::workload::{Action, Person, messages};
use crate::replica::{Replica, shown};
use crate::requests::{ApiAnswer, ApiCall, Identity, event};
use local::stack::{Options, Stack};

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
    pub(super) hall: Fixture,
    pub(super) memory: Memory,
    /// How far apart the clocks of this scene are from the right time, in seconds.
    pub(super) skew: i64,
    start: Option<(Timestamp, Memory)>,
    snapshots: u64,
    /// Digests of states in which the books are known to be right.
    checked: HashSet<u64>,
    /// States that are known to come to rest, and what was refused before.
    pub(super) rested: HashSet<(u64, BTreeSet<(String, String)>)>,
}

/// What goes back with the table.
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

/// Who somebody is.
pub(super) fn id_of(person: usize) -> UserId {
    UserId(Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0001 + person as u128))
}

/// A digest that is the same in every run.
pub(super) fn digest(thing: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    hasher.finish()
}

impl World {
    /// Everything there is to buy, and nobody has bought anything. Whoever meets another has none of the guards that are
    /// `struck` out.
    pub(super) async fn new(struck: &[String]) -> Result<Self, Box<dyn Error>> {
        let start: Timestamp = START.parse()?;
        let clock = Clock::manual(start);
        let ids = Ids::seeded("pairs");
        // Declines release, so that what follows from one is among what meets.
        let settings = [("HOLD_SECONDS", HOLD_SECONDS), ("RELEASE_ON_DECLINE", "true")];
        let variables = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let options = Options { clock: clock.clone(), ids: ids.clone(), variables, ..Options::default() };
        let stack = Stack::start(options).await?;
        let users: Vec<UserId> = (0..USERS).map(id_of).collect();
        let hall = Fixture::build(&stack, (clock.clone(), ids), id_of(ADMIN), &users).await?;
        let mut people: Vec<Person> = users.iter().map(|user| Person::new(*user, "user")).collect();
        people.push(Person::new(id_of(ADMIN), "admin"));
        let replica = Replica::default();
        let memory = Memory { people, replica, prints: BTreeMap::new(), position: None, mail: Vec::new(), calls: 0 };
        let gate = Gate::default();
        gate.scheduler.close(struck.to_vec());
        let (checked, rested) = (HashSet::new(), HashSet::new());
        let mut world = Self { stack, gate, clock, hall, memory, skew: 0, start: None, snapshots: 0, checked, rested };
        world.look_again()?;
        Ok(world)
    }

    /// From now on calls stop at the gate.
    pub(super) fn close(&self) {
        self.stack.intercept(Some(Arc::new(self.gate.clone())));
    }

    /// From now on they do not.
    pub(super) fn open(&self) {
        self.stack.intercept(None);
    }

    fn path(&self) -> PathBuf {
        self.stack.directory().join(format!("pairs-{}.sqlite", self.snapshots))
    }

    /// Keeps everything as it is now.
    pub(super) fn keep(&mut self) -> Result<(), Box<dyn Error>> {
        self.look_again()?;
        self.snapshots += 1;
        self.stack.dynamodb().database().vacuum_into(&self.path().to_string_lossy())?;
        self.start = Some((self.clock.now(), self.memory.clone()));
        Ok(())
    }

    /// Goes back to what was kept: the table with its stream and the tokens of its transactions, the queues, the
    /// clock, and all that is known outside. Processes are not here; they are new in every execution.
    pub(super) async fn go_back(&mut self) -> Result<(), String> {
        let path = self.path();
        let (now, memory) = self.start.as_ref().ok_or("nothing was kept")?;
        let database = self.stack.dynamodb().database();
        database.restore_from(&path.to_string_lossy()).map_err(|problem| problem.to_string())?;
        self.clock.advance(self.clock.now().duration_until(*now));
        self.memory.clone_from(memory);
        received(&self.stack).await?;
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
        self.look_again().map_err(|problem| problem.to_string())?;
        self.check()?;
        Ok(outcome.map_err(|problem| problem.to_string()))
    }

    /// Somebody asks, and has an answer that is right.
    pub(super) async fn ask(&mut self, person: usize, action: &Action, key: Uuid) -> Result<ApiAnswer, String> {
        let (function, event) = self.event(person, action, key);
        let answer = http(&self.call(function, event).await?);
        let user = self.memory.people[person].id;
        if let Some(broken) = action.broken(user, key, &answer, &self.hall, &self.memory.replica) {
            return Err(broken);
        }
        self.memory.people[person].learn(action, &answer);
        Ok(answer)
    }

    /// What the gateway hands to which function when somebody asks.
    pub(super) fn event(&self, person: usize, action: &Action, key: Uuid) -> (&'static str, Value) {
        let (asked, person) = (action.asked(&self.hall), &self.memory.people[person]);
        let queue_token = person.queue_token.as_deref();
        let caller = Identity { user: person.id, role: person.role, key: Some(key), queue_token };
        (asked.function, event(&asked, caller))
    }

    /// The same when the administrator gives the queue so many places.
    pub(super) fn places(&self, places: u32) -> (&'static str, Value) {
        let asked: ApiCall = fixture::queue(places);
        let admin = self.memory.people[ADMIN].id;
        (asked.function, event(&asked, Identity { user: admin, role: "admin", key: None, queue_token: None }))
    }

    /// Lets time pass.
    pub(super) fn pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// Relays the changes that were not.
    pub(super) async fn relay(&mut self) -> Result<(), String> {
        let new = records(&self.stack, self.memory.position.as_deref(), RECORDS_MAX)?;
        let Some(last) = new.last() else { return Ok(()) };
        self.memory.position = last["dynamodb"]["SequenceNumber"].as_str().map(str::to_owned);
        self.call("relay_changes", json!({ "Records": new })).await??;
        self.memory.mail.extend(received(&self.stack).await?);
        Ok(())
    }

    /// The records that were not relayed, as an event, if there are any.
    pub(super) fn unrelayed(&self) -> Result<Value, String> {
        Ok(json!({ "Records": records(&self.stack, self.memory.position.as_deref(), RECORDS_MAX)? }))
    }

    /// The messages for a consumer.
    pub(super) fn letters(&self, consumer: &str) -> Value {
        let own = self.memory.mail.iter().filter(|(other, _)| *other == consumer);
        messages(&own.map(|(_, body)| body.clone()).collect::<Vec<_>>())
    }

    /// Relays and delivers until there is nothing more.
    pub(super) async fn settle(&mut self) -> Result<(), String> {
        self.relay().await?;
        while let Some((consumer, body)) = self.memory.mail.pop() {
            let answer = self.call(consumer, messages(&[body])).await??;
            if answer["batchItemFailures"].as_array().is_some_and(|failures| !failures.is_empty()) {
                return Err(format!("{consumer} fails though nothing is wrong"));
            }
            self.relay().await?;
        }
        Ok(())
    }

    /// Nobody wants anything more: everything must come to its end.
    pub(super) async fn come_to_rest(&mut self, refused: &BTreeSet<(String, String)>) -> Result<(), String> {
        let (function, event) = self.places(100);
        self.call(function, event).await??;
        // What is over by the clock that is ahead is over by every other a little later.
        self.pass(2 * self.skew);
        for _ in 0..QUIET_ROUNDS_MAX {
            self.settle().await?;
            let now = self.clock.now().as_second();
            if quiescence::is_quiet(&self.memory.replica, now) {
                return quiescence::check_quiet(&self.memory.replica, now, refused);
            }
            self.pass(130);
            for function in SWEEPS {
                self.call(function, json!({})).await??;
            }
        }
        Err("it does not come to rest".to_owned())
    }

    // ------------------------------------------------------------------------------------------- what is checked

    /// Copies the whole table again.
    fn look_again(&mut self) -> Result<(), local::aws::engine::EngineError> {
        self.memory.replica = Replica::of(&self.stack)?;
        let print = |(key, item): (&(String, String), &crate::invariants::Item)| (key.clone(), digest(shown(item)));
        self.memory.prints = self.memory.replica.iter().map(print).collect();
        Ok(())
    }

    /// Copies what a call has touched; which of it is different now.
    pub(super) fn follow(&mut self, touched: &[Value]) -> Result<Vec<Value>, String> {
        let memory = &mut self.memory;
        memory.replica.follow(&self.stack, touched)?;
        let mut changed = Vec::new();
        for key in touched {
            let part = |name: &str| key[name]["S"].as_str().unwrap_or_default().to_owned();
            let keys = (part("pk"), part("sk"));
            let now = memory.replica.get(&keys.0, &keys.1).map(|item| digest(shown(item)));
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

    /// A digest of the table and the time.
    pub(super) fn state(&self) -> u64 {
        digest((&self.memory.prints, self.clock.now()))
    }

    /// Insists on everything that holds in every state; each state once.
    pub(super) fn check(&mut self) -> Result<(), String> {
        let state = self.state();
        if self.checked.contains(&state) {
            return Ok(());
        }
        let books = self.memory.replica.books(self.clock.now().as_second()).with_skew(self.skew);
        catch_unwind(AssertUnwindSafe(|| books.check())).map_err(|panic| told(&*panic))?;
        self.checked.insert(state);
        Ok(())
    }
}
