//! POST /wallet

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Problem, User};
use onsale_platform::store::wallet;

use crate::wallet::response::WalletOut;

/// Creates the caller's wallet, if there is none.
#[utoipa::path(post, path = "/wallet", extensions(("x-access" = json!("user"))),
    responses(
        (status = 201, body = WalletOut, description = "The new wallet"),
        (status = 200, body = WalletOut, description = "The existing wallet"),
    ))]
pub async fn create_wallet(State(app): State<App>, user: User) -> Result<Answer<WalletOut>, Problem> {
    let wallet = wallet::create(&app, user.id).await?;
    Ok(wallet.map(|wallet| WalletOut::new(wallet, app.currency())).into())
}
