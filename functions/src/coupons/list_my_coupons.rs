//! GET /users/me/coupons

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Listed, Problem, ProblemOut, QueryString, User, page_limit};
use onsale_platform::store::coupons;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::coupons::response::ClaimOut;

/// Which page.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListMyCouponsIn {
    /// 1 to 100, default 20.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

/// What the caller has claimed, used or not.
#[utoipa::path(get, path = "/users/me/coupons", operation_id = "list_my_coupons", params(ListMyCouponsIn),
    security(("bearer" = [])), extensions(("x-access" = json!("user"))),
    responses(
        (status = 200, body = Listed<ClaimOut>),
        (status = 400, body = ProblemOut, description = "invalid-request"),
    ))]
async fn handle(
    State(app): State<App>,
    user: User,
    QueryString(request): QueryString<ListMyCouponsIn>,
) -> Result<Answer<Listed<ClaimOut>>, Problem> {
    let limit = page_limit(request.limit)?;
    let page = coupons::claims(&app, user.id, limit, request.cursor.as_deref()).await?;
    Ok(Answer::ok(Listed::of(page, |claim| ClaimOut::new(&claim, app.now()))))
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
