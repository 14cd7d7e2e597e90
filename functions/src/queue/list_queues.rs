//! GET /queues

use axum::extract::State;
use onsale_platform::app::App;
use onsale_platform::http::{Admin, Answer, PageOut, Problem, QueryString, page_limit};
use onsale_platform::store::queue;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::queue::response::QueueOut;

/// Page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQueuesIn {
    /// Items per page, 1 to 100; 20 if omitted.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the previous page; omit it for the first page.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

/// Lists queues, newest first.
#[utoipa::path(get, path = "/queues", params(ListQueuesIn), extensions(("x-access" = json!("admin"))),
    responses((status = 200, body = PageOut<QueueOut>, description = "A page of queues")))]
pub async fn list_queues(
    State(app): State<App>,
    _: Admin,
    QueryString(request): QueryString<ListQueuesIn>,
) -> Result<Answer<PageOut<QueueOut>>, Problem> {
    let page = queue::list(&app, page_limit(request.limit)?, request.cursor.as_deref()).await?;
    Ok(Answer::ok(PageOut::from_page(page, |(id, queue, issued)| QueueOut::new(&id, &queue, issued, app.now()))))
}
