//! Buckets of log-in attempts, one per account and one per source address.

use aws_sdk_dynamodb::types::ReturnValue;
use std::net::Ipv6Addr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use onsale_domain::account::Email;
use onsale_domain::attempts::{self, Blocked, Bucket as Count, Limit};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::item::{Item, from_item, number, to_item, unreadable};
use super::read::{self, Consistency};
use super::table::{self, Key};
use super::write::{Rejected, Write};
use super::{Attempts, Failure};
use crate::app::App;

/// The name of a bucket: a digest, so that no address lies in a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket(String);

impl Bucket {
    /// Log-ins to one account, whoever tries.
    #[must_use]
    pub fn account(email: &Email) -> Self {
        Self::new("account", email.as_str())
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

    fn new(kind: &str, whose: &str) -> Self {
        let digest = Sha256::new().chain_update(kind).chain_update([0]).chain_update(whose).finalize();
        Self(format!("{kind}-{}", URL_SAFE_NO_PAD.encode(&digest[..16])))
    }
}

/// What one client has of addresses: of IPv6 the whole /64.
fn network(address: &str) -> String {
    match address.parse::<Ipv6Addr>() {
        Ok(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.to_string(),
            None => format!("{:x?}", &v6.segments()[..4]),
        },
        Err(_) => address.to_owned(),
    }
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
pub enum AttemptError {
    /// The bucket's pause is not over.
    Blocked(Blocked),
    /// The table failed.
    Failure(Failure),
}

impl From<Failure> for AttemptError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Counts an attempt against `bucket` before it is made: of several side by side each is counted, none slips by.
///
/// # Errors
/// When the bucket's pause is not over, or the table fails.
pub async fn count(app: &App, bucket: &Bucket, limit: &Limit) -> Result<(), AttemptError> {
    let key = table::attempts(&bucket.0);
    let mut attempts = Attempts::new(app);
    let mut item = read::get(app, &key, Consistency::Strong).await?;
    loop {
        let (known, version) = known(item)?;
        let next = attempts::attempt(known, limit, app.now()).map_err(AttemptError::Blocked)?;
        match put(app, &key, next, limit, version).await {
            Ok(_) => return Ok(()),
            Err(Rejected::Failure(failure)) => return Err(failure.into()),
            Err(rejected) => {
                attempts.again_after(&rejected).await?;
                item = read::get(app, &key, Consistency::Strong).await?;
            }
        }
    }
}

/// Forgets the attempts of `bucket`, after a success.
///
/// # Errors
/// When the table fails.
pub async fn forget(app: &App, bucket: &Bucket) -> Result<(), Failure> {
    Write::delete(&table::attempts(&bucket.0)).applies(app).await.map(|_| ())
}

/// Takes back one attempt of `bucket` that turned out a success, and the pause it began; others' attempts stay counted.
///
/// # Errors
/// When the table fails.
pub async fn take_back(app: &App, bucket: &Bucket) -> Result<(), Failure> {
    let set = "SET #count = #count - :one, version = version + :one, blocked_until = :now";
    let write = Write::update(&table::attempts(&bucket.0), set)
        .value(":now", number(app.now().as_millisecond()))
        .when("#count >= :one")
        .name("#count", "count")
        .value(":one", number(1));
    write.applies(app).await.map(|_| ())
}

fn known(item: Option<Item>) -> Result<(Option<Count>, u64), Failure> {
    let Some(item) = item.map(from_item::<BucketItem>).transpose()? else {
        return Ok((None, 0));
    };
    let at = |millisecond| Timestamp::from_millisecond(millisecond).map_err(unreadable);
    let bucket = Count { count: item.count, blocked_until: at(item.blocked_until)?, last_at: at(item.last_at)? };
    Ok((Some(bucket), item.version))
}

async fn put(app: &App, key: &Key, bucket: Count, limit: &Limit, version: u64) -> Result<Item, Rejected<()>> {
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
