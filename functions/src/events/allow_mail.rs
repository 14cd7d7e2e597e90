//! Invoked by operators — takes the address of an account off the suppression list, so that mail goes there again.

use onsale_domain::id::UserId;
use onsale_platform::app::App;
use onsale_platform::lambda::{Invocation, InvocationError};
use onsale_platform::store::accounts::admin_actions::AdminAction;
use onsale_platform::store::events::mail::{recipient, suppressed};
use serde::Deserialize;
use serde_json::{Value, json};

/// The account whose address is to get mail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowMailIn {
    user_id: String,
}

async fn handle(app: &App, request: AllowMailIn) -> Result<Value, InvocationError> {
    let user: UserId = request.user_id.parse().map_err(|_| "user_id must be a UUID, as get_me shows it to its user")?;
    let recipient = recipient::get(app, user).await?.ok_or("there is no such user")?;
    let action = AdminAction::by_operator("allow_mail", user);
    let was = suppressed::remove(app, &recipient.address, &action).await?;
    Ok(json!({ "user_id": user.0, "was_suppressed": was }))
}

/// Handles an invocation.
pub fn handler(app: App, event: Value) -> Invocation {
    Box::pin(async move { handle(&app, serde_json::from_value(event)?).await })
}
