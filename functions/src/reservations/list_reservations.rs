//! GET /reservations

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, PageIn, PageOut, Problem, QueryString, User};
use onsale_platform::store::reservations;

use crate::reservations::response::ReservationOut;

/// Lists the caller's reservations, newest first.
#[utoipa::path(get, path = "/reservations", params(PageIn), extensions(("x-access" = json!("user"))),
    responses((status = 200, body = PageOut<ReservationOut>, description = "A page of reservations")))]
pub async fn list_reservations(
    State(app): State<App>,
    user: User,
    QueryString(wanted): QueryString<PageIn>,
) -> Result<Answer<PageOut<ReservationOut>>, Problem> {
    let page = reservations::list(&app, user.id, wanted.limit()?, wanted.cursor()).await?;
    Ok(Answer::ok(PageOut::from_page(page, |reservation| ReservationOut::new(&reservation, app.currency(), app.now()))))
}
