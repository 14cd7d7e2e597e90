//! GET /reservations

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, PageOut, Problem, QueryString, User, page_limit};
use onsale_platform::store::reservations;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::reservations::response::ReservationOut;

/// Page of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListReservationsIn {
    /// Items per page, 1 to 100; 20 if omitted.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the previous page; omit it for the first page.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

/// Lists the caller's reservations, newest first.
#[utoipa::path(get, path = "/reservations", params(ListReservationsIn), extensions(("x-access" = json!("user"))),
    responses((status = 200, body = PageOut<ReservationOut>, description = "A page of reservations")))]
pub async fn list_reservations(
    State(app): State<App>,
    user: User,
    QueryString(request): QueryString<ListReservationsIn>,
) -> Result<Answer<PageOut<ReservationOut>>, Problem> {
    let limit = page_limit(request.limit)?;
    let page = reservations::list(&app, user.id, limit, request.cursor.as_deref()).await?;
    Ok(Answer::ok(PageOut::from_page(page, |reservation| ReservationOut::new(&reservation, app.now()))))
}
