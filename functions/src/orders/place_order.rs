//! POST /orders

use std::collections::BTreeSet;

use axum::extract::State;
use onsale_domain::id::{self, CouponId, ProductId};
use onsale_domain::orders::place as rules;
use onsale_domain::orders::place::{OrderRequest, RequestedUnits, UNITS_MAX};
use onsale_platform::app::App;
use onsale_platform::config::ProvenAddress;
use onsale_platform::http::{Answer, Expected, Json, Object, Problem, RequiredKey, User, invalid};
use onsale_platform::store::accounts::users::{self, ProofFailure};
use onsale_platform::store::orders::place;
use onsale_platform::store::orders::place::PlaceFailure;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::orders::response::OrderOut;

/// An order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "items": [{ "product_id": "f029293e-5811-8a32-95f7-3ce09e715f9a", "quantity": 2 }],
    "coupon_id": "676d0d0c-31a3-89c3-b1ac-bdcb3286eafc",
    "pay": false,
}))]
pub struct PlaceOrderIn {
    /// 1 to 20 lines; lines of the same product are added up.
    #[schema(value_type = Vec<LineIn>, min_items = 1, max_items = 20)]
    items: Vec<Object<LineIn>>,
    /// Coupon that the caller has claimed.
    coupon_id: Option<Uuid>,
    /// `true` pays from the wallet at once. `false` holds the units until `expires_at`; pay with `POST /payments`.
    pay: bool,
}

/// A quantity of a product.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineIn {
    /// Id of the product.
    product_id: Uuid,
    /// Units, 1 to 100 of a product in all lines together, and at most its `max_per_user`.
    #[schema(minimum = 1, maximum = 100)]
    quantity: i64,
}

/// Places an order: takes its units from stock, and pays for them in the same step on request.
#[utoipa::path(post, path = "/orders", request_body = PlaceOrderIn, params(RequiredKey),
    extensions(("x-access" = json!("user"))),
    responses((status = 201, body = OrderOut, description = "The new order"), ProofFailure, PlaceFailure))]
pub async fn place_order(
    State(app): State<App>,
    user: User,
    key: RequiredKey,
    Json(request): Json<PlaceOrderIn>,
) -> Result<Answer<OrderOut>, Problem> {
    users::check_proven(&app, user.id, ProvenAddress::Buying).await?;
    let lines = rules::merge_lines(&lines(&request.items)?).map_err(invalid("items"))?;
    // The lines are a set: the same ones in another order are the same request.
    let set: BTreeSet<String> = lines.iter().map(|line| format!("{} {}", line.product, line.quantity)).collect();
    let written: Vec<String> = set.into_iter().collect();
    let coupon = request.coupon_id.map(|id| id.to_string()).unwrap_or_default();
    let wanted = OrderRequest {
        id: key.id(user.id, "place_order"),
        user: user.id,
        fingerprint: id::fingerprint(&["place_order", &written.join(","), &coupon, &request.pay.to_string()]),
        lines,
        coupon: request.coupon_id.map(CouponId),
        pay: request.pay,
    };
    let placed = place::place(&app, &wanted).await?;
    Ok(placed.map(|order| OrderOut::new(&order, app.currency(), app.now())).into())
}

fn lines(given: &[Object<LineIn>]) -> Result<Vec<RequestedUnits>, Problem> {
    for (index, Object(line)) in given.iter().enumerate() {
        if !(1..=UNITS_MAX).contains(&line.quantity) {
            let field = format!("items[{index}].quantity");
            return Err(invalid(&field)(Expected::Between { min: 1, max: UNITS_MAX }));
        }
    }
    Ok(given
        .iter()
        .map(|Object(line)| RequestedUnits { product: ProductId(line.product_id), quantity: line.quantity })
        .collect())
}
