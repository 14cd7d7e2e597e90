//! Sessions: one family of refresh tokens from each log-in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use onsale_domain::id::UserId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::auth::refresh_token::RefreshToken;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, from_item, key_of, number, text, time, to_item, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency, ListFailure, Query};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::Write;
use crate::store::views::Page;

/// How long a session lives, from its log-in: 30 days.
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long a used token still gives its successor again, while that is unused: its answer may have been lost.
const GIVEN_AGAIN: SignedDuration = SignedDuration::from_secs(30);

#[derive(Serialize, Deserialize)]
struct SessionItem {
    /// Digest of the token that is valid.
    digest: String,
    /// The key of the HMAC that makes successors.
    pepper: String,
    /// When it began.
    began_at: i64,
    /// The account's count of ended sessions when it began.
    epoch: u64,
    /// The address that the log-in came from, as the gateway saw it.
    source: String,
    /// What the client said that it is.
    agent: String,
    /// When the valid token was first given.
    rotated_at: i64,
    version: u64,
    /// End of the session, epoch seconds.
    delete_at: i64,
}

/// Where a log-in comes from.
#[derive(Clone, Copy, Debug)]
pub struct Device<'a> {
    /// The address, as the gateway saw it.
    pub source: &'a str,
    /// What the client says that it is; the first of it is kept.
    pub agent: &'a str,
}

/// A session, as its user may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: Uuid,
    /// When it began.
    pub began_at: Timestamp,
    /// When it was last refreshed.
    pub refreshed_at: Timestamp,
    /// When it ends, unless it is ended before.
    pub ends_at: Timestamp,
    /// The address that the log-in came from.
    pub source: String,
    /// What the client said that it is.
    pub agent: String,
}

/// Most characters of what a client says of itself.
const AGENT_CHARACTERS_MAX: usize = 200;

/// Begins a session and gives its first refresh token. `epoch` is the account's count of ended sessions, as it was read
/// with the password: if all sessions are ended between the two, this one is over as well.
///
/// # Errors
/// When the table fails.
pub async fn begin(app: &App, user: UserId, epoch: u64, device: Device<'_>) -> Result<RefreshToken, Failure> {
    let now = app.now();
    let pepper = app.ids().bytes();
    let first = RefreshToken::new_family(user, app.ids().uuid(now), app.ids().bytes(), &pepper);
    let item = SessionItem {
        digest: first.digest(),
        pepper: URL_SAFE_NO_PAD.encode(pepper),
        began_at: now.as_millisecond(),
        epoch,
        source: device.source.to_owned(),
        agent: device.agent.chars().filter(|sign| !sign.is_control()).take(AGENT_CHARACTERS_MAX).collect(),
        rotated_at: now.as_millisecond(),
        version: 1,
        delete_at: (now + SESSION_LIFETIME).as_second(),
    };
    // Nobody else knows this key; if it is there, an answer of our own was lost.
    Write::create(to_item(&keys::session(user, first.family), &item)?).apply(app).await?;
    Ok(first)
}

/// Uses a refresh token up and gives its successor, the same one again within 30 s of a lost answer. A token used
/// before that ends its family: somebody has stolen one of them. `None` for a token that is worth nothing, or whose
/// session was ended with all others of its account, whose count of that is `epoch`.
///
/// # Errors
/// When the table fails.
pub async fn refresh(app: &App, token: &RefreshToken, epoch: u64) -> Result<Option<RefreshToken>, Failure> {
    let key = keys::session(token.user, token.family);
    let mut attempts = Attempts::new(app);
    loop {
        let now = app.now();
        let item = query::get(app, &key, Consistency::Strong).await?;
        let Some(item) = item.map(from_item::<SessionItem>).transpose()? else { return Ok(None) };
        if item.delete_at <= now.as_second() || item.epoch < epoch {
            return Ok(None);
        }
        let pepper = URL_SAFE_NO_PAD.decode(&item.pepper).map_err(unreadable)?;
        let pepper = pepper.try_into().map_err(|_| unreadable("pepper"))?;
        if !token.was_given(&pepper) {
            return Ok(None);
        }
        let next = token.successor(&pepper);
        if token.digest() != item.digest {
            let given_at = time(item.rotated_at)?;
            if next.digest() == item.digest && given_at.duration_until(now) <= GIVEN_AGAIN {
                return Ok(Some(next));
            }
            end(app, token.user, token.family).await?;
            tracing::warn!(user = %token.user, "a used refresh token was presented again: its session is ended");
            return Ok(None);
        }
        let write = Write::update(&key)
            .set("digest", text(next.digest()))
            .set("rotated_at", number(now.as_millisecond()))
            .set_to("version", "version + :one")
            .value(":one", number(1))
            .when("version = :version")
            .value(":version", number(item.version));
        match write.apply(app).await {
            Ok(true) => return Ok(Some(next)),
            // Another use of it came first, or the answer to ours was lost: the next look tells.
            Ok(false) | Err(Failure::Unknown) => attempts.wait().await?,
            Err(failure) => return Err(failure),
        }
    }
}

/// Ends a session. One that has ended is fine.
///
/// # Errors
/// When the table fails.
pub async fn end(app: &App, user: UserId, family: Uuid) -> Result<(), Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        match Write::delete(&keys::session(user, family)).apply_patiently(app).await {
            // Twice or late it does no harm: no session begins under an id again.
            Err(Failure::Unknown) => attempts.wait().await?,
            ended => return ended.map(|_| ()),
        }
    }
}

/// Deletes all sessions of a user, as many as there are by now, up to [`SESSIONS_DELETED_MAX`].
///
/// # Errors
/// When the table fails.
pub(crate) async fn delete_all(app: &App, user: UserId) -> Result<(), Failure> {
    let all = Query::partition(keys::user_partition(user), keys::SESSION_PREFIX).strong();
    let (items, _) = all.page(app, SESSIONS_DELETED_MAX, None).await?;
    let keys = items.iter().filter_map(key_of);
    try_join_all(keys.map(|key| async move { Write::delete(&key).apply(app).await })).await?;
    Ok(())
}

/// Most sessions that are deleted for one request; more go by their time to live.
const SESSIONS_DELETED_MAX: i32 = 100;

/// The write by which a session outlives that all others are ended, if it is still there.
pub(crate) fn keep(user: UserId, family: Uuid, epoch: u64) -> Write {
    Write::update(&keys::session(user, family)).set("epoch", number(epoch)).when("attribute_exists(pk)")
}

/// A page of a user's sessions that have not ended, newest first; those begun with less than `epoch` have.
///
/// # Errors
/// [`ListFailure::Cursor`] when the cursor is not of this list.
pub async fn list(
    app: &App,
    user: UserId,
    epoch: u64,
    limit: u16,
    cursor: Option<&str>,
) -> Result<Page<Session>, ListFailure> {
    let now = app.now().as_second();
    let all = Query::partition(keys::user_partition(user), keys::SESSION_PREFIX).newest_first();
    let show = move |_: App, items: Vec<Item>| async move {
        items.into_iter().map(|item| read(item, epoch, now)).collect::<Result<Vec<Option<Session>>, Failure>>()
    };
    all.list(app, limit, cursor, show).await
}

/// A session that has not ended.
fn read(item: Item, epoch: u64, now: i64) -> Result<Option<Session>, Failure> {
    let key = key_of(&item).ok_or_else(|| unreadable("key"))?;
    let id = key.sk.strip_prefix(keys::SESSION_PREFIX).and_then(|id| id.parse().ok());
    let id = id.ok_or_else(|| unreadable("key"))?;
    let item: SessionItem = from_item(item)?;
    if item.epoch < epoch || item.delete_at <= now {
        return Ok(None);
    }
    Ok(Some(Session {
        id,
        began_at: time(item.began_at)?,
        refreshed_at: time(item.rotated_at)?,
        ends_at: Timestamp::from_second(item.delete_at).map_err(unreadable)?,
        source: item.source,
        agent: item.agent,
    }))
}
