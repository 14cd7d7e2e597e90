//! GET /concerts/{concert_id}/stewards

use axum::extract::State;
use onsale_domain::id::ConcertId;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, Organiser, PageIn, PageOut, PathId, Problem, QueryString};
use onsale_platform::store::accounts::grants;

use crate::roles::response::GrantOut;

/// Lists the stewards of a concert, newest first.
#[utoipa::path(get, path = "/concerts/{concert_id}/stewards", params(("concert_id" = Uuid, Path), PageIn),
    extensions(("x-access" = json!("organiser"))),
    responses((status = 200, body = PageOut<GrantOut>, description = "A page of stewards")))]
pub async fn list_stewards(
    State(app): State<App>,
    organiser: Organiser,
    PathId(concert): PathId<ConcertId>,
    QueryString(page): QueryString<PageIn>,
) -> Result<Answer<PageOut<GrantOut>>, Problem> {
    let limit = page.limit()?;
    organiser.check_owns(&app, concert).await?;
    let page = grants::list_stewards(&app, concert, limit, page.cursor()).await?;
    Ok(Answer::ok(PageOut::from_page(page, GrantOut::from)))
}
