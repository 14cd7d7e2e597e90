//! Links that people ask for by mail: one item each, which its mail is written from, and which is used once.

use jiff::Timestamp;
use onsale_domain::accounts::account::Email;
use onsale_domain::accounts::link::{LINKS_WITHIN, Purpose, one_more};
use onsale_domain::id::UserId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::accounts::login_throttle::ThrottleKey;
use crate::store::dynamodb::item::{from_item, number, time, to_item, unreadable};
use crate::store::dynamodb::keys::{self, Key};
use crate::store::dynamodb::query::{self, Consistency};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Transaction, Write};

/// A link as kept. Not `Debug`: an address is for no log.
#[derive(Clone)]
pub struct Link {
    /// Its id.
    pub id: Uuid,
    /// What it is for.
    pub purpose: Purpose,
    /// The address that it is mailed to.
    pub email: Email,
    /// The user who asked for it, where that is known: a new password is asked for by an address alone.
    pub user: Option<UserId>,
    /// The tag of the language in which it was asked for.
    pub language: String,
    /// Until when it is good.
    pub ends_at: Timestamp,
    /// Whether it was used.
    pub used: bool,
}

impl Link {
    /// Whether it may still be followed.
    #[must_use]
    pub fn is_good(&self, now: Timestamp) -> bool {
        !self.used && now < self.ends_at
    }
}

#[derive(Serialize, Deserialize)]
struct LinkItem {
    purpose: String,
    email: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<Uuid>,
    language: String,
    ends_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used_at: Option<i64>,
    /// Until it is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<String>,
    delete_at: i64,
}

#[derive(Serialize, Deserialize)]
struct LinksToItem {
    times: Vec<i64>,
    version: u64,
    delete_at: i64,
}

/// Asks for a link, which a mail brings. It does the same work whether or not anybody has the address, and is silent if
/// that was sent as many as it may be: whether there is an account is for the mail's reader to know.
///
/// # Errors
/// When the table fails.
pub async fn request(
    app: &App,
    purpose: Purpose,
    email: &Email,
    user: Option<UserId>,
    language: &str,
) -> Result<(), Failure> {
    let counter = keys::links_to(ThrottleKey::links_to(&app.config().account_address(email)).as_str());
    let mut attempts = Attempts::new(app);
    loop {
        let now = app.now();
        let read = query::get(app, &counter, Consistency::Strong).await?;
        let read = read.map(from_item::<LinksToItem>).transpose()?;
        let times: Result<Vec<Timestamp>, Failure> =
            read.iter().flat_map(|read| &read.times).map(|at| time(*at)).collect();
        let times = times?;
        let counted = one_more(&times, now);
        let is_one_too_many = counted.is_none();
        let mut transaction = Transaction::new();
        let version = read.map_or(0, |read| read.version);
        transaction.add((), count(&counter, &counted.unwrap_or(times), version, now)?);
        let item = LinkItem {
            purpose: purpose.as_str().to_owned(),
            email: email.as_str().to_owned(),
            user_id: user.map(|user| user.0),
            language: language.to_owned(),
            ends_at: (now + purpose.lifetime()).as_millisecond(),
            // One too many is written as well, as a link that nobody gets: the time of an answer tells nothing.
            used_at: is_one_too_many.then(|| now.as_millisecond()),
            change: (!is_one_too_many).then(|| change(purpose).as_str().to_owned()),
            delete_at: (now + purpose.lifetime()).as_second(),
        };
        transaction.add((), Write::create(to_item(&keys::link(app.ids().uuid(now)), &item)?));
        match transaction.commit(app).await {
            Ok(()) => return Ok(()),
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

fn change(purpose: Purpose) -> EventKind {
    match purpose {
        Purpose::ProveAddress => EventKind::AddressProofRequested,
        Purpose::ResetPassword => EventKind::PasswordResetRequested,
    }
}

fn count(key: &Key, times: &[Timestamp], version: u64, now: Timestamp) -> Result<Write, Failure> {
    let times = times.iter().map(|time| time.as_millisecond()).collect();
    let item = LinksToItem { times, version: version + 1, delete_at: (now + LINKS_WITHIN).as_second() };
    let item = to_item(key, &item)?;
    Ok(match version {
        0 => Write::create(item),
        _ => Write::replace(item).when("version = :version").value(":version", number(version)),
    })
}

/// A link.
///
/// # Errors
/// When the table fails.
pub async fn get(app: &App, id: Uuid) -> Result<Option<Link>, Failure> {
    let item = query::get(app, &keys::link(id), Consistency::Strong).await?;
    let Some(item) = item.map(from_item::<LinkItem>).transpose()? else { return Ok(None) };
    Ok(Some(Link {
        id,
        purpose: Purpose::parse(&item.purpose).ok_or_else(|| unreadable("purpose"))?,
        email: Email::parse(&item.email).map_err(unreadable)?,
        user: item.user_id.map(UserId),
        language: item.language,
        ends_at: time(item.ends_at)?,
        used: item.used_at.is_some(),
    }))
}

/// The write by which a link is used, once.
pub(crate) fn use_up(id: Uuid, now: Timestamp) -> Write {
    Write::update(&keys::link(id))
        .set("used_at", number(now.as_millisecond()))
        .remove("change")
        .when("attribute_exists(pk) AND attribute_not_exists(used_at)")
}
