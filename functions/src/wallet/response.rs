use onsale_domain::money::CURRENCY;
use onsale_domain::wallet::Wallet;
use serde::Serialize;
use utoipa::ToSchema;

/// A wallet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "balance": 50000,
    "currency": "KRW",
}))]
pub struct WalletOut {
    /// Balance, in minor units.
    balance: i64,
    /// ISO 4217 code of the currency, always `KRW`.
    currency: &'static str,
}

impl From<Wallet> for WalletOut {
    fn from(wallet: Wallet) -> Self {
        Self { balance: wallet.balance, currency: CURRENCY }
    }
}
