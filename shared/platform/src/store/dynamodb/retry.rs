//! How often a write is tried in whose way others get, and how long is waited between the tries.

use std::time::Duration;

use crate::app::App;
use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::store::dynamodb::rejected::Rejected;
use crate::telemetry::metrics::TABLE_RETRIES;

/// Most tries of one write that others get in the way of.
const ATTEMPTS_MAX: u32 = 60;
/// First back-off between them.
const BACKOFF_MIN: Duration = Duration::from_millis(25);
/// Longest back-off between them.
const BACKOFF_MAX: Duration = Duration::from_millis(400);
/// First back-off after the table took no more traffic. Longer, because a transaction that is throttled at one item has
/// used the units of the others: the more often it is tried, the fewer succeed.
const THROTTLED_BACKOFF_MIN: Duration = Duration::from_millis(150);
/// Longest back-off between such tries.
const THROTTLED_BACKOFF_MAX: Duration = Duration::from_millis(800);
/// A write that the answer does not need is not begun this long after the first try.
const SPARE_FOR_MAX: Duration = Duration::from_secs(1);
/// A write is not tried again this long after its first try: functions have ten seconds, and a call may take two.
/// Nothing is lost by giving up: the same request again, with the same key, finds what was done.
const TRIED_FOR_MAX: Duration = Duration::from_secs(3);
/// The same for a payment, which has fifteen: longer than the five seconds after which `DynamoDB` ends a transaction
/// that was left half committed, so that what stands in its way is gone before its payer is told to come again.
const PAID_FOR_MAX: Duration = Duration::from_secs(6);

/// Counts the tries of a write and waits between them with full jitter, so that those who collide do not
/// collide again.
pub(crate) struct Attempts<'a> {
    pub(crate) app: &'a App,
    pub(crate) made: u32,
    /// Whether one of them was not answered: what is found done may be its doing.
    pub(crate) answer_lost: bool,
    since: Stopwatch,
    /// How long after the first try another may begin.
    most: Duration,
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(app: &'a App) -> Self {
        Self { app, made: 0, answer_lost: false, since: Stopwatch::start(), most: TRIED_FOR_MAX }
    }

    /// The tries of a payment, which has more patience.
    pub(crate) fn to_pay(app: &'a App) -> Self {
        Self { most: PAID_FOR_MAX, ..Self::new(app) }
    }

    /// The tries of another write on which these wait: they end no later.
    pub(crate) fn of_another(&self) -> Self {
        Self { made: 0, answer_lost: false, ..*self }
    }

    /// Whether there is time for a write that the answer does not need.
    pub(crate) fn has_time_to_spare(&self) -> bool {
        self.since.elapsed() < SPARE_FOR_MAX
    }

    /// Whether what is found done after a try that came to this may be the doing of one of them. A try that was refused
    /// wrote nothing: only one that was not heard of may have.
    pub(crate) fn may_have_done<G>(&self, rejected: &Rejected<G>) -> bool {
        self.answer_lost || matches!(rejected, Rejected::Failure(_))
    }

    /// Waits before the next try after one that came to this; gives back a failure that no other try would help.
    pub(crate) async fn wait_after<G>(&mut self, rejected: &Rejected<G>) -> Result<(), Failure> {
        match rejected {
            Rejected::Guards(_) | Rejected::Conflict(_) => self.wait().await,
            Rejected::Throttled => self.wait_longer().await,
            Rejected::Failure(Failure::Unknown) => {
                self.answer_lost = true;
                self.wait().await
            }
            Rejected::Failure(failure) => Err(failure.clone()),
        }
    }

    /// Waits before the next try; [`Failure::Busy`] once tries or time are used up.
    pub(crate) async fn wait(&mut self) -> Result<(), Failure> {
        self.pause(BACKOFF_MIN, BACKOFF_MAX).await
    }

    /// Waits longer, after the table refused more traffic.
    pub(crate) async fn wait_longer(&mut self) -> Result<(), Failure> {
        self.pause(THROTTLED_BACKOFF_MIN, THROTTLED_BACKOFF_MAX).await
    }

    async fn pause(&mut self, first: Duration, longest: Duration) -> Result<(), Failure> {
        let most = first.saturating_mul(1 << self.made.min(10)).min(longest);
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
