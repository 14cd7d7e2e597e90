//! POST /address-proofs

use axum::extract::State;
use onsale_domain::accounts::link::Purpose;
use onsale_platform::app::App;
use onsale_platform::auth::mailed_link;
use onsale_platform::http::{Detail, Json, NoContent, Problem};
use onsale_platform::store::accounts::{links, users};
use serde::Deserialize;
use utoipa::ToSchema;

/// The secret of a link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "token": "ml1.AAAA" }))]
pub struct ProveAddressIn {
    /// Secret of the link: what follows the `#` in it.
    token: String,
}

/// Proves the address of an account by the link that was mailed to it; the link works once, within 24 hours.
#[utoipa::path(post, path = "/address-proofs", request_body = ProveAddressIn,
    extensions(("x-access" = json!("public"))),
    responses((status = 204, description = "The address is proven"), (status = 409, description = "link-ended")))]
pub async fn prove_address(State(app): State<App>, Json(request): Json<ProveAddressIn>) -> Result<NoContent, Problem> {
    let ended = || Problem::new(Detail::LinkEnded);
    let id = mailed_link::verify(&app, Purpose::ProveAddress, &request.token).await?.ok_or_else(ended)?;
    let link = links::get(&app, id).await?.filter(|link| link.is_good(app.now())).ok_or_else(ended)?;
    let user = link.user.ok_or_else(ended)?;
    if users::prove_address(&app, user, &link.email, id).await? { Ok(NoContent::new()) } else { Err(ended()) }
}
