//! POST /products

use axum::extract::State;
use onsale_domain::id;
use onsale_domain::money::Price;
use onsale_domain::products::product::{self, MaxPerUser, Product, ProductState};
use onsale_domain::products::stock::{self, Shards};
use onsale_platform::app::App;
use onsale_platform::http::{Admin, Answer, IdempotencyKey, Json, Problem, invalid};
use onsale_platform::store::products;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::products::response::ProductOut;

/// A new product.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Tour poster", "price": 15000, "stock": 200, "stock_shards": 4, "max_per_user": 4 }))]
pub struct CreateProductIn {
    /// Name of the product: one line of 1 to 60 characters, at least one of them visible.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    /// Price of one unit in minor units, 0 to 10,000,000.
    #[schema(minimum = 0, maximum = 10000000)]
    price: i64,
    /// Initial stock, 0 to 1,000,000 units.
    #[schema(minimum = 0, maximum = 1000000)]
    stock: i64,
    /// Number of table items that share the stock, 1 to 16; 1 if omitted. More items allow more orders per second.
    #[schema(minimum = 1, maximum = 16, example = 4)]
    stock_shards: Option<i64>,
    /// Most units in one order, and in all unpaid orders of one account together, 1 to 100; 10 if omitted.
    #[schema(minimum = 1, maximum = 100)]
    max_per_user: Option<i64>,
}

/// Creates a product with its stock, and puts it on sale.
#[utoipa::path(post, path = "/products", request_body = CreateProductIn, params(IdempotencyKey),
    extensions(("x-access" = json!("admin"))),
    responses((status = 201, body = ProductOut, description = "The new product")))]
pub async fn create_product(
    State(app): State<App>,
    admin: Admin,
    key: IdempotencyKey,
    Json(request): Json<CreateProductIn>,
) -> Result<Answer<ProductOut>, Problem> {
    let name = product::parse_name(&request.name).map_err(invalid("name"))?;
    let price = Price::parse(request.price).map_err(invalid("price"))?;
    let stock = stock::parse_quantity(request.stock).map_err(invalid("stock"))?;
    let shards = request.stock_shards.map(Shards::parse).transpose().map_err(invalid("stock_shards"))?;
    let shards = shards.unwrap_or(Shards::ONE);
    let max_per_user = request.max_per_user.map(MaxPerUser::parse).transpose().map_err(invalid("max_per_user"))?;
    let max_per_user = max_per_user.unwrap_or(MaxPerUser::DEFAULT);
    let numbers =
        [price.get(), stock, shards.get().into(), max_per_user.get()].map(|number| number.to_string()).join(" ");
    let new = Product {
        id: key.id(&app, admin.id, "create_product"),
        fingerprint: id::fingerprint(&["create_product", &name, &numbers]),
        listed_name: product::listed_name(&name),
        name,
        price,
        state: ProductState::Selling,
        max_per_user,
        shards,
        created_at: app.now(),
        version: 1,
    };
    let action = admin.action("create_product", new.id).with_change("price", price.get()).with_change("stock", stock);
    let created = products::create(&app, &new, stock, &action).await?;
    Ok(created.map(|product| ProductOut::new(&product, None, app.currency())).into())
}
