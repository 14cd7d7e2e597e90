use jiff::Timestamp;
use onsale_domain::accounts::account::Role;
use onsale_platform::auth::access_token;
use onsale_platform::auth::refresh_token::RefreshToken;
use onsale_platform::http::openapi::one_of;
use onsale_platform::store::accounts::users::Account;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;
use uuid::Uuid;

/// A session's tokens.
#[derive(Serialize, ToSchema)]
pub struct SessionOut {
    /// For `Authorization: Bearer …`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds the access token lives.
    expires_in: i64,
    /// For POST /sessions/refresh, once.
    refresh_token: String,
}

impl SessionOut {
    /// The tokens of a session.
    pub fn new(access_token: String, refresh: &RefreshToken) -> Self {
        Self {
            access_token,
            token_type: "Bearer",
            expires_in: access_token::ACCESS_SECONDS,
            refresh_token: refresh.text(),
        }
    }
}

/// The roles of accounts.
fn roles() -> Object {
    one_of(Role::ALL.map(Role::as_str))
}

/// A user, as shown to that user.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserOut {
    user_id: Uuid,
    /// Normalised.
    email: String,
    name: String,
    /// `user` or `admin`.
    #[schema(schema_with = roles)]
    role: &'static str,
    created_at: Timestamp,
}

impl From<Account> for UserOut {
    fn from(account: Account) -> Self {
        Self {
            user_id: account.id.0,
            email: account.email,
            name: account.name,
            role: account.role.as_str(),
            created_at: account.created_at,
        }
    }
}
