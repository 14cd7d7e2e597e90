//! The front of every port: it bounds how many connections there are and how long they may take, and refuses requests
//! that a page of another site makes a browser send.
//!
//! A browser on this machine reaches the ports of the loopback, so every page that it shows could ask them. Such a
//! request names its page in `Origin`. With DNS rebinding the page's own name leads to this machine, and nothing is of
//! another origin any more; but then `Host` has that name, and none that this machine is known by.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header, request};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

/// How long a connection may take for the head of a request, counted from its start or from the answer before; so also
/// how long it may be idle.
pub const HEAD_TIME_MAX: Duration = Duration::from_secs(30);
/// How long the body of a request may take: as long as API Gateway waits for a function.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(30);
/// Most connections of a port at once; further ones wait until one of them ends.
pub const CONNECTIONS_MAX: usize = 2_000;
/// The largest body of a request: `DynamoDB`'s, the largest of the services that are served here.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long to wait before connections are accepted again when the system has no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// The limits of a port's connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub head: Duration,
    pub body: Duration,
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: HEAD_TIME_MAX, body: BODY_TIME_MAX, connections: CONNECTIONS_MAX }
    }
}

/// The requests that a port answers.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// The address that the port is at.
    address: IpAddr,
    /// Names of this machine besides `localhost`; `*` is any.
    names: Arc<[String]>,
    /// Whether pages of other origins are answered.
    pages: bool,
}

impl Access {
    /// For a port of tools, which no page has business with.
    pub(crate) fn for_tools(address: IpAddr, names: &[String]) -> Self {
        Self { address, names: names.into(), pages: false }
    }

    /// For the API, which asks for a token, and takes JSON that a page of another origin may not send.
    pub(crate) fn for_api(address: IpAddr, names: &[String]) -> Self {
        Self { address, names: names.into(), pages: true }
    }

    /// Why a request is not answered.
    fn refusal(&self, parts: &request::Parts) -> Option<Response> {
        let Some(host) = single_header(&parts.headers, &header::HOST) else {
            return Some(refusal_response(StatusCode::BAD_REQUEST, "a request must have one Host header"));
        };
        let absolute = parts.uri.authority().map(Authority::as_str);
        if ![Some(host), absolute].into_iter().flatten().all(|host| self.names_this_machine(host)) {
            let message = "Host names another machine; start the stack with --allow-host NAME if this is its name";
            return Some(refusal_response(StatusCode::MISDIRECTED_REQUEST, message));
        }
        let origins = || parts.headers.get_all(header::ORIGIN).iter();
        if !self.pages && !origins().all(|origin| is_same_origin(origin, host)) {
            return Some(refusal_response(StatusCode::FORBIDDEN, "pages of other origins may not call this port"));
        }
        None
    }

    /// Whether a `Host` names this machine. Behind an address no name is looked up, so none of these can be rebound.
    fn names_this_machine(&self, host: &str) -> bool {
        let Some(authority) = host.parse::<Authority>().ok().filter(|authority| !authority.as_str().contains('@'))
        else {
            return false;
        };
        let name = authority.host().trim_end_matches('.').to_ascii_lowercase();
        let literal = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(&name);
        match literal.parse::<IpAddr>().map(|address| address.to_canonical()) {
            // At all addresses, it may have any: also one that another machine forwards to it.
            Ok(address) => address.is_loopback() || address == self.address || self.address.is_unspecified(),
            Err(_) => name == "localhost" || self.names.iter().any(|known| known == "*" || *known == name),
        }
    }
}

/// A name for `--allow-host`: what stands in `Host`, without a port.
///
/// # Errors
/// When it is no name of a machine, in words for whoever gave it.
pub fn host_name(given: &str) -> Result<String, String> {
    let is_name = given.parse::<Authority>().is_ok_and(|authority| authority.host() == given);
    if given == "*" || is_name {
        return Ok(given.trim_end_matches('.').to_ascii_lowercase());
    }
    Err("must be a name without scheme and port such as onsale.example, or * for any".to_owned())
}

/// The text of a header that comes exactly once.
fn single_header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() { None } else { first.to_str().ok() }
}

/// Whether an origin is that of the port itself.
fn is_same_origin(origin: &HeaderValue, host: &str) -> bool {
    let origin = origin.to_str().unwrap_or_default();
    let own = ["http://", "https://"].iter().find_map(|scheme| origin.strip_prefix(scheme));
    own.is_some_and(|own| own.eq_ignore_ascii_case(host))
}

fn refusal_response(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}

/// Serves connections until `stopped`, and returns when the last of them has ended.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    access: Access,
    limits: Limits,
    stopped: watch::Receiver<bool>,
) {
    let slots = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    let mut stop = pin!(wait_for_stop(stopped.clone()));
    loop {
        let accepted = async {
            // A semaphore that is never closed gives a permit.
            let slot = Arc::clone(&slots).acquire_owned().await.ok();
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, address)) => {
                let connection = connection(stream, address, router.clone(), access.clone(), limits, stopped.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(slot);
                });
            }
            Err(problem) => {
                tracing::warn!(%problem, "a connection was not accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(
    stream: TcpStream,
    address: SocketAddr,
    router: Router,
    access: Access,
    limits: Limits,
    stopped: watch::Receiver<bool>,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (router, access) = (router.clone(), access.clone());
        async move { Ok::<_, Infallible>(answer(request, address, router, &access, limits).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // An error is the other side's, which is gone or too slow.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = wait_for_stop(stopped) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

async fn answer(
    request: Request<Incoming>,
    address: SocketAddr,
    router: Router,
    access: &Access,
    limits: Limits,
) -> Response {
    let (mut parts, body) = request.into_parts();
    if let Some(refusal) = access.refusal(&parts) {
        return refusal;
    }
    let body = match timeout(limits.body, to_bytes(Body::new(body), BODY_BYTES_MAX)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return refusal_response(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
        Err(_) => {
            let close = [(header::CONNECTION, HeaderValue::from_static("close"))];
            return (close, refusal_response(StatusCode::REQUEST_TIMEOUT, "the body took too long")).into_response();
        }
    };
    parts.extensions.insert(ConnectInfo(address));
    let answered = router.oneshot(Request::from_parts(parts, Body::from(body))).await;
    answered.unwrap_or_else(|never| match never {})
}

/// Returns when the ports are to be given up.
async fn wait_for_stop(mut stopped: watch::Receiver<bool>) {
    // The sender is dropped only when everything ends, which is a reason to stop as well.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::Instant;

    use super::*;

    fn here(address: &str, names: &[&str]) -> Access {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Access::for_tools(address.parse().unwrap(), &names)
    }

    #[test]
    fn a_host_is_this_machine_by_its_address_or_by_a_name_that_it_was_given() {
        let everywhere = here("0.0.0.0", &[]);
        let named = here("127.0.0.1", &["onsale.example"]);
        let bridge = here("172.17.0.1", &[]);
        for host in ["localhost", "LocalHost:3001", "localhost.", "127.0.0.1:9", "127.8.0.1", "[::1]:3001"] {
            assert!([&everywhere, &named, &bridge].iter().all(|access| access.names_this_machine(host)), "{host}");
        }
        for host in
            ["attacker.example", "localhost.attacker.example", "127.0.0.1.attacker.example:3001", "", "a@localhost"]
        {
            assert!([&everywhere, &named, &bridge].iter().all(|access| !access.names_this_machine(host)), "{host}");
        }
        assert!(named.names_this_machine("Onsale.example:3001") && !bridge.names_this_machine("onsale.example"));
        assert!(bridge.names_this_machine("172.17.0.1:8000") && !named.names_this_machine("172.17.0.1:8000"));
        assert!(everywhere.names_this_machine("192.0.2.7:3000") && !bridge.names_this_machine("192.0.2.7:3000"));
        assert!(here("127.0.0.1", &["*"]).names_this_machine("anything.example"));
    }

    #[test]
    fn an_origin_is_the_ports_own_if_it_has_the_same_host_and_port() {
        let of = |origin: &'static str| is_same_origin(&HeaderValue::from_static(origin), "127.0.0.1:3001");
        assert!(of("http://127.0.0.1:3001"));
        for other in
            ["null", "http://127.0.0.1:3000", "http://localhost:3001", "https://attacker.example", "127.0.0.1:3001"]
        {
            assert!(!of(other), "{other}");
        }
    }

    #[test]
    fn a_name_to_be_allowed_has_neither_scheme_nor_port() {
        assert_eq!(host_name("Onsale.Example.").as_deref(), Ok("onsale.example"));
        assert_eq!(host_name("*").as_deref(), Ok("*"));
        for wrong in ["", "http://onsale.example", "onsale.example:3000", "a b", "me@onsale.example"] {
            assert!(host_name(wrong).is_err(), "{wrong}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_above_the_most_waits_until_another_one_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (_stop, stopped) = watch::channel(false);
        let limits = Limits { connections: 1, ..Limits::default() };
        tokio::spawn(serve(listener, Router::new(), Access::for_tools(address.ip(), &[]), limits, stopped));
        let began = Instant::now();
        let _idle = TcpStream::connect(address).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        second.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404") && began.elapsed() >= HEAD_TIME_MAX, "{:?}", began.elapsed());
    }
}
