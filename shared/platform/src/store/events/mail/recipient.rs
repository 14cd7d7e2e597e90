//! The person to whom a letter goes, as the account is at that moment.

use onsale_domain::accounts::account::Email;
use onsale_domain::id::UserId;
use serde::Deserialize;

use crate::app::App;
use crate::failure::Failure;
use crate::store::accounts::users;
use crate::store::dynamodb::item::from_item;
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency};

/// Who a letter goes to. Not `Debug`: an address and a name are for no log.
pub struct Recipient {
    /// The address of the account.
    pub address: String,
    /// The name of the account.
    pub name: String,
    /// The tag of the language that the person chose; empty where none was chosen.
    pub language: String,
}

/// The attributes of an account that a letter needs; those that an erased account has lost are not there.
#[derive(Deserialize)]
struct RecipientItem {
    #[serde(default)]
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    language: String,
}

/// The recipient of a user's letters; none without an account, or of one that was erased.
///
/// # Errors
/// When the table fails.
pub async fn get(app: &App, user: UserId) -> Result<Option<Recipient>, Failure> {
    let item = query::get(app, &keys::user(user), Consistency::Strong).await?;
    let item: Option<RecipientItem> = item.map(from_item).transpose()?;
    let known = item.filter(|item| !item.email.is_empty());
    Ok(known.map(|item| Recipient { address: item.email, name: item.name, language: item.language }))
}

/// The recipient of a letter to an address; none if nobody has an account with it.
///
/// # Errors
/// When the table fails.
pub async fn of_address(app: &App, email: &Email) -> Result<Option<Recipient>, Failure> {
    match users::find(app, email).await? {
        Some(account) => get(app, account.id).await,
        None => Ok(None),
    }
}
