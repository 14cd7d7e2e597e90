//! The extractors of handlers. **A handler without [`User`], [`Organiser`](super::Organiser) or
//! [`Admin`](super::Admin) is public.**

pub(super) mod accept;
pub(super) mod roles;

use std::error::Error;
use std::fmt;
use std::iter;
use std::marker::PhantomData;

use axum::body::Bytes;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, Uri, header};
use lambda_http::request::RequestContext;
use onsale_domain::id::UserId;
use serde::de::value::{self, MapAccessDeserializer};
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::messages::{Detail, Expected};
use super::openapi::IDEMPOTENCY_KEY;
use super::problem::{Problem, invalid};
use super::shape::{Given, Shape};
use super::{PAGE_DEFAULT, PAGE_MAX};
use crate::app::App;
use crate::auth::queue_token::QueueCredentials;

/// Largest body that is read, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// The caller, as the authorizer verified. Read from the request context, which only the gateway writes; never
/// from a header.
#[derive(Clone, Copy, Debug)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// The session the access token was given in.
    pub session: Uuid,
}

impl FromRequestParts<App> for User {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let refused = || Problem::new(Detail::AccessTokenRequired);
        let context = parts.extensions.get::<RequestContext>().and_then(RequestContext::authorizer);
        let fields = &context.ok_or_else(refused)?.fields;
        let text = |name: &str| fields.get(name).and_then(|value| value.as_str());
        let number =
            |name: &str| fields.get(name).and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()));
        let id: UserId = text("sub").and_then(|sub| sub.parse().ok()).ok_or_else(refused)?;
        let session: Uuid = text("sid").and_then(|sid| sid.parse().ok()).ok_or_else(refused)?;
        // The authorizer's answer is cached for up to a minute; the token may have ended since.
        match number("exp") {
            Some(end) if app.now().as_second() < end => Ok(Self { id, session }),
            _ => Err(Problem::new(Detail::AccessTokenEnded)),
        }
    }
}

impl FromRequestParts<App> for QueueCredentials {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = text(header::AUTHORIZATION.as_str()).and_then(|value| value.split_once(' '));
        let access_token = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token);
        Ok(Self {
            queue_token: text("queue-token").map(str::to_owned),
            access_token: access_token.map(str::to_owned),
            by_the_hold: false,
        })
    }
}

/// The address a request came from, as the gateway saw it.
#[derive(Clone, Debug)]
pub struct SourceAddress(pub String);

impl FromRequestParts<App> for SourceAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let address = match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone(),
            _ => None,
        };
        Ok(Self(address.unwrap_or_else(|| "unknown".to_owned())))
    }
}

/// The id of the request, as the gateway named it.
pub(super) fn request_id(extensions: &Extensions) -> String {
    match extensions.get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone().unwrap_or_default(),
        _ => String::new(),
    }
}

/// The name under which the gateway was called.
pub(super) fn domain_name(extensions: &Extensions) -> String {
    match extensions.get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(context)) => context.domain_name.clone().unwrap_or_default(),
        _ => String::new(),
    }
}

/// A UUID as text. As a format, generators would make of a header what HTTP libraries do not take.
const UUID_PATTERN: &str = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";

/// How the OpenAPI document describes the header `Idempotency-Key`.
fn idempotency_key(required: Required) -> Vec<Parameter> {
    let description = "Makes retries safe: a new UUID for each new request, and the same one for each retry.";
    let uuid = ObjectBuilder::new().schema_type(Type::String).pattern(Some(UUID_PATTERN)).build();
    let header = ParameterBuilder::new().name(IDEMPOTENCY_KEY).parameter_in(ParameterIn::Header).required(required);
    vec![header.description(Some(description)).schema(Some(uuid)).build()]
}

/// The caller's `Idempotency-Key`, if one was given.
#[derive(Clone, Copy, Debug)]
pub struct IdempotencyKey(pub Option<Uuid>);

impl IdempotencyKey {
    /// The id of what `user` creates by `function`: derived from the key, or a new one.
    #[must_use]
    pub fn id<Id: From<Uuid>>(self, app: &App, user: UserId, function: &str) -> Id {
        let id = match self.0 {
            Some(key) => onsale_domain::id::derive(user, function, key),
            None => app.ids().uuid(app.now()),
        };
        id.into()
    }
}

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        idempotency_key(Required::False)
    }
}

impl FromRequestParts<App> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(IDEMPOTENCY_KEY) else { return Ok(Self(None)) };
        let key = value.to_str().ok().filter(|key| key.len() == 36).and_then(|key| key.parse().ok());
        key.map(|key| Self(Some(key))).ok_or_else(|| invalid(IDEMPOTENCY_KEY)(Expected::Uuid))
    }
}

/// The caller's `Idempotency-Key`, where a request is refused without one: sent again by a client that has heard no
/// answer, it would move money, units or stock a second time, and nothing else would tell the two apart.
#[derive(Clone, Copy, Debug)]
pub struct RequiredKey(pub Uuid);

impl RequiredKey {
    /// The id of what `user` creates by `function`.
    #[must_use]
    pub fn id<Id: From<Uuid>>(self, user: UserId, function: &str) -> Id {
        onsale_domain::id::derive(user, function, self.0).into()
    }
}

impl IntoParams for RequiredKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        idempotency_key(Required::True)
    }
}

impl FromRequestParts<App> for RequiredKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match IdempotencyKey::from_request_parts(parts, app).await? {
            IdempotencyKey(Some(key)) => Ok(Self(key)),
            IdempotencyKey(None) => Err(invalid(IDEMPOTENCY_KEY)(Expected::Key)),
        }
    }
}

/// Parameters of the path.
#[derive(Clone, Copy, Debug)]
pub struct PathParams<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for PathParams<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, app).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(path_problem(&rejection)),
        }
    }
}

/// The one id in the path.
#[derive(Clone, Copy, Debug)]
pub struct PathId<Id>(pub Id);

impl<Id: From<Uuid>> FromRequestParts<App> for PathId<Id> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        PathParams::<Uuid>::from_request_parts(parts, app).await.map(|PathParams(id)| Self(id.into()))
    }
}

/// Parameters of the query string.
#[derive(Clone, Copy, Debug)]
pub struct QueryString<T>(pub T);

impl<T: DeserializeOwned + IntoParams + Send> FromRequestParts<App> for QueryString<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, app).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(query_problem::<T>(&parts.uri, &rejection)),
        }
    }
}

/// The page of a list that is asked for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageIn {
    /// Items per page, 1 to 100; 20 if omitted.
    #[param(minimum = 1, maximum = 100, example = 20)]
    limit: Option<u16>,
    /// `next` of the previous page; omit it for the first page.
    #[param(example = "bmV4dCBwYWdl")]
    cursor: Option<String>,
}

impl PageIn {
    /// Its size: see [`page_limit`].
    ///
    /// # Errors
    /// When it is not between 1 and [`PAGE_MAX`].
    pub fn limit(&self) -> Result<u16, Problem> {
        page_limit(self.limit)
    }

    /// The cursor that it begins at; none for the first page.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}

/// The size of a page that was asked for.
///
/// # Errors
/// When it is not between 1 and [`PAGE_MAX`].
pub fn page_limit(limit: Option<u16>) -> Result<u16, Problem> {
    match limit.unwrap_or(PAGE_DEFAULT) {
        limit @ 1..=PAGE_MAX => Ok(limit),
        _ => Err(invalid("limit")(Expected::Between { min: 1, max: PAGE_MAX.into() })),
    }
}

/// The body, parsed once into what the endpoint takes. Nothing of it is ever echoed.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + ToSchema> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = content_type.unwrap_or("").split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        if media_type != "application/json" {
            return Err(Problem::new(Detail::ContentType));
        }
        parse(&read_body(request).await?).map(Self)
    }
}

/// The body as it was sent, for signatures of its bytes.
#[derive(Clone, Debug)]
pub struct RawBody(pub Bytes);

impl FromRequest<App> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        read_body(request).await.map(Self)
    }
}

async fn read_body(request: Request) -> Result<Bytes, Problem> {
    let bytes = axum::body::to_bytes(request.into_body(), BODY_BYTES_MAX).await;
    bytes.map_err(|_| Problem::new(Detail::BodyTooLarge { kibibytes: BODY_BYTES_MAX / 1024 }))
}

/// A JSON object. What serde derives for a struct also takes an array of its values in their order; this does not.
/// A body is one already; a struct within a body asks for it by this type.
#[derive(Clone, Copy, Debug)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = Object<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
    }
}

fn parse<T: DeserializeOwned + ToSchema>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize::<_, Object<T>>(&mut json);
    let Object(value) = parsed.map_err(|error| body_problem::<T>(bytes, error.path()))?;
    json.end().map_err(|_| Problem::new(Detail::BodyIsNotJson))?;
    Ok(value)
}

/// The problem of a body that could not be parsed; parsing stopped at `path`.
fn body_problem<T: ToSchema>(bytes: &[u8], path: &serde_path_to_error::Path) -> Problem {
    match serde_json::from_slice::<Given>(bytes) {
        Ok(given) => Problem::from_fields(Shape::from_body::<T>().faults(&given, path)),
        Err(_) => Problem::new(Detail::BodyIsNotJson),
    }
}

/// The problem of a query string. The source of Axum's own error knows the parameter.
fn query_problem<T: IntoParams>(uri: &Uri, rejection: &QueryRejection) -> Problem {
    let mut errors = iter::successors(Some(rejection as &(dyn Error + 'static)), |error| (*error).source());
    let located = errors.find_map(|error| error.downcast_ref::<serde_path_to_error::Error<value::Error>>());
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
    match (located, pairs) {
        (Some(error), Ok(Query(pairs))) => {
            let shape = Shape::from_query::<T>();
            Problem::from_fields(shape.faults(&shape.parse_pairs(pairs), error.path()))
        }
        _ => invalid("query")(Expected::Encoded),
    }
}

/// The problem of a path, which names the parameter. All that are parsed before a handler has them are UUIDs.
fn path_problem(rejection: &PathRejection) -> Problem {
    let PathRejection::FailedToDeserializePathParams(error) = rejection else {
        return invalid("path")(Expected::Encoded);
    };
    match error.kind() {
        ErrorKind::InvalidUtf8InPathParam { key } => invalid(key)(Expected::Encoded),
        ErrorKind::DeserializeError { key, .. } => invalid(key)(Expected::Uuid),
        _ => invalid("path")(Expected::Encoded),
    }
}
