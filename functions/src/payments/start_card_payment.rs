//! POST /card-payments

use axum::extract::State;
use onsale_domain::id;
use onsale_domain::money::Amount;
use onsale_domain::wallet::cards::card_payment::Purpose;
use onsale_platform::app::App;
use onsale_platform::auth::queue_token::QueueCredentials;
use onsale_platform::http::{Answer, Expected, Json, Problem, RequiredKey, User, invalid};
use onsale_platform::store::wallet::cards::start::{self, StartFailure, StartRequest, Wanted};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::payments::response::CardPaymentOut;

/// The purpose of a card payment: exactly one of the three.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reservation_id": "6ff4d428-67d3-85f5-ae19-a93870fafaa8" }))]
pub struct StartCardPaymentIn {
    /// Held reservation of the caller.
    reservation_id: Option<Uuid>,
    /// Pending order of the caller.
    order_id: Option<Uuid>,
    /// Amount to top the wallet up by, in minor units.
    #[schema(minimum = 1, maximum = 10000000)]
    top_up: Option<i64>,
}

/// A card payment that its buyer may authorise, in a browser and with the payment provider alone.
#[derive(Serialize, ToSchema)]
pub struct StartCardPaymentOut {
    #[serde(flatten)]
    payment: CardPaymentOut,
    /// The provider's secret of this payment, for the buyer's browser. Keep it from everybody else.
    client_secret: String,
    /// The provider's key for browsers.
    publishable_key: String,
    /// The address of the provider's script for browsers.
    script_url: String,
}

/// Begins a card payment. Nothing is charged before the buyer authorises it, and nothing is sold before it is confirmed.
#[utoipa::path(post, path = "/card-payments", request_body = StartCardPaymentIn, params(RequiredKey),
    extensions(("x-access" = json!("user+queue"))),
    responses((status = 201, body = StartCardPaymentOut, description = "The card payment"), StartFailure))]
pub async fn start_card_payment(
    State(app): State<App>,
    user: User,
    queue_credentials: QueueCredentials,
    key: RequiredKey,
    Json(request): Json<StartCardPaymentIn>,
) -> Result<Answer<StartCardPaymentOut>, Problem> {
    let wanted = match (request.reservation_id, request.order_id, request.top_up) {
        (Some(id), None, None) => Wanted::Purchase(Purpose::Reservation(id.into())),
        (None, Some(id), None) => Wanted::Purchase(Purpose::Order(id.into())),
        (None, None, Some(amount)) => Wanted::TopUp(Amount::parse(amount).map_err(invalid("top_up"))?),
        _ => return Err(invalid("reservation_id")(Expected::CardPurpose)),
    };
    let fingerprint = id::fingerprint(&["start_card_payment", &format!("{wanted:?}")]);
    let begin = StartRequest {
        user: user.id,
        id: key.id(user.id, "start_card_payment"),
        wanted,
        queue_credentials: &queue_credentials,
        fingerprint: &fingerprint,
    };
    let config = app.config();
    let started = start::start(&app, &begin).await?;
    Ok(started
        .map(|started| StartCardPaymentOut {
            payment: (&started.payment).into(),
            client_secret: started.client_secret,
            publishable_key: config.card_publishable_key.clone().unwrap_or_default(),
            script_url: config.card_script_url.clone().unwrap_or_default(),
        })
        .into())
}
