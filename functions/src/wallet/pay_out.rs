//! POST /wallet/payouts

use axum::extract::State;
use onsale_domain::id;
use onsale_domain::money::Amount;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Json, Problem, RequiredKey, User, invalid};
use onsale_platform::store::wallet::cards::pay_out;
use onsale_platform::store::wallet::cards::pay_out::PayOutFailure;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A payout.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "amount": 20000 }))]
pub struct PayOutIn {
    /// Amount in minor units, 1 to 10,000,000.
    #[schema(minimum = 1, maximum = 10000000)]
    amount: i64,
}

/// A payout that is on its way.
#[derive(Serialize, ToSchema)]
pub struct PayOutOut {
    /// Id of the payout.
    payout_id: Uuid,
    /// Balance after the payout, in minor units.
    balance: i64,
    /// ISO 4217 code of the shop's currency.
    currency: &'static str,
}

/// Pays a part of the caller's balance out, to the cards by which it came in, newest first.
#[utoipa::path(post, path = "/wallet/payouts", request_body = PayOutIn, params(RequiredKey),
    extensions(("x-access" = json!("user"))),
    responses((status = 201, body = PayOutOut, description = "The payout"), PayOutFailure))]
pub async fn pay_out(
    State(app): State<App>,
    user: User,
    key: RequiredKey,
    Json(request): Json<PayOutIn>,
) -> Result<Answer<PayOutOut>, Problem> {
    let amount = Amount::parse(request.amount).map_err(invalid("amount"))?;
    let payout_id: Uuid = key.id(user.id, "pay_out");
    let fingerprint = id::fingerprint(&["pay_out", &amount.get().to_string()]);
    let balance = pay_out::pay_out(&app, user.id, payout_id, amount, &fingerprint).await?;
    let currency = app.currency().code();
    Ok(balance.map(|balance| PayOutOut { payout_id, balance, currency }).into())
}
