//! Attempts: a bucket of log-ins per account, and windows in which the failures of a source address are counted.
//!
//! The two are written in different ways on purpose. An account's bucket is conditioned on what was read, so that of
//! guesses side by side none slips by; its only writers are those who try one account. A source's window may have
//! thousands of writers who have nothing to do with each other: it is added to without a condition, and only by
//! failures, so nobody waits for anybody there. **An addition that is applied twice, after a lost answer, counts one
//! failure twice: the source pauses one failure earlier, and no longer.**

use aws_sdk_dynamodb::types::ReturnValue;
use std::net::Ipv6Addr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onsale_domain::accounts::account::AccountAddress;
use onsale_domain::accounts::login_throttle::{self, AttemptCount, Blocked, Limit, SourceLimit};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, from_item, key_item, number, time, to_item};
use crate::store::dynamodb::keys::{self, Key};
use crate::store::dynamodb::query::{self, Consistency, Query};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Write};

/// The name of a bucket: a digest, so that no address lies in a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThrottleKey(String);

impl ThrottleKey {
    /// Log-ins to one account, whoever tries.
    #[must_use]
    pub fn account(account: &AccountAddress) -> Self {
        Self::new("account", account.as_str())
    }

    /// Log-ins to one account from an address from which its owner has logged in before. Whoever guesses from elsewhere
    /// does not make the owner wait there.
    #[must_use]
    pub fn account_from(account: &AccountAddress, address: &str) -> Self {
        Self::new("known", &format!("{} {}", account.as_str(), network(address)))
    }

    /// Log-ins from one address, whatever the account.
    #[must_use]
    pub fn log_in_source(address: &str) -> Self {
        Self::new("source", &network(address))
    }

    /// Sign-ups from one address.
    #[must_use]
    pub fn sign_up_source(address: &str) -> Self {
        Self::new("sign-up", &network(address))
    }

    /// Links that one address asks for, to whomever.
    #[must_use]
    pub fn link_source(address: &str) -> Self {
        Self::new("link", &network(address))
    }

    /// Links to the owner of one e-mail address.
    #[must_use]
    pub(crate) fn links_to(account: &AccountAddress) -> Self {
        Self::new("links", account.as_str())
    }

    /// Its name, a digest.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn new(kind: &str, whose: &str) -> Self {
        let digest = Sha256::new().chain_update(kind).chain_update([0]).chain_update(whose).finalize();
        Self(format!("{kind}-{}", URL_SAFE_NO_PAD.encode(&digest[..16])))
    }
}

/// The addresses of one client: of IPv6 the whole /64.
fn network(address: &str) -> String {
    match address.parse::<Ipv6Addr>() {
        Ok(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.to_string(),
            None => format!("{:x?}", &v6.segments()[..4]),
        },
        Err(_) => address.to_owned(),
    }
}

/// How long an address from which somebody has logged in is known, in seconds.
const KNOWN_SECONDS: i64 = 90 * 86_400;
/// Windows that a look reads: the one before, and this.
const WINDOWS_READ: i32 = 2;
/// Windows after whose end one is of no use any more: the next one still counts a part of it.
const WINDOWS_COUNTED: i64 = 2;

#[derive(Deserialize)]
struct WindowItem {
    window: i64,
    count: u32,
}

#[derive(Serialize, Deserialize)]
struct BucketItem {
    count: u32,
    blocked_until: i64,
    last_at: i64,
    version: u64,
    delete_at: i64,
}

/// Too many attempts, or the table failed.
#[derive(Debug)]
pub enum AttemptFailure {
    /// The bucket's pause is not over.
    Blocked(Blocked),
    /// The table failed.
    Failure(Failure),
}

impl From<Failure> for AttemptFailure {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Counts an attempt against `bucket` before it is made: of several side by side each is counted, none slips by.
///
/// # Errors
/// When the bucket's pause is not over, or the table fails.
pub async fn count_attempt(app: &App, bucket: &ThrottleKey, limit: &Limit) -> Result<(), AttemptFailure> {
    let key = keys::attempts(&bucket.0);
    let mut attempts = Attempts::new(app);
    let mut item = query::get(app, &key, Consistency::Strong).await?;
    loop {
        let (known, version) = read_count(item)?;
        let next = login_throttle::attempt(known, limit, app.now()).map_err(AttemptFailure::Blocked)?;
        match put(app, &key, next, limit, version).await {
            Ok(_) => return Ok(()),
            Err(Rejected::Failure(failure)) => return Err(failure.into()),
            Err(rejected) => {
                attempts.wait_after(&rejected).await?;
                item = query::get(app, &key, Consistency::Strong).await?;
            }
        }
    }
}

/// Forgets the attempts of `bucket`, after a success.
///
/// # Errors
/// When the table fails.
pub async fn forget(app: &App, bucket: &ThrottleKey) -> Result<(), Failure> {
    Write::delete(&keys::attempts(&bucket.0)).apply(app).await.map(|_| ())
}

/// Whether an account's owner has logged in from an address before, as its bucket says. May be a moment old.
///
/// # Errors
/// When the table fails.
pub async fn is_known(app: &App, from: &ThrottleKey) -> Result<bool, Failure> {
    let item = query::get(app, &keys::attempts_known(&from.0), Consistency::Eventual).await?;
    let until = item.and_then(|item| item.get("delete_at")?.as_n().ok()?.parse::<i64>().ok());
    Ok(until.is_some_and(|until| app.now().as_second() < until))
}

/// Notes that an account's owner has logged in from an address. Again, it says the same for longer.
///
/// # Errors
/// When the table fails.
pub async fn remember_address(app: &App, from: &ThrottleKey) -> Result<(), Failure> {
    let mut item = key_item(&keys::attempts_known(&from.0));
    item.insert("delete_at".to_owned(), number(app.now().as_second() + KNOWN_SECONDS));
    Write::replace(item).apply(app).await.map(|_| ())
}

/// Looks whether a source may try, and counts nothing: of those who are right at the same time nobody waits.
///
/// # Errors
/// When too many have failed from there lately, or the table fails.
pub async fn check_source(app: &App, source: &ThrottleKey, limit: &SourceLimit) -> Result<(), AttemptFailure> {
    let (window, passed) = limit.window_at(app.now());
    let before = keys::attempts_window(&source.0, window - 1).sk;
    let windows = Query::up_to(&keys::attempts_window(&source.0, window), &before);
    let (items, _) = windows.page(app, WINDOWS_READ, None).await?;
    let (mut last, mut this) = (0, 0);
    for item in items {
        let item: WindowItem = from_item(item)?;
        *if item.window == window { &mut this } else { &mut last } = item.count;
    }
    limit.may_try(last, this, passed).map_err(AttemptFailure::Blocked)
}

/// Counts one failure (or, of sign-ups, one of any outcome) against a source, without a condition.
///
/// # Errors
/// When the table fails.
pub async fn count_failure(app: &App, source: &ThrottleKey, limit: &SourceLimit) -> Result<(), Failure> {
    let (window, _) = limit.window_at(app.now());
    let ends = (window + WINDOWS_COUNTED).saturating_mul(limit.window.as_secs());
    let write = Write::update(&keys::attempts_window(&source.0, window))
        .set("#window", number(window))
        .set("delete_at", number(ends))
        .add("#count", number(1))
        .name("#window", "window")
        .name("#count", "count");
    write.apply(app).await.map(|_| ())
}

fn read_count(item: Option<Item>) -> Result<(Option<AttemptCount>, u64), Failure> {
    let Some(item) = item.map(from_item::<BucketItem>).transpose()? else {
        return Ok((None, 0));
    };
    let bucket =
        AttemptCount { count: item.count, blocked_until: time(item.blocked_until)?, last_at: time(item.last_at)? };
    Ok((Some(bucket), item.version))
}

async fn put(app: &App, key: &Key, bucket: AttemptCount, limit: &Limit, version: u64) -> Result<Item, Rejected<()>> {
    let item = to_item(
        key,
        &BucketItem {
            count: bucket.count,
            blocked_until: bucket.blocked_until.as_millisecond(),
            last_at: bucket.last_at.as_millisecond(),
            version: version + 1,
            delete_at: (bucket.blocked_until + limit.forgotten_after).as_second(),
        },
    )?;
    let write = if version == 0 {
        Write::create(item)
    } else {
        Write::replace(item).when("version = :version").value(":version", number(version))
    };
    write.run(app, ReturnValue::None).await
}
