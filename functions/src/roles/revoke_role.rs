//! Invoked by operators — takes the role of an administrator or organiser from a user, effective at once.

use onsale_platform::app::App;
use onsale_platform::lambda::{Invocation, InvocationError};
use onsale_platform::store::accounts::admin_actions::AdminAction;
use onsale_platform::store::accounts::grants;
use serde_json::Value;

use crate::roles::response::{RoleIn, operator_answer, read_role};

async fn handle(app: &App, request: RoleIn) -> Result<Value, InvocationError> {
    let (account, grant) = read_role(app, &request).await?;
    let action = AdminAction::by_operator("revoke_role", account.id).with_change("role", grant.role().as_str());
    grants::revoke(app, account.id, grant, &action).await?;
    Ok(operator_answer(&account, grant, false))
}

/// Handles an invocation.
pub fn handler(app: App, event: Value) -> Invocation {
    Box::pin(async move { handle(&app, serde_json::from_value(event)?).await })
}
