//! POST /payments

use axum::extract::State;
use onsale_domain::id::{self, OrderId, ReservationId};
use onsale_platform::app::App;
use onsale_platform::auth::queue_token::QueueCredentials;
use onsale_platform::failure::Failure;
use onsale_platform::http::{Answer, Expected, IdempotencyKey, Json, Problem, User, invalid};
use onsale_platform::store::payments::pay::{self, PayFailure, PayRequest};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::payments::response::PaymentOut;

/// The purchase to pay for: exactly one of the two ids.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reservation_id": "6ff4d428-67d3-85f5-ae19-a93870fafaa8" }))]
pub struct PayIn {
    /// Held reservation of the caller.
    reservation_id: Option<Uuid>,
    /// Pending order of the caller.
    order_id: Option<Uuid>,
}

/// Pays for a reservation or an order from the caller's wallet, in one atomic step.
#[utoipa::path(post, path = "/payments", request_body = PayIn, params(IdempotencyKey),
    extensions(("x-access" = json!("user+queue"))),
    responses(
        (status = 201, body = PaymentOut, description = "The new payment"),
        (status = 200, body = PaymentOut, description = "The payment that the caller had already made"),
        PayFailure,
    ))]
pub async fn pay(
    State(app): State<App>,
    user: User,
    queue_credentials: QueueCredentials,
    key: IdempotencyKey,
    Json(request): Json<PayIn>,
) -> Result<Answer<PaymentOut>, Problem> {
    let digest = id::fingerprint(&[&key.id::<Uuid>(&app, user.id, "pay").to_string()]);
    let key_given = key.0.is_some();
    let queue_credentials = &queue_credentials;
    let paying = PayRequest { user: user.id, queue_credentials, key: &digest, key_given, card: None };
    let paid = match (request.reservation_id, request.order_id) {
        (Some(reservation), None) => {
            let paid = pay::reservation(&app, ReservationId(reservation), &paying).await?;
            paid.map(|reservation| PaymentOut::from_reservation(&reservation, app.currency()))
        }
        (None, Some(order)) => {
            let paid = pay::order(&app, OrderId(order), &paying).await?;
            paid.map(|order| PaymentOut::from_order(&order, app.currency()))
        }
        _ => return Err(invalid("reservation_id")(Expected::ReservationOrOrder)),
    };
    let payment = paid.transpose().ok_or_else(|| Failure::Internal("what is paid has no payment".to_owned()))?;
    Ok(payment.into())
}
