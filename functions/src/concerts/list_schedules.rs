//! GET /concerts/{concert_id}/schedules

use axum::extract::State;
use onsale_domain::id::ConcertId;
use onsale_platform::app::App;
use onsale_platform::auth::queue_token::QueueToken;
use onsale_platform::http::{Answer, Detail, PageOut, PathId, Problem, QueryString, page_limit};
use onsale_platform::store::concerts::{self, schedules};
use onsale_platform::store::queue::guard;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::concerts::response::ScheduleOut;

/// Page of the list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListSchedulesIn {
    /// Items per page, 1 to 100; 20 if omitted.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the previous page; omit it for the first page.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

/// Lists the dates of a concert that are on sale now, earliest first.
#[utoipa::path(get, path = "/concerts/{concert_id}/schedules", params(("concert_id" = Uuid, Path), ListSchedulesIn),
    extensions(("x-access" = json!("public+queue"))),
    responses((status = 200, body = PageOut<ScheduleOut>, description = "A page of dates"),
        (status = 404, description = "no-bookable-schedule")))]
pub async fn list_schedules(
    State(app): State<App>,
    queue_token: QueueToken,
    PathId(concert): PathId<ConcertId>,
    QueryString(request): QueryString<ListSchedulesIn>,
) -> Result<Answer<PageOut<ScheduleOut>>, Problem> {
    let limit = page_limit(request.limit)?;
    if let Some(queue) = concerts::queue_of(&app, concert).await? {
        guard::check_admitted(&app, &queue_token, &queue).await?;
    }
    let page = schedules::list_bookable(&app, concert, app.now(), limit, request.cursor.as_deref()).await?;
    if page.items.is_empty() && page.next.is_none() && request.cursor.is_none() {
        return Err(Problem::new(Detail::NoBookableSchedule));
    }
    Ok(Answer::ok(PageOut::from_page(page, |schedule| ScheduleOut::without_sections(&schedule))))
}
