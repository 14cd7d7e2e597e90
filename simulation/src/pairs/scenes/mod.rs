//! The scenes in which two operations meet: what was before, and what may happen then.

mod cards;
mod queue;
mod seats;
mod shop;

use onsale_domain::id;
use uuid::Uuid;

use super::world::{ADMIN, World, person_id};
use crate::random::run::SKEW_SECONDS;
use crate::random::scheduler::FullCounter;
use crate::random::workload::{Action, PurchaseId};

/// The two people whose requests meet, and a third.
const ANNA: usize = 0;
const BERT: usize = 1;
const CARL: usize = 2;
/// The products that sell out soonest: three units in two shards, one in one.
const SPREAD: usize = 0;
const SINGLE: usize = 1;
/// Longer than any hold lasts.
const LONG: i64 = 90;
/// A day, in seconds.
const DAY: i64 = 86_400;
/// The SDK gives a call up after a second; no call is to be given up while it waits for its turn, for that would be a
/// fault more.
pub(super) const PATIENCE: u64 = 900;
/// Where one of two only waits for the other: it has looked once, and looks no more.
const IMPATIENCE: u64 = 30;
/// Longer than a deletion is left to the request that began it.
pub(super) const CARRIED_ON: i64 = 400;
/// Most that a wallet may have.
const CAP: i64 = 10_000_000;

/// An operation of a scene.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    /// A person sends a request.
    Request(usize, Action),
    /// A function runs by the clock.
    Sweep(&'static str),
    /// The changes that were not relayed yet are.
    Relay,
    /// All messages for a consumer are delivered.
    Deliver(&'static str),
    /// The administrator gives the queue so many places.
    Places(u32),
}

impl Operation {
    /// The function that runs.
    pub(super) fn function(&self) -> &'static str {
        match self {
            Self::Request(_, action) => action.function(),
            Self::Sweep(function) | Self::Deliver(function) => function,
            Self::Relay => "relay_changes",
            Self::Places(_) => "put_queue",
        }
    }
}

/// A step of the preparation.
pub(super) enum Before {
    /// A person sent a request and had an answer of this status.
    Request(usize, Action, u16),
    /// A person paid the card payment that was begun last with this card, in the provider's window.
    Authorise(usize, &'static str),
    /// Seconds passed.
    Pass(i64),
    /// The changes were relayed, but nothing was delivered.
    Relay,
    /// They were relayed, and delivered.
    Settle,
    /// A function ran by the clock.
    Sweep(&'static str),
    /// By now there is an item with this beginning of its sort key, or none: else the scene is not what it is called.
    Has(&'static str, bool),
}

/// A scene: the state before, and the operations that may happen then, two at a time.
pub(super) struct Scene {
    pub(super) name: &'static str,
    pub(super) before: Vec<Before>,
    pub(super) operations: Vec<Operation>,
    /// The operation of this number is the request of that step of the preparation again, under its key.
    pub(super) repeats: Option<(usize, usize)>,
    /// How far the clocks of the two machines are from the right time, in seconds.
    pub(super) skew: [i64; 2],
    /// Seconds that pass at once, at any moment.
    pub(super) passes: Option<i64>,
    /// Whether the queue's counter refuses single numbers.
    pub(super) is_counter_full: bool,
    /// Longest that callers may wait for their next try in one execution, in milliseconds.
    pub(super) patience: u64,
}

/// The idempotency key of the operation with this number.
pub(super) fn operation_key(number: usize) -> Uuid {
    Uuid::from_u128(0x0194_0000_0000_7000_8000_0000_0000_0000 + number as u128)
}

/// The reservation that a person made in the step of the preparation with this number.
fn reservation(person: usize, step: usize) -> PurchaseId {
    PurchaseId::Reservation(reservation_id(person, step))
}

fn reservation_id(person: usize, step: usize) -> String {
    id::derive(person_id(person), "create_reservation", operation_key(step)).to_string()
}

/// The concert that the administrator made in the step of the preparation with this number.
fn concert(step: usize) -> String {
    id::derive(person_id(ADMIN), "create_concert", operation_key(step)).to_string()
}

fn placed(person: usize, step: usize) -> PurchaseId {
    PurchaseId::Order(id::derive(person_id(person), "place_order", operation_key(step)).to_string())
}

fn hold(seats: &[&'static str]) -> Action {
    Action::Hold { queued: false, seats: seats.to_vec() }
}

fn hold_best(count: u16) -> Action {
    Action::HoldBest { queued: false, count }
}

fn hold_queued(seats: &[&'static str]) -> Action {
    Action::Hold { queued: true, seats: seats.to_vec() }
}

fn order(lines: &[(usize, i64)], pay: bool) -> Action {
    Action::Order { lines: lines.to_vec(), coupon: false, pay }
}

fn order_with_coupon(lines: &[(usize, i64)], pay: bool) -> Action {
    Action::Order { lines: lines.to_vec(), coupon: true, pay }
}

const EXPIRE: Operation = Operation::Sweep("run_expiry");
const ADVANCE: Operation = Operation::Sweep("advance_queues");

fn scene(name: &'static str, before: Vec<Before>, operations: Vec<Operation>) -> Scene {
    let (repeats, skew, passes, is_counter_full) = (None, [0, 0], None, false);
    Scene { name, before, operations, repeats, skew, passes, is_counter_full, patience: PATIENCE }
}

/// All scenes.
pub(super) fn all_scenes() -> Vec<Scene> {
    let mut scenes = seats::seats();
    scenes.extend(seats::deletions());
    scenes.extend(seats::codes());
    scenes.extend(seats::payments());
    scenes.extend(seats::payments_of_nothing());
    scenes.extend(shop::stock());
    scenes.extend(shop::coupons());
    scenes.extend(shop::wallets());
    scenes.extend(cards::cards());
    scenes.extend(cards::wallets_by_card());
    scenes.extend(queue::missed_calls());
    scenes.extend(queue::leases());
    scenes.extend(queue::guarded_concerts());
    scenes.extend(queue::queue());
    scenes.extend(queue::events());
    scenes
}

impl World {
    /// Makes the world what it is at the beginning of a scene, and keeps it.
    pub(super) async fn prepare(&mut self, scene: &Scene) -> Result<(), String> {
        self.gate.refused = scene.is_counter_full.then_some(FullCounter);
        self.stop_intercepting();
        for (step, before) in scene.before.iter().enumerate() {
            match before {
                Before::Request(person, action, expected) => {
                    let answer = self.send(*person, action, operation_key(step)).await?;
                    if answer.status != *expected {
                        return Err(format!("{action:?} was answered {}: {}", answer.status, answer.body));
                    }
                }
                Before::Authorise(person, number) => {
                    let begun = self.memory.people[*person].cards.last().ok_or("no card payment was begun")?;
                    let status = self.stack.payment_provider().authorise(&begun.1, number).status;
                    if status != 200 {
                        return Err(format!("the provider answered {status}"));
                    }
                }
                Before::Pass(seconds) => self.advance_clock(*seconds),
                Before::Relay => self.relay().await?,
                Before::Settle => self.drain_events().await?,
                Before::Sweep(function) => {
                    self.call(function, serde_json::json!({})).await??;
                }
                Before::Has(sort_key, expected) => {
                    let is_there = self.memory.replica.iter().any(|((_, sk), _)| sk.starts_with(sort_key));
                    if is_there != *expected {
                        return Err(format!("before {step}: there is an item {sort_key}: {is_there}"));
                    }
                }
            }
        }
        self.skew = scene.skew.into_iter().map(i64::abs).max().unwrap_or_default();
        self.save_snapshot().map_err(|problem| problem.to_string())
    }
}
