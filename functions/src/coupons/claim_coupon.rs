//! POST /coupons/{coupon_id}/claims

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Params, Problem, ProblemOut, User};
use onsale_platform::store::coupons;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::coupons::response::ClaimOut;

/// Takes one of a coupon for the caller, first come first served.
#[utoipa::path(post, path = "/coupons/{coupon_id}/claims", operation_id = "claim_coupon",
    params(("coupon_id" = Uuid, Path)), security(("bearer" = [])), extensions(("x-access" = json!("user"))),
    responses(
        (status = 201, body = ClaimOut),
        (status = 200, body = ClaimOut, description = "it was claimed before"),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 404, body = ProblemOut, description = "not-found"),
        (status = 409, body = ProblemOut, description = "coupon-not-open, coupon-exhausted"),
    ))]
async fn handle(State(app): State<App>, user: User, Params(id): Params<Uuid>) -> Result<Answer<ClaimOut>, Problem> {
    let (claim, new) = coupons::claim(&app, user.id, id).await?;
    Ok(Answer::created_if(new, ClaimOut::new(&claim, app.now())))
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
