//! The memory of a process between requests, and how long it lasts.
//!
//! **Nothing here decides who gets a seat or a unit**: a remembered schedule or price is repeated in no condition only
//! where it cannot change, and a remembered list is what a viewer sees, never what a buyer gets.

use onsale_domain::id::{ConcertId, CouponId, ProductId, ScheduleId, UserId};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock};

use jiff::{SignedDuration, Timestamp};
use onsale_domain::concerts::schedule::Schedule;
use onsale_domain::orders::coupon::Coupon;
use onsale_domain::products::product::Sort;
use onsale_domain::queue::entry::QueueEntry;
use onsale_domain::queue::{Queue, QueueId};
use onsale_domain::seats::Label;
use uuid::Uuid;

use crate::memory::{is_recent, lock};
use crate::store::views::{Block, DateView, Listing, Overview, Page, Popular, Ranking, Viewed};

/// How long a schedule is remembered.
pub const SCHEDULE_SECONDS: i64 = 60;
/// How long what viewers see of a section, and pollers of a queue, is remembered.
pub const VIEW_SECONDS: i64 = 1;
/// How long a page of products, or the popular ones, is remembered.
pub const CATALOG_SECONDS: i64 = 5;
/// How long a coupon is remembered, and that none of it is left: neither ever changes.
pub const COUPON_SECONDS: i64 = 60;
/// How long a count of what sold best is remembered.
pub const RANKING_SECONDS: i64 = 60;
/// Most things of one kind that are remembered.
const ENTRIES_MAX: usize = 1_000;

/// The caches of a process.
#[derive(Default)]
pub struct Caches {
    pub schedules: Cache<ScheduleId, Arc<Schedule>>,
    pub sections: Cache<(ScheduleId, Label), Arc<Vec<Block>>>,
    pub overviews: Cache<ScheduleId, Arc<Overview>>,
    /// The dates of a concert, by how many are shown at most.
    pub dates: Cache<(ConcertId, u16), Arc<Vec<DateView>>>,
    /// The queue that guards a concert, if one does.
    pub concert_queues: Cache<ConcertId, Option<QueueId>>,
    /// Queues; none where there is no such queue.
    pub queues: Cache<QueueId, Option<Arc<Queue>>>,
    /// How many numbers queues have given out.
    pub issued: Cache<QueueId, u64>,
    pub queue_tokens: Cache<(UserId, QueueId), Option<QueueEntry>>,
    /// Held by whoever looks at a queue, so that the requests of one process share one look.
    pub read_lock: tokio::sync::Mutex<()>,
    /// The id of this process among others; through [`Caches::process_id`].
    process: OnceLock<Uuid>,
    /// Queues whose counter of numbers the table would not write.
    pub refused_counters: Cache<QueueId, ()>,
    pub catalog: Cache<(Sort, u16, Option<String>), Arc<Page<Listing>>>,
    pub products: Cache<ProductId, Arc<Viewed>>,
    pub coupons: Cache<CouponId, Arc<Coupon>>,
    pub remaining: Cache<CouponId, i64>,
    pub exhausted: Cache<CouponId, ()>,
    pub rankings: Cache<u8, Arc<Ranking>>,
    /// By days and how many.
    pub popular: Cache<(u8, usize), Arc<Popular>>,
}

impl Caches {
    /// The id of this process among others; `make` gives it the first time.
    pub fn process_id(&self, make: impl FnOnce() -> Uuid) -> Uuid {
        *self.process.get_or_init(make)
    }
}

/// Things remembered for a while.
pub struct Cache<K, V> {
    entries: Mutex<HashMap<K, (Timestamp, V)>>,
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self { entries: Mutex::new(HashMap::new()) }
    }
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    /// The value of `key`, if it is no older than `seconds` (and not from the future: clocks jump).
    pub fn get(&self, key: &K, now: Timestamp, seconds: i64) -> Option<V> {
        let entries = lock(&self.entries);
        let (since, value) = entries.get(key)?;
        is_recent(*since, now, SignedDuration::from_secs(seconds)).then(|| value.clone())
    }

    /// Remembers; when there is too much, everything else is forgotten.
    pub fn put(&self, key: K, value: V, now: Timestamp) {
        let mut entries = lock(&self.entries);
        if entries.len() >= ENTRIES_MAX {
            entries.clear();
        }
        entries.insert(key, (now, value));
    }

    /// Forgets.
    pub fn forget(&self, key: &K) {
        lock(&self.entries).remove(key);
    }
}
