//! Behaves as the HTTP API of API Gateway does in front of the functions: routes, authorizer, limits, time-outs,
//! and its own small answers.

pub mod authorizer;
pub mod cors;
pub mod refusal;
pub mod routes;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header, request};
use axum::response::{IntoResponse, Response};
use lambda_http::aws_lambda_events::apigw::{ApiGatewayRequestAuthorizer, ApiGatewayV2httpRequestContext};
use lambda_http::request::RequestContext;
use onsale_platform::http;
use onsale_platform::ids::Ids;
use onsale_platform::lambda::Function;
use tower::ServiceExt;

use crate::aws::api_gateway::authorizer::Authorizer;
use crate::aws::api_gateway::refusal::Refusal;
use crate::aws::api_gateway::routes::{Route, Routes};
use crate::aws::cloudformation::{ACCOUNT, Cors, Event, Template};
use crate::aws::lambda::{CallError, Functions, run_with_timeout};

/// The largest body API Gateway takes.
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;

/// The API, ready to serve.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    functions: Arc<Functions>,
    authorizer: Option<Authorizer>,
    routes: Routes<Target>,
    cors: Option<Cors>,
}

/// A function behind a route.
struct Target {
    router: Router,
    timeout: Duration,
    authorized: bool,
}

impl Gateway {
    /// Builds the routes of the template.
    #[must_use]
    pub fn new(template: &Template, functions: Arc<Functions>) -> Self {
        let mut routes = Vec::new();
        for declaration in &template.functions {
            let Some(entry) = functions.get(&declaration.name) else { continue };
            let router = match entry.code {
                Function::Http(route) => http::serve(route(), entry.app.clone()),
                Function::Default(refusal) => http::refuse(refusal, entry.app.clone()),
                Function::Page(routes) => http::serve_page(routes(), entry.app.clone()),
                Function::Event(_) => continue,
            };
            for event in &declaration.events {
                if let Event::Http { method, path, authorized } = event {
                    let (timeout, authorized) = (declaration.timeout, *authorized);
                    let target = Target { router: router.clone(), timeout, authorized };
                    routes.push((method.clone(), path.clone(), target));
                }
            }
        }
        let authorizer = template.api.authorizer.clone().map(Authorizer::new);
        Self(Arc::new(Inner { functions, authorizer, routes: Routes::new(routes), cors: template.api.cors.clone() }))
    }

    /// The API as a service, for a socket or to be called in this process.
    pub fn router(&self) -> Router {
        Router::new().fallback(serve).with_state(self.clone())
    }

    async fn handle(&self, request: Request) -> Result<Response, Refusal> {
        let source = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let source = source.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let (mut parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| Refusal::TooLarge)?;
        let route = self.0.routes.find(parts.method.as_str(), parts.uri.path()).ok_or(Refusal::NotFound)?;
        parts.headers = join_repeated(&parts.headers);

        let mut context = self.context(&parts, route, source);
        if let (true, Some(authorizer)) = (route.target.authorized, &self.0.authorizer) {
            let fields = authorizer.authorize(&self.0.functions, &parts, &context).await?;
            let mut answer = ApiGatewayRequestAuthorizer::default();
            answer.fields = fields;
            context.authorizer = Some(answer);
        }
        let id = context.request_id.clone().unwrap_or_default();
        let mut response = call(&route.target, parts, body, context).await?;
        if let Ok(id) = HeaderValue::try_from(id) {
            response.headers_mut().insert(HeaderName::from_static("apigw-requestid"), id);
        }
        Ok(response)
    }

    fn context(&self, parts: &request::Parts, route: &Route<Target>, source: IpAddr) -> ApiGatewayV2httpRequestContext {
        let now = self.0.functions.now();
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut context = ApiGatewayV2httpRequestContext::default();
        context.route_key = Some(route.key.clone());
        context.account_id = Some(ACCOUNT.to_owned());
        context.stage = Some("$default".to_owned());
        context.apiid = Some("local".to_owned());
        context.request_id = Some(Ids::Random.uuid(now).to_string());
        context.domain_name = text(header::HOST);
        context.time = Some(now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string());
        context.time_epoch = now.as_millisecond();
        context.http.method = parts.method.clone();
        context.http.path = Some(parts.uri.path().to_owned());
        context.http.protocol = Some("HTTP/1.1".to_owned());
        context.http.source_ip = Some(source.to_string());
        context.http.user_agent = text(header::USER_AGENT);
        context
    }
}

async fn serve(State(gateway): State<Gateway>, request: Request) -> Response {
    let Some(cors) = gateway.0.cors.clone() else {
        return gateway.handle(request).await.unwrap_or_else(IntoResponse::into_response);
    };
    if let Some(answer) = cors::preflight(&cors, request.method(), request.headers()) {
        return answer;
    }
    let headers = request.headers().clone();
    let mut response = gateway.handle(request).await.unwrap_or_else(IntoResponse::into_response);
    cors::allow(&cors, &headers, &mut response);
    response
}

async fn call(
    target: &Target,
    parts: request::Parts,
    body: Bytes,
    context: ApiGatewayV2httpRequestContext,
) -> Result<Response, Refusal> {
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = parts.method;
    *request.uri_mut() = parts.uri;
    *request.headers_mut() = parts.headers;
    // Nothing else of the caller's request goes on: what a function believes comes from this context alone.
    request.extensions_mut().insert(RequestContext::ApiGatewayV2(context));
    let answer = run_with_timeout(target.timeout, target.router.clone().oneshot(request)).await;
    match answer {
        Ok(Ok(response)) => Ok(response),
        Err(CallError::TimedOut(_)) => Err(Refusal::Unavailable),
        Err(_) => Err(Refusal::Internal),
    }
}

/// API Gateway hands a header that came several times on as one, its values joined.
fn join_repeated(headers: &HeaderMap) -> HeaderMap {
    let mut joined = HeaderMap::with_capacity(headers.keys_len());
    for name in headers.keys() {
        let values: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        if let Ok(value) = HeaderValue::from_bytes(&values.join(&b","[..])) {
            joined.insert(name.clone(), value);
        }
    }
    joined
}
