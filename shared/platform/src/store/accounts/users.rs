//! Users and the claim on their e-mail address.

use jiff::Timestamp;
use onsale_domain::accounts::account::{AccountAddress, Email};
use onsale_domain::id::UserId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::config::ProvenAddress;
use crate::failure::Failure;
use crate::store::accounts::{links, sessions};
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
    /// The tag of the language that the user signed up in, in which mail is written.
    pub language: String,
    /// When the address was proven, if it was.
    pub proven_at: Option<Timestamp>,
    /// How often all sessions were ended: those that began with a smaller number are over.
    pub sessions_epoch: u64,
}

#[derive(Serialize, Deserialize)]
struct AccountItem {
    id: Uuid,
    email: String,
    name: String,
    password_hash: String,
    created_at: i64,
    #[serde(default)]
    language: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proven_at: Option<i64>,
    #[serde(default)]
    sessions_epoch: u64,
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
    let claim = keys::email(&app.config().account_address(email));
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
    match claimant(app, &keys::email(&app.config().account_address(email))).await? {
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
    Ok(read(app, user).await?.and_then(|read| match read {
        Read::Account(account, _) => Some(*account),
        Read::Erased => None,
    }))
}

/// An account as it lies in the table.
pub(crate) enum Read {
    /// It is somebody's; with its version.
    Account(Box<Account>, u64),
    /// It was erased: nobody has it, and nobody will.
    Erased,
}

/// The account of an id, erased or not.
pub(crate) async fn read(app: &App, user: UserId) -> Result<Option<Read>, Failure> {
    let Some(item) = query::get(app, &keys::user(user), Consistency::Strong).await? else { return Ok(None) };
    if item.contains_key(ERASED_AT) {
        return Ok(Some(Read::Erased));
    }
    let item: AccountItem = from_item(item)?;
    let version = item.version;
    Ok(Some(Read::Account(Box::new(account(item)?), version)))
}

/// Of an erased account, when that was.
pub(crate) const ERASED_AT: &str = "erased_at";
/// The attributes of an account that say who it is of, or that let somebody into it: an erased one has none of them.
pub(crate) const PERSONAL: [&str; 5] = ["email", "name", "password_hash", "language", "proven_at"];

/// The write that changes nothing of an account but its version, on condition that somebody has it: an erasure at
/// the same time reads again.
pub(crate) fn touch(user: UserId) -> Write {
    Write::update(&keys::user(user))
        .set_to("version", "version + :one")
        .value(":one", number(1))
        .when(format!("attribute_exists(pk) AND attribute_not_exists({ERASED_AT})"))
}

/// The writes after which nobody has an account, on condition that it is as it was read: its address may have another.
pub(crate) fn erasing_writes(read: &Account, version: u64, address: &AccountAddress, at: Timestamp) -> [Write; 2] {
    let profile = Write::update(&keys::user(read.id))
        .set(ERASED_AT, number(at.as_millisecond()))
        .set("sessions_epoch", number(read.sessions_epoch + 1))
        .set("version", number(version + 1))
        .when("version = :read_version")
        .value(":read_version", number(version));
    // `name` and `language` are reserved words of the table's expressions.
    let profile = PERSONAL.iter().fold(profile, |write, attribute| {
        let placeholder = format!("#{attribute}");
        write.remove(&placeholder).name(placeholder, *attribute)
    });
    let claim = Write::delete(&keys::email(address))
        .when("#user = :user")
        .name("#user", "user")
        .value(":user", text(read.id.0.to_string()));
    [profile, claim]
}

/// The user has not proven their address, which this shop requires, or the table failed.
#[derive(Debug, thiserror::Error)]
pub enum ProofFailure {
    /// The address is not proven.
    #[error("the address is not proven")]
    NotProven,
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Refuses a user who has not proven their address, if that is needed for `step` here. Nothing is read if it is not.
///
/// # Errors
/// When it is needed and not proven, the account was erased, or the table fails.
pub async fn check_proven(app: &App, user: UserId, step: ProvenAddress) -> Result<(), ProofFailure> {
    if app.config().proven_address < step {
        return Ok(());
    }
    match read(app, user).await? {
        Some(Read::Erased) => Err(Failure::Erased.into()),
        Some(Read::Account(account, _)) if account.proven_at.is_some() => Ok(()),
        Some(Read::Account(..)) | None => Err(ProofFailure::NotProven),
    }
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

/// The parts of a change of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PasswordGuard {
    /// The account is as it was read.
    Account,
    /// The session that is kept is there.
    Session,
}

/// Replaces a password, and with it ends all sessions but `kept`, if there is one: whether it did. It does not if the
/// account is not as it was read: then another password was set meanwhile, or all sessions were ended.
///
/// # Errors
/// When the table fails.
pub async fn change_password(
    app: &App,
    account: &Account,
    hash: &str,
    mut kept: Option<Uuid>,
) -> Result<bool, Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let mut transaction = Transaction::new();
        transaction.add(PasswordGuard::Account, end_sessions(account).set("password_hash", text(hash)));
        if let Some(kept) = kept {
            let session = sessions::keep(account.id, kept, account.sessions_epoch + 1);
            transaction.add(PasswordGuard::Session, session);
        }
        match transaction.commit(app).await {
            Ok(()) => return Ok(true),
            Err(Rejected::Guards(failed)) if failed.iter().all(|failed| failed.guard == PasswordGuard::Session) => {
                // It was ended meanwhile, which is fine.
                kept = None;
            }
            Err(Rejected::Guards(_)) => return is_changed(app, account.id, hash).await,
            Err(Rejected::Failure(Failure::Unknown)) if is_changed(app, account.id, hash).await? => return Ok(true),
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// Whether this very hash is kept: it has a salt of its own.
async fn is_changed(app: &App, user: UserId, hash: &str) -> Result<bool, Failure> {
    Ok(get(app, user).await?.is_some_and(|there| there.password_hash == hash))
}

/// Sets a new password by a link, which is used up, ends all sessions, and proves the address: whether it did. It does
/// not if the link was used, or if the account is not as it was read.
///
/// # Errors
/// When the table fails.
pub async fn reset_password(app: &App, account: &Account, hash: &str, link: Uuid) -> Result<bool, Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let now = app.now();
        let mut transaction = Transaction::new();
        let write = end_sessions(account).set("password_hash", text(hash));
        transaction.add((), write.set("proven_at", number(now.as_millisecond())));
        transaction.add((), links::use_up(link, now));
        match transaction.commit(app).await {
            Ok(()) => return Ok(true),
            Err(Rejected::Guards(_)) => return is_changed(app, account.id, hash).await,
            Err(Rejected::Failure(Failure::Unknown)) if is_changed(app, account.id, hash).await? => return Ok(true),
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

/// Notes that the address of an account is proven, by a link, which is used up: whether it did. It does not if the
/// link was used, or the account has another address.
///
/// # Errors
/// When the table fails.
pub async fn prove_address(app: &App, user: UserId, email: &Email, link: Uuid) -> Result<bool, Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let now = app.now();
        let mut transaction = Transaction::new();
        let write = Write::update(&keys::user(user))
            .set("proven_at", number(now.as_millisecond()))
            .set_to("version", "version + :one")
            .value(":one", number(1))
            .when("email = :email")
            .value(":email", text(email.as_str()));
        transaction.add((), write);
        transaction.add((), links::use_up(link, now));
        match transaction.commit(app).await {
            Ok(()) => return Ok(true),
            Err(Rejected::Guards(_)) => return Ok(attempts.answer_lost && is_used(app, link).await?),
            Err(rejected) => attempts.wait_after(&rejected).await?,
        }
    }
}

async fn is_used(app: &App, link: Uuid) -> Result<bool, Failure> {
    Ok(links::get(app, link).await?.is_some_and(|link| link.used))
}

/// Ends all sessions of an account.
///
/// # Errors
/// When the table fails.
pub async fn end_all_sessions(app: &App, user: UserId) -> Result<(), Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let Some(account) = get(app, user).await? else { return Ok(()) };
        match end_sessions(&account).apply_patiently(app).await {
            Ok(true) => return Ok(()),
            // Whoever changed it meanwhile has ended them, or the next try does.
            Ok(false) | Err(Failure::Unknown) => attempts.wait().await?,
            Err(failure) => return Err(failure),
        }
    }
}

/// The write by which the sessions of an account that is as it was read are over: those begun until now and those that
/// are about to begin with what was read before.
fn end_sessions(read: &Account) -> Write {
    Write::update(&keys::user(read.id))
        .set("sessions_epoch", number(read.sessions_epoch + 1))
        .set_to("version", "version + :one")
        .value(":one", number(1))
        .when("password_hash = :old AND (attribute_not_exists(sessions_epoch) OR sessions_epoch = :epoch)")
        .value(":old", text(&read.password_hash))
        .value(":epoch", number(read.sessions_epoch))
}

fn account_item(account: &Account) -> AccountItem {
    AccountItem {
        id: account.id.0,
        email: account.email.clone(),
        name: account.name.clone(),
        password_hash: account.password_hash.clone(),
        created_at: account.created_at.as_millisecond(),
        language: account.language.clone(),
        proven_at: account.proven_at.map(Timestamp::as_millisecond),
        sessions_epoch: account.sessions_epoch,
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
        language: item.language,
        proven_at: item.proven_at.map(time).transpose()?,
        sessions_epoch: item.sessions_epoch,
    })
}
