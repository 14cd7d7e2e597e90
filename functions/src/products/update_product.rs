//! PATCH /products/{product_id}

use axum::extract::State;
use onsale_domain::id::ProductId;
use onsale_domain::money::Price;
use onsale_domain::products::product::{self, Change, MaxPerUser, ProductState};
use onsale_platform::app::App;
use onsale_platform::http::openapi::one_of;
use onsale_platform::http::{Admin, Answer, Detail, Expected, Json, PathId, Problem, invalid};
use onsale_platform::store::products;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

use crate::products::response::ProductOut;

/// The states of a product.
fn states() -> Object {
    let names = ProductState::ALL.map(ProductState::as_str);
    one_of("State of the product; only `selling` products are listed and sold.", names)
}

/// The fields to change; omitted fields keep their values.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "price": 9000 }))]
pub struct UpdateProductIn {
    /// Name of the product: one line of 1 to 60 characters, at least one of them visible.
    #[schema(min_length = 1, max_length = 60, example = "Poster")]
    name: Option<String>,
    /// Price of one unit in minor units, 0 to 10,000,000. Placed orders keep their price.
    #[schema(minimum = 0, maximum = 10000000)]
    price: Option<i64>,
    #[schema(schema_with = states, required = false)]
    state: Option<String>,
    /// Most units in one order, and in all unpaid orders of one account together, 1 to 100. Placed
    /// orders are not affected.
    #[schema(minimum = 1, maximum = 100)]
    max_per_user: Option<i64>,
}

/// Changes the name, price, state or limit per account of a product.
#[utoipa::path(patch, path = "/products/{product_id}", request_body = UpdateProductIn,
    params(("product_id" = Uuid, Path)), extensions(("x-access" = json!("admin"))),
    responses(
        (status = 200, body = ProductOut, description = "The changed product"),
        (status = 404, description = "not-found"),
    ))]
pub async fn update_product(
    State(app): State<App>,
    admin: Admin,
    PathId(id): PathId<ProductId>,
    Json(request): Json<UpdateProductIn>,
) -> Result<Answer<ProductOut>, Problem> {
    let state = |name: &String| {
        ProductState::parse(name).ok_or_else(|| {
            invalid("state")(Expected::OneOf { names: ProductState::ALL.map(ProductState::as_str).into() })
        })
    };
    let change = Change {
        name: request.name.as_deref().map(product::parse_name).transpose().map_err(invalid("name"))?,
        price: request.price.map(Price::parse).transpose().map_err(invalid("price"))?,
        state: request.state.as_ref().map(state).transpose()?,
        max_per_user: request.max_per_user.map(MaxPerUser::parse).transpose().map_err(invalid("max_per_user"))?,
    };
    let product = products::update(&app, id, &change, &admin.action("update_product", id)).await?;
    let product = product.ok_or_else(|| Problem::new(Detail::NoProduct))?;
    Ok(Answer::ok(ProductOut::new(&product, None, app.currency())))
}
