//! GET /coupons/{coupon_id}

use axum::extract::State;
use axum::http::HeaderMap;
use onsale_domain::id::CouponId;
use onsale_platform::app::App;
use onsale_platform::http::{Cacheable, Detail, PathId, Problem};
use onsale_platform::store::orders::coupons;

use crate::orders::response::CouponOut;

/// How long the answer may be cached, in seconds.
const MAX_AGE_SECONDS: u32 = 1;

/// Returns a coupon and the number left, at most one second old.
#[utoipa::path(get, path = "/coupons/{coupon_id}", params(("coupon_id" = Uuid, Path)),
    extensions(("x-access" = json!("public"))),
    responses(
        (status = 200, body = CouponOut, description = "The coupon"),
        (status = 304),
        (status = 404, description = "not-found"),
    ))]
pub async fn get_coupon(
    State(app): State<App>,
    PathId(id): PathId<CouponId>,
    headers: HeaderMap,
) -> Result<Cacheable, Problem> {
    let coupon = coupons::get_cached(&app, id).await?;
    let coupon = coupon.ok_or_else(|| Problem::new(Detail::NoCoupon))?;
    let remaining = coupons::remaining(&app, &coupon).await?;
    Ok(Cacheable::new(&CouponOut::new(&coupon, Some(remaining), app.currency()), &headers, MAX_AGE_SECONDS)?)
}
