//! GET /concerts/{concert_id}

use axum::extract::State;
use axum::http::HeaderMap;
use onsale_domain::id::ConcertId;
use onsale_platform::app::App;
use onsale_platform::http::{Cacheable, Detail, PathId, Problem};
use onsale_platform::store::concerts;
use onsale_platform::store::concerts::dates::{self, DATES_SHOWN_MAX};

use crate::concerts::response::ConcertWithDatesOut;

/// How long a concert may be cached, in seconds.
const MAX_AGE_SECONDS: u32 = 1;

/// Returns a concert with its dates, on sale or not, and the seats that are left, counted at most three seconds ago.
#[utoipa::path(get, path = "/concerts/{concert_id}", params(("concert_id" = Uuid, Path)),
    extensions(("x-access" = json!("public"))),
    responses(
        (status = 200, body = ConcertWithDatesOut, description = "The concert"),
        (status = 304),
        (status = 404, description = "not-found"),
    ))]
pub async fn get_concert(
    State(app): State<App>,
    PathId(id): PathId<ConcertId>,
    headers: HeaderMap,
) -> Result<Cacheable, Problem> {
    let concert = concerts::get(&app, id).await?;
    let concert = concert.ok_or_else(|| Problem::new(Detail::NoConcert))?;
    let dates = dates::list(&app, id, DATES_SHOWN_MAX, 0).await?;
    let body = ConcertWithDatesOut::new(concert, &dates, app.currency(), app.now());
    Ok(Cacheable::new(&body, &headers, MAX_AGE_SECONDS)?)
}
