//! POST /wallet/payments

use axum::extract::State;
use onsale_domain::id;
use onsale_domain::money::Amount;
use onsale_domain::wallet::{Movement, parse_memo};
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Json, Problem, RequiredKey, User, invalid};
use onsale_platform::store::wallet;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A spending.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "amount": 5000, "memo": "a poster" }))]
pub struct SpendIn {
    /// Amount in minor units, 1 to 10,000,000.
    #[schema(minimum = 1, maximum = 10000000)]
    amount: i64,
    /// Memo for the ledger: one line of 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    memo: String,
}

/// A completed spending.
#[derive(Serialize, ToSchema)]
pub struct SpendOut {
    /// Id of the spending, the `ref` of its ledger entry.
    spend_id: Uuid,
    /// Balance after the spending, in minor units.
    balance: i64,
    /// ISO 4217 code of the shop's currency.
    currency: &'static str,
}

/// Spends money from the caller's wallet on something that Onsale does not sell.
#[utoipa::path(post, path = "/wallet/payments", request_body = SpendIn, params(RequiredKey),
    extensions(("x-access" = json!("user"))),
    responses(
        (status = 201, body = SpendOut, description = "The spending"),
        (status = 402, description = "insufficient-balance"),
        (status = 404, description = "no-wallet"),
    ))]
pub async fn spend(
    State(app): State<App>,
    user: User,
    key: RequiredKey,
    Json(request): Json<SpendIn>,
) -> Result<Answer<SpendOut>, Problem> {
    let amount = Amount::parse(request.amount).map_err(invalid("amount"))?;
    let memo = parse_memo(&request.memo).map_err(invalid("memo"))?;
    let spend_id = key.id(user.id, "spend");
    let fingerprint = id::fingerprint(&["spend", &amount.get().to_string(), &memo]);
    let spend = Movement::Spend { amount, memo };
    let balance = wallet::carry_out(&app, user.id, spend_id, &spend, &fingerprint).await?;
    Ok(balance.map(|balance| SpendOut { spend_id, balance, currency: app.currency().code() }).into())
}
