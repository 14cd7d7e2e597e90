use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use onsale_platform::auth::access_token;
use onsale_platform::auth::refresh_token::RefreshToken;
use onsale_platform::http::openapi::one_of;
use onsale_platform::http::{Answer, PublicUrl, SourceAddress};
use onsale_platform::store::accounts::grants::Granted;
use onsale_platform::store::accounts::sessions::Device;
use onsale_platform::store::accounts::users::Account;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;
use uuid::Uuid;

use crate::roles::response::GrantOut;

/// The type of access tokens (RFC 6750).
const TOKEN_TYPE: &str = "Bearer";

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "access_token": "eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl",
    "token_type": "Bearer",
    "expires_in": 900,
    "refresh_token": "rt1.AAAA",
}))]
pub struct SessionOut {
    /// Access token; send it as `Authorization: Bearer …`.
    access_token: String,
    #[schema(schema_with = token_types)]
    token_type: &'static str,
    /// Lifetime of the access token, in seconds.
    expires_in: i64,
    /// Refresh token; exchange it once with POST /sessions/refresh. Absent if a cookie keeps it.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

impl SessionOut {
    /// The tokens of a session as an answer, in which a cookie keeps the refresh token for a page at this address.
    pub fn answer(access_token: String, refresh: &RefreshToken, cookie_of: Option<&PublicUrl>) -> Answer<Self> {
        let body = Self {
            access_token,
            token_type: TOKEN_TYPE,
            expires_in: access_token::ACCESS_SECONDS,
            refresh_token: cookie_of.is_none().then(|| refresh.text()),
        };
        Answer::ok(body).with_cookie(cookie_of.and_then(|url| url.refresh_cookie(refresh)))
    }
}

/// The types of an access token.
fn token_types() -> Object {
    one_of("Type of the access token.", [TOKEN_TYPE])
}

/// An account, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "user_id": "00000000-0000-7940-98b2-6fe9d517d168",
    "email": "mina@onsale.local",
    "name": "Mina",
    "address_proven": true,
    "roles": [],
    "created_at": "2030-11-01T11:00:00Z",
}))]
pub struct UserOut {
    /// Id of the account.
    user_id: Uuid,
    /// E-mail address in its normalised form.
    email: String,
    /// Name of the person.
    name: String,
    /// Whether a mail has proven that the address is the user's.
    address_proven: bool,
    /// The roles that the account has beside buying; at most 100 are shown.
    roles: Vec<GrantOut>,
    /// Time of the sign-up.
    created_at: Timestamp,
}

impl UserOut {
    /// An account with its roles.
    pub fn new(account: Account, roles: Vec<Granted>) -> Self {
        Self {
            user_id: account.id.0,
            email: account.email,
            name: account.name,
            address_proven: account.proven_at.is_some(),
            roles: roles.into_iter().map(GrantOut::from).collect(),
            created_at: account.created_at,
        }
    }
}

/// Where a log-in comes from.
pub fn device<'a>(source: &'a SourceAddress, headers: &'a HeaderMap) -> Device<'a> {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    Device { source: &source.0, agent: agent.unwrap_or_default() }
}
