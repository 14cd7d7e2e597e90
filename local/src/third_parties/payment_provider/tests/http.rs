use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response, StatusCode, header};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tower::ServiceExt;

use super::{SECRET_KEY, World, settings, text};
use crate::third_parties::payment_provider::{Down, Faults, Operation, Provider, Server};

fn server() -> Server {
    let now = World::new().now;
    Server::new(Provider::new(settings()), Arc::new(move || now))
}

async fn ask(server: &Server, request: Request<Body>) -> Response<Body> {
    server.router().oneshot(request).await.expect("an answer")
}

async fn body(response: Response<Body>) -> String {
    let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    String::from_utf8(bytes.to_vec()).expect("text")
}

async fn get(server: &Server, path: &str) -> Response<Body> {
    ask(server, Request::get(path).body(Body::empty()).expect("a request")).await
}

fn form(path: &str, form: &str) -> Request<Body> {
    Request::post(path)
        .header(header::AUTHORIZATION, format!("Bearer {SECRET_KEY}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("idempotency-key", "k-1")
        .body(Body::from(form.to_owned()))
        .expect("a request")
}

const NEW: &str = "amount=10000&currency=krw&metadata%5Battempt_id%5D=a+%26+b&metadata[tag]=%3Cb%3E";

#[tokio::test]
async fn forms_are_read_and_answers_have_stripes_headers() {
    let server = server();
    let created = ask(&server, form("/v1/payment_intents", NEW)).await;
    assert_eq!(created.status(), StatusCode::OK);
    assert!(created.headers().get("idempotent-replayed").is_none());
    assert!(created.headers()["request-id"].to_str().expect("text").starts_with("req_t"));
    let created: Value = serde_json::from_str(&body(created).await).expect("JSON");
    assert_eq!(created["metadata"], json!({ "attempt_id": "a & b", "tag": "<b>" }));
    let again = ask(&server, form("/v1/payment_intents", NEW)).await;
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    let query = "query=metadata%5B%27attempt_id%27%5D%3A%27a%20%26%20b%27";
    let search = Request::get(format!("/v1/payment_intents/search?{query}"))
        .header(header::AUTHORIZATION, format!("Bearer {SECRET_KEY}"))
        .body(Body::empty())
        .expect("a request");
    let found: Value = serde_json::from_str(&body(ask(&server, search).await).await).expect("JSON");
    assert_eq!(found["data"][0]["id"], created["id"]);
}

#[tokio::test]
async fn other_requests_are_refused_in_stripes_form() {
    let server = server();
    assert_eq!(get(&server, "/v1/payment_intents").await.status(), StatusCode::UNAUTHORIZED);
    let mut delete = form("/v1/payment_intents", "");
    *delete.method_mut() = axum::http::Method::DELETE;
    assert_eq!(ask(&server, delete).await.status(), StatusCode::NOT_FOUND);
    let mut json = form("/v1/payment_intents", "{}");
    json.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().expect("a type"));
    let refused = ask(&server, json).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert!(body(refused).await.contains("invalid_request_error"));
    let large = form("/v1/payment_intents", &"a".repeat(64 * 1024 + 1));
    assert_eq!(ask(&server, large).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn people_see_what_happened() {
    let server = server();
    assert!(body(get(&server, "/").await).await.contains("none yet"));
    let created: Value =
        serde_json::from_str(&body(ask(&server, form("/v1/payment_intents", NEW)).await).await).expect("JSON");
    let id = text(&created["id"]);
    let page = body(get(&server, "/").await).await;
    assert!(page.contains(&format!("<a href=\"/objects/{id}\">{id}</a>")), "{page}");
    assert!(page.contains("a &amp; b") && page.contains("&lt;b&gt;") && page.contains("waiting"), "{page}");
    let shown: Value = serde_json::from_str(&body(get(&server, &format!("/objects/{id}")).await).await).expect("JSON");
    assert_eq!(shown, created);
    assert_eq!(get(&server, "/objects/pi_t99").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn faults_are_read_and_set() {
    let server = server();
    let put = |faults: Value| {
        let request = Request::put("/faults").header(header::CONTENT_TYPE, "application/json");
        request.body(Body::from(faults.to_string())).expect("a request")
    };
    assert_eq!(ask(&server, put(json!({ "declines": 2 }))).await.status(), StatusCode::OK);
    let read: Faults = serde_json::from_str(&body(get(&server, "/faults").await).await).expect("faults");
    assert_eq!(read, Faults { declines: 2, ..Faults::default() });
    assert_eq!(ask(&server, put(json!({ "decline": 2 }))).await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(ask(&server, put(json!({ "hang_seconds": 601 }))).await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(*server.provider().faults(), read);
}

#[tokio::test]
async fn browsers_get_scripts_with_a_strict_policy() {
    let server = server();
    for path in ["/v3", "/v3/"] {
        let script = get(&server, path).await;
        assert_eq!(script.headers()["cross-origin-resource-policy"], "cross-origin");
        assert!(body(script).await.contains("confirmPayment"));
    }
    let document = get(&server, "/elements/payment").await;
    let policy = document.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("text").to_owned();
    assert!(policy.contains("require-trusted-types-for 'script'") && policy.contains("http://127.0.0.1:*"), "{policy}");
    assert!(
        body(document).await.contains("no money moves")
            || body(get(&server, "/elements/elements.js").await).await.contains("no money moves")
    );
    assert_eq!(get(&server, "/elements/provider.css").await.headers()[header::CONTENT_TYPE], "text/css; charset=utf-8");
}

/// Serves a router on a free port.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

#[tokio::test]
async fn connections_break_when_they_are_told_to() {
    let server = server();
    let url = serve(server.router()).await;
    let create = || {
        let request = client().post(format!("{url}/v1/payment_intents")).bearer_auth(SECRET_KEY);
        request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(NEW).send()
    };
    let lost = Faults { unanswered: 1, operation: Operation::Create, hang_seconds: 0, ..Faults::default() };
    server.provider().set_faults(lost).expect("faults");
    assert!(create().await.is_err());
    assert_eq!(server.provider().payment_intents().count(), 1, "it has acted");
    server.provider().set_faults(Faults { down: Down::Drops, ..Faults::default() }).expect("faults");
    assert!(create().await.is_err());
    server.provider().set_faults(Faults { down: Down::Answers, ..Faults::default() }).expect("faults");
    assert_eq!(create().await.expect("an answer").status(), 503);
    assert_eq!(server.provider().payment_intents().count(), 1, "it has not acted");
}

/// The events that a shop has received, and how often it is to refuse.
type Shop = (mpsc::UnboundedSender<(HeaderMap, Bytes)>, Arc<Mutex<u32>>);

async fn take(State((received, refusals)): State<Shop>, headers: HeaderMap, body: Bytes) -> StatusCode {
    received.send((headers, body)).expect("somebody listens");
    let mut refusals = refusals.lock().expect("the lock");
    if *refusals == 0 {
        return StatusCode::NO_CONTENT;
    }
    *refusals -= 1;
    StatusCode::BAD_REQUEST
}

#[tokio::test]
async fn events_reach_the_shop_and_come_again_after_a_refusal() {
    let (sender, mut received) = mpsc::unbounded_channel();
    let shop = serve(Router::new().route("/webhook", post(take)).with_state((sender, Arc::new(Mutex::new(1))))).await;
    let time = Arc::new(Mutex::new(World::new().now));
    let clock = Arc::clone(&time);
    let server = Server::new(Provider::new(settings()), Arc::new(move || *clock.lock().expect("the lock")));
    let delivering = tokio::spawn(server.clone().deliver());
    assert_eq!(ask(&server, form("/v1/payment_intents", NEW)).await.status(), StatusCode::OK);
    server.set_webhook_url(format!("{shop}/webhook").parse().expect("an address"));
    let (headers, first) = received.recv().await.expect("an event");
    assert!(headers["stripe-signature"].to_str().expect("text").starts_with("t="));
    assert_eq!(headers[header::CONTENT_TYPE], "application/json; charset=utf-8");
    // The shop's refusal is noted before the time of the retry comes.
    let sent_at = *time.lock().expect("the lock");
    while server.provider().next_due() == Some(sent_at) {
        tokio::task::yield_now().await;
    }
    *time.lock().expect("the lock") = sent_at + jiff::SignedDuration::from_secs(1);
    let (_, again) = received.recv().await.expect("the event again");
    assert_eq!(first, again);
    let event: Value = serde_json::from_slice(&first).expect("JSON");
    assert_eq!(event["type"], "payment_intent.created");
    delivering.abort();
}
