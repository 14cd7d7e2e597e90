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

/// The page to read, and the administrator whose actions it lists.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAdminActionsIn {
    /// Only what this administrator did.
    #[param(example = "0193a000-0000-7000-8000-000000000001")]
    user_id: Option<Uuid>,
    /// 1 to 100, default 20.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

/// Something that an administrator or an operator did.
#[derive(Serialize, ToSchema)]
pub struct AdminActionOut {
    action_id: Uuid,
    /// When it was done.
    at: Timestamp,
    /// The administrator; null for an operator who invoked the function.
    user_id: Option<Uuid>,
    /// The address that the request came from; null for an operator.
    source: Option<String>,
    /// The function that did it, such as `update_product`.
    function: String,
    /// The id of what it was done to: a concert, a schedule, a product, a coupon, a queue or a user.
    target: String,
    /// The changed values, by name.
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

/// The actions of administrators, newest first.
#[utoipa::path(get, path = "/admin/actions", params(ListAdminActionsIn), extensions(("x-access" = json!("admin"))),
    responses((status = 200, body = PageOut<AdminActionOut>)))]
pub async fn list_admin_actions(
    State(app): State<App>,
    _: Admin,
    QueryString(request): QueryString<ListAdminActionsIn>,
) -> Result<Answer<PageOut<AdminActionOut>>, Problem> {
    let limit = page_limit(request.limit)?;
    let page = admin_actions::list(&app, request.user_id.map(UserId), limit, request.cursor.as_deref()).await?;
    Ok(Answer::ok(PageOut::from_page(page, AdminActionOut::from)))
}
