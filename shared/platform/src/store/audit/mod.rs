//! The audit: reads the whole table in pages and hands everything to the rules of [`onsale_domain::audit`].
//!
//! **This is the product's only scan but for [`reconcile`](crate::store::wallet::cards::reconcile).** Every other question has a key that answers it; "is there anything that should
//! not be" has none, for what is wrong may lie under any key, or under none that something leads to. The scan asks for
//! keys and a few numbers only. A user's items and a section's blocks are then read with a consistent query, partition
//! by partition, so that what belongs together is seen within moments. Profiles and sessions are left out by filters:
//! no address, no hash and no digest leaves the table.
//!
//! A partition leaves a few sums behind. Memory is therefore bounded by products, coupons, sections, queues, concerts
//! and the references of one user, never by the table, and each of these has a maximum: beyond it is said that nothing
//! was judged.

mod items;
mod pages;
mod partitions;

use onsale_domain::id::UserId;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::try_join_all;
use onsale_domain::audit::{
    Concerts, Differences, Doors, Extent, Passes, Queues, Sections, Stock, TrialBalance, Verdict,
};
use serde::Serialize;

use crate::app::App;
use crate::clock::Stopwatch;
use crate::failure::Failure;

/// Users that are named among those whose books were too long.
const NAMED_MAX: usize = 10;
/// Partitions of a segment that are remembered as changed in the wrong moment.
const INTERRUPTED_MAX: usize = 1_000;

/// The limits of an audit.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Parts of the table that are read side by side, 1 to 1,000.
    pub segments: u16,
    /// Items that one page evaluates.
    pub page_items: u16,
    /// References of one user that are kept at once: receipts, payments, reservations, unpaid orders and claims.
    pub references_per_user: usize,
    /// Products, coupons, sections, queues, concerts and doors that are kept.
    pub shared: usize,
    /// After so long no page is asked for any more.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            segments: 8,
            page_items: 1_000,
            references_per_user: 200_000,
            shared: 200_000,
            // A minute less than the time-out of `audit_ledger`.
            time: Duration::from_secs(840),
        }
    }
}

/// How much was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Items that the scan evaluated.
    pub items: u64,
    /// Users.
    pub users: u64,
    /// Entries of ledgers.
    pub entries: u64,
    /// Receipts of top-ups and spends.
    pub receipts: u64,
    /// Reservations.
    pub reservations: u64,
    /// Orders.
    pub orders: u64,
    /// Card payments.
    pub card_payments: u64,
    /// Claims of coupons.
    pub claims: u64,
    /// Seats.
    pub seats: u64,
    /// Products.
    pub products: u64,
    /// Coupons.
    pub coupons: u64,
    /// Queues.
    pub queues: u64,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.items += other.items;
        self.users += other.users;
        self.entries += other.entries;
        self.receipts += other.receipts;
        self.reservations += other.reservations;
        self.orders += other.orders;
        self.card_payments += other.card_payments;
        self.claims += other.claims;
        self.seats += other.seats;
        self.products += other.products;
        self.coupons += other.coupons;
        self.queues += other.queues;
    }
}

/// The report of an audit.
#[derive(Clone, Debug)]
pub struct Report {
    /// The verdict of all passes together.
    pub verdict: Verdict,
    /// How much the last pass read.
    pub counts: Counts,
    /// The trial balance of the last pass.
    pub balance: TrialBalance,
    /// Why not everything was judged.
    pub not_judged: Vec<String>,
    /// Most references that were kept of one user.
    pub references_most: usize,
    /// How many products, coupons, sections, queues, concerts and doors were kept.
    pub shared: usize,
}

/// The sums that many partitions add to.
#[derive(Debug, Default)]
struct Shared {
    stock: Stock,
    sections: Sections,
    queues: Queues,
    concerts: Concerts,
    doors: Doors,
}

impl Shared {
    fn size(&self) -> usize {
        self.stock.size() + self.sections.size() + self.queues.size() + self.concerts.size() + self.doors.size()
    }

    fn merge(&mut self, other: Self) {
        self.stock.merge(other.stock);
        self.sections.merge(other.sections);
        self.queues.merge(other.queues);
        self.concerts.merge(other.concerts);
        self.doors.merge(other.doors);
    }
}

/// The sums of a pass, or of a part of it.
#[derive(Debug)]
struct Tally {
    counts: Counts,
    balance: TrialBalance,
    differences: Differences,
    /// `None` once there was too much of it.
    shared: Option<Shared>,
    shared_most: usize,
    /// Some of the users whose books were too long, and how many there are.
    too_long: BTreeSet<UserId>,
    too_long_count: usize,
    references_most: usize,
    /// How many partitions changed in the wrong moment.
    interrupted: usize,
    /// Whether the time was over before the end.
    stopped: bool,
}

impl Tally {
    fn new(limits: &Limits) -> Self {
        Self {
            counts: Counts::default(),
            balance: TrialBalance::default(),
            differences: Differences::default(),
            shared: Some(Shared::default()),
            shared_most: limits.shared,
            too_long: BTreeSet::new(),
            too_long_count: 0,
            references_most: 0,
            interrupted: 0,
            stopped: false,
        }
    }

    /// Adds to what partitions have in common, while there is not too much of it.
    fn share(&mut self, add: impl FnOnce(&mut Shared)) {
        if let Some(shared) = &mut self.shared {
            add(shared);
            if shared.size() > self.shared_most {
                self.shared = None;
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.counts.add(&other.counts);
        self.balance.merge(&other.balance);
        self.differences.merge(other.differences);
        match other.shared {
            Some(theirs) => self.share(|shared| shared.merge(theirs)),
            None => self.shared = None,
        }
        self.too_long.extend(other.too_long);
        while self.too_long.len() > NAMED_MAX {
            self.too_long.pop_last();
        }
        self.too_long_count += other.too_long_count;
        self.references_most = self.references_most.max(other.references_most);
        self.interrupted += other.interrupted;
        self.stopped |= other.stopped;
    }

    /// Compares what was counted from several sides. What was not read whole would differ for that alone.
    fn judge(&mut self) {
        if self.stopped || self.interrupted > 0 {
            return;
        }
        if let Some(shared) = &self.shared {
            shared.stock.judge(&mut self.differences);
            shared.sections.judge(&mut self.differences);
            shared.queues.judge(&mut self.differences);
            shared.concerts.judge(&mut self.differences);
            shared.doors.judge(&mut self.differences);
        }
        self.balance.judge(&mut self.differences);
    }

    fn extent(&self) -> Extent {
        if self.stopped || self.shared.is_none() || self.too_long_count > 0 {
            Extent::Part
        } else if self.interrupted > 0 {
            Extent::Interrupted
        } else {
            Extent::Whole
        }
    }

    fn not_judged(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.stopped {
            reasons.push("the time was over before the table was read".to_owned());
        }
        if self.shared.is_none() {
            reasons.push(format!(
                "more than {} products, coupons, sections, queues, concerts and doors",
                self.shared_most
            ));
        }
        if self.too_long_count > 0 {
            let users: Vec<String> = self.too_long.iter().map(UserId::to_string).collect();
            reasons.push(format!("{} users with too long books: {}", self.too_long_count, users.join(", ")));
        }
        if self.interrupted > 0 {
            reasons.push(format!("{} partitions that changed while the scan was there", self.interrupted));
        }
        reasons
    }
}

/// Reads the table, and reads it again while passes find what they cannot be sure of.
pub async fn run(app: &App, limits: &Limits) -> Report {
    let watch = Stopwatch::start();
    let mut passes = Passes::default();
    let mut report = Report {
        verdict: Passes::default().verdict(),
        counts: Counts::default(),
        balance: TrialBalance::default(),
        not_judged: Vec::new(),
        references_most: 0,
        shared: 0,
    };
    loop {
        match run_pass(app, limits, watch).await {
            Ok(mut tally) => {
                tally.judge();
                report.counts = tally.counts;
                report.balance = tally.balance;
                report.not_judged = tally.not_judged();
                report.references_most = report.references_most.max(tally.references_most);
                report.shared = tally.shared.as_ref().map_or(0, Shared::size);
                let (extent, stopped) = (tally.extent(), tally.stopped);
                passes.add(tally.differences, extent);
                if stopped || !passes.need_another() {
                    break;
                }
            }
            Err(failure) => {
                report.not_judged.push(failure.to_string());
                break;
            }
        }
    }
    report.verdict = passes.verdict();
    report
}

/// One pass: all segments side by side, at one fixed time.
async fn run_pass(app: &App, limits: &Limits, watch: Stopwatch) -> Result<Tally, Failure> {
    let reader = pages::Reader { app, limits, now: app.now(), watch, seat_limits: Mutex::default() };
    let segments = (0..limits.segments).map(|segment| reader.read_segment(segment));
    let mut all = Tally::new(limits);
    for part in try_join_all(segments).await? {
        all.merge(part);
    }
    Ok(all)
}
