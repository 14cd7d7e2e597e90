//! The parts of the OpenAPI document that no handler says of itself.

use std::collections::BTreeMap;
use std::mem;

use axum::http::StatusCode;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{Object, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::server::{Server, ServerBuilder, ServerVariableBuilder};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

use super::{Code, ProblemOut};

/// The header by which a request may be sent again.
pub(super) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The media type of all refusals of functions.
const PROBLEM: &str = "application/problem+json";

/// The media type of the gateway's own refusals.
const JSON: &str = "application/json";

/// With what the gateway itself may refuse before a function is reached, or instead of one: the first two only where it
/// asks for a token.
const GATEWAY_STATUSES: [&str; 6] = ["401", "403", "413", "429", "500", "503"];

/// The name of the gateway's own refusals in the document, as a schema and as a response.
const GATEWAY: &str = "GatewayOut";

/// A refusal of a function, or of the gateway: a client must be ready for either.
const REFUSAL: &str = "RefusalOut";

/// A text that is one of some names.
#[must_use]
pub fn one_of<const N: usize>(names: [&'static str; N]) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

/// Adds what no handler says: title, version, licence, how to log in, and the refusals that many routes share.
pub fn describe(document: &mut OpenApi) {
    document.info.title = "Onsale".to_owned();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    document.info.description = Some(
        "Seats for concerts and limited products, sold in the minutes in which far more people than there are seats \
         or units arrive. Times are RFC 3339 UTC, money is an integer in minor units, refusals are \
         application/problem+json. A token that is missing, over or not ours is refused by the gateway, as {\"message\": …}: \
         after a 403 without a code refresh the session once and send the request again; log in if that is refused."
            .to_owned(),
    );
    document.servers = Some(servers());
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.schemas.insert(GATEWAY.to_owned(), gateway_message().into());
    let either = OneOfBuilder::new().item(Ref::from_schema_name("ProblemOut")).item(Ref::from_schema_name(GATEWAY));
    components.schemas.insert(REFUSAL.to_owned(), Schema::OneOf(either.build()).into());
    let mut problem = vec![(ProblemOut::name().into_owned(), ProblemOut::schema())];
    ProblemOut::schemas(&mut problem);
    components.schemas.extend(problem);
    let refused = ResponseBuilder::new().description("API Gateway's own refusal").content(JSON, refusal_of_gateway());
    components.responses.insert(GATEWAY.to_owned(), RefOr::T(refused.build()));
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        add_common_refusals(operation);
        complete_responses(operation);
        describe_headers(operation);
        add_gateway_refusals(operation);
    }
}

/// Says of which domain the operations are: readers find them by it.
pub fn tag(document: &mut OpenApi, domain: &str) {
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        operation.tags = Some(vec![domain.to_owned()]);
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// The responses that the document has for `codes`: what `responses(…)` of a handler takes a failure's type for. Each
/// has a key of its own, so that two failures of one handler may have codes of the same status; [`describe`] makes one
/// response of those.
pub(super) fn refusals<const N: usize>(codes: [Code; N]) -> BTreeMap<String, RefOr<Response>> {
    codes.map(|code| (format!("{} {}", code.status().as_str(), code.as_str()), RefOr::T(Response::default()))).into()
}

/// The access that an operation needs.
fn required_access(operation: &Operation) -> &str {
    let access = operation.extensions.as_ref().and_then(|extensions| extensions.get("x-access")?.as_str());
    access.unwrap_or("public")
}

fn has_parameter(operation: &Operation, parameter: &str) -> bool {
    let parameters = operation.parameters.iter().flatten();
    parameters.into_iter().any(|known| matches!(known, RefOr::T(known) if known.name == parameter))
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

/// Adds what follows from who may call an operation and from what it takes: the token, and the refusals that many
/// operations share. Then all codes of one status become one response.
fn add_common_refusals(operation: &mut Operation) {
    let access = required_access(operation).to_owned();
    let (logged_in, guarded) = (!access.starts_with("public"), access.ends_with("+queue"));
    let mut codes = vec![Code::Internal, Code::Busy];
    if operation.request_body.is_some() {
        codes.extend([Code::MalformedJson, Code::BodyTooLarge, Code::UnsupportedMediaType]);
    }
    if operation.request_body.is_some() || operation.parameters.is_some() {
        codes.push(Code::InvalidRequest);
    }
    if has_parameter(operation, IDEMPOTENCY_KEY) {
        codes.push(Code::IdempotencyKeyReused);
    }
    if logged_in {
        operation.security = Some(vec![SecurityRequirement::new("bearer", [""; 0])]);
    }
    if logged_in || guarded {
        codes.push(Code::Unauthorized);
    }
    if access == "admin" {
        codes.push(Code::Forbidden);
    }
    if guarded {
        add_queue_token(operation);
        codes.extend([
            Code::QueueTokenRequired,
            Code::QueueTokenInvalid,
            Code::QueueTokenNotAdmitted,
            Code::QueueTokenEnded,
        ]);
    }
    let responses = &mut operation.responses.responses;
    for (key, response) in mem::take(responses) {
        match key.split_once(' ') {
            Some((status, code)) => add_refusal(responses, status, code),
            None => {
                responses.insert(key, response);
            }
        }
    }
    for code in codes {
        add_refusal(responses, code.status().as_str(), code.as_str());
    }
}

/// Adds a code to the response of its status.
fn add_refusal(responses: &mut BTreeMap<String, RefOr<Response>>, status: &str, code: &str) {
    let response = responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(Response::new(code)));
    if let RefOr::T(response) = response
        && !response.description.split(", ").any(|known| known == code)
    {
        response.description = format!("{}, {code}", response.description);
    }
}

/// Every answer has a description, and every refusal one form.
fn complete_responses(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if response.description.is_empty() {
            response.description = status_reason(status).to_owned();
        }
        if status.as_str() >= "400" {
            let problem = Content::new(Some(Ref::from_schema_name("ProblemOut")));
            response.content = [(PROBLEM.to_owned(), RefOr::T(problem))].into_iter().collect();
        }
    }
}

/// The schema of the gateway's answer: a message, and no code.
fn gateway_message() -> ObjectBuilder {
    ObjectBuilder::new().property("message", Object::with_type(Type::String)).required("message")
}

fn refusal_of_gateway() -> Content {
    Content::new(Some(Ref::from_schema_name(GATEWAY)))
}

/// Beside what functions refuse; a status that none of them answers is the gateway's alone.
fn add_gateway_refusals(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    for status in GATEWAY_STATUSES {
        let asks = operation.security.is_some() || !matches!(status, "401" | "403");
        if asks && let Some(RefOr::T(response)) = responses.get_mut(status) {
            // A generated client reads the first that it knows, so each says that it may be either.
            let either = Content::new(Some(Ref::from_schema_name(REFUSAL)));
            response.content = [JSON, PROBLEM].map(|kind| (kind.to_owned(), RefOr::T(either.clone()))).into();
        }
    }
    responses.insert("default".to_owned(), RefOr::Ref(Ref::from_response_name(GATEWAY)));
}

/// Where the API answers.
fn servers() -> Vec<Server> {
    let variable = |default: &str, description: &str| {
        ServerVariableBuilder::new().default_value(default).description(Some(description)).build()
    };
    let deployed = ServerBuilder::new()
        .url("https://{api_id}.execute-api.{region}.amazonaws.com")
        .description(Some("A deployment: its output ApiUrl"))
        .parameter("api_id", variable("api", "Id of the HTTP API"))
        .parameter("region", variable("ap-northeast-2", "Region of the deployment"));
    vec![Server::builder().url("http://127.0.0.1:3000").description(Some("The local stack")).build(), deployed.build()]
}

fn header(kind: Type, description: &str) -> RefOr<Header> {
    RefOr::T(HeaderBuilder::new().schema(Some(Object::with_type(kind))).description(Some(description)).build())
}

/// The headers that requests may bring and answers have.
fn describe_headers(operation: &mut Operation) {
    let has_key = has_parameter(operation, IDEMPOTENCY_KEY);
    let has_tag = operation.responses.responses.contains_key("304");
    if has_tag {
        let tag = ParameterBuilder::new()
            .name("If-None-Match")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("the ETag of an earlier answer: 304 without a body if it is still that"))
            .schema(Some(Object::with_type(Type::String)));
        operation.parameters.get_or_insert_default().push(RefOr::T(tag.build()));
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let mut add = |name: &str, kind, description: &str| {
            response.headers.insert(name.to_owned(), header(kind, description));
        };
        match status.as_str() {
            "200" | "304" if has_tag => add("ETag", Type::String, "names the body; send it as If-None-Match"),
            "200" | "201" if has_key => {
                add("Idempotent-Replayed", Type::Boolean, "true if the request had been carried out before");
            }
            "429" | "503" => add("Retry-After", Type::Integer, "seconds to wait before the next try"),
            "401" => add("WWW-Authenticate", Type::String, "Bearer"),
            _ => {}
        }
        if status.as_str() >= "400" {
            add("Content-Language", Type::String, "en or ko: the language of the texts");
        }
    }
}

/// HTTP's reason phrase of a status that is given by its digits; empty if it is none.
fn status_reason(status: &str) -> &'static str {
    let status = StatusCode::from_bytes(status.as_bytes()).ok();
    status.and_then(|status| status.canonical_reason()).unwrap_or_default()
}
