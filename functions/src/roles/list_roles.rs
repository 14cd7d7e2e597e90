//! GET /admin/roles

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Admin, Answer, PageIn, PageOut, Problem, QueryString};
use onsale_platform::store::accounts::grants;

use crate::roles::response::GrantOut;

/// Lists administrators and organisers, newest first.
#[utoipa::path(get, path = "/admin/roles", params(PageIn), extensions(("x-access" = json!("admin"))),
    responses((status = 200, body = PageOut<GrantOut>, description = "A page of roles")))]
pub async fn list_roles(
    State(app): State<App>,
    _: Admin,
    QueryString(page): QueryString<PageIn>,
) -> Result<Answer<PageOut<GrantOut>>, Problem> {
    let page = grants::list(&app, page.limit()?, page.cursor()).await?;
    Ok(Answer::ok(PageOut::from_page(page, GrantOut::from)))
}
