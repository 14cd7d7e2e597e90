//! GET /orders/{order_id}

use axum::extract::State;
use onsale_domain::id::OrderId;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, PathId, Problem, User};
use onsale_platform::store::orders;

use crate::orders::response::OrderOut;

/// Returns one of the caller's orders, in any state.
#[utoipa::path(get, path = "/orders/{order_id}", params(("order_id" = Uuid, Path)),
    extensions(("x-access" = json!("user"))),
    responses((status = 200, body = OrderOut, description = "The order"), (status = 404, description = "not-found")))]
pub async fn get_order(
    State(app): State<App>,
    user: User,
    PathId(id): PathId<OrderId>,
) -> Result<Answer<OrderOut>, Problem> {
    let order = orders::get_current(&app, user.id, id).await?;
    let order = order.ok_or_else(|| Problem::new(Detail::NoOrder))?;
    Ok(Answer::ok(OrderOut::new(&order, app.currency(), app.now())))
}
