//! GET /payments/{payment_id} — one of the caller's payments.

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Code, Params, Problem, ProblemOut, User, invalid};
use onsale_platform::store::payments;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::shown::PaymentOut;

#[utoipa::path(get, path = "/payments/{payment_id}", operation_id = "get_payment",
    params(("payment_id" = String, Path, description = "rsv-<reservation id>")),
    security(("bearer" = [])), extensions(("x-access" = json!("user"))),
    responses(
        (status = 200, body = PaymentOut),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 404, body = ProblemOut, description = "not-found"),
    ))]
async fn handle(
    State(app): State<App>,
    user: User,
    Params(payment_id): Params<String>,
) -> Result<Answer<PaymentOut>, Problem> {
    let reservation: Option<Uuid> = payment_id.strip_prefix("rsv-").and_then(|id| id.parse().ok());
    let reservation = reservation.ok_or_else(|| invalid("payment_id")("must be rsv- and a reservation id"))?;
    let paid = payments::get(&app, user.id, reservation).await?;
    let (reservation, payment) = paid.ok_or_else(|| Problem::new(Code::NotFound, "you have no such payment"))?;
    Ok(Answer::ok(PaymentOut::new(&reservation, &payment)))
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
