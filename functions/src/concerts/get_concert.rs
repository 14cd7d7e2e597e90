//! GET /concerts/{concert_id}

use axum::extract::State;
use onsale_domain::id::ConcertId;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Detail, PathId, Problem};
use onsale_platform::store::concerts;

use crate::concerts::response::ConcertOut;

/// Returns a concert.
#[utoipa::path(get, path = "/concerts/{concert_id}", params(("concert_id" = Uuid, Path)),
    extensions(("x-access" = json!("public"))),
    responses(
        (status = 200, body = ConcertOut, description = "The concert"),
        (status = 404, description = "not-found"),
    ))]
pub async fn get_concert(State(app): State<App>, PathId(id): PathId<ConcertId>) -> Result<Answer<ConcertOut>, Problem> {
    let concert = concerts::get(&app, id).await?;
    let concert = concert.ok_or_else(|| Problem::new(Detail::NoConcert))?;
    Ok(Answer::ok(concert.into()))
}
