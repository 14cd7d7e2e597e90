//! Invoked by operators — gives a user a role, effective with the user's next access token.

use onsale_domain::account::{Email, Role};
use onsale_platform::app::App;
use onsale_platform::lambda::{Answer, Failure};
use onsale_platform::store::accounts;
use serde::Deserialize;
use serde_json::{Value, json};

/// Whom to give what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GrantRoleIn {
    email: String,
    role: String,
}

async fn handle(app: &App, request: GrantRoleIn) -> Result<Value, Failure> {
    let email = Email::parse(&request.email)?;
    let role = Role::parse(&request.role).ok_or("role must be user or admin")?;
    let account = accounts::find(app, &email).await?.ok_or("there is no such user")?;
    accounts::grant_role(app, account.id, role).await?;
    Ok(json!({ "user_id": account.id, "role": role.as_str() }))
}

/// Its answer to an event.
pub fn answer(app: App, event: Value) -> Answer {
    Box::pin(async move { handle(&app, serde_json::from_value(event)?).await })
}
