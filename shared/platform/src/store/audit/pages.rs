//! The scan: page after page of one segment, and which partition is to be read because of what it finds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::sync::Mutex;

use jiff::Timestamp;
use onsale_domain::id::ScheduleId;

use super::{INTERRUPTED_MAX, Limits, Tally, items};
use crate::app::App;
use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, key_of, text};
use crate::store::dynamodb::keys::Key;
use crate::store::dynamodb::rejected::failure;
use crate::store::dynamodb::retry::Attempts;

/// The partitions that are scanned: nothing else has to do with money, seats, codes, units, places or dates.
const FILTER: &str = "(begins_with(pk, :users) OR begins_with(pk, :seats) OR begins_with(pk, :stock) OR \
                      begins_with(pk, :products) OR begins_with(pk, :coupons) OR begins_with(pk, :queues) OR \
                      begins_with(pk, :concerts) OR begins_with(pk, :doors)) AND ";
/// And nothing with a hash of a password or digest of a token, but for a profile that is erased and has none.
pub(super) const NO_SECRETS: &str = "(attribute_not_exists(password_hash) OR attribute_exists(erased_at)) AND \
                                     attribute_not_exists(digest)";
/// The attributes that are read of each item.
const NAMES: &str = "pk, sk, available, price, #state, stock, shards, delta, quantity, serving, finished, #first, \
                     #last, claimed, dates, certain";
const RESERVED: [(&str, &str); 3] = [("#state", "state"), ("#first", "first"), ("#last", "last")];
const KINDS: [(&str, &str); 8] = [
    (":users", items::USERS),
    (":seats", items::SEATS),
    (":stock", items::STOCK),
    (":products", items::PRODUCTS),
    (":coupons", items::COUPONS),
    (":queues", items::QUEUES),
    (":concerts", items::CONCERTS),
    (":doors", items::DOORS),
];

/// Reads for one pass.
pub(super) struct Reader<'a> {
    pub app: &'a App,
    pub limits: &'a Limits,
    /// The time of the whole pass.
    pub now: Timestamp,
    pub watch: Stopwatch,
    /// How many seats one user may have, of the schedules that were asked for so far; at most `limits.shared`.
    pub seat_limits: Mutex<BTreeMap<ScheduleId, u16>>,
}

/// The outcome of a partition that the scan came upon.
pub(super) enum Found {
    /// It was read.
    Read,
    /// The scan's item is not its first: it was read before, or its first item is new.
    NotFirst,
}

impl Reader<'_> {
    pub(super) fn is_late(&self) -> bool {
        self.watch.elapsed() >= self.limits.time
    }

    /// All of one segment. A partition is read when the scan gives its first item, so exactly once in whatever order
    /// the scan gives them, and without a memory of those that were. Its items come one after the other; should a new
    /// first one appear just behind the scan, the partition is remembered as interrupted.
    pub(super) async fn read_segment(&self, segment: u16) -> Result<Tally, Failure> {
        let mut tally = Tally::new(self.limits);
        let (mut start, mut here) = (None, String::new());
        let mut interrupted: BTreeSet<String> = BTreeSet::new();
        loop {
            let page = self.retry_while_busy(|| self.scan(segment, start.clone())).await?;
            tally.counts.items += page.evaluated;
            for item in page.items {
                let Some(key) = key_of(&item) else { continue };
                if !items::is_read_whole(&key.pk) {
                    items::read(&mut tally, &key, item);
                    continue;
                }
                if key.pk == here {
                    continue;
                }
                if self.is_late() {
                    break;
                }
                match self.read_partition(&mut tally, &key).await? {
                    Found::Read => interrupted.remove(&key.pk),
                    Found::NotFirst => interrupted.len() < INTERRUPTED_MAX && interrupted.insert(key.pk.clone()),
                };
                here = key.pk;
            }
            start = page.next;
            if start.is_none() {
                break;
            }
            if self.is_late() {
                tally.stopped = true;
                break;
            }
        }
        tally.stopped |= self.is_late();
        tally.interrupted = interrupted.len();
        Ok(tally)
    }

    async fn read_partition(&self, tally: &mut Tally, key: &Key) -> Result<Found, Failure> {
        match items::user_of(&key.pk) {
            Some(Ok(user)) => self.read_user(tally, user, key).await,
            Some(Err(())) => {
                tally.differences.add_unreadable(key.pk.clone());
                Ok(Found::Read)
            }
            None if key.pk.starts_with(items::DOORS) => self.read_door(tally, key).await,
            None => self.read_section(tally, key).await,
        }
    }

    async fn scan(&self, segment: u16, start: Option<Item>) -> Result<Page, Failure> {
        let values = KINDS.iter().map(|(name, kind)| ((*name).to_owned(), text(*kind)));
        let names = RESERVED.iter().map(|(name, attribute)| ((*name).to_owned(), (*attribute).to_owned()));
        let answer = self
            .app
            .dynamodb()
            .scan()
            .table_name(&self.app.config().table)
            .segment(segment.into())
            .total_segments(self.limits.segments.into())
            .limit(self.limits.page_items.into())
            .projection_expression(NAMES)
            .filter_expression(format!("{FILTER}{NO_SECRETS}"))
            .set_expression_attribute_names(Some(names.collect()))
            .set_expression_attribute_values(Some(values.collect::<HashMap<_, _>>()))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| failure(&error))?;
        let evaluated = u64::try_from(answer.scanned_count).unwrap_or_default();
        Ok(Page { items: answer.items.unwrap_or_default(), next: answer.last_evaluated_key, evaluated })
    }

    /// A read, tried again while the table is busy, for as long as any call of ours is.
    pub(super) async fn retry_while_busy<T, F>(&self, read: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut attempts = Attempts::new(self.app);
        loop {
            match read().await {
                // In the end it is told what was in the way.
                Err(failure @ (Failure::Busy | Failure::Unknown)) => attempts.wait().await.map_err(|_| failure)?,
                other => return other,
            }
        }
    }
}

/// A page of the scan.
struct Page {
    items: Vec<Item>,
    next: Option<Item>,
    evaluated: u64,
}
