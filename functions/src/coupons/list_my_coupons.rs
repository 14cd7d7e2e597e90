//! GET /users/me/coupons

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, PageOut, Problem, QueryString, User, page_limit};
use onsale_platform::store::coupons;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::coupons::response::ClaimOut;

/// Page of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListMyCouponsIn {
    /// Items per page, 1 to 100; 20 if omitted.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the previous page; omit it for the first page.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

/// Lists the coupons that the caller has claimed, used or not, newest first.
#[utoipa::path(get, path = "/users/me/coupons", params(ListMyCouponsIn), extensions(("x-access" = json!("user"))),
    responses((status = 200, body = PageOut<ClaimOut>, description = "A page of claimed coupons")))]
pub async fn list_my_coupons(
    State(app): State<App>,
    user: User,
    QueryString(request): QueryString<ListMyCouponsIn>,
) -> Result<Answer<PageOut<ClaimOut>>, Problem> {
    let limit = page_limit(request.limit)?;
    let page = coupons::list_claims(&app, user.id, limit, request.cursor.as_deref()).await?;
    Ok(Answer::ok(PageOut::from_page(page, |claim| ClaimOut::new(&claim, app.now()))))
}
