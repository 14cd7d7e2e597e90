//! Queue tokens in the table: taken when somebody joins, given up when somebody leaves. What lies between is in
//! [`crate::store::queue::admissions`].
//!
//! **Joining claims the account's place before it takes a number**, so that nobody who joins many times at once, or
//! whose answers are lost, burns numbers that would hold places. A place that is claimed and has no number yet is no
//! token: to everybody but another join it is as if nothing were there.
//!
//! A token never goes back, and its owner never has the same number again, so a condition on state and number says
//! all that a version would.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use onsale_domain::id::UserId;
use onsale_domain::queue::entry::{EntryState, QueueEntry};
use onsale_domain::queue::gaps::Gap;
use onsale_domain::queue::settings::JoinError;
use onsale_domain::queue::{Queue, QueueId};
use uuid::Uuid;

use crate::app::App;
use crate::clock::Stopwatch;
use crate::failure::Failure;
use crate::store::dynamodb::idempotency::Once;
use crate::store::dynamodb::item::{Item, key_item, number, text, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Transaction, Write};
use crate::store::queue::admissions::{ClaimOutcome, claim_called};
use crate::store::queue::entry_item::{end_admission, end_without_another_hold, get, read_entry, with_reserved_names};
use crate::store::queue::{self, gaps, numbers};
use crate::store::reservations;

/// How long a join watches another one's claim that gets no number, before it takes its place. Whoever was only slow
/// gives its number back.
const CLAIM_STALLED_AFTER: Duration = Duration::from_secs(1);
/// How long after joining a token is kept that was never admitted.
const TOKEN_KEPT_SECONDS: i64 = 90 * 86_400;

/// Why somebody did not get a place.
#[derive(Debug, thiserror::Error)]
pub enum JoinFailure {
    /// There is no such queue.
    #[error("no such queue")]
    NoQueue,
    /// By the rules.
    #[error(transparent)]
    Refused(#[from] JoinError),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// The outcome of joining.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The place.
    pub entry: QueueEntry,
    /// The queue, at most a second old.
    pub queue: Arc<Queue>,
}

/// The content of a user's entry in a queue.
enum EntrySlot {
    /// Nothing.
    Empty,
    /// Some request has claimed it, and is about to take a number for it.
    Claimed(Uuid),
    /// A place with a number.
    Numbered(QueueEntry),
}

async fn get_place(app: &App, user: UserId, id: &QueueId, consistency: Consistency) -> Result<EntrySlot, Failure> {
    read_place(user, id, query::get(app, &keys::queue_entry(user, id), consistency).await?)
}

fn read_place(user: UserId, id: &QueueId, item: Option<Item>) -> Result<EntrySlot, Failure> {
    let Some(item) = item else { return Ok(EntrySlot::Empty) };
    if let Some(claim) = item.get("claim") {
        let claim = claim.as_s().ok().and_then(|claim| claim.parse().ok());
        return claim.map(EntrySlot::Claimed).ok_or_else(|| unreadable("the claim of a place"));
    }
    Ok(read_entry(user, id, item)?.map_or(EntrySlot::Empty, EntrySlot::Numbered))
}

/// Gives a user a place in a queue, or the one that is there: the place is claimed first, and only who has claimed it
/// takes a number. So of requests side by side one burns a number, and the others wait for what it comes to.
///
/// # Errors
/// See [`JoinFailure`].
pub async fn join(app: &App, user: UserId, id: &QueueId) -> Result<Once<Joined>, JoinFailure> {
    let queue = queue::get(app, id).await?.ok_or(JoinFailure::NoQueue)?;
    let claim = app.ids().uuid(app.now());
    let mut attempts = Attempts::new(app);
    let mut stalled: Option<(Uuid, Stopwatch)> = None;
    // May be a moment old: what is put in its place is conditioned on it, and what is answered is read again.
    let mut there = match get_place(app, user, id, Consistency::Eventual).await? {
        EntrySlot::Empty => EntrySlot::Empty,
        EntrySlot::Claimed(_) | EntrySlot::Numbered(_) => get_place(app, user, id, Consistency::Strong).await?,
    };
    loop {
        there = match there {
            EntrySlot::Numbered(entry) => {
                let entry = refresh(app, entry, &queue).await?;
                if !entry.state.has_ended() {
                    return Ok(Once::Existing(Joined { entry, queue }));
                }
                EntrySlot::Numbered(entry)
            }
            // By this process's own watch, so that no two clocks are compared: whoever has claimed it may have died.
            EntrySlot::Claimed(by) if by != claim => {
                let watched = stalled.filter(|(seen, _)| *seen == by).map(|(_, since)| since.elapsed());
                if watched.is_none_or(|watched| watched < CLAIM_STALLED_AFTER) {
                    stalled = stalled.filter(|(seen, _)| *seen == by).or_else(|| Some((by, Stopwatch::start())));
                    attempts.wait().await?;
                    there = get_place(app, user, id, Consistency::Strong).await?;
                    continue;
                }
                EntrySlot::Claimed(by)
            }
            there => there,
        };
        let ended = if let EntrySlot::Numbered(ended) = &there { Some(ended) } else { None };
        may_join(app, user, id, ended, &queue).await?;
        there = match claim_place(app, user, id, &there, claim).await {
            Ok(EntrySlot::Claimed(by)) if by == claim => match take_number(app, user, id, claim).await? {
                Some(entry) => return Ok(Once::New(Joined { entry, queue })),
                None => get_place(app, user, id, Consistency::Strong).await?,
            },
            Ok(there) => there,
            Err(rejected) => {
                attempts.wait_after(&rejected).await?;
                continue;
            }
        };
        attempts.wait().await?;
    }
}

/// Whether somebody whose last place has ended may have another now.
async fn may_join(
    app: &App,
    user: UserId,
    id: &QueueId,
    ended: Option<&QueueEntry>,
    queue: &Queue,
) -> Result<(), JoinFailure> {
    let now = app.now();
    queue.settings.may_join(now)?;
    let Some(ended) = ended else { return Ok(()) };
    ended.may_be_replaced(&queue.settings, now)?;
    // A hold made with a used-up entry is paid with the same entry.
    if ended.state == EntryState::Used && reservations::has_live_hold(app, user, id).await? {
        return Err(JoinError::HasLiveHold.into());
    }
    Ok(())
}

/// A token as it stands now: claimed if its number has been called, noted if that call was missed, and written as ended
/// if its time has passed.
async fn refresh(app: &App, entry: QueueEntry, queue: &Queue) -> Result<QueueEntry, Failure> {
    match entry.state_at(app.now()) {
        EntryState::Waiting if entry.number <= queue.serving => {
            match claim_called(app, entry.user, &entry.queue, entry.number, queue).await? {
                ClaimOutcome::Admitted(admission) => {
                    Ok(QueueEntry { state: EntryState::Admitted, expires_at: Some(admission.expires_at), ..entry })
                }
                ClaimOutcome::Missed => Ok(QueueEntry { missed_at: entry.missed_at.or(Some(app.now())), ..entry }),
                ClaimOutcome::Ended(state) => Ok(QueueEntry { state, ..entry }),
                ClaimOutcome::Replaced => Ok(QueueEntry { state: EntryState::Left, ..entry }),
            }
        }
        EntryState::Expired if entry.state == EntryState::Admitted => {
            // By a write of its own: what its place is worth to others is told by the event of that write.
            end_admission(&entry, EntryState::Expired, app.now()).apply(app).await?;
            Ok(QueueEntry { state: EntryState::Expired, ..entry })
        }
        _ => Ok(entry),
    }
}

/// Claims a place in which there is `there` for a request; what is there then.
async fn claim_place(
    app: &App,
    user: UserId,
    id: &QueueId,
    there: &EntrySlot,
    claim: Uuid,
) -> Result<EntrySlot, Rejected<()>> {
    let mut item = key_item(&keys::queue_entry(user, id));
    item.insert("claim".to_owned(), text(claim.to_string()));
    item.insert("delete_at".to_owned(), number(app.now().as_second() + TOKEN_KEPT_SECONDS));
    let write = match there {
        EntrySlot::Empty => Write::create(item),
        EntrySlot::Claimed(by) => Write::replace(item).when("claim = :by").value(":by", text(by.to_string())),
        EntrySlot::Numbered(ended) => {
            with_reserved_names(Write::replace(item).when("#number = :read AND #state = :state"))
                .value(":read", number(ended.number))
                .value(":state", text(ended.state.as_str()))
        }
    };
    match write.run(app, ReturnValue::None).await {
        Ok(_) => Ok(EntrySlot::Claimed(claim)),
        // With our own claim the answer to a first try was lost.
        Err(Rejected::Guards(failed)) => Ok(read_place(user, id, failed.into_iter().find_map(|failed| failed.old))?),
        Err(Rejected::Conflict(_)) => Ok(get_place(app, user, id, Consistency::Strong).await?),
        Err(rejected) => Err(rejected),
    }
}

/// Takes the next number for a claimed place. None if somebody else has claimed it since, because this took so long;
/// then the number goes back at once.
async fn take_number(app: &App, user: UserId, id: &QueueId, claim: Uuid) -> Result<Option<QueueEntry>, Failure> {
    let taken = numbers::take(app, user, id).await?;
    let now = app.now();
    let entry = QueueEntry {
        user,
        queue: id.clone(),
        number: taken,
        state: EntryState::Waiting,
        issued_at: now,
        missed_at: None,
        admitted_at: None,
        expires_at: None,
        ended_at: None,
        holds: 0,
    };
    let mut attempts = Attempts::new(app);
    loop {
        let write = with_reserved_names(Write::update(&keys::queue_entry(user, id)).when("claim = :claim"))
            .value(":claim", text(claim.to_string()))
            .set("#number", number(taken))
            .set("#state", text(EntryState::Waiting.as_str()))
            .set("issued_at", number(now.as_millisecond()))
            .set("holds", number(0))
            .remove("claim");
        match write.run(app, ReturnValue::None).await {
            Ok(_) => return Ok(Some(entry)),
            Err(Rejected::Guards(failed)) => {
                let old = failed.into_iter().find_map(|failed| failed.old);
                return Ok(match read_place(user, id, old)? {
                    // The answer to a first try was lost.
                    EntrySlot::Numbered(there) if there.number == taken => Some(there),
                    // No late try of ours can use the number any more: the claim that it is conditioned on is gone.
                    _ => {
                        gaps::give_back(app, id, Gap::single(taken)).await;
                        None
                    }
                });
            }
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// Why somebody could not leave.
#[derive(Debug, thiserror::Error)]
pub enum LeaveFailure {
    /// Seats are held with it: they could be neither paid nor had by others.
    #[error("there is a live hold")]
    HasLiveHold,
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Gives up the place with this number; one that has ended stays as it is.
///
/// # Errors
/// See [`LeaveFailure`].
pub async fn leave(app: &App, user: UserId, id: &QueueId, wanted: u64) -> Result<(), LeaveFailure> {
    let mut attempts = Attempts::new(app);
    loop {
        let read = get(app, user, id, Consistency::Strong).await?;
        let Some(entry) = read.filter(|entry| entry.number == wanted) else { return Ok(()) };
        let now = app.now();
        let write = match (entry.state, entry.state_at(now)) {
            (EntryState::Waiting, _) => match leave_transaction(&entry, now)?.commit(app).await {
                Ok(()) => return Ok(()),
                Err(rejected) => {
                    attempts.wait_after(&rejected).await?;
                    continue;
                }
            },
            (EntryState::Admitted, EntryState::Expired) => end_admission(&entry, EntryState::Expired, now),
            (EntryState::Admitted, _) if reservations::has_live_hold(app, user, id).await? => {
                return Err(LeaveFailure::HasLiveHold);
            }
            // A hold that is made since we looked is counted in `holds`.
            (EntryState::Admitted, _) => end_without_another_hold(&entry, now),
            (EntryState::Used | EntryState::Expired | EntryState::Left, _) => return Ok(()),
        };
        match write.run(app, ReturnValue::None).await {
            Ok(_) => return Ok(()),
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// Gives up a place that waits, and with it its number, called or not; also if it was to be called a second time.
fn leave_transaction(entry: &QueueEntry, now: Timestamp) -> Result<Transaction<()>, Failure> {
    let (user, id) = (entry.user, &entry.queue);
    let missed = if entry.missed_at.is_some() { "attribute_exists" } else { "attribute_not_exists" };
    let waits = format!("#state = :waiting AND #number = :number AND {missed}(missed_at)");
    let left = with_reserved_names(Write::update(&keys::queue_entry(user, id)).when(waits))
        .set("#state", text(EntryState::Left.as_str()))
        .set("ended_at", number(now.as_millisecond()))
        .value(":waiting", text(EntryState::Waiting.as_str()))
        .value(":number", number(entry.number));
    let mut transaction = Transaction::new();
    transaction.add((), left);
    transaction.add((), gaps::create(id, Gap::single(entry.number))?);
    if entry.missed_at.is_some() {
        transaction.add((), Write::delete(&keys::missed(id, entry.number)));
    }
    Ok(transaction)
}
