//! POST /users/{user_id}/credits

use axum::extract::State;
use onsale_domain::id::{self, UserId};
use onsale_domain::money::Amount;
use onsale_domain::wallet::parse_memo;
use onsale_platform::app::App;
use onsale_platform::http::{Admin, Answer, Json, PathId, Problem, RequiredKey, invalid};
use onsale_platform::store::wallet::{self, CreditFailure};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A credit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "amount": 50000, "reason": "refund of a cancelled date" }))]
pub struct CreditWalletIn {
    /// Amount in minor units, 1 to 10,000,000.
    #[schema(minimum = 1, maximum = 10000000)]
    amount: i64,
    /// Reason for the ledger, which the user reads: one line of 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    reason: String,
}

/// A completed credit.
#[derive(Serialize, ToSchema)]
pub struct CreditWalletOut {
    /// Id of the credit, the `ref` of its ledger entry.
    credit_id: Uuid,
    /// Balance of the user after the credit, in minor units.
    balance: i64,
    /// ISO 4217 code of the shop's currency.
    currency: &'static str,
}

/// Credits a user's wallet, for a reason that stands in the user's ledger.
#[utoipa::path(post, path = "/users/{user_id}/credits", request_body = CreditWalletIn,
    params(("user_id" = Uuid, Path), RequiredKey), extensions(("x-access" = json!("admin"))),
    responses((status = 201, body = CreditWalletOut, description = "The credit"), CreditFailure))]
pub async fn credit_wallet(
    State(app): State<App>,
    admin: Admin,
    key: RequiredKey,
    PathId(user): PathId<UserId>,
    Json(request): Json<CreditWalletIn>,
) -> Result<Answer<CreditWalletOut>, Problem> {
    let amount = Amount::parse(request.amount).map_err(invalid("amount"))?;
    let reason = parse_memo(&request.reason).map_err(invalid("reason"))?;
    // The user is a part of it: no two wallets have an entry with the same id.
    let credit_id = key.id(admin.id, &format!("credit_wallet {user}"));
    let fingerprint = id::fingerprint(&["credit_wallet", &user.to_string(), &amount.get().to_string(), &reason]);
    let action =
        admin.action("credit_wallet", user).with_change("credit_id", credit_id).with_change("amount", amount.get());
    let balance = wallet::credit(&app, user, credit_id, (amount, reason), &fingerprint, &action).await?;
    let currency = app.currency().code();
    Ok(balance.map(|balance| CreditWalletOut { credit_id, balance, currency }).into())
}
