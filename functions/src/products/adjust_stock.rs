//! POST /products/{product_id}/stock

use axum::extract::State;
use onsale_domain::id::{self, ProductId};
use onsale_domain::products::stock;
use onsale_platform::app::App;
use onsale_platform::http::{Admin, Answer, Json, PathId, Problem, RequiredKey, invalid};
use onsale_platform::store::products::stock_adjustments;
use onsale_platform::store::products::stock_adjustments::AdjustFailure;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A stock adjustment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "delta": 50 }))]
pub struct AdjustStockIn {
    /// Units to add, or to remove if negative: -1,000,000 to 1,000,000, and not 0.
    #[schema(minimum = -1000000, maximum = 1000000)]
    delta: i64,
}

/// A completed stock adjustment.
#[derive(Serialize, ToSchema)]
pub struct AdjustStockOut {
    /// Id of the adjustment.
    adjustment_id: Uuid,
    /// Id of the product.
    product_id: Uuid,
    /// Units added, or removed if negative.
    delta: i64,
    /// Units available after the adjustment.
    available: i64,
}

/// Adds units to a product's stock, or removes available ones.
#[utoipa::path(post, path = "/products/{product_id}/stock", request_body = AdjustStockIn,
    params(("product_id" = Uuid, Path), RequiredKey), extensions(("x-access" = json!("admin"))),
    responses((status = 201, body = AdjustStockOut, description = "The adjustment"), AdjustFailure))]
pub async fn adjust_stock(
    State(app): State<App>,
    admin: Admin,
    key: RequiredKey,
    PathId(product_id): PathId<ProductId>,
    Json(request): Json<AdjustStockIn>,
) -> Result<Answer<AdjustStockOut>, Problem> {
    let delta = stock::parse_delta(request.delta).map_err(invalid("delta"))?;
    let adjustment_id = key.id(admin.id, "adjust_stock");
    let fingerprint = id::fingerprint(&["adjust_stock", &product_id.to_string(), &delta.to_string()]);
    let action = admin
        .action("adjust_stock", product_id)
        .with_change("adjustment_id", adjustment_id)
        .with_change("delta", delta);
    let available = stock_adjustments::adjust(&app, product_id, adjustment_id, delta, &fingerprint, &action).await?;
    Ok(available.map(|available| AdjustStockOut { adjustment_id, product_id: product_id.0, delta, available }).into())
}
