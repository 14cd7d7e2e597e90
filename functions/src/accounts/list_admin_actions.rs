//! GET /admin/actions

use std::collections::BTreeMap;

use axum::extract::State;
use jiff::Timestamp;
use onsale_domain::id::UserId;
use onsale_platform::app::App;
use onsale_platform::http::{Admin, Answer, PageOut, Problem, QueryString, page_limit};
use onsale_platform::store::accounts::admin_actions::{self, Actor, Entry};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Page and filter.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAdminActionsIn {
    /// Lists the actions of this administrator only.
    #[param(example = "0193a000-0000-7000-8000-000000000001")]
    user_id: Option<Uuid>,
    /// Items per page, 1 to 100; 20 if omitted.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the previous page; omit it for the first page.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

/// An action of an administrator or operator.
#[derive(Serialize, ToSchema)]
pub struct AdminActionOut {
    /// Id of the action.
    action_id: Uuid,
    /// Time of the action.
    at: Timestamp,
    /// The administrator; null for an operator, who invokes the function directly.
    user_id: Option<Uuid>,
    /// IP address of the request; null for an operator.
    source: Option<String>,
    /// Name of the function, such as `update_product`.
    function: String,
    /// Id of the concert, schedule, product, coupon, queue or user that the action changed.
    target: String,
    /// New values by field name.
    changes: BTreeMap<String, String>,
}

impl From<Entry> for AdminActionOut {
    fn from(entry: Entry) -> Self {
        Self {
            action_id: entry.id,
            at: entry.at,
            user_id: match entry.by {
                Actor::Administrator(id) => Some(id),
                Actor::Operator => None,
            },
            source: entry.source,
            function: entry.function,
            target: entry.target,
            changes: entry.changes,
        }
    }
}

/// Lists the actions of administrators and operators, newest first.
#[utoipa::path(get, path = "/admin/actions", params(ListAdminActionsIn), extensions(("x-access" = json!("admin"))),
    responses((status = 200, body = PageOut<AdminActionOut>, description = "A page of actions")))]
pub async fn list_admin_actions(
    State(app): State<App>,
    _: Admin,
    QueryString(request): QueryString<ListAdminActionsIn>,
) -> Result<Answer<PageOut<AdminActionOut>>, Problem> {
    let limit = page_limit(request.limit)?;
    let page = admin_actions::list(&app, request.user_id.map(UserId), limit, request.cursor.as_deref()).await?;
    Ok(Answer::ok(PageOut::from_page(page, AdminActionOut::from)))
}
