//! The parts of the OpenAPI document that no handler states: its introduction, the headers, and the error responses
//! that many routes share.

use std::collections::BTreeMap;
use std::mem;

use axum::http::StatusCode;
use serde_json::json;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ArrayItems, Object, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::server::{Server, ServerBuilder, ServerVariableBuilder};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

use super::{Code, ProblemOut};

/// The header by which a request may be sent again.
pub(super) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The access of an operation whose caller is the user that the signed queue token names, without an access token.
const QUEUE_TOKEN: &str = "queue-token";

/// The media type of a function's error responses.
const PROBLEM: &str = "application/problem+json";

/// The media type of the gateway's own error responses.
const JSON: &str = "application/json";

/// The statuses with which the gateway itself may answer before a function is reached, or instead of one: the first two
/// only where it asks for a token.
const GATEWAY_STATUSES: [&str; 6] = ["401", "403", "413", "429", "500", "503"];

/// The name of the gateway's own refusals in the document, as a schema and as a response.
const GATEWAY: &str = "GatewayOut";

/// A refusal of a function, or of the gateway: a client must be ready for either.
const REFUSAL: &str = "RefusalOut";

/// The parameters of paths, with what they are.
const PATH_PARAMETERS: [(&str, &str); 11] = [
    ("concert_id", "Id of the concert"),
    ("coupon_id", "Id of the coupon"),
    ("order_id", "Id of the order"),
    ("product_id", "Id of the product"),
    ("queue_id", "Id of the queue: 1 to 64 lower-case letters, digits and hyphens"),
    ("reservation_id", "Id of the reservation"),
    ("schedule_id", "Id of the date"),
    ("seat_id", "Id of the seat, such as `A-1-12`"),
    ("session_id", "Id of the session"),
    ("ticket_id", "Id of the ticket, which is that of its seat, such as `A-1-12`"),
    ("user_id", "Id of the user"),
];

/// The introduction of the document.
const INTRODUCTION: &str = "\
Onsale sells concert seats and limited products in the minutes in which far more buyers arrive than there are seats or \
units.

- Times are RFC 3339 in UTC. Money is an integer in minor units.
- Errors of functions are `application/problem+json` (RFC 9457). `Accept-Language` selects English or Korean.
- The gateway itself refuses a missing, expired or foreign access token, with a body of the form `{\"message\": \"…\"}` \
and no code: refresh the session once and repeat the request; log in again if the refresh fails.
- A known path without the requested method answers 405 `method-not-allowed` with the header `Allow`; an unknown path \
answers 404 `not-found`.
- Every response has the header `Apigw-Requestid`, the id of the request.";

/// A text that is one of some names.
#[must_use]
pub fn one_of(description: &str, names: impl IntoIterator<Item = &'static str>) -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String).description(Some(description));
    text.enum_values(Some(names)).build()
}

/// An integer that is one of some numbers.
#[must_use]
pub fn one_of_numbers(description: &str, numbers: impl IntoIterator<Item = u8>) -> Object {
    let integer = ObjectBuilder::new().schema_type(Type::Integer).description(Some(description));
    integer.enum_values(Some(numbers)).build()
}

/// Adds what no handler says: title, version, licence, how to log in, and the refusals that many routes share.
pub fn describe(document: &mut OpenApi) {
    document.info.title = "Onsale".to_owned();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    document.info.description = Some(INTRODUCTION.to_owned());
    document.servers = Some(servers());
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("The access token from `POST /sessions` or `POST /sessions/refresh`"))
        .build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.schemas.insert(GATEWAY.to_owned(), gateway_message().into());
    let either = OneOfBuilder::new()
        .item(Ref::from_schema_name("ProblemOut"))
        .item(Ref::from_schema_name(GATEWAY))
        .description(Some("An error response of a function or of the gateway"));
    components.schemas.insert(REFUSAL.to_owned(), Schema::OneOf(either.build()).into());
    let mut problem = vec![(ProblemOut::name().into_owned(), ProblemOut::schema())];
    ProblemOut::schemas(&mut problem);
    components.schemas.extend(problem);
    refer_to_items(&mut components.schemas);
    components.headers.extend(headers());
    let refused =
        ResponseBuilder::new().description("Error response of API Gateway").content(JSON, refusal_of_gateway());
    components.responses.insert(GATEWAY.to_owned(), RefOr::T(refused.build()));
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        add_common_refusals(operation);
        complete_responses(operation);
        describe_parameters(operation);
        describe_headers(operation);
        add_gateway_refusals(operation);
    }
}

/// Has pages refer to the schema of their items, which utoipa repeats within each: a generated client then has one type
/// for an item, wherever it comes from.
fn refer_to_items(schemas: &mut BTreeMap<String, RefOr<Schema>>) {
    for (name, schema) in schemas {
        if let Some(item) = name.strip_prefix("PageOut_")
            && let RefOr::T(Schema::Object(page)) = schema
            && let Some(RefOr::T(Schema::Array(items))) = page.properties.get_mut("items")
        {
            items.items = ArrayItems::RefOrSchema(Box::new(Ref::from_schema_name(item).into()));
        }
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

/// The methods of a path, as the header `Allow` names them.
pub fn methods(item: &PathItem) -> impl Iterator<Item = &'static str> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let methods = [("DELETE", delete), ("GET", get), ("PATCH", patch), ("POST", post), ("PUT", put)];
    methods.into_iter().filter(|(_, operation)| operation.is_some()).map(|(method, _)| method)
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

/// Whether the gateway asks for an access token before an operation is reached.
fn needs_access_token(operation: &Operation) -> bool {
    let access = required_access(operation);
    !access.starts_with("public") && access != QUEUE_TOKEN
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
        .description(Some("Token of an admitted queue entry; required if the concert has a waiting queue"))
        .schema(Some(Object::with_type(Type::String)));
    operation.parameters.get_or_insert_default().push(RefOr::T(header.build()));
}

/// Adds what follows from who may call an operation and from what it takes: the token, and the refusals that many
/// operations share. Then all codes of one status become one response.
fn add_common_refusals(operation: &mut Operation) {
    let access = required_access(operation).to_owned();
    let (logged_in, guarded) = (needs_access_token(operation), access.ends_with("+queue"));
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
    let bearer = SecurityRequirement::new("bearer", [""; 0]);
    if logged_in {
        operation.security = Some(vec![bearer]);
    } else if guarded {
        // The empty requirement makes the token optional: only a sale with a queue asks for it.
        operation.security = Some(vec![bearer, SecurityRequirement::default()]);
    }
    if logged_in || guarded {
        codes.push(Code::Unauthorized);
    }
    if ["admin", "organiser"].contains(&access.as_str()) {
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

/// Codes as a reader wants them: a list of each with its title.
fn titled(codes: &str) -> String {
    let line = |name: &str| {
        let title = Code::ALL.into_iter().find(|code| code.as_str() == name).map_or("", |code| code.facts().2);
        format!("- `{name}`: {title}")
    };
    codes.split(", ").map(line).collect::<Vec<_>>().join("\n")
}

/// Every answer has a description, and every refusal one form.
fn complete_responses(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        if response.description.is_empty() {
            response.description = status_reason(status).to_owned();
        }
        if status.as_str() >= "400" {
            response.description = titled(&response.description);
            let problem = Content::new(Some(Ref::from_schema_name("ProblemOut")));
            response.content = [(PROBLEM.to_owned(), RefOr::T(problem))].into_iter().collect();
        }
    }
}

/// The body of the gateway's error responses: a message, and no code.
fn gateway_message() -> ObjectBuilder {
    let message = ObjectBuilder::new().schema_type(Type::String).description(Some("Name of the HTTP status"));
    ObjectBuilder::new()
        .description(Some("An error response of API Gateway itself, without a code"))
        .property("message", message)
        .required("message")
        .examples([json!({ "message": "Forbidden" })])
}

fn refusal_of_gateway() -> Content {
    Content::new(Some(Ref::from_schema_name(GATEWAY)))
}

/// Beside what functions refuse; a status that none of them answers is the gateway's alone.
fn add_gateway_refusals(operation: &mut Operation) {
    let needs_token = needs_access_token(operation);
    let responses = &mut operation.responses.responses;
    for status in GATEWAY_STATUSES {
        let refuses = needs_token || !matches!(status, "401" | "403");
        if refuses && let Some(RefOr::T(response)) = responses.get_mut(status) {
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
        .description(Some("A deployment: the output ApiUrl of its stack"))
        .parameter("api_id", variable("api", "Id of the HTTP API"))
        .parameter("region", variable("ap-northeast-2", "Region of the deployment"));
    vec![Server::builder().url("http://127.0.0.1:3000").description(Some("The local stack")).build(), deployed.build()]
}

/// The headers of responses, which operations refer to by name.
fn headers() -> BTreeMap<String, RefOr<Header>> {
    let texts = [
        ("Apigw-Requestid", "Id of the request, the same as the `instance` of a problem"),
        ("Cache-Control", "How long the response may be cached, and by whom"),
        ("Content-Language", "Language of the texts: `en` or `ko`"),
        ("ETag", "Entity tag of the body; send it as `If-None-Match`"),
        ("Vary", "The request header on which the response depends, for caches"),
        ("WWW-Authenticate", "Authentication scheme: `Bearer`"),
    ];
    let texts = texts.map(|(name, description)| (name, Type::String, description));
    let others = [
        ("Idempotent-Replayed", Type::Boolean, "`true` if the request had already been carried out; absent otherwise"),
        ("Retry-After", Type::Integer, "Seconds to wait before the next attempt; absent where waiting does not help"),
    ];
    let header = |(name, kind, description): (&str, Type, &str)| {
        let header = HeaderBuilder::new().schema(Some(Object::with_type(kind))).description(Some(description));
        (name.to_owned(), RefOr::T(header.build()))
    };
    texts.into_iter().chain(others).map(header).collect()
}

/// Describes the parameters of the path, and moves the description of an enumeration to where readers of parameters
/// look for it.
fn describe_parameters(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        if parameter.description.is_some() {
            continue;
        }
        let known = PATH_PARAMETERS.into_iter().find(|(name, _)| *name == parameter.name);
        parameter.description = match &parameter.schema {
            Some(RefOr::T(Schema::Object(schema))) if known.is_none() => schema.description.clone(),
            _ => known.map(|(_, description)| description.to_owned()),
        };
    }
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
            .description(Some("ETag of an earlier response; the answer is 304 without a body while it is current"))
            .schema(Some(Object::with_type(Type::String)));
        operation.parameters.get_or_insert_default().push(RefOr::T(tag.build()));
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let of_status: &[&str] = match status.as_str() {
            "200" if response.content.len() > 1 => &["Cache-Control", "Vary"],
            "200" | "304" if has_tag => &["Cache-Control", "ETag"],
            "200" | "201" if has_key => &["Cache-Control", "Idempotent-Replayed"],
            "200" | "201" => &["Cache-Control"],
            "202" => &["Retry-After"],
            "401" => &["WWW-Authenticate"],
            "429" | "503" => &["Retry-After"],
            _ => &[],
        };
        let of_problems: &[&str] =
            if status.as_str() >= "400" { &["Cache-Control", "Content-Language", "Vary"] } else { &[] };
        for name in ["Apigw-Requestid"].iter().chain(of_status).chain(of_problems) {
            let header = RefOr::Ref(Ref::new(format!("#/components/headers/{name}")));
            response.headers.insert((*name).to_owned(), header);
        }
    }
}

/// HTTP's reason phrase of a status that is given by its digits; empty if it is none.
fn status_reason(status: &str) -> &'static str {
    let status = StatusCode::from_bytes(status.as_bytes()).ok();
    status.and_then(|status| status.canonical_reason()).unwrap_or_default()
}
