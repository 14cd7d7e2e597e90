//! GET /concerts/{concert_id}/schedules

use axum::extract::State;
use onsale_domain::id::ConcertId;
use onsale_platform::app::App;
use onsale_platform::auth::queue_token::QueueCredentials;
use onsale_platform::http::{Answer, Detail, PageIn, PageOut, PathId, Problem, QueryString};
use onsale_platform::store::concerts::{self, schedules};
use onsale_platform::store::queue::guard;

use crate::concerts::response::ScheduleOut;

/// Lists the dates of a concert that are on sale now, earliest first.
#[utoipa::path(get, path = "/concerts/{concert_id}/schedules", params(("concert_id" = Uuid, Path), PageIn),
    extensions(("x-access" = json!("public+queue"))),
    responses((status = 200, body = PageOut<ScheduleOut>, description = "A page of dates"),
        (status = 404, description = "no-bookable-schedule")))]
pub async fn list_schedules(
    State(app): State<App>,
    queue_credentials: QueueCredentials,
    PathId(concert): PathId<ConcertId>,
    QueryString(wanted): QueryString<PageIn>,
) -> Result<Answer<PageOut<ScheduleOut>>, Problem> {
    let limit = wanted.limit()?;
    if let Some(queue) = concerts::queue_of(&app, concert).await? {
        guard::check_admitted(&app, &queue_credentials, &queue).await?;
    }
    let page = schedules::list_bookable(&app, concert, app.now(), limit, wanted.cursor()).await?;
    if page.items.is_empty() && page.next.is_none() && wanted.cursor().is_none() {
        return Err(Problem::new(Detail::NoBookableSchedule));
    }
    Ok(Answer::ok(PageOut::from_page(page, |schedule| ScheduleOut::without_sections(&schedule, app.currency()))))
}
