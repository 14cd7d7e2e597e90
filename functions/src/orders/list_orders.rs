//! GET /orders

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, PageIn, PageOut, Problem, QueryString, User};
use onsale_platform::store::orders;

use crate::orders::response::OrderOut;

/// Lists the caller's orders, newest first.
#[utoipa::path(get, path = "/orders", params(PageIn), extensions(("x-access" = json!("user"))),
    responses((status = 200, body = PageOut<OrderOut>, description = "A page of orders")))]
pub async fn list_orders(
    State(app): State<App>,
    user: User,
    QueryString(wanted): QueryString<PageIn>,
) -> Result<Answer<PageOut<OrderOut>>, Problem> {
    let page = orders::list(&app, user.id, wanted.limit()?, wanted.cursor()).await?;
    Ok(Answer::ok(PageOut::from_page(page, |order| OrderOut::new(&order, app.currency(), app.now()))))
}
