//! Sweeps of the expiry index: one kind of thing, partition by partition, a page at a time.

use onsale_domain::time::EpochSecond;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, key_of};
use crate::store::dynamodb::keys::{self, Key};
use crate::store::dynamodb::query::Query;
use crate::store::seats::side_by_side;
use crate::telemetry::metrics::{SWEEP_CLOSED, SWEEP_FAILED, SWEEP_LAG, SWEEP_LEFT};

/// The counts of a sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Things ended.
    pub ended: usize,
    /// Things that could not be.
    pub failed: usize,
    /// How long the oldest of them was over.
    pub lag_seconds: u32,
    /// Whether more is left to the next run.
    pub more_is_left: bool,
}

impl Swept {
    /// Both of two kinds that one function sweeps: its lag is that of the later one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            ended: self.ended + other.ended,
            failed: self.failed + other.failed,
            lag_seconds: self.lag_seconds.max(other.lag_seconds),
            more_is_left: self.more_is_left || other.more_is_left,
        }
    }

    /// Tells the metrics, once for all that a function sweeps: a gauge keeps what is told last.
    #[must_use]
    pub(crate) fn told(self, app: &App) -> Self {
        let meter = app.meter();
        meter.count(&SWEEP_CLOSED, self.ended as u64, &[]);
        meter.count(&SWEEP_FAILED, self.failed as u64, &[]);
        meter.set(&SWEEP_LAG, self.lag_seconds.into(), &[]);
        meter.set(&SWEEP_LEFT, f64::from(u8::from(self.more_is_left)), &[]);
        if self.more_is_left {
            tracing::warn!(ended = self.ended, "a sweep left expired items for its next run");
        }
        self
    }
}

/// Where a sweep has come to.
struct SweepCursor {
    shard: u8,
    shards_left: u8,
    start: Option<Item>,
}

impl SweepCursor {
    /// The beginning of a sweep. Each minute begins with another partition, so that none is always the last when there
    /// is more to do than one run can.
    fn first(app: &App) -> Self {
        let minute = app.now().as_second().div_euclid(60);
        let shard = u8::try_from(minute.rem_euclid(i64::from(keys::EXPIRY_SHARDS))).unwrap_or(0);
        Self { shard, shards_left: keys::EXPIRY_SHARDS - 1, start: None }
    }

    /// After this page, which ended at `start`.
    fn next(self, start: Option<Item>) -> Option<Self> {
        if start.is_some() {
            return Some(Self { start, ..self });
        }
        let shards_left = self.shards_left.checked_sub(1)?;
        Some(Self { shard: (self.shard + 1) % keys::EXPIRY_SHARDS, shards_left, start: None })
    }
}

/// Does `end` to what of `kind` ended before now, page by page: at most `steps_max` pages of at most `page_max`. More
/// is left to the next run. The caller has it told. `end` tells whether it was the one that ended it. What cannot be ended is
/// logged, passed by, and met again by the next sweep.
pub(crate) async fn run<F>(
    app: &App,
    kind: &str,
    page_max: u16,
    steps_max: usize,
    end: impl Fn(App, Key) -> F,
) -> Result<Swept, Failure>
where
    F: Future<Output = Result<bool, Failure>> + Send + 'static,
{
    let mut swept = Swept::default();
    let mut cursor = Some(SweepCursor::first(app));
    for _ in 0..steps_max {
        let Some(here) = cursor.take() else { break };
        let shard = keys::expiry_shard_at(kind, here.shard);
        let query = Query::expired_before(shard, EpochSecond::begun(app.now()));
        let (items, start) = query.page(app, i32::from(page_max), here.start.clone()).await?;
        end_page(app, &items, &end, &mut swept).await?;
        cursor = here.next(start);
    }
    swept.more_is_left = cursor.is_some();
    Ok(swept)
}

/// Ends the things of one page side by side, and counts them.
async fn end_page<F>(app: &App, items: &[Item], end: &impl Fn(App, Key) -> F, swept: &mut Swept) -> Result<(), Failure>
where
    F: Future<Output = Result<bool, Failure>> + Send + 'static,
{
    // The index has them in the order of their ends.
    let oldest = items.first().and_then(|item| item.get("expires_at")?.as_n().ok()?.parse().ok().map(EpochSecond));
    let lag_seconds = oldest.map_or(0, |end| EpochSecond::begun(app.now()).since(end));
    swept.lag_seconds = swept.lag_seconds.max(lag_seconds);
    let keys: Vec<Key> = items.iter().filter_map(key_of).collect();
    let ended = side_by_side(app, keys, |app, key| {
        let ending = end(app, key.clone());
        async move {
            Ok(ending.await.inspect_err(|failure| {
                tracing::error!(pk = key.pk, sk = key.sk, %failure, "an expired item could not be ended");
            }))
        }
    });
    for result in ended.await? {
        match result {
            Ok(ended) => swept.ended += usize::from(ended),
            Err(_) => swept.failed += 1,
        }
    }
    Ok(())
}
