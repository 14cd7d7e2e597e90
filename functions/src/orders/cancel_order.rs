//! DELETE /orders/{order_id}

use axum::extract::State;
use onsale_domain::id::OrderId;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, PathId, Problem, User};
use onsale_platform::store::orders;
use onsale_platform::store::purchases::cancel_failure::CancelFailure;

use crate::orders::response::OrderOut;

/// Cancels a pending order: its units return to stock, and its coupon to the caller.
#[utoipa::path(delete, path = "/orders/{order_id}", params(("order_id" = Uuid, Path)),
    extensions(("x-access" = json!("user"))),
    responses(
        (status = 200, body = OrderOut, description = "The cancelled order (or one that had already ended)"),
        CancelFailure,
    ))]
pub async fn cancel_order(
    State(app): State<App>,
    user: User,
    PathId(id): PathId<OrderId>,
) -> Result<Answer<OrderOut>, Problem> {
    let order = orders::cancel(&app, user.id, id).await?;
    Ok(Answer::ok(OrderOut::new(&order, app.currency(), app.now())))
}
