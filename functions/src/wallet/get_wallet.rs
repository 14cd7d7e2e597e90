//! GET /wallet

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, Problem, User};
use onsale_platform::store::wallet;

use crate::wallet::response::WalletOut;

/// Returns the caller's wallet.
#[utoipa::path(get, path = "/wallet", extensions(("x-access" = json!("user"))),
    responses((status = 200, body = WalletOut, description = "The wallet"), (status = 404, description = "no-wallet")))]
pub async fn get_wallet(State(app): State<App>, user: User) -> Result<Answer<WalletOut>, Problem> {
    let wallet = wallet::get(&app, user.id).await?;
    let wallet = wallet.ok_or_else(|| Problem::new(Detail::NoWallet))?;
    Ok(Answer::ok(WalletOut::new(wallet, app.currency())))
}
