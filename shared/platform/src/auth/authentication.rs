//! The look at a password that somebody gives, within the limits of attempts.

use onsale_domain::accounts::account::{Email, Password};

use crate::app::App;
use crate::auth::passwords;
use crate::failure::Failure;
use crate::store::accounts::login_throttle::{self, AttemptFailure, ThrottleKey};
use crate::store::accounts::users::{self, Account};

/// The account of this address, if `password` is its password. An attempt counts against the account, from an address
/// that the account is known at, against the two, and a failure against the address; a success takes back what it has
/// counted, and makes the address known.
///
/// # Errors
/// When there were too many attempts, or the table fails.
pub async fn authenticate(
    app: &App,
    email: &Email,
    password: &str,
    source: &str,
) -> Result<Option<Account>, AttemptFailure> {
    let config = app.config();
    let (from_source, source_limit) =
        (ThrottleKey::log_in_source(source), config.source_attempts(config.source_free_attempts));
    login_throttle::check_source(app, &from_source, &source_limit).await?;
    let address = config.account_address(email);
    let from_known = ThrottleKey::account_from(&address, source);
    let known = login_throttle::is_known(app, &from_known).await?;
    let account_bucket = if known { from_known.clone() } else { ThrottleKey::account(&address) };
    login_throttle::count_attempt(app, &account_bucket, &config.attempts(config.account_free_attempts)).await?;
    let Some((account, password)) = with_password(app, email, password).await? else {
        login_throttle::count_failure(app, &from_source, &source_limit).await?;
        return Ok(None);
    };
    let account = renew_hash(app, account, password).await?;
    login_throttle::forget(app, &account_bucket).await?;
    login_throttle::remember_address(app, &from_known).await?;
    Ok(Some(account))
}

/// Takes back what guesses have counted against an account, and knows its owner at this address from now on: somebody
/// has proven in another way to be that.
///
/// # Errors
/// When the table fails.
pub async fn forgive(app: &App, email: &Email, source: &str) -> Result<(), Failure> {
    let address = app.config().account_address(email);
    let from_known = ThrottleKey::account_from(&address, source);
    login_throttle::forget(app, &ThrottleKey::account(&address)).await?;
    login_throttle::forget(app, &from_known).await?;
    login_throttle::remember_address(app, &from_known).await
}

/// The account that has this address and this password. A password that nobody can have costs no hash: its length,
/// which the caller knows, is all its time tells.
async fn with_password(app: &App, email: &Email, password: &str) -> Result<Option<(Account, Password)>, Failure> {
    let Ok(password) = Password::parse(password) else { return Ok(None) };
    let account = users::find(app, email).await?;
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let right = passwords::verify(password.clone(), hash).await?;
    Ok(account.filter(|_| right).map(|account| (account, password)))
}

/// The account with a hash of today, if it had one of years ago.
async fn renew_hash(app: &App, account: Account, password: Password) -> Result<Account, Failure> {
    if !passwords::is_outdated(&account.password_hash) {
        return Ok(account);
    }
    let hash = passwords::hash(app, password).await?;
    users::rehash(app, &account, &hash).await?;
    Ok(Account { password_hash: hash, ..account })
}
