//! POST /wallet/charges

use axum::extract::State;
use onsale_domain::id;
use onsale_domain::money::Amount;
use onsale_domain::wallet::Movement;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, Json, Problem, RequiredKey, User, invalid};
use onsale_platform::store::wallet;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A top-up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "amount": 50000 }))]
pub struct TopUpIn {
    /// Amount in minor units, 1 to 10,000,000.
    #[schema(minimum = 1, maximum = 10000000)]
    amount: i64,
}

/// A completed top-up.
#[derive(Serialize, ToSchema)]
pub struct TopUpOut {
    /// Id of the top-up, the `ref` of its ledger entry.
    charge_id: Uuid,
    /// Balance after the top-up, in minor units.
    balance: i64,
    /// ISO 4217 code of the shop's currency.
    currency: &'static str,
}

/// Tops up the caller's wallet without a payment, where the shop allows that.
#[utoipa::path(post, path = "/wallet/charges", request_body = TopUpIn, params(RequiredKey),
    extensions(("x-access" = json!("user"))),
    responses(
        (status = 201, body = TopUpOut, description = "The top-up"),
        (status = 403, description = "top-up-closed"),
        (status = 404, description = "no-wallet"),
        (status = 409, description = "balance-cap, top-up-limit"),
    ))]
pub async fn top_up(
    State(app): State<App>,
    user: User,
    key: RequiredKey,
    Json(request): Json<TopUpIn>,
) -> Result<Answer<TopUpOut>, Problem> {
    if !app.config().free_top_ups {
        return Err(Problem::new(Detail::TopUpClosed));
    }
    let amount = Amount::parse(request.amount).map_err(invalid("amount"))?;
    let charge_id = key.id(user.id, "top_up");
    let fingerprint = id::fingerprint(&["top_up", &amount.get().to_string()]);
    let balance = wallet::carry_out(&app, user.id, charge_id, &Movement::TopUp(amount), &fingerprint).await?;
    Ok(balance.map(|balance| TopUpOut { charge_id, balance, currency: app.currency().code() }).into())
}
