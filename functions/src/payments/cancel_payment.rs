//! POST /payments/{payment_id}/cancel

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, Params, Problem, ProblemOut, User};
use onsale_platform::store::payments::refund;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::payments::response::{PaidThing, PaymentOut};

/// Gives a payment back, and with it what was bought.
#[utoipa::path(post, path = "/payments/{payment_id}/cancel", operation_id = "cancel_payment",
    params(("payment_id" = String, Path, description = "rsv-<reservation id> or ord-<order id>")),
    security(("bearer" = [])), extensions(("x-access" = json!("user"))),
    responses(
        (status = 200, body = PaymentOut, description = "it is given back, now or before"),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 404, body = ProblemOut, description = "not-found"),
        (status = 409, body = ProblemOut, description = "concert-started"),
    ))]
async fn handle(
    State(app): State<App>,
    user: User,
    Params(payment_id): Params<String>,
) -> Result<Answer<PaymentOut>, Problem> {
    let out = match PaidThing::parse(&payment_id)? {
        PaidThing::Reservation(id) => PaymentOut::of_reservation(&refund::reservation(&app, user.id, id).await?),
        PaidThing::Order(id) => PaymentOut::of_order(&refund::order(&app, user.id, id).await?),
    };
    out.map(Answer::ok).ok_or_else(|| Problem::new(Detail::NoPayment))
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
