//! How a run ends: no new requests, no faults any more, and nothing may be left over.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::SignedDuration;
use onsale_domain::id::UserId;
use serde_json::json;
use uuid::Uuid;

use crate::fixture::{self, QUEUE};
use crate::invariants::Item;
use crate::random::actors::{Task, panic_text};
use crate::random::cards;
use crate::random::run::{CARD_SWEEP, JUMP_SECONDS, SKEW_SECONDS, SWEEPS, Simulation};
use crate::random::scheduler::Injection;
use crate::replica::Replica;
use crate::requests::{Identity, api_gateway_event};

/// Most rounds until everything must be quiet.
const QUIET_ROUNDS_MAX: usize = 40;
/// Most batches of records and messages in one such round.
const HANDED_ON_MAX: usize = 2_000;
/// The places of the queue from then on.
const PLACES_IN_THE_END: u32 = 100;
/// Most steps in one such round.
const QUIET_STEPS_MAX: usize = 20_000;

impl Simulation {
    /// Ends a run: no new requests and no faults any more, and everything must come to its end.
    pub(crate) async fn quiesce(&mut self) -> Result<(), String> {
        self.plan.faults = false;
        self.finish_actors().await?;
        self.resting = true;
        self.heal_provider()?;
        while self.scheduler.has_late_request() {
            self.deliver_late_requests(None)?;
        }
        for index in 0..self.machines.len() {
            if self.machines[index].has_jumped() {
                self.machines[index].jump(SignedDuration::from_secs(JUMP_SECONDS));
            }
        }
        // Everybody who still waits in the queue is let in now, not one by one.
        let call = fixture::put_queue_call(PLACES_IN_THE_END);
        self.places = PLACES_IN_THE_END.into();
        let admin = self.people.last().map_or(UserId(Uuid::nil()), |admin| admin.id);
        let caller = Identity { user: admin, key: None, queue_token: None };
        self.start(Task::Sweep, call.function, api_gateway_event(&call, caller))?;
        // An end by the clock that is ahead is an end by every other a little later.
        self.advance_clocks(2_000 * usize::try_from(SKEW_SECONDS).unwrap_or_default()).await?;
        for _ in 0..QUIET_ROUNDS_MAX {
            self.deliver_reports()?;
            self.drain_events().await?;
            if self.is_quiet() && cards::is_provider_quiet(&self.stack, self.clock.now()) {
                cards::check_provider(&self.stack, &self.replica)?;
                return self.check_quiet();
            }
            let waits = quiet_milliseconds(&self.replica);
            self.advance_clocks(waits).await?;
            for function in SWEEPS.into_iter().chain([CARD_SWEEP]) {
                self.start(Task::Sweep, function, json!({}))?;
                self.finish_actors().await?;
            }
        }
        let snapshot = self.replica.snapshot(self.clock.now().as_second());
        let (serving, issued, inside) =
            (snapshot.serving(QUEUE), snapshot.issued(QUEUE), snapshot.places_in_use(QUEUE));
        let left = self.leftovers().join(", ");
        Err(format!("it does not come to rest: [{left}], queue at {serving} of {issued} with {inside} inside"))
    }

    /// Empties the stream and the queues. A message that fails again and again is a bug of its consumer: nothing else
    /// is wrong any more.
    async fn drain_events(&mut self) -> Result<(), String> {
        for _ in 0..HANDED_ON_MAX {
            if !self.read_records(self.position.as_deref(), 1)?.is_empty() {
                self.start_relay()?;
            } else if !self.mail.is_empty() {
                self.start_delivery()?;
            } else {
                return Ok(());
            }
            self.finish_actors().await?;
        }
        let consumers: BTreeSet<&str> = self.mail.iter().map(|(consumer, _)| *consumer).collect();
        Err(format!("events are not taken, of {consumers:?} or of the stream"))
    }

    async fn finish_actors(&mut self) -> Result<(), String> {
        for _ in 0..QUIET_STEPS_MAX {
            self.run_woken_actors().await?;
            if self.actors.iter().all(Option::is_none) {
                return Ok(());
            }
            match self.scheduler.waiting_calls().first().cloned() {
                Some(call) => {
                    // At rest, too, what is late comes before the next call of its sender.
                    self.deliver_late_requests(Some(call.actor))?;
                    self.scheduler.release_call(call.ticket, Injection::Proceed);
                    self.run_actor(call.actor).await?;
                }
                None => self.advance_clocks(50).await?,
            }
        }
        Err("a call does not end".to_owned())
    }

    fn leftovers(&self) -> Vec<String> {
        leftovers(&self.replica)
    }

    fn is_quiet(&self) -> bool {
        is_quiet(&self.replica, self.clock.now().as_second())
    }

    fn check_quiet(&self) -> Result<(), String> {
        check_quiet(&self.replica, self.clock.now().as_second(), &self.refused)
    }
}

/// The items that the sweeps should have ended.
fn leftovers(replica: &Replica) -> Vec<String> {
    let unsettled = |item: &Item| item.contains_key("expiry_shard");
    let items = replica.iter().filter(|(_, item)| unsettled(item));
    items.map(|((pk, sk), _)| format!("{pk} {sk}")).collect()
}

/// How long to wait for the next sweeps: days, if all that is left are refunds that are looked at once more.
pub(crate) fn quiet_milliseconds(replica: &Replica) -> usize {
    let made = |((_, sk), item): (&(String, String), &Item)| {
        sk.starts_with("CARDREFUND#")
            && item.get("state").and_then(|state| state.as_s().ok()).is_some_and(|it| it == "made")
    };
    let mut left = replica.iter().filter(|(_, item)| item.contains_key("expiry_shard")).peekable();
    let only_refunds = left.peek().is_some() && left.all(made);
    if only_refunds { 6 * 86_400_000 } else { 130_000 }
}

/// Whether the sweeps have ended everything.
pub(crate) fn is_quiet(replica: &Replica, now: i64) -> bool {
    let snapshot = replica.snapshot(now);
    leftovers(replica).is_empty()
        && snapshot.places_in_use(QUEUE) == 0
        && snapshot.serving(QUEUE) == snapshot.issued(QUEUE)
}

/// Checks the invariants that hold once all is quiet.
pub(crate) fn check_quiet(replica: &Replica, now: i64, refused: &BTreeSet<(String, String)>) -> Result<(), String> {
    let snapshot = replica.snapshot(now);
    let check = || {
        snapshot.check();
        snapshot.check_every_place(QUEUE);
        snapshot.check_sales();
        // S7.
        assert_eq!(snapshot.held_and_sold().0, 0, "seats are held past their time");
    };
    catch_unwind(AssertUnwindSafe(check)).map_err(|panic| panic_text(&*panic))?;
    match refused.iter().find(|(pk, name)| replica.find(pk, name).is_some()) {
        Some((pk, name)) => Err(format!("{pk} {name} was refused, and is there")),
        None => Ok(()),
    }
}
