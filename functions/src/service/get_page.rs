//! GET / · GET /app/{path+} · GET /assets/{path+}
//!
//! The documents of the page. Those that a stranger opens first are whole without scripts; the others are a shell that
//! the scripts fill with what the API answers.

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use onsale_domain::concerts::concert;
use onsale_domain::id::ConcertId;
use onsale_platform::app::App;
use onsale_platform::failure::Failure;
use onsale_platform::http::page::{DocumentRequest, asset_response};
use onsale_platform::store::ListFailure;
use onsale_platform::store::concerts::dates::{self, DATES_SHOWN_MAX};
use onsale_platform::store::concerts::{self, Concert};
use serde::Deserialize;
use uuid::Uuid;

use crate::service::response::{self, Card, ConcertDocument, HomeDocument, Page, Shell};

/// Concerts on one page of the list.
const CONCERTS_SHOWN: u16 = 20;
/// Dates of each of them that its state and price follow from.
const DATES_OF_CARD_MAX: u16 = 3;
/// How old the dates of a list may be, in seconds.
const CARD_SECONDS: i64 = 5;

/// The routes of the page.
pub fn get_page() -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/app/concerts/{concert_id}", get(concert))
        .route("/app/{*path}", get(shell))
        .route("/assets/{*path}", get(asset))
}

/// The part of the list of concerts that is asked for.
#[derive(Deserialize)]
struct HomeQuery {
    query: Option<String>,
    cursor: Option<String>,
}

/// The concerts, newest first, or those whose names have what is looked for.
async fn home(
    State(app): State<App>,
    request: DocumentRequest,
    asked: Result<Query<HomeQuery>, QueryRejection>,
) -> Response {
    let page = Page::new(&app, request);
    let Ok(Query(asked)) = asked else { return page.not_found() };
    let query = asked.query.unwrap_or_default();
    // A text that no name can have is in no name.
    let Ok(wanted) = concert::parse_query(&query) else {
        return page.show(&HomeDocument { page: &page, concerts: Vec::new(), query, next: None });
    };
    let found = concerts::search(&app, &wanted, CONCERTS_SHOWN, asked.cursor.as_deref()).await;
    let found = match found {
        Ok(found) => found,
        Err(ListFailure::Cursor) => return page.not_found(),
        Err(ListFailure::Failure(failure)) => return page.failed(&failure),
    };
    match cards(&app, found.items, &page).await {
        Ok(concerts) => {
            let next = found.next.map(|cursor| response::next_url(&query, &cursor));
            page.show(&HomeDocument { page: &page, concerts, query, next })
        }
        Err(failure) => page.failed(&failure),
    }
}

async fn cards(app: &App, found: Vec<Concert>, page: &Page) -> Result<Vec<Card>, Failure> {
    let card = |concert: Concert| async move {
        let dates = dates::list(app, concert.id, DATES_OF_CARD_MAX, CARD_SECONDS).await?;
        Ok(Card::new(concert, &dates, page, app.now()))
    };
    futures_util::future::try_join_all(found.into_iter().map(card)).await
}

/// A concert with its dates.
async fn concert(State(app): State<App>, request: DocumentRequest, Path(id): Path<String>) -> Response {
    let page = Page::new(&app, request);
    let Ok(id) = id.parse::<Uuid>().map(ConcertId) else { return page.not_found() };
    let found = match concerts::get(&app, id).await {
        Ok(Some(found)) => found,
        Ok(None) => return page.not_found(),
        Err(failure) => return page.failed(&failure),
    };
    match dates::list(&app, id, DATES_SHOWN_MAX, 0).await {
        Ok(dates) => {
            let page = page.titled(&found.name);
            page.show(&ConcertDocument::new(&page, found, &dates, app.now()))
        }
        Err(failure) => page.failed(&failure),
    }
}

/// Any other screen: its script knows which.
async fn shell(State(app): State<App>, request: DocumentRequest) -> Response {
    let page = Page::new(&app, request);
    page.show(&Shell { page: &page })
}

/// A script, a style sheet or a picture.
async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    asset_response(response::asset_at(&path), &headers)
}
