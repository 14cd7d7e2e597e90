use onsale_domain::money::Currency;
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
    /// ISO 4217 code of the shop's currency.
    currency: &'static str,
}

impl WalletOut {
    /// A wallet of the shop's currency.
    pub fn new(wallet: Wallet, currency: Currency) -> Self {
        Self { balance: wallet.balance, currency: currency.code() }
    }
}
