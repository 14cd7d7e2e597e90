//! GET /orders/{order_id}

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, Params, Problem, ProblemOut, User};
use onsale_platform::store::orders;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::orders::response::OrderOut;

/// One of the caller's orders, in any state.
#[utoipa::path(get, path = "/orders/{order_id}", operation_id = "get_order",
    params(("order_id" = Uuid, Path)), security(("bearer" = [])), extensions(("x-access" = json!("user"))),
    responses(
        (status = 200, body = OrderOut),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 404, body = ProblemOut, description = "not-found"),
    ))]
async fn handle(State(app): State<App>, user: User, Params(id): Params<Uuid>) -> Result<Answer<OrderOut>, Problem> {
    let order = orders::current(&app, user.id, id).await?;
    let order = order.ok_or_else(|| Problem::new(Detail::NoOrder))?;
    Ok(Answer::ok(OrderOut::new(&order, app.now())))
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
