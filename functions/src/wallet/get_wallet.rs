//! GET /wallet

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, Problem, ProblemOut, User};
use onsale_platform::store::wallet;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::wallet::response::WalletOut;

/// What is in the caller's wallet.
#[utoipa::path(get, path = "/wallet", operation_id = "get_wallet",
    security(("bearer" = [])), extensions(("x-access" = json!("user"))),
    responses((status = 200, body = WalletOut), (status = 404, body = ProblemOut, description = "no-wallet")))]
async fn handle(State(app): State<App>, user: User) -> Result<Answer<WalletOut>, Problem> {
    let wallet = wallet::get(&app, user.id).await?;
    let wallet = wallet.ok_or_else(|| Problem::new(Detail::NoWallet))?;
    Ok(Answer::ok(wallet.into()))
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
