//! DELETE /orders/{order_id}

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Params, Problem, ProblemOut, User};
use onsale_platform::store::orders;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::orders::response::OrderOut;

/// Gives a pending order up, its units and its coupon back.
#[utoipa::path(delete, path = "/orders/{order_id}", operation_id = "cancel_order",
    params(("order_id" = Uuid, Path)), security(("bearer" = [])), extensions(("x-access" = json!("user"))),
    responses(
        (status = 200, body = OrderOut, description = "it has ended, now or before"),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 404, body = ProblemOut, description = "not-found"),
        (status = 409, body = ProblemOut, description = "already-paid"),
    ))]
async fn handle(State(app): State<App>, user: User, Params(id): Params<Uuid>) -> Result<Answer<OrderOut>, Problem> {
    let order = orders::cancel(&app, user.id, id).await?;
    Ok(Answer::ok(OrderOut::new(&order, app.now())))
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
