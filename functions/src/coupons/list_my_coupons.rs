//! GET /users/me/coupons

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, PageOut, Problem, QueryString, User, page_limit};
use onsale_platform::store::coupons;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::coupons::response::ClaimOut;

/// The page to read.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListMyCouponsIn {
    /// 1 to 100, default 20.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

/// The caller's claims of coupons, used or not.
#[utoipa::path(get, path = "/users/me/coupons", params(ListMyCouponsIn), extensions(("x-access" = json!("user"))),
    responses((status = 200, body = PageOut<ClaimOut>)))]
pub async fn list_my_coupons(
    State(app): State<App>,
    user: User,
    QueryString(request): QueryString<ListMyCouponsIn>,
) -> Result<Answer<PageOut<ClaimOut>>, Problem> {
    let limit = page_limit(request.limit)?;
    let page = coupons::list_claims(&app, user.id, limit, request.cursor.as_deref()).await?;
    Ok(Answer::ok(PageOut::from_page(page, |claim| ClaimOut::new(&claim, app.now()))))
}
