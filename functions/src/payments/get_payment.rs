//! GET /payments/{payment_id}

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, PathParams, Problem, User};
use onsale_platform::store::{orders, reservations};

use crate::payments::response::{PaymentOut, PurchaseId};

/// Returns one of the caller's payments.
#[utoipa::path(get, path = "/payments/{payment_id}",
    params(("payment_id" = String, Path, description = "`rsv-` and the reservation id, or `ord-` and the order id")),
    extensions(("x-access" = json!("user"))),
    responses(
        (status = 200, body = PaymentOut, description = "The payment"),
        (status = 404, description = "not-found"),
    ))]
pub async fn get_payment(
    State(app): State<App>,
    user: User,
    PathParams(payment_id): PathParams<String>,
) -> Result<Answer<PaymentOut>, Problem> {
    let out = match PurchaseId::parse(&payment_id)? {
        PurchaseId::Reservation(id) => {
            let reservation = reservations::get(&app, user.id, id).await?;
            reservation.and_then(|reservation| PaymentOut::from_reservation(&reservation, app.currency()))
        }
        PurchaseId::Order(id) => {
            orders::get(&app, user.id, id).await?.and_then(|order| PaymentOut::from_order(&order, app.currency()))
        }
    };
    out.map(Answer::ok).ok_or_else(|| Problem::new(Detail::NoPayment))
}
