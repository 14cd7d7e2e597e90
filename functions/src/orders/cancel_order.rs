//! DELETE /orders/{order_id}

use axum::extract::State;
use onsale_domain::id::OrderId;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, PathId, Problem, User};
use onsale_platform::store::orders;
use onsale_platform::store::payments::cancel_failure::CancelFailure;

use crate::orders::response::OrderOut;

/// Gives a pending order up, its units and its coupon back.
#[utoipa::path(delete, path = "/orders/{order_id}", params(("order_id" = Uuid, Path)),
    extensions(("x-access" = json!("user"))),
    responses((status = 200, body = OrderOut, description = "it has ended, now or before"), CancelFailure))]
pub async fn cancel_order(
    State(app): State<App>,
    user: User,
    PathId(id): PathId<OrderId>,
) -> Result<Answer<OrderOut>, Problem> {
    let order = orders::cancel(&app, user.id, id).await?;
    Ok(Answer::ok(OrderOut::new(&order, app.now())))
}
