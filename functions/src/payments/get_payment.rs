//! GET /payments/{payment_id}

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, Params, Problem, ProblemOut, User};
use onsale_platform::store::{orders, reservations};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::payments::response::{PaidThing, PaymentOut};

/// One of the caller's payments.
#[utoipa::path(get, path = "/payments/{payment_id}", operation_id = "get_payment",
    params(("payment_id" = String, Path, description = "rsv-<reservation id> or ord-<order id>")),
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
    let out = match PaidThing::parse(&payment_id)? {
        PaidThing::Reservation(id) => {
            reservations::get(&app, user.id, id).await?.as_ref().and_then(PaymentOut::of_reservation)
        }
        PaidThing::Order(id) => orders::get(&app, user.id, id).await?.as_ref().and_then(PaymentOut::of_order),
    };
    out.map(Answer::ok).ok_or_else(|| Problem::new(Detail::NoPayment))
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
