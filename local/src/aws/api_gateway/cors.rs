//! Requests of pages of other origins, as the HTTP API itself answers them: a preflight without asking a function, and
//! everything else with the headers that let the page read the answer. Without a configuration neither happens.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use crate::aws::cloudformation::Cors;

/// The answer to a preflight, if the request is one: which origins, methods and headers are taken.
pub fn preflight(cors: &Cors, method: &Method, headers: &HeaderMap) -> Option<Response> {
    let is_preflight = method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let origin = headers.get(header::ORIGIN).filter(|_| is_preflight)?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if cors.allows(origin) {
        let told = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, cors.methods.join(",")),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, cors.headers.join(",")),
            (header::ACCESS_CONTROL_MAX_AGE, cors.max_age.to_string()),
        ];
        insert_all(response.headers_mut(), told);
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
    Some(response)
}

/// Lets a page of an allowed origin read an answer.
pub fn allow(cors: &Cors, request: &HeaderMap, response: &mut Response) {
    let Some(origin) = request.get(header::ORIGIN).filter(|origin| cors.allows(origin)) else { return };
    let headers = response.headers_mut();
    insert_all(headers, [(header::ACCESS_CONTROL_EXPOSE_HEADERS, cors.exposed.join(","))]);
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}

fn insert_all(headers: &mut HeaderMap, told: impl IntoIterator<Item = (HeaderName, String)>) {
    for (name, value) in told {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
}

impl Cors {
    fn allows(&self, origin: &HeaderValue) -> bool {
        self.origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes())
    }
}
