//! GET /concerts

use axum::extract::State;
use onsale_domain::concerts::concert;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, PageOut, Problem, QueryString, invalid, page_limit};
use onsale_platform::store::concerts;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::concerts::response::ConcertOut;

/// Search text and page.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SearchConcertsIn {
    /// Part of the name; omit it to list all concerts.
    #[param(max_length = 60, example = "spring")]
    query: Option<String>,
    /// Items per page, 1 to 100; 20 if omitted.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the previous page; omit it for the first page.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

/// Searches concerts by part of their name, in any language, newest first.
#[utoipa::path(get, path = "/concerts", params(SearchConcertsIn), extensions(("x-access" = json!("public"))),
    responses((status = 200, body = PageOut<ConcertOut>, description = "A page of concerts")))]
pub async fn search_concerts(
    State(app): State<App>,
    QueryString(request): QueryString<SearchConcertsIn>,
) -> Result<Answer<PageOut<ConcertOut>>, Problem> {
    let query = concert::parse_query(request.query.as_deref().unwrap_or("")).map_err(invalid("query"))?;
    let limit = page_limit(request.limit)?;
    let page = concerts::search(&app, &query, limit, request.cursor.as_deref()).await?;
    Ok(Answer::ok(PageOut::from_page(page, ConcertOut::from)))
}
