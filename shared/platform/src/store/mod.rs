//! The table: all reads and writes of it, one file for each thing that is kept.
//!
//! DynamoDB decides every race. A function here reads what it needs, asks the domain, and commits one
//! transaction whose conditions repeat everything the decision relied on. **No lock is held, nothing is
//! remembered between calls but for what [`cache`] bounds in time, and no outcome is guessed**: after a failed
//! condition or a lost answer the item that would prove success is read before anything is refused.

pub mod accounts;
pub mod adjustments;
pub mod admin_actions;
pub mod admissions;
mod allowances;
pub mod attempts;
pub mod audit;
pub(crate) mod cache;
pub mod calls;
pub mod changes;
pub mod concert_deletions;
pub mod concerts;
pub mod coupons;
mod deletion_blocks;
mod deletion_marks;
pub mod deletions;
mod holes;
mod item;
pub mod keys;
pub mod lapses;
mod marks;
mod order_item;
pub mod order_payments;
pub mod orders;
pub mod payments;
pub mod placing;
pub mod products;
mod queue_item;
pub mod queue_tokens;
pub mod queues;
mod read;
pub mod refunds;
pub mod releases;
mod reservation_item;
pub mod reservations;
pub mod sales;
pub mod schedules;
pub mod seats;
pub mod sessions;
mod stock;
pub mod sweep;
mod table;
mod unpaid;
pub mod wallets;
mod write;

use std::time::Duration;

use crate::app::{App, Stopwatch};
use crate::metrics::TABLE_RETRIES;

pub use read::{ListError, Page};
use write::Rejected;

/// The table could not do what was asked. None of these says anything about the request.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// Throttled, or contended for longer than a request may take. Nothing was written.
    #[error("the table is busy")]
    Busy,
    /// A call was not answered; it may have been carried out or not. The same request again converges.
    #[error("the table did not answer")]
    Unknown,
    /// Something that must not happen: a wrong call, an item that cannot be read. The text is for the log.
    #[error("{0}")]
    Internal(String),
}

/// One cheap read, to know that the table answers.
///
/// # Errors
/// When it does not.
pub async fn probe(app: &App) -> Result<(), Failure> {
    read::get(app, &table::verifying_key("probe"), read::Consistency::Eventual).await.map(|_| ())
}

/// Most tries of one write that others get in the way of.
const ATTEMPTS_MAX: u32 = 60;
/// First back-off between them.
const BACKOFF_MIN: Duration = Duration::from_millis(25);
/// First back-off after the table took no more traffic: it needs longer to grow than another transaction to end.
const THROTTLED_BACKOFF_MIN: Duration = Duration::from_millis(50);
/// Longest back-off between them.
const BACKOFF_MAX: Duration = Duration::from_millis(400);
/// A write is not tried again this long after its first try: functions have ten seconds, and a call may take two. Nothing
/// is lost by giving up: the same request again, with the same key, finds what was done.
const TRIED_FOR_MAX: Duration = Duration::from_secs(3);
/// The same for a payment, which has fifteen: longer than the five seconds after which `DynamoDB` ends a transaction that
/// was left half committed, so that what stands in its way is gone before its payer is told to come again.
const PAID_FOR_MAX: Duration = Duration::from_secs(6);

/// Counts the tries of a write and waits between them with full jitter, so that those who collide do not
/// collide again.
pub(crate) struct Attempts<'a> {
    app: &'a App,
    made: u32,
    /// Whether one of them was not answered: what is found done may be its doing.
    unheard: bool,
    since: Stopwatch,
    /// How long after the first try another may begin.
    most: Duration,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(app: &'a App) -> Self {
        Self { app, made: 0, unheard: false, since: Stopwatch::start(), most: TRIED_FOR_MAX }
    }

    /// The tries of a payment, which has more patience.
    pub(crate) fn to_pay(app: &'a App) -> Self {
        Self { most: PAID_FOR_MAX, ..Self::new(app) }
    }

    /// Waits before the next try after one that came to this; gives back a failure that no other try would help.
    pub(crate) async fn again_after<G>(&mut self, rejected: &Rejected<G>) -> Result<(), Failure> {
        match rejected {
            Rejected::Guards(_) | Rejected::Conflict(_) => self.again().await,
            Rejected::Throttled => self.again_slower().await,
            Rejected::Failure(Failure::Unknown) => {
                self.unheard = true;
                self.again().await
            }
            Rejected::Failure(failure) => Err(failure.clone()),
        }
    }

    /// Waits before the next try; [`Failure::Busy`] once tries or time are used up.
    pub(crate) async fn again(&mut self) -> Result<(), Failure> {
        self.pause(BACKOFF_MIN).await
    }

    /// The same after the table took no more traffic.
    pub(crate) async fn again_slower(&mut self) -> Result<(), Failure> {
        self.pause(THROTTLED_BACKOFF_MIN).await
    }

    async fn pause(&mut self, first: Duration) -> Result<(), Failure> {
        let most = first.saturating_mul(1 << self.made.min(10)).min(BACKOFF_MAX);
        let wait = Duration::from_micros(self.app.ids().below(u64::try_from(most.as_micros()).unwrap_or(u64::MAX)));
        self.made += 1;
        if self.made >= ATTEMPTS_MAX || self.since.elapsed() + wait > self.most {
            return Err(Failure::Busy);
        }
        self.app.meter().count(&TABLE_RETRIES, 1, &[]);
        tokio::time::sleep(wait).await;
        Ok(())
    }
}
