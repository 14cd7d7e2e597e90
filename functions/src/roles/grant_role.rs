//! Invoked by operators — makes a user an administrator or organiser, effective at once.

use onsale_platform::app::App;
use onsale_platform::lambda::{Invocation, InvocationError};
use onsale_platform::store::accounts::admin_actions::AdminAction;
use onsale_platform::store::accounts::grants;
use serde_json::Value;

use crate::roles::response::{RoleIn, operator_answer, read_role};

async fn handle(app: &App, request: RoleIn) -> Result<Value, InvocationError> {
    let (account, grant) = read_role(app, &request).await?;
    let action = AdminAction::by_operator("grant_role", account.id).with_change("role", grant.role().as_str());
    grants::grant(app, account.id, grant, &action).await?;
    Ok(operator_answer(&account, grant, true))
}

/// Handles an invocation.
pub fn handler(app: App, event: Value) -> Invocation {
    Box::pin(async move { handle(&app, serde_json::from_value(event)?).await })
}
