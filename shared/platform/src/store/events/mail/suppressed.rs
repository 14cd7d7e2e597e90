//! The suppression list: addresses at which mail bounced for good, or whose owners complained. The table has a digest
//! of each, never the address.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onsale_domain::accounts::account::Email;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::admin_actions::AdminAction;
use crate::store::dynamodb::item::{key_item, number, text};
use crate::store::dynamodb::keys::{self, Key};
use crate::store::dynamodb::query::{self, Consistency};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Transaction, Write};

/// Bytes of the digest that name an address.
const DIGEST_BYTES: usize = 16;

/// Why an address is on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A mail came back for good: there is no such mailbox.
    Bounced,
    /// The owner of the address said that a mail was not wanted.
    Complained,
}

impl Reason {
    /// Its name in the table and in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }
}

fn key(address: &str) -> Key {
    // However it is written: SES reports an address as its server does.
    let canonical = Email::parse(address).map_or_else(|_| address.to_lowercase(), |email| email.as_str().to_owned());
    let digest = Sha256::new().chain_update("mail").chain_update([0]).chain_update(canonical).finalize();
    keys::suppressed_address(&URL_SAFE_NO_PAD.encode(&digest[..DIGEST_BYTES]))
}

/// Whether no mail goes to an address.
///
/// # Errors
/// When the table fails.
pub async fn contains(app: &App, address: &str) -> Result<bool, Failure> {
    Ok(query::get(app, &key(address), Consistency::Strong).await?.is_some())
}

/// Puts an address on the list. Again, and late, it says the same.
///
/// # Errors
/// When the table fails.
pub async fn add(app: &App, address: &str, reason: Reason) -> Result<(), Failure> {
    let mut item = key_item(&key(address));
    item.insert("reason".to_owned(), text(reason.as_str()));
    item.insert("suppressed_at".to_owned(), number(app.now().as_millisecond()));
    Write::replace(item).apply(app).await.map(|_| ())
}

/// Takes an address off the list; whether it was on it. What was done is logged with it.
///
/// # Errors
/// When the table fails.
pub async fn remove(app: &App, address: &str, action: &AdminAction) -> Result<bool, Failure> {
    let key = key(address);
    let mut attempts = Attempts::new(app);
    loop {
        if query::get(app, &key, Consistency::Strong).await?.is_none() {
            return Ok(attempts.made > 0);
        }
        let mut transaction = Transaction::new();
        transaction.add((), Write::delete(&key).when("attribute_exists(pk)"));
        transaction.add((), action.write(app)?);
        match transaction.commit(app).await {
            Ok(()) => return Ok(true),
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}
