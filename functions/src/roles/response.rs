use jiff::Timestamp;
use onsale_domain::accounts::role::{Grant, Role};
use onsale_domain::id::UserId;
use onsale_platform::app::App;
use onsale_platform::http::openapi::one_of;
use onsale_platform::lambda::InvocationError;
use onsale_platform::store::accounts::grants::Granted;
use onsale_platform::store::accounts::users::{self, Account};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;
use uuid::Uuid;

/// How the OpenAPI document describes the role of a grant.
fn roles() -> Object {
    one_of("The role.", Role::ALL.map(Role::as_str))
}

/// A role that somebody was granted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "user_id": "00000000-0000-7940-98b2-6fe9d517d168",
    "role": "organiser",
    "granted_at": "2030-11-01T11:00:00Z",
    "granted_by": "00000000-0000-769a-8344-8bc1d27d4337",
}))]
pub struct GrantOut {
    /// Id of the user who has the role.
    user_id: Uuid,
    #[schema(schema_with = roles)]
    role: &'static str,
    /// Id of the concert, of a steward; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    concert_id: Option<Uuid>,
    /// Time of the grant.
    granted_at: Timestamp,
    /// Id of the user who granted it; absent if an operator did.
    #[serde(skip_serializing_if = "Option::is_none")]
    granted_by: Option<Uuid>,
}

impl From<Granted> for GrantOut {
    fn from(granted: Granted) -> Self {
        Self {
            user_id: granted.user.0,
            role: granted.grant.role().as_str(),
            concert_id: granted.grant.concert().map(|concert| concert.0),
            granted_at: granted.at,
            granted_by: granted.by.map(|user| user.0),
        }
    }
}

/// A user and a role, as an operator names them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleIn {
    user_id: String,
    role: String,
}

/// The user of a request as it is kept, and the role as it is granted.
pub(super) async fn read_role(app: &App, request: &RoleIn) -> Result<(Account, Grant), InvocationError> {
    // By id: addresses need not be proven, so whoever signed up first with one may be somebody else.
    let user: UserId = request.user_id.parse().map_err(|_| "user_id must be a UUID, as get_me shows it to its user")?;
    let grant = match Role::parse(&request.role) {
        Some(Role::Admin) => Grant::Admin,
        Some(Role::Organiser) => Grant::Organiser,
        Some(Role::Steward) => return Err("a steward is made by the organiser of the concert".into()),
        None => return Err("role must be admin or organiser".into()),
    };
    let account = users::get(app, user).await?.ok_or("there is no such user")?;
    Ok((account, grant))
}

/// The answer to an operator, who is to see whose role it is.
pub(super) fn operator_answer(account: &Account, grant: Grant, granted: bool) -> Value {
    json!({
        "user_id": account.id.0,
        "email": account.email,
        "name": account.name,
        "role": grant.role().as_str(),
        "granted": granted,
    })
}
