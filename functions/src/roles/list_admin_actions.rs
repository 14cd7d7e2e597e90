//! GET /admin/actions

use std::collections::BTreeMap;

use axum::extract::State;
use jiff::Timestamp;
use onsale_domain::accounts::role::Role;
use onsale_domain::id::UserId;
use onsale_platform::app::App;
use onsale_platform::http::openapi::one_of;
use onsale_platform::http::{Admin, Answer, PageOut, Problem, QueryString, page_limit};
use onsale_platform::store::accounts::admin_actions::{self, Actor, Entry};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::Object;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Page and filter.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAdminActionsIn {
    /// Lists the actions of this user only.
    #[param(example = "0193a000-0000-7000-8000-000000000001")]
    user_id: Option<Uuid>,
    /// Items per page, 1 to 100; 20 if omitted.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the previous page; omit it for the first page.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

/// An action of an administrator, organiser or operator.
#[derive(Serialize, ToSchema)]
pub struct AdminActionOut {
    /// Id of the action.
    action_id: Uuid,
    /// Time of the action.
    at: Timestamp,
    /// The administrator or organiser; null for an operator, who invokes the function directly.
    user_id: Option<Uuid>,
    #[schema(schema_with = acting_roles)]
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    /// IP address of the request; null for an operator.
    source: Option<String>,
    /// Name of the function, such as `update_product`.
    function: String,
    /// Id of the concert, schedule, product, coupon, queue or user that the action changed.
    target: String,
    /// New values by field name.
    changes: BTreeMap<String, String>,
}

/// How the OpenAPI document describes the role of an action.
fn acting_roles() -> Object {
    one_of("Role by which the action was allowed; absent for an operator.", ROLES.map(Role::as_str))
}

/// The roles that change anything of others.
const ROLES: [Role; 2] = [Role::Admin, Role::Organiser];

impl From<Entry> for AdminActionOut {
    fn from(entry: Entry) -> Self {
        Self {
            action_id: entry.id,
            at: entry.at,
            user_id: match entry.by {
                Actor::User(id) => Some(id),
                Actor::Operator => None,
            },
            role: entry.role.map(Role::as_str),
            source: entry.source,
            function: entry.function,
            target: entry.target,
            changes: entry.changes,
        }
    }
}

/// Lists the actions of administrators, organisers and operators, newest first.
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
