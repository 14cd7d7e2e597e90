//! The log of what administrators and organisers do: an entry for each write of theirs, put in the same transaction and
//! never changed.

use onsale_domain::accounts::role::Role;
use onsale_domain::id::UserId;
use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, from_item, key_of, time, to_item, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency, ListFailure, Query};
use crate::store::dynamodb::transaction::Write;
use crate::store::views::Page;

/// How long an entry is kept: thirteen months, so that the same season of the year before can be looked up.
const KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

/// The actor of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The user with this id, over HTTP.
    User(Uuid),
    /// Somebody who may invoke a function; AWS CloudTrail knows who.
    Operator,
}

/// An action that is about to be done: its actor, source address, function and target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminAction {
    by: Actor,
    role: Option<String>,
    source: Option<String>,
    function: String,
    target: String,
    changes: BTreeMap<String, String>,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// When it was done.
    pub at: Timestamp,
    /// The actor.
    pub by: Actor,
    /// The role by which the actor might; none of an operator.
    pub role: Option<Role>,
    /// The address that the request came from, as the gateway saw it; none of an operator.
    pub source: Option<String>,
    /// The function that did it.
    pub function: String,
    /// The id of what it was done to.
    pub target: String,
    /// The changed values, by name: numbers, states and ids, never personal data.
    pub changes: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
struct EntryItem {
    id: Uuid,
    owner: String,
    created_at: i64,
    function: String,
    target: String,
    changes: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    change: String,
    delete_at: i64,
}

impl AdminAction {
    /// Something that a user does by a role, from an address as the gateway saw it.
    #[must_use]
    pub fn by_user(user: UserId, role: Role, source: &str, function: &'static str, target: impl Display) -> Self {
        let (role, source) = (Some(role.as_str().to_owned()), Some(source.to_owned()));
        Self { role, source, ..Self::new(Actor::User(user.0), function, target) }
    }

    /// Something that an operator does by invoking a function.
    #[must_use]
    pub fn by_operator(function: &'static str, target: impl Display) -> Self {
        Self::new(Actor::Operator, function, target)
    }

    fn new(by: Actor, function: &str, target: impl Display) -> Self {
        let (function, target) = (function.to_owned(), target.to_string());
        Self { by, role: None, source: None, function, target, changes: BTreeMap::new() }
    }

    /// The same, with something that is different afterwards.
    #[must_use]
    pub fn with_change(mut self, name: &str, value: impl Display) -> Self {
        self.changes.insert(name.to_owned(), value.to_string());
        self
    }

    /// The user who does it; none, if an operator does.
    pub(crate) fn user(&self) -> Option<UserId> {
        match self.by {
            Actor::User(id) => Some(UserId(id)),
            Actor::Operator => None,
        }
    }

    /// The action as text, for an item: a deletion that the sweep resumes is logged later.
    pub(crate) fn to_text(&self) -> Result<String, Failure> {
        serde_json::to_string(self).map_err(unreadable)
    }

    /// An action from its text.
    pub(crate) fn from_text(text: &str) -> Result<Self, Failure> {
        serde_json::from_str(text).map_err(unreadable)
    }

    /// The entry, as a write for the transaction that does it. Each call makes another entry: of a transaction that is
    /// tried again, one commits.
    pub(crate) fn write(&self, app: &App) -> Result<Write, Failure> {
        let now = app.now();
        let id = app.ids().uuid(now);
        let item = EntryItem {
            id,
            owner: keys::ADMIN_ACTIONS_BY_TIME.to_owned(),
            created_at: now.as_millisecond(),
            function: self.function.clone(),
            target: self.target.clone(),
            changes: self.changes.clone(),
            role: self.role.clone(),
            source: self.source.clone(),
            change: EventKind::AdminActed.as_str().to_owned(),
            delete_at: (now + KEPT).as_second(),
        };
        let key = keys::admin_action(&actor_name(self.by), now.as_millisecond(), id);
        Ok(Write::create(to_item(&key, &item)?))
    }
}

/// A page of what was done, newest first; by one user only, if `by` is given.
///
/// # Errors
/// [`ListFailure::Cursor`] when the cursor is not of this list.
pub async fn list(app: &App, by: Option<UserId>, limit: u16, cursor: Option<&str>) -> Result<Page<Entry>, ListFailure> {
    match by {
        Some(admin) => {
            let partition = keys::admin_partition(&admin.to_string());
            let of_one = Query::partition(partition, keys::ADMIN_ACTION_PREFIX).newest_first();
            of_one.list(app, limit, cursor, query::map_each(read_entry)).await
        }
        None => {
            let all = Query::by_time(keys::ADMIN_ACTIONS_BY_TIME);
            all.list(app, limit, cursor, |app, listed| async move {
                let keys: Vec<keys::Key> = listed.iter().filter_map(key_of).collect();
                let found = query::batch_get_in_order(&app, &keys, Consistency::Eventual).await?;
                found.into_iter().map(|item| item.map(read_entry).transpose()).collect()
            })
            .await
        }
    }
}

/// An entry as it lies in the table.
pub(crate) fn read_entry(item: Item) -> Result<Entry, Failure> {
    let key = key_of(&item).ok_or_else(|| unreadable("key"))?;
    let name = key.pk.strip_prefix(keys::ADMIN_PREFIX).ok_or_else(|| unreadable("key"))?;
    let by = match name {
        OPERATOR => Actor::Operator,
        id => Actor::User(id.parse().map_err(unreadable)?),
    };
    let item: EntryItem = from_item(item)?;
    Ok(Entry {
        id: item.id,
        at: time(item.created_at)?,
        by,
        role: item.role.as_deref().map(|role| Role::parse(role).ok_or_else(|| unreadable("role"))).transpose()?,
        source: item.source,
        function: item.function,
        target: item.target,
        changes: item.changes,
    })
}

/// How operators are named in keys.
const OPERATOR: &str = "operator";

fn actor_name(actor: Actor) -> String {
    match actor {
        Actor::User(id) => id.to_string(),
        Actor::Operator => OPERATOR.to_owned(),
    }
}
