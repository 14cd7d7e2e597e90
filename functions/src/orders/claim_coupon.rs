//! POST /coupons/{coupon_id}/claims

use axum::extract::State;
use onsale_domain::id::CouponId;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, PathId, Problem, User};
use onsale_platform::store::orders::coupons;
use onsale_platform::store::orders::coupons::ClaimFailure;

use crate::orders::response::ClaimOut;

/// Claims a coupon for the caller, first come, first served.
#[utoipa::path(post, path = "/coupons/{coupon_id}/claims", params(("coupon_id" = Uuid, Path)),
    extensions(("x-access" = json!("user"))),
    responses(
        (status = 201, body = ClaimOut, description = "The claimed coupon"),
        (status = 200, body = ClaimOut, description = "The coupon that the caller had already claimed"),
        ClaimFailure,
    ))]
pub async fn claim_coupon(
    State(app): State<App>,
    user: User,
    PathId(id): PathId<CouponId>,
) -> Result<Answer<ClaimOut>, Problem> {
    let claim = coupons::claim(&app, user.id, id).await?;
    Ok(claim.map(|claim| ClaimOut::new(&claim, app.currency(), app.now())).into())
}
