//! GET /orders

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Listed, Problem, ProblemOut, QueryString, User, page_limit};
use onsale_platform::store::orders;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::orders::response::OrderOut;

/// Which page.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListOrdersIn {
    /// 1 to 100, default 20.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

/// The caller's orders, newest first.
#[utoipa::path(get, path = "/orders", operation_id = "list_orders", params(ListOrdersIn),
    security(("bearer" = [])), extensions(("x-access" = json!("user"))),
    responses(
        (status = 200, body = Listed<OrderOut>),
        (status = 400, body = ProblemOut, description = "invalid-request"),
    ))]
async fn handle(
    State(app): State<App>,
    user: User,
    QueryString(request): QueryString<ListOrdersIn>,
) -> Result<Answer<Listed<OrderOut>>, Problem> {
    let limit = page_limit(request.limit)?;
    let page = orders::list(&app, user.id, limit, request.cursor.as_deref()).await?;
    Ok(Answer::ok(Listed::of(page, |order| OrderOut::new(&order, app.now()))))
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
