//! GET /coupons/{coupon_id}

use axum::extract::State;
use axum::http::HeaderMap;
use onsale_platform::app::App;
use onsale_platform::http::{Detail, Params, Problem, ProblemOut, Viewed};
use onsale_platform::store::coupons;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::coupons::response::CouponOut;

/// How long the answer may be cached, in seconds.
const MAX_AGE_SECONDS: u32 = 1;

/// One coupon, and how many of it were left a second ago at most.
#[utoipa::path(get, path = "/coupons/{coupon_id}", operation_id = "get_coupon",
    params(("coupon_id" = Uuid, Path)), extensions(("x-access" = json!("public"))),
    responses(
        (status = 200, body = CouponOut, description = "with an ETag"),
        (status = 304, description = "as If-None-Match names it"),
        (status = 400, body = ProblemOut, description = "invalid-request"),
        (status = 404, body = ProblemOut, description = "not-found"),
    ))]
async fn handle(State(app): State<App>, Params(id): Params<Uuid>, headers: HeaderMap) -> Result<Viewed, Problem> {
    let coupon = coupons::known(&app, id).await?;
    let coupon = coupon.ok_or_else(|| Problem::new(Detail::NoCoupon))?;
    let remaining = coupons::remaining(&app, &coupon).await?;
    Ok(Viewed::new(&CouponOut::new(&coupon, Some(remaining)), &headers, MAX_AGE_SECONDS)?)
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
