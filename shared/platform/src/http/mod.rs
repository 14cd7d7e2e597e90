//! The edge: requests in, answers and problems out. Only this module knows status codes.

mod browser;
mod code;
mod error_mapping;
mod extract;
mod language;
mod messages;
mod money;
pub mod openapi;
pub mod page;
mod problem;
mod response;
mod shape;

pub use crate::http::response::{Accepted, Answer, Cacheable, Deleted, NoContent, PageOut, entity_tag, is_known};
pub use browser::PublicUrl;
pub use code::Code;
pub use extract::accept::{Representation, Wanted};
pub use extract::roles::{Admin, Organiser};
pub use extract::{
    IdempotencyKey, Json, Object, PageIn, PathId, PathParams, QueryString, RawBody, RequiredKey, SourceAddress, User,
    page_limit,
};
pub use language::Language;
pub use messages::{Detail, Expected, MinorUnits, Names, Reader};
pub use money::format_money;
pub use problem::{FieldError, Problem, ProblemOut, invalid};

use axum::RequestPartsExt;
use axum::Router;
use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::app::App;
use crate::clock::Stopwatch;
use crate::telemetry::call_lines::CallLines;
use crate::telemetry::logs;
use crate::telemetry::metrics::{HTTP_REQUESTS, HTTP_SECONDS, REFUSALS};
use crate::telemetry::trace::{self, Context, OpenSpan, SpanKind};

/// Most items of one page of a list.
pub const PAGE_MAX: u16 = 100;
/// Items of a page when nobody says otherwise.
pub const PAGE_DEFAULT: u16 = 20;

/// A function's route as the service that answers its requests.
pub fn serve(route: UtoipaMethodRouter<App>, app: App) -> Router {
    with_edge(OpenApiRouter::new().routes(route).into(), app)
}

/// The service of the page, which has several routes.
pub fn serve_page(routes: Router<App>, app: App) -> Router {
    with_edge(routes, app)
}

/// The service that refuses every request.
pub fn refuse(refusal: fn(&Uri) -> Problem, app: App) -> Router {
    with_edge(Router::new().fallback(move |uri: Uri| std::future::ready(refusal(&uri))), app)
}

/// The same service, whose requests have their lines in the log of a Lambda function.
pub fn with_call_lines(router: Router, lines: CallLines) -> Router {
    router.layer(axum::middleware::from_fn_with_state(lines, end_request))
}

async fn end_request(State(lines): State<CallLines>, request: Request, next: Next) -> Response {
    let started = Stopwatch::start();
    let answer = next.run(request).await;
    let status = answer.status();
    lines.end_call(!status.is_client_error() && !status.is_server_error(), started.elapsed());
    answer
}

/// Gives handlers their app, and writes problems out in the caller's language.
fn with_edge(router: Router<App>, app: App) -> Router {
    router.layer(axum::middleware::from_fn_with_state(app.clone(), edge)).with_state(app)
}

/// The middleware of every handler: writes problems out, counts, and opens the spans of log and trace.
async fn edge(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Stopwatch::start();
    let (mut parts, body) = request.into_parts();
    let path = parts.extract::<RawPathParams>().await.ok();
    let request_id = extract::request_id(&parts.extensions);
    let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let name = format!("{} {route}", parts.method);
    let given = Context::from_request(&parts.headers);
    let open = app.open_span(SpanKind::Server, name, given, &request_id);
    let context = open.as_ref().map(OpenSpan::context).or(given);
    let span = logs::request_span(&app, &request_id, context, path.as_ref());
    let work = write_problems(&app, &request_id, Request::from_parts(parts, body), next).instrument(span);
    let answer = trace::with_context(context, work).await;
    if let Some(open) = open {
        let status = ("http.response.status_code", answer.status().as_str().to_owned());
        open.end(app.meter(), answer.status().is_server_error(), vec![status, ("request_id", request_id)]);
    }
    app.meter().count(&HTTP_REQUESTS, 1, &[answer.status().as_str()]);
    app.meter().record(&HTTP_SECONDS, started.elapsed().as_secs_f64(), &[answer.status().as_str()]);
    answer
}

async fn write_problems(app: &App, request_id: &str, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let reader = Reader { language: Language::from_headers(&parts.headers), currency: app.config().currency };
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        // The router's own refusals: it has this function's routes only.
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
            let methods = response.headers().get(header::ALLOW).and_then(|methods| methods.to_str().ok());
            Problem::new(Detail::MethodNotAllowed { methods: methods.unwrap_or_default().split(',').into() })
        }
        // A page says itself that it was not found.
        None if response.status() == StatusCode::NOT_FOUND
            && !response.headers().contains_key(header::CONTENT_TYPE) =>
        {
            Problem::new(Detail::NoRoute)
        }
        None => return response,
    };
    app.meter().count(&REFUSALS, 1, &[problem.code().as_str()]);
    problem.into_localized_response(reader, request_id)
}
