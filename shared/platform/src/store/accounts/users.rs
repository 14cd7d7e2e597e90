//! Users and the claim on their e-mail address.

use jiff::Timestamp;
use onsale_domain::accounts::account::Email;
use onsale_domain::id::UserId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::item::{from_item, number, text, time, to_item};
use crate::store::dynamodb::keys::{self, Key};
use crate::store::dynamodb::query::{self, Consistency};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Transaction, Write};

/// A user as kept. Not `Debug`: a hash and an address are for no log.
#[derive(Clone)]
pub struct Account {
    /// Id.
    pub id: UserId,
    /// Normalised e-mail address.
    pub email: String,
    /// Name.
    pub name: String,
    /// argon2id hash in PHC format.
    pub password_hash: String,
    /// When the user signed up.
    pub created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct AccountItem {
    id: Uuid,
    email: String,
    name: String,
    password_hash: String,
    created_at: i64,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct EmailItem {
    user: Uuid,
}

/// Somebody has the e-mail address already, or the table failed.
#[derive(Debug, thiserror::Error)]
pub enum SignUpFailure {
    /// The address is taken.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Writes a new user and the claim on the address, in one transaction.
///
/// # Errors
/// When the address is taken, also by somebody in the same instant.
pub async fn sign_up(app: &App, account: &Account, email: &Email) -> Result<(), SignUpFailure> {
    let claim = keys::email(email);
    let mut attempts = Attempts::new(app);
    loop {
        let mut transaction = Transaction::new();
        transaction.add((), Write::create(to_item(&claim, &EmailItem { user: account.id.0 })?));
        transaction.add((), Write::create(to_item(&keys::user(account.id), &account_item(account))?));
        match transaction.commit(app).await {
            Ok(()) => return Ok(()),
            Err(Rejected::Guards(_) | Rejected::Failure(Failure::Unknown)) => match claimant(app, &claim).await? {
                Some(user) if user == account.id => return Ok(()),
                Some(_) => return Err(SignUpFailure::EmailTaken),
                None => attempts.wait().await?,
            },
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

async fn claimant(app: &App, claim: &Key) -> Result<Option<UserId>, Failure> {
    let item = query::get(app, claim, Consistency::Strong).await?;
    item.map(from_item::<EmailItem>).transpose().map(|claim| claim.map(|claim| UserId(claim.user)))
}

/// The user of an e-mail address.
///
/// # Errors
/// When the table fails.
pub async fn find(app: &App, email: &Email) -> Result<Option<Account>, Failure> {
    match claimant(app, &keys::email(email)).await? {
        Some(user) => get(app, user).await,
        // The same reads for an address nobody has, so that their time tells nothing.
        None => get(app, UserId(Uuid::nil())).await,
    }
}

/// The user of an id.
///
/// # Errors
/// When the table fails.
pub async fn get(app: &App, user: UserId) -> Result<Option<Account>, Failure> {
    let item = query::get(app, &keys::user(user), Consistency::Strong).await?;
    item.map(|item| from_item::<AccountItem>(item).and_then(account)).transpose()
}

/// Replaces the hash of a password that has not changed meanwhile.
///
/// # Errors
/// When the table fails.
pub async fn rehash(app: &App, account: &Account, hash: &str) -> Result<(), Failure> {
    let write = Write::update(&keys::user(account.id))
        .set("password_hash", text(hash))
        .set_to("version", "version + :one")
        .when("password_hash = :old")
        .value(":old", text(&account.password_hash))
        .value(":one", number(1));
    write.apply(app).await.map(|_| ())
}

fn account_item(account: &Account) -> AccountItem {
    AccountItem {
        id: account.id.0,
        email: account.email.clone(),
        name: account.name.clone(),
        password_hash: account.password_hash.clone(),
        created_at: account.created_at.as_millisecond(),
        version: 1,
    }
}

fn account(item: AccountItem) -> Result<Account, Failure> {
    Ok(Account {
        id: UserId(item.id),
        email: item.email,
        name: item.name,
        password_hash: item.password_hash,
        created_at: time(item.created_at)?,
    })
}
