//! GET /concerts

use axum::extract::State;
use onsale_domain::concerts::concert;
use onsale_platform::app::App;
use onsale_platform::http::{Answer, PageOut, Problem, QueryString, invalid, page_limit};
use onsale_platform::store::concerts;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::concerts::response::ConcertOut;

/// The text to look for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SearchConcertsIn {
    /// A part of the name; without it, all concerts.
    #[param(max_length = 60, example = "spring")]
    query: Option<String>,
    /// 1 to 100, default 20.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

/// Finds concerts by a part of their names, in any language, newest first.
#[utoipa::path(get, path = "/concerts", params(SearchConcertsIn), extensions(("x-access" = json!("public"))),
    responses((status = 200, body = PageOut<ConcertOut>)))]
pub async fn search_concerts(
    State(app): State<App>,
    QueryString(request): QueryString<SearchConcertsIn>,
) -> Result<Answer<PageOut<ConcertOut>>, Problem> {
    let query = concert::parse_query(request.query.as_deref().unwrap_or("")).map_err(invalid("query"))?;
    let limit = page_limit(request.limit)?;
    let page = concerts::search(&app, &query, limit, request.cursor.as_deref()).await?;
    Ok(Answer::ok(PageOut::from_page(page, ConcertOut::from)))
}
