//! Roles that people were granted: one item each, read by the request that needs it, so that it counts at once and ends
//! at once.

use jiff::Timestamp;
use onsale_domain::accounts::role::{Grant, Role};
use onsale_domain::id::{ConcertId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::admin_actions::AdminAction;
use crate::store::accounts::users;
use crate::store::dynamodb::item::{Item, from_item, key_of, time, to_item, unreadable};
use crate::store::dynamodb::keys::{self, Key};
use crate::store::dynamodb::query::{self, Consistency, ListFailure, Query};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Transaction, Write};
use crate::store::views::Page;

/// Most grants of one user that are shown to that user: of somebody who is steward of more concerts, the first.
const SHOWN_MAX: i32 = 100;

/// A grant that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The user who has it.
    pub user: UserId,
    /// The role, and the concert of a steward.
    pub grant: Grant,
    /// When it was made.
    pub at: Timestamp,
    /// The user who made it; none, if an operator did.
    pub by: Option<UserId>,
}

#[derive(Serialize, Deserialize)]
struct GrantItem {
    role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    concert_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    granted_by: Option<Uuid>,
    owner: String,
    created_at: i64,
}

/// Whether `user` has this grant now.
///
/// # Errors
/// When the table fails.
pub async fn has(app: &App, user: UserId, grant: Grant) -> Result<bool, Failure> {
    Ok(query::get(app, &keys::grant(user, grant), Consistency::Strong).await?.is_some())
}

/// The role by which `user` may change concerts now, if there is one: an administrator's before an organiser's.
///
/// # Errors
/// When the table fails.
pub async fn to_organise(app: &App, user: UserId) -> Result<Option<Role>, Failure> {
    let [first, last] = [Grant::Admin, Grant::Organiser].map(|grant| keys::grant(user, grant));
    let (items, _) = Query::between(&first, &last).strong().page(app, 2, None).await?;
    let roles: Result<Vec<Role>, Failure> = items.into_iter().map(|item| Ok(read(item)?.grant.role())).collect();
    Ok(roles?.into_iter().min())
}

/// Why a role was not granted.
#[derive(Debug, thiserror::Error)]
pub enum GrantFailure {
    /// There is no such user, or the account was erased.
    #[error("there is no such user")]
    NoUser,
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// The parts of a change of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    /// The grant is not there yet, or there.
    Grant,
    /// Somebody has the account.
    Account,
    /// The entry of the log is new.
    Logged,
}

/// Grants a role, once: whether it was not there before. An account that is erased at the same time gets none: the
/// version of the account decides which of the two comes first.
///
/// # Errors
/// See [`GrantFailure`].
pub async fn grant(app: &App, user: UserId, grant: Grant, action: &AdminAction) -> Result<bool, GrantFailure> {
    let owner = match grant {
        Grant::Admin | Grant::Organiser => keys::GRANTS_BY_TIME.to_owned(),
        Grant::Steward(concert) => keys::stewards_by_time(concert),
    };
    let item = GrantItem {
        role: grant.role().as_str().to_owned(),
        concert_id: grant.concert().map(|concert| concert.0),
        granted_by: action.user().map(|user| user.0),
        owner,
        created_at: app.now().as_millisecond(),
    };
    let key = keys::grant(user, grant);
    let write = || Ok(Write::create(to_item(&key, &item)?));
    change(app, &key, Some(user), write, action).await
}

/// Takes a role away, once: whether it was there before.
///
/// # Errors
/// When the table fails.
pub async fn revoke(app: &App, user: UserId, grant: Grant, action: &AdminAction) -> Result<bool, Failure> {
    let key = keys::grant(user, grant);
    let changed = change(app, &key, None, || Ok(Write::delete(&key).when("attribute_exists(pk)")), action).await;
    changed.map_err(|failure| match failure {
        GrantFailure::NoUser => Failure::Internal("a role is taken away from anybody".to_owned()),
        GrantFailure::Failure(failure) => failure,
    })
}

/// Commits a change after which the item is there, for the user `to`, or is not, with its entry of the log; whether it
/// was not so before.
async fn change(
    app: &App,
    key: &Key,
    to: Option<UserId>,
    write: impl Fn() -> Result<Write, Failure>,
    action: &AdminAction,
) -> Result<bool, GrantFailure> {
    let mut attempts = Attempts::new(app);
    loop {
        let mut transaction = Transaction::new();
        transaction.add(Guard::Grant, write()?);
        transaction.add(Guard::Logged, action.write(app)?);
        if let Some(user) = to {
            transaction.add(Guard::Account, users::touch(user));
        }
        match transaction.commit(app).await {
            Ok(()) => return Ok(true),
            Err(Rejected::Guards(failed)) if failed.iter().all(|failed| failed.guard == Guard::Account) => {
                return Err(GrantFailure::NoUser);
            }
            // It is as it should be: by somebody else, or by a try of ours whose answer was lost.
            Err(Rejected::Guards(_)) => return Ok(attempts.answer_lost),
            Err(Rejected::Failure(Failure::Unknown))
                if query::get(app, key, Consistency::Strong).await?.is_some() == to.is_some() =>
            {
                return Ok(true);
            }
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// The grants of a user, at most a hundred.
///
/// # Errors
/// When the table fails.
pub async fn of_user(app: &App, user: UserId) -> Result<Vec<Granted>, Failure> {
    let all = Query::whole_partition(keys::grants_partition(user)).strong();
    all.page(app, SHOWN_MAX, None).await?.0.into_iter().map(read).collect()
}

/// A page of administrators and organisers, newest first.
///
/// # Errors
/// [`ListFailure::Cursor`] when the cursor is not of this list.
pub async fn list(app: &App, limit: u16, cursor: Option<&str>) -> Result<Page<Granted>, ListFailure> {
    list_by_time(app, keys::GRANTS_BY_TIME.to_owned(), limit, cursor).await
}

/// A page of the stewards of a concert, newest first.
///
/// # Errors
/// [`ListFailure::Cursor`] when the cursor is not of this list.
pub async fn list_stewards(
    app: &App,
    concert: ConcertId,
    limit: u16,
    cursor: Option<&str>,
) -> Result<Page<Granted>, ListFailure> {
    list_by_time(app, keys::stewards_by_time(concert), limit, cursor).await
}

async fn list_by_time(
    app: &App,
    owner: String,
    limit: u16,
    cursor: Option<&str>,
) -> Result<Page<Granted>, ListFailure> {
    let all = Query::by_time(owner);
    all.list(app, limit, cursor, |app, listed| async move {
        let keys: Vec<Key> = listed.iter().filter_map(key_of).collect();
        let found = query::batch_get_in_order(&app, &keys, Consistency::Eventual).await?;
        found.into_iter().map(|item| item.map(read).transpose()).collect()
    })
    .await
}

fn read(item: Item) -> Result<Granted, Failure> {
    let key = key_of(&item).ok_or_else(|| unreadable("key"))?;
    let user = key.pk.strip_prefix("GRANTS#").and_then(|id| id.parse().ok()).ok_or_else(|| unreadable("key"))?;
    let item: GrantItem = from_item(item)?;
    let grant = match (Role::parse(&item.role), item.concert_id) {
        (Some(Role::Admin), None) => Grant::Admin,
        (Some(Role::Organiser), None) => Grant::Organiser,
        (Some(Role::Steward), Some(concert)) => Grant::Steward(ConcertId(concert)),
        _ => return Err(unreadable("role")),
    };
    Ok(Granted { user, grant, at: time(item.created_at)?, by: item.granted_by.map(UserId) })
}
