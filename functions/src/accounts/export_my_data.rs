//! GET /users/me/data

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::openapi::one_of;
use onsale_platform::http::{Answer, Detail, PageIn, PageOut, Problem, QueryString, User};
use onsale_platform::store::accounts::export::{self, Record};
use onsale_platform::store::accounts::users;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

/// A record of the data that is kept of an account.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "kind": "profile",
    "data": {
        "user_id": "00000000-0000-7940-98b2-6fe9d517d168",
        "email": "mina@onsale.local",
        "name": "Mina",
        "language": "en",
        "created_at": "2030-11-01T11:00:00Z",
    },
}))]
pub struct RecordOut {
    #[schema(schema_with = kinds)]
    kind: &'static str,
    /// Content of the record, by name. Times are RFC 3339, amounts are in minor units of the shop's currency.
    #[schema(value_type = Object)]
    data: Map<String, Value>,
}

/// The kinds of records.
fn kinds() -> Object {
    one_of("Kind of the record.", export::kinds())
}

/// Returns everything that is kept in the caller's account, by pages: profile, log-ins, reservations, orders, money,
/// places in queues, coupons, and roles. No secret and no digest is in it.
#[utoipa::path(get, path = "/users/me/data", params(PageIn), extensions(("x-access" = json!("user"))),
    responses((status = 200, body = PageOut<RecordOut>, description = "A page of records")))]
pub async fn export_my_data(
    State(app): State<App>,
    user: User,
    QueryString(page): QueryString<PageIn>,
) -> Result<Answer<PageOut<RecordOut>>, Problem> {
    let limit = page.limit()?;
    if users::get(&app, user.id).await?.is_none() {
        return Err(Problem::new(Detail::NoAccount));
    }
    let listed = export::list(&app, user.id, limit, page.cursor()).await?;
    Ok(Answer::ok(PageOut::from_page(listed, |Record { kind, data }| RecordOut { kind, data })))
}
