//! POST /coupons

use axum::extract::State;
use onsale_domain::id::CouponId;
use onsale_domain::orders::coupon::{self, Coupon, CouponPlanError, Discount, DiscountError};
use onsale_domain::products::stock::Shards;
use onsale_domain::{id as ids, time};
use onsale_platform::app::App;
use onsale_platform::http::openapi::one_of;
use onsale_platform::http::{Admin, Answer, Expected, IdempotencyKey, Json, Object, Problem, invalid};
use onsale_platform::store::orders::coupons;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object as Schema;

use crate::orders::response::CouponOut;

/// A new coupon.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Ten percent",
    "discount": { "kind": "percent", "value": 10, "max": 5000 },
    "quantity": 100,
    "valid_from": "2026-01-01T00:00:00Z",
    "valid_until": "2099-01-01T00:00:00Z",
}))]
pub struct CreateCouponIn {
    /// Name of the coupon: one line of 1 to 60 characters, at least one of them visible.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    /// Discount on an order.
    #[schema(value_type = DiscountIn)]
    discount: Object<DiscountIn>,
    /// Number of coupons, 1 to 1,000,000.
    #[schema(minimum = 1, maximum = 1000000)]
    quantity: i64,
    /// Number of table items that share the quantity, 1 to 16; 1 if omitted. More items allow more claims per second.
    #[schema(minimum = 1, maximum = 16, example = 4)]
    shards: Option<i64>,
    /// Time from which the coupon can be claimed and used.
    #[schema(value_type = Timestamp)]
    valid_from: String,
    /// Time until which the coupon can be claimed and used (exclusive); in the future.
    #[schema(value_type = Timestamp)]
    valid_until: String,
}

/// The discounts that a coupon may give.
fn kinds() -> Schema {
    one_of("`amount` takes off a fixed amount, `percent` a percentage.", Discount::KINDS)
}

/// Discount of a coupon.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscountIn {
    #[schema(schema_with = kinds)]
    kind: String,
    /// For `amount`, minor units from 1 to 10,000,000. For `percent`, 1 to 100; the discount is rounded down.
    #[schema(minimum = 1, maximum = 10000000)]
    value: i64,
    /// Upper limit of a `percent` discount, in minor units.
    #[schema(minimum = 1, maximum = 10000000)]
    max: Option<i64>,
}

/// Creates a coupon: a limited number of discounts, valid between two times.
#[utoipa::path(post, path = "/coupons", request_body = CreateCouponIn, params(IdempotencyKey),
    extensions(("x-access" = json!("admin"))),
    responses((status = 201, body = CouponOut, description = "The new coupon")))]
pub async fn create_coupon(
    State(app): State<App>,
    admin: Admin,
    key: IdempotencyKey,
    Json(request): Json<CreateCouponIn>,
) -> Result<Answer<CouponOut>, Problem> {
    let new = parse(&app, key.id(&app, admin.id, "create_coupon"), &request)?;
    // A repeat of what succeeded is a success, also when the coupon has ended since.
    if new.has_ended(app.now()) && coupons::get_cached(&app, new.id).await?.is_none() {
        return Err(invalid("valid_until")(Expected::InTheFuture));
    }
    let action = admin.action("create_coupon", new.id).with_change("quantity", new.quantity);
    let created = coupons::create(&app, &new, &action).await?;
    Ok(created.map(|coupon| CouponOut::new(&coupon, None, app.currency())).into())
}

fn parse(app: &App, id: CouponId, request: &CreateCouponIn) -> Result<Coupon, Problem> {
    let name = coupon::parse_name(&request.name).map_err(invalid("name"))?;
    let Object(DiscountIn { kind, value, max }) = &request.discount;
    let discount = Discount::parse(kind, *value, *max).map_err(|error| {
        invalid(match error {
            DiscountError::Kind => "discount.kind",
            DiscountError::Amount | DiscountError::Percent => "discount.value",
            DiscountError::Max => "discount.max",
        })(error)
    })?;
    let shards = request.shards.map(Shards::parse).transpose().map_err(invalid("shards"))?.unwrap_or(Shards::ONE);
    let valid_from = time::parse(&request.valid_from).map_err(invalid("valid_from"))?;
    let valid_until = time::parse(&request.valid_until).map_err(invalid("valid_until"))?;
    coupon::check_plan(request.quantity, valid_from, valid_until).map_err(|error| {
        invalid(match error {
            CouponPlanError::Quantity => "quantity",
            CouponPlanError::EndsBeforeItBegins => "valid_until",
        })(error)
    })?;
    let parts = [
        "create_coupon".to_owned(),
        name.clone(),
        kind.clone(),
        [*value, max.unwrap_or(0), request.quantity, shards.get().into()].map(|number| number.to_string()).join(" "),
        [valid_from, valid_until].map(|time| time.to_string()).join(" "),
    ];
    Ok(Coupon {
        id,
        name,
        discount,
        quantity: request.quantity,
        shards,
        valid_from,
        valid_until,
        created_at: app.now(),
        fingerprint: ids::fingerprint(&parts.each_ref().map(String::as_str)),
    })
}
