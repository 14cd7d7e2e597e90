//! GET /orders

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, PageOut, Problem, QueryString, User, page_limit};
use onsale_platform::store::orders;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::orders::response::OrderOut;

/// The page to read.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListOrdersIn {
    /// 1 to 100, default 20.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

/// The caller's orders, newest first.
#[utoipa::path(get, path = "/orders", params(ListOrdersIn), extensions(("x-access" = json!("user"))),
    responses((status = 200, body = PageOut<OrderOut>)))]
pub async fn list_orders(
    State(app): State<App>,
    user: User,
    QueryString(request): QueryString<ListOrdersIn>,
) -> Result<Answer<PageOut<OrderOut>>, Problem> {
    let limit = page_limit(request.limit)?;
    let page = orders::list(&app, user.id, limit, request.cursor.as_deref()).await?;
    Ok(Answer::ok(PageOut::from_page(page, |order| OrderOut::new(&order, app.now()))))
}
