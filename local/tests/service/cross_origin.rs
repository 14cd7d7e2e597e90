//! Pages of other origins: refused by browsers unless a setting allows them.

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;

use crate::support::{Reply, World};

const SHOP: &str = "https://shop.example";

async fn ask(world: &World, method: &str, headers: &[(&str, &str)]) -> Reply {
    let request = Request::builder().method(method).uri("/products");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    world.anonymous().send(request.body(Body::empty()).expect("a request")).await
}

async fn with_shops() -> World {
    World::with_options(|options| {
        options.variables.insert("ALLOWED_ORIGINS".into(), format!("{SHOP},https://www.shop.example"));
    })
    .await
}

#[tokio::test]
async fn without_the_setting_no_page_is_let_in() {
    let world = World::new().await;
    let preflight = [("origin", SHOP), ("access-control-request-method", "GET")];
    let refused = ask(&world, "OPTIONS", &preflight).await.expect_problem(405, "method-not-allowed");
    assert!(!refused.headers.contains_key("access-control-allow-origin"));
    let answer = ask(&world, "GET", &[("origin", SHOP)]).await.expect(200);
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_page_that_the_setting_names_is_let_in_without_cookies() {
    let world = with_shops().await;
    for origin in [SHOP, "https://www.shop.example"] {
        let preflight = [("origin", origin), ("access-control-request-method", "POST")];
        let told = ask(&world, "OPTIONS", &preflight).await.expect(204).headers;
        assert_eq!(told["access-control-allow-origin"], origin);
        assert_eq!(told["access-control-allow-methods"], "DELETE,GET,PATCH,POST,PUT");
        let headers = told["access-control-allow-headers"].to_str().expect("text");
        for header in ["authorization", "content-type", "idempotency-key", "queue-token", "if-none-match"] {
            assert!(headers.split(',').any(|allowed| allowed == header), "{header} in {headers}");
        }
        assert!(!told.contains_key("access-control-allow-credentials"));
        let answer = ask(&world, "GET", &[("origin", origin)]).await.expect(200);
        assert_eq!(answer.headers["access-control-allow-origin"], origin);
        let exposed = answer.headers["access-control-expose-headers"].to_str().expect("text");
        for header in ["date", "etag", "retry-after", "idempotent-replayed"] {
            assert!(exposed.split(',').any(|told| told == header), "{header} in {exposed}");
        }
    }
    let request = Request::builder().uri("/wallet").header("origin", SHOP).body(Body::empty()).expect("a request");
    let refused = world.anonymous().send(request).await.expect(401);
    assert_eq!(refused.headers["access-control-allow-origin"], SHOP, "refusals can be read, too");
}

#[tokio::test]
async fn other_pages_and_plain_requests_are_answered_as_before() {
    let world = with_shops().await;
    let preflight = [("origin", "https://evil.example"), ("access-control-request-method", "GET")];
    let told = ask(&world, "OPTIONS", &preflight).await.expect(204);
    assert!(!told.headers.contains_key("access-control-allow-origin"));
    let answer = ask(&world, "GET", &[("origin", "https://evil.example")]).await.expect(200);
    assert!(!answer.headers.contains_key("access-control-allow-origin"));
    let plain = ask(&world, "GET", &[]).await.expect(200);
    assert!(!plain.headers.contains_key("access-control-allow-origin") && plain.body["items"] == Value::Array(vec![]));
    ask(&world, "OPTIONS", &[("origin", SHOP)]).await.expect_problem(405, "method-not-allowed");
}
