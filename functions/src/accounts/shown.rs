use jiff::Timestamp;
use onsale_platform::store::accounts::Account;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A user, as shown to that user.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserOut {
    user_id: Uuid,
    /// Normalised.
    email: String,
    name: String,
    /// `user` or `admin`.
    role: &'static str,
    created_at: Timestamp,
}

impl From<Account> for UserOut {
    fn from(account: Account) -> Self {
        Self {
            user_id: account.id,
            email: account.email,
            name: account.name,
            role: account.role.as_str(),
            created_at: account.created_at,
        }
    }
}
