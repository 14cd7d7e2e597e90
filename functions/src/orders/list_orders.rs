//! GET /orders

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, PageOut, Problem, QueryString, User, page_limit};
use onsale_platform::store::orders;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::orders::response::OrderOut;

/// Page of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListOrdersIn {
    /// Items per page, 1 to 100; 20 if omitted.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the previous page; omit it for the first page.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

/// Lists the caller's orders, newest first.
#[utoipa::path(get, path = "/orders", params(ListOrdersIn), extensions(("x-access" = json!("user"))),
    responses((status = 200, body = PageOut<OrderOut>, description = "A page of orders")))]
pub async fn list_orders(
    State(app): State<App>,
    user: User,
    QueryString(request): QueryString<ListOrdersIn>,
) -> Result<Answer<PageOut<OrderOut>>, Problem> {
    let limit = page_limit(request.limit)?;
    let page = orders::list(&app, user.id, limit, request.cursor.as_deref()).await?;
    Ok(Answer::ok(PageOut::from_page(page, |order| OrderOut::new(&order, app.now()))))
}
