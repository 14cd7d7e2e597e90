//! The numbers of a queue: its counter, and the leases that are taken from it while more people join than one item
//! can be written ([`onsale_domain::queue::number_lease`]).
//!
//! **A process takes from leases once the table has refused its write of the counter**, and for some seconds after. So
//! as many join by the counter as it carries, in exact order, and only the others by leases.
//!
//! A lease is given out by one conditional write of its item. When it is used up or too old, whoever finds that claims
//! it, takes numbers from the counter, and puts them in; others try the next lease meanwhile. A claim that is not
//! followed by numbers for a second is taken over.

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::{SignedDuration, Timestamp};
use onsale_domain::id::UserId;
use onsale_domain::queue::QueueId;
use onsale_domain::queue::number_lease::{LEASE_NUMBERS_MIN, LEASES, NumberLease};
use serde::Deserialize;
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::cache::VIEW_SECONDS;
use crate::store::dynamodb::item::{Item, from_item, number, text, time, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Write};
use crate::store::queue::gaps;

/// How long a process takes numbers from leases after its write of a counter was refused.
const REFUSED_SECONDS: i64 = 60;
/// How long a request is given to fill a lease that it has claimed.
const CLAIM_STALLED_AFTER: SignedDuration = SignedDuration::from_secs(1);
/// How long after the last lease was taken the mover of a queue looks for what is left of leases.
const RESTS_SOUGHT_FOR: SignedDuration = SignedDuration::from_secs(120);
/// How long the item of a lease is kept that nobody renews.
const LEASE_KEPT_SECONDS: i64 = 86_400;

/// The counter of a queue.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counter {
    /// The last number that was given out, or is in a lease.
    pub(crate) issued: u64,
    /// When a lease was last taken from it.
    pub(crate) leased_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct CounterItem {
    issued: u64,
    #[serde(default)]
    leased_at: Option<i64>,
}

/// Reads a counter; of a queue that nobody has joined there is none.
pub(crate) fn read_counter(item: Option<Item>) -> Result<Counter, Failure> {
    let Some(item) = item else { return Ok(Counter::default()) };
    let CounterItem { issued, leased_at } = from_item(item)?;
    Ok(Counter { issued, leased_at: leased_at.map(time).transpose()? })
}

/// The counter of a queue as it is now.
pub(crate) async fn counter(app: &App, id: &QueueId) -> Result<Counter, Failure> {
    read_counter(query::get(app, &keys::issued(id), Consistency::Strong).await?)
}

/// How many numbers a queue has given out, at most a second ago: what the public sees.
///
/// # Errors
/// When the table fails.
pub async fn get_issued(app: &App, id: &QueueId) -> Result<u64, Failure> {
    if let Some(known) = app.caches().issued.get(id, app.now(), VIEW_SECONDS) {
        return Ok(known);
    }
    let at = app.now();
    let issued = read_counter(query::get(app, &keys::issued(id), Consistency::Eventual).await?)?.issued;
    app.caches().issued.put(id.clone(), issued, at);
    Ok(issued)
}

/// Takes the next number of a queue for somebody. A write that is not answered burns a number.
pub(crate) async fn take(app: &App, user: UserId, id: &QueueId) -> Result<u64, Failure> {
    let refused = &app.caches().refused_counters;
    if refused.get(id, app.now(), REFUSED_SECONDS).is_none() {
        match count(app, id, 1, None).await {
            Err(Rejected::Throttled) => refused.put(id.clone(), (), app.now()),
            counted => return counted.map_err(Rejected::into_failure),
        }
    }
    take_leased(app, id, part_of(user)).await
}

/// Counts so many numbers; the last of them.
async fn count(app: &App, id: &QueueId, numbers: u64, leased_at: Option<Timestamp>) -> Result<u64, Rejected<()>> {
    let mut write = Write::update(&keys::issued(id)).add("issued", number(numbers));
    if let Some(at) = leased_at {
        write = write.set("leased_at", number(at.as_millisecond()));
    }
    let counted = write.run(app, ReturnValue::UpdatedNew).await?;
    Ok(read_counter(Some(counted))?.issued)
}

/// The lease that an account takes its numbers from.
fn part_of(user: UserId) -> u8 {
    user.0.as_bytes()[15] % LEASES
}

/// The item of a lease.
#[derive(Deserialize)]
struct LeaseItem {
    first_number: u64,
    next_number: u64,
    last_number: u64,
    taken_at: i64,
    /// The request that takes numbers for it.
    #[serde(default)]
    claim: Option<Uuid>,
}

impl LeaseItem {
    fn lease(&self) -> Result<NumberLease, Failure> {
        let (first, next, last) = (self.first_number, self.next_number, self.last_number);
        Ok(NumberLease { first, next, last, taken_at: time(self.taken_at)? })
    }
}

fn read_lease(item: Option<Item>) -> Result<Option<LeaseItem>, Failure> {
    item.map(from_item).transpose()
}

/// Takes a number of a lease, the next one where a request is filling it, and renews it if there is none.
async fn take_leased(app: &App, id: &QueueId, first_part: u8) -> Result<u64, Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let (now, part) = (app.now(), nth_part(first_part, attempts.made));
        let there = match take_next(app, id, part, now).await {
            Ok(next) => return Ok(next),
            Err(Rejected::Guards(failed)) => read_lease(failed.into_iter().find_map(|failed| failed.old))?,
            Err(rejected) => {
                attempts.wait_after(&rejected).await?;
                continue;
            }
        };
        let lease = there.as_ref().map(LeaseItem::lease).transpose()?;
        let is_at_work = there.is_some_and(|there| there.claim.is_some())
            && lease.is_some_and(|lease| lease.taken_at.duration_until(now).abs() < CLAIM_STALLED_AFTER);
        // Somebody may just have filled it.
        let is_usable = lease.is_some_and(|lease| lease.rest().is_some() && lease.is_fresh(now));
        if !is_at_work
            && !is_usable
            && let Some(first) = renew(app, id, part, lease.as_ref(), now, &attempts).await?
        {
            return Ok(first);
        }
        attempts.wait().await?;
    }
}

/// The lease to try after so many tries.
fn nth_part(first: u8, tries: u32) -> u8 {
    u8::try_from((u32::from(first) + tries) % u32::from(LEASES)).unwrap_or(first)
}

/// Takes the next number of a lease that is fresh and has one.
async fn take_next(app: &App, id: &QueueId, part: u8, now: Timestamp) -> Result<u64, Rejected<()>> {
    let (earliest, latest) = NumberLease::taken_between(now);
    let write = Write::update(&keys::number_lease(id, part))
        .set_to("next_number", "next_number + :one")
        .when("next_number <= last_number AND taken_at BETWEEN :earliest AND :latest")
        .value(":one", number(1))
        .value(":earliest", number(earliest.as_millisecond()))
        .value(":latest", number(latest.as_millisecond()));
    let new = write.run(app, ReturnValue::UpdatedNew).await?;
    let next = new.get("next_number").and_then(|next| next.as_n().ok()?.parse::<u64>().ok());
    Ok(next.and_then(|next| next.checked_sub(1)).ok_or_else(|| unreadable("a lease of numbers"))?)
}

/// Renews a lease that is as `old`: the first of its new numbers, for the caller. None if somebody else does so.
async fn renew(
    app: &App,
    id: &QueueId,
    part: u8,
    old: Option<&NumberLease>,
    now: Timestamp,
    attempts: &Attempts<'_>,
) -> Result<Option<u64>, Failure> {
    let claim = app.ids().uuid(now);
    if !empty(app, id, part, old, now, Some(claim)).await? {
        return Ok(None);
    }
    let wanted = old.map_or(LEASE_NUMBERS_MIN, |old| old.count_to_follow(now));
    let taken = take_lease(app, id, wanted, attempts.of_another()).await;
    if let Ok(lease) = &taken {
        fill(app, id, part, *lease, claim).await;
    }
    // Last, for others wait until it is filled.
    if let Some(rest) = old.and_then(NumberLease::rest)
        && attempts.has_time_to_spare()
    {
        gaps::give_back(app, id, rest).await;
    }
    Ok(Some(taken?.first))
}

/// Takes numbers for a lease from the counter, which may be busy.
async fn take_lease(app: &App, id: &QueueId, wanted: u64, mut attempts: Attempts<'_>) -> Result<NumberLease, Failure> {
    loop {
        // Before the write: whoever has a lower number cannot have come later than that.
        let taken_at = app.now();
        match count(app, id, wanted, Some(taken_at)).await {
            Ok(last) => return Ok(NumberLease::new(last, wanted, taken_at)),
            Err(rejected @ (Rejected::Throttled | Rejected::Conflict(_))) => attempts.wait_after(&rejected).await?,
            Err(rejected) => return Err(rejected.into_failure()),
        }
    }
}

/// Empties a lease that is as it was read, so that none of its numbers can be given out any more. With `claim` it
/// awaits others from that request, without it from anybody. Whether that was done.
async fn empty(
    app: &App,
    id: &QueueId,
    part: u8,
    old: Option<&NumberLease>,
    now: Timestamp,
    claim: Option<Uuid>,
) -> Result<bool, Failure> {
    let write = Write::update(&keys::number_lease(id, part))
        .set("first_number", number(1))
        .set("next_number", number(1))
        .set("last_number", number(0))
        .set("taken_at", number(now.as_millisecond()))
        .set_or_remove("claim", claim.map(|claim| text(claim.to_string())))
        .set("delete_at", number(now.as_second() + LEASE_KEPT_SECONDS));
    let write = match old {
        None => write.when("attribute_not_exists(pk)"),
        Some(old) => write
            .when("next_number = :next AND taken_at = :taken_at_read")
            .value(":next", number(old.next))
            .value(":taken_at_read", number(old.taken_at.as_millisecond())),
    };
    match write.run(app, ReturnValue::None).await {
        Ok(_) => Ok(true),
        // Somebody else was faster. Or it was us, and the answer was lost: then it is emptied again when it is too old.
        Err(Rejected::Guards(_) | Rejected::Conflict(_) | Rejected::Throttled) => Ok(false),
        Err(rejected) => Err(rejected.into_failure()),
    }
}

/// Puts numbers into a lease that this request has claimed. Best effort: its own number is good in any case.
///
/// If somebody else has claimed it since, because this took so long, the numbers are lost, and not gaps: the first try
/// of this write may have filled it, and they may have been given out before that claim.
async fn fill(app: &App, id: &QueueId, part: u8, lease: NumberLease, claim: Uuid) {
    let write = Write::update(&keys::number_lease(id, part))
        .set("first_number", number(lease.first))
        .set("next_number", number(lease.next))
        .set("last_number", number(lease.last))
        .set("taken_at", number(lease.taken_at.as_millisecond()))
        .remove("claim")
        .when("claim = :claim")
        .value(":claim", text(claim.to_string()));
    if let Err(rejected) = write.run(app, ReturnValue::None).await {
        tracing::warn!(queue = %id, ?lease, ?rejected, "numbers of a lease may have been lost");
    }
}

/// Makes gaps of what is left of leases that are too old, while there may be such leases. Best effort: of a number that
/// is not noted the place comes back when its claim window is over.
pub(crate) async fn return_rests(app: &App, id: &QueueId, counter: &Counter, now: Timestamp) {
    let seeks = |at: Timestamp| (SignedDuration::ZERO..RESTS_SOUGHT_FOR).contains(&at.duration_until(now));
    if !counter.leased_at.is_some_and(seeks) {
        return;
    }
    if let Err(failure) = try_return_rests(app, id, now).await {
        tracing::warn!(queue = %id, %failure, "what is left of leases could not be returned");
    }
}

async fn try_return_rests(app: &App, id: &QueueId, now: Timestamp) -> Result<(), Failure> {
    let keys: Vec<keys::Key> = (0..LEASES).map(|part| keys::number_lease(id, part)).collect();
    let found = query::batch_get_in_order(app, &keys, Consistency::Eventual).await?;
    for (part, item) in (0..LEASES).zip(found) {
        let Some(lease) = read_lease(item)?.map(|there| there.lease()).transpose()? else { continue };
        let Some(rest) = lease.rest().filter(|_| !lease.is_fresh(now)) else { continue };
        if empty(app, id, part, Some(&lease), now, None).await? {
            gaps::give_back(app, id, rest).await;
        }
    }
    Ok(())
}
