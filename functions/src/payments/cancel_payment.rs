//! POST /payments/{payment_id}/cancel

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, PathParams, Problem, User};
use onsale_platform::store::payments::refund;
use onsale_platform::store::payments::refund::RefundFailure;

use crate::payments::response::{PaymentOut, PurchaseId};

/// Cancels a payment: refunds it in full, and releases the seats or units.
#[utoipa::path(post, path = "/payments/{payment_id}/cancel",
    params(("payment_id" = String, Path, description = "`rsv-` and the reservation id, or `ord-` and the order id")),
    extensions(("x-access" = json!("user"))),
    responses((status = 200, body = PaymentOut, description = "The refunded payment (now or before)"), RefundFailure))]
pub async fn cancel_payment(
    State(app): State<App>,
    user: User,
    PathParams(payment_id): PathParams<String>,
) -> Result<Answer<PaymentOut>, Problem> {
    let out = match PurchaseId::parse(&payment_id)? {
        PurchaseId::Reservation(id) => {
            PaymentOut::from_reservation(&refund::reservation(&app, user.id, id).await?, app.currency())
        }
        PurchaseId::Order(id) => PaymentOut::from_order(&refund::order(&app, user.id, id).await?, app.currency()),
    };
    out.map(Answer::ok).ok_or_else(|| Problem::new(Detail::NoPayment))
}
