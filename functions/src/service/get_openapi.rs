//! GET /openapi.json

use onsale_platform::app::App;
use onsale_platform::http::{Answer, Code, reason};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Required, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The contract, generated from the code.
#[utoipa::path(get, path = "/openapi.json", operation_id = "get_openapi", extensions(("x-access" = json!("public"))),
    responses((status = 200, description = "an OpenAPI document")))]
async fn handle() -> Answer<&'static OpenApi> {
    Answer::ok(crate::openapi())
}

/// What all refusals are sent as.
const PROBLEM: &str = "application/problem+json";

/// Adds what no handler says: title, version, licence, how to log in, and the refusals that many routes share.
pub(crate) fn describe(document: &mut OpenApi) {
    document.info.title = "Onsale".to_owned();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    document.info.description = Some(
        "Seats for concerts and limited products, sold in the minutes in which far more people than there are seats \
         or units arrive. Times are RFC 3339 UTC, money is an integer in minor units, refusals are \
         application/problem+json. A token that is missing, over or not ours is refused by the gateway, as {\"message\": …}."
            .to_owned(),
    );
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        let guarded = access(operation).is_some_and(|access| access.ends_with("+queue"));
        if guarded {
            add_queue_token(operation);
        }
        add_common_refusals(operation, guarded);
        complete_responses(operation);
    }
}

/// Says of which domain the operations are: readers find them by it.
pub(crate) fn tag(document: &mut OpenApi, domain: &str) {
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        operation.tags = Some(vec![domain.to_owned()]);
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// Who may call an operation.
fn access(operation: &Operation) -> Option<&str> {
    operation.extensions.as_ref()?.get("x-access")?.as_str()
}

/// The header that a sale behind a waiting queue asks for.
fn add_queue_token(operation: &mut Operation) {
    let header = ParameterBuilder::new()
        .name("Queue-Token")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("an admitted token, if the concert has a waiting queue"))
        .schema(Some(Object::with_type(Type::String)));
    operation.parameters.get_or_insert_default().push(RefOr::T(header.build()));
}

fn add_common_refusals(operation: &mut Operation, guarded: bool) {
    let mut codes = vec![Code::Internal, Code::Busy];
    if operation.security.is_some() || guarded {
        codes.push(Code::Unauthorized);
    }
    if guarded {
        codes.extend([
            Code::QueueTokenRequired,
            Code::QueueTokenInvalid,
            Code::QueueTokenNotAdmitted,
            Code::QueueTokenEnded,
        ]);
    }
    if operation.request_body.is_some() {
        codes.extend([Code::BodyTooLarge, Code::UnsupportedMediaType]);
    }
    for code in codes {
        let (status, name, ..) = code.facts();
        let there = operation
            .responses
            .responses
            .entry(status.as_str().to_owned())
            .or_insert_with(|| RefOr::T(Response::new(name)));
        if let RefOr::T(response) = there
            && !response.description.split(", ").any(|known| known == name)
        {
            response.description = format!("{}, {name}", response.description);
        }
    }
}

/// Every answer has a description, and every refusal one form.
fn complete_responses(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if response.description.is_empty() {
            response.description = reason(status).to_owned();
        }
        if status.as_str() >= "400" {
            let problem = Content::new(Some(Ref::from_schema_name("ProblemOut")));
            response.content = [(PROBLEM.to_owned(), RefOr::T(problem))].into_iter().collect();
        }
    }
}

/// Its route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(handle))
}
