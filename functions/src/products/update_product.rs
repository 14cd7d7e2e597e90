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

/// How a product may be offered.
fn states() -> Object {
    one_of(ProductState::ALL.map(ProductState::as_str))
}

/// The changes; a field that is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "price": 9000 }))]
pub struct UpdateProductIn {
    /// One line of 1 to 60 characters, one of which can be seen.
    #[schema(min_length = 1, max_length = 60, example = "Poster")]
    name: Option<String>,
    /// Of one, in minor units, 0 to 10,000,000. Orders that were placed keep theirs.
    #[schema(minimum = 0, maximum = 10000000)]
    price: Option<i64>,
    /// `hold`, `selling` or `stopped`; only what is `selling` is listed and sold.
    #[schema(schema_with = states, required = false)]
    state: Option<String>,
    /// Units that one order may have, and all unpaid orders of one account together, 1 to 100. Orders that were placed
    /// stay.
    #[schema(minimum = 1, maximum = 100)]
    max_per_user: Option<i64>,
}

/// Gives a product another name, price, state or limit for one account.
#[utoipa::path(patch, path = "/products/{product_id}", request_body = UpdateProductIn,
    params(("product_id" = Uuid, Path)), extensions(("x-access" = json!("admin"))),
    responses((status = 200, body = ProductOut), (status = 404, description = "not-found")))]
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
    Ok(Answer::ok(ProductOut::new(&product, None)))
}
