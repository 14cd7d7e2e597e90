//! Invoked by operators — gives a user a role, effective with the user's next access token.

use onsale_domain::accounts::account::Role;
use onsale_domain::id::UserId;
use onsale_platform::app::App;
use onsale_platform::lambda::{Invocation, InvocationError};
use onsale_platform::store::accounts::admin_actions::AdminAction;
use onsale_platform::store::accounts::users::{self, Granted};
use serde::Deserialize;
use serde_json::{Value, json};

/// A user and the role to give.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantRoleIn {
    user_id: String,
    role: String,
}

async fn handle(app: &App, request: GrantRoleIn) -> Result<Value, InvocationError> {
    // By id: addresses are not proven, so whoever signed up first with one may be somebody else.
    let user: UserId = request.user_id.parse().map_err(|_| "user_id must be a UUID, as get_me shows it to its user")?;
    let role = Role::parse(&request.role).ok_or("role must be user or admin")?;
    let action = AdminAction::by_operator("grant_role", user).with_change("role", role.as_str());
    match users::grant_role(app, user, role, &action).await? {
        Granted::Now(account) | Granted::Before(account) => Ok(json!({
            "user_id": account.id.0,
            "email": account.email,
            "name": account.name,
            "role": account.role.as_str(),
        })),
        Granted::NoUser => Err("there is no such user".into()),
    }
}

/// Handles an invocation.
pub fn handler(app: App, event: Value) -> Invocation {
    Box::pin(async move { handle(&app, serde_json::from_value(event)?).await })
}
