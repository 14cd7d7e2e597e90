use onsale_domain::money::CURRENCY;
use onsale_domain::wallet::Wallet;
use serde::Serialize;
use utoipa::ToSchema;

/// A wallet.
#[derive(Debug, Serialize, ToSchema)]
pub struct WalletOut {
    /// Minor units.
    balance: i64,
    currency: &'static str,
}

impl From<Wallet> for WalletOut {
    fn from(wallet: Wallet) -> Self {
        Self { balance: wallet.balance, currency: CURRENCY }
    }
}
