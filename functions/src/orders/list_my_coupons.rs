//! GET /users/me/coupons

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, PageIn, PageOut, Problem, QueryString, User};
use onsale_platform::store::orders::coupons;

use crate::orders::response::ClaimOut;

/// Lists the coupons that the caller has claimed, used or not, newest first.
#[utoipa::path(get, path = "/users/me/coupons", params(PageIn), extensions(("x-access" = json!("user"))),
    responses((status = 200, body = PageOut<ClaimOut>, description = "A page of claimed coupons")))]
pub async fn list_my_coupons(
    State(app): State<App>,
    user: User,
    QueryString(wanted): QueryString<PageIn>,
) -> Result<Answer<PageOut<ClaimOut>>, Problem> {
    let page = coupons::list_claims(&app, user.id, wanted.limit()?, wanted.cursor()).await?;
    Ok(Answer::ok(PageOut::from_page(page, |claim| ClaimOut::new(&claim, app.currency(), app.now()))))
}
