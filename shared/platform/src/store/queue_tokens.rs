//! Queue tokens in the table: taken when somebody joins, given up when somebody leaves. What lies between is in
//! [`super::admissions`].
//!
//! A token never goes back, and its owner never has the same number again, so a condition on state and number says
//! all that a version would.

use std::sync::Arc;

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use onsale_domain::queue::{JoinError, Queue, QueueId};
use onsale_domain::queue_token::{State, Token};
use serde::Deserialize;
use uuid::Uuid;

use super::admissions::{Called, called, end, ending, named};
use super::cache::VIEW_SECONDS;
use super::item::{Item, from_item, key_item, number, text, unreadable};
use super::read::{self, Consistency};
use super::write::{Rejected, Write};
use super::{Attempts, Failure, queues, reservations, table};
use crate::app::App;

/// How long after joining a token is kept that was never admitted.
const TOKEN_KEPT_SECONDS: i64 = 90 * 86_400;

#[derive(Deserialize)]
struct TokenItem {
    number: u64,
    state: String,
    issued_at: i64,
    #[serde(default)]
    admitted_at: Option<i64>,
    #[serde(default)]
    expires_at: Option<u32>,
    #[serde(default)]
    ended_at: Option<i64>,
    #[serde(default)]
    holds: u64,
}

pub(crate) fn read_token(user: Uuid, queue: &QueueId, item: Item) -> Result<Token, Failure> {
    let item: TokenItem = from_item(item)?;
    let at = |millisecond| Timestamp::from_millisecond(millisecond).map_err(unreadable);
    Ok(Token {
        user,
        queue: queue.clone(),
        number: item.number,
        state: State::parse(&item.state).ok_or_else(|| unreadable("state of a queue token"))?,
        issued_at: at(item.issued_at)?,
        admitted_at: item.admitted_at.map(at).transpose()?,
        expires_at: item.expires_at,
        ended_at: item.ended_at.map(at).transpose()?,
        holds: item.holds,
    })
}

pub(crate) async fn get(
    app: &App,
    user: Uuid,
    queue: &QueueId,
    consistency: Consistency,
) -> Result<Option<Token>, Failure> {
    let item = read::get(app, &table::queue_token(user, queue), consistency).await?;
    item.map(|item| read_token(user, queue, item)).transpose()
}

/// A user's token of a queue, at most a second old.
///
/// # Errors
/// When the table fails.
pub async fn recent(app: &App, user: Uuid, queue: &QueueId) -> Result<Option<Token>, Failure> {
    let key = (user, queue.clone());
    if let Some(known) = app.caches().queue_tokens.get(&key, app.now(), VIEW_SECONDS) {
        return Ok(known);
    }
    let at = app.now();
    let token = get(app, user, queue, Consistency::Strong).await?;
    app.caches().queue_tokens.put(key, token.clone(), at);
    Ok(token)
}

/// Lets [`recent`] look again.
pub(crate) fn forget(app: &App, user: Uuid, queue: &QueueId) {
    app.caches().queue_tokens.forget(&(user, queue.clone()));
}

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

/// What joining came to.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The place.
    pub token: Token,
    /// The queue, at most a second old.
    pub queue: Arc<Queue>,
    /// Whether the place is new.
    pub new: bool,
}

/// Gives a user a place in a queue, or the one that is there.
///
/// # Errors
/// See [`JoinFailure`].
pub async fn join(app: &App, user: Uuid, id: &QueueId) -> Result<Joined, JoinFailure> {
    let queue = queues::current(app, id).await?.ok_or(JoinFailure::NoQueue)?;
    let mut attempts = Attempts::new(app);
    // May be a moment old: what is put in its place is conditioned on it, and what is answered is read again.
    let mut there = match get(app, user, id, Consistency::Eventual).await? {
        Some(_) => get(app, user, id, Consistency::Strong).await?,
        None => None,
    };
    loop {
        let before = match there.take() {
            Some(token) => Some(brought_up_to_date(app, token, &queue).await?),
            None => None,
        };
        match before {
            Some(token) if !token.state.has_ended() => return Ok(Joined { token, queue, new: false }),
            ended => {
                may_join(app, user, id, ended.as_ref(), &queue).await?;
                match put(app, user, id, ended.as_ref()).await? {
                    Put::Done(token) => return Ok(Joined { token, queue, new: true }),
                    Put::There(other) => there = other,
                }
            }
        }
        attempts.again().await?;
    }
}

/// Whether somebody whose last place has ended may have another now.
async fn may_join(
    app: &App,
    user: Uuid,
    id: &QueueId,
    ended: Option<&Token>,
    queue: &Queue,
) -> Result<(), JoinFailure> {
    let now = app.now();
    queue.settings.may_join(now)?;
    let Some(ended) = ended else { return Ok(()) };
    ended.may_be_replaced(&queue.settings, now)?;
    // What was held with a token that is used up is paid with the same.
    if ended.state == State::Used && reservations::has_live_hold(app, user, id).await? {
        return Err(JoinError::HasLiveHold.into());
    }
    Ok(())
}

/// A token as it stands now: claimed if its number has been called, and written as ended if its time has passed.
async fn brought_up_to_date(app: &App, token: Token, queue: &Queue) -> Result<Token, Failure> {
    match token.state_at(app.now()) {
        State::Waiting if token.number <= queue.serving => {
            match called(app, token.user, &token.queue, token.number, queue).await? {
                Called::Admitted(admission) => {
                    Ok(Token { state: State::Admitted, expires_at: Some(admission.expires_at), ..token })
                }
                Called::Ended(state) => Ok(Token { state, ..token }),
                Called::Replaced => Ok(Token { state: State::Left, ..token }),
            }
        }
        State::Expired if token.state == State::Admitted => {
            // By a write of its own: what its place is worth to others is told by the event of that write.
            end(&token, State::Expired, app.now()).applies(app).await?;
            Ok(Token { state: State::Expired, ..token })
        }
        _ => Ok(token),
    }
}

/// What putting a new token came to.
enum Put {
    /// It is there.
    Done(Token),
    /// This is there instead.
    There(Option<Token>),
}

/// Takes the next number and puts it in the place of `ended`, or of nothing. Of two requests side by side one number
/// becomes a hole.
async fn put(app: &App, user: Uuid, id: &QueueId, ended: Option<&Token>) -> Result<Put, Failure> {
    let now = app.now();
    let token = Token {
        user,
        queue: id.clone(),
        number: next_number(app, id).await?,
        state: State::Waiting,
        issued_at: now,
        admitted_at: None,
        expires_at: None,
        ended_at: None,
        holds: 0,
    };
    let mut item = key_item(&table::queue_token(user, id));
    item.insert("number".to_owned(), number(token.number));
    item.insert("state".to_owned(), text(token.state.as_str()));
    item.insert("issued_at".to_owned(), number(now.as_millisecond()));
    item.insert("holds".to_owned(), number(token.holds));
    item.insert("delete_at".to_owned(), number(now.as_second() + TOKEN_KEPT_SECONDS));
    let write = match ended {
        None => Write::create(item),
        Some(ended) => named(Write::replace(item).when("#number = :read AND #state = :state"))
            .value(":read", number(ended.number))
            .value(":state", text(ended.state.as_str())),
    };
    match write.run(app, ReturnValue::None).await {
        Ok(_) => Ok(Put::Done(token)),
        Err(Rejected::Guards(failed)) => {
            let there = failed.into_iter().find_map(|failed| failed.old);
            let there = there.map(|old| read_token(user, id, old)).transpose()?;
            // With our own number the answer to a first try was lost.
            Ok(match there {
                Some(there) if there.number == token.number => Put::Done(there),
                other => Put::There(other),
            })
        }
        Err(Rejected::Conflict(_)) => Ok(Put::There(get(app, user, id, Consistency::Strong).await?)),
        Err(rejected) => Err(rejected.into_failure()),
    }
}

/// The next number: of this process's lease while so many join that it has one, or from the counter.
async fn next_number(app: &App, id: &QueueId) -> Result<u64, Failure> {
    let now = app.now();
    let (leased, wanted) = app.caches().numbers_of(id, |numbers| (numbers.take(now), numbers.wanted(now)));
    if let Some(leased) = leased {
        return Ok(leased);
    }
    let last = queues::take_numbers(app, id, wanted).await?;
    Ok(app.caches().numbers_of(id, |numbers| numbers.taken(last, wanted, app.now())))
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
pub async fn leave(app: &App, user: Uuid, id: &QueueId, wanted: u64) -> Result<(), LeaveFailure> {
    let mut attempts = Attempts::new(app);
    loop {
        let read = get(app, user, id, Consistency::Strong).await?;
        let Some(token) = read.filter(|token| token.number == wanted) else { return Ok(()) };
        let now = app.now();
        let write = match (token.state, token.state_at(now)) {
            (State::Waiting, _) => {
                let set = "SET #state = :left, ended_at = :now";
                let write = Write::update(&table::queue_token(user, id), set);
                named(write.when("#state = :waiting AND #number = :number"))
                    .value(":left", text(State::Left.as_str()))
                    .value(":waiting", text(State::Waiting.as_str()))
                    .value(":number", number(wanted))
                    .value(":now", number(now.as_millisecond()))
            }
            (State::Admitted, State::Expired) => end(&token, State::Expired, now),
            (State::Admitted, _) if reservations::has_live_hold(app, user, id).await? => {
                return Err(LeaveFailure::HasLiveHold);
            }
            // A hold that is made since we looked is counted in `holds`.
            (State::Admitted, _) => {
                let condition = "#state = :admitted AND #number = :number AND holds = :holds";
                ending((user, id, wanted), State::Left, now, condition).value(":holds", number(token.holds))
            }
            (State::Used | State::Expired | State::Left, _) => return Ok(()),
        };
        match write.run(app, ReturnValue::None).await {
            Ok(_) => return Ok(()),
            Err(rejected) => attempts.again_after(&rejected).await?,
        }
    }
}
