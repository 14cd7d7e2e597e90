//! Everything without a route

use axum::http::Method;

use crate::support::World;

#[tokio::test]
async fn an_unknown_route_is_not_found() {
    let world = World::new().await;
    let anybody = world.anonymous();
    for path in [
        "/nothing",
        "/concerts/",
        "/concert/1",
        "/concerts/1/2",
        "/concerts/1/2/3",
        "/users",
        "/Health",
        "/%00",
        "/..%2f..%2fetc/passwd",
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let reply = anybody.call(method.clone(), path, None, None).await;
            if path == "/users" {
                assert!(reply.status != 404, "{method} {path}");
            } else {
                reply.expect_problem(404, "not-found");
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_method_is_answered_with_those_of_the_path() {
    let world = World::new().await;
    let anybody = world.anonymous();
    let id = "0193a000-0000-7000-8000-000000000001";
    for (method, path, allowed) in [
        (Method::GET, "/users".to_owned(), "POST"),
        (Method::PATCH, "/users/me".to_owned(), "DELETE, GET"),
        (Method::PATCH, "/concerts".to_owned(), "GET, POST"),
        (Method::PUT, format!("/concerts/{id}"), "DELETE, GET"),
        (Method::POST, format!("/schedules/{id}/seats/A-1-1/hold"), "DELETE, PUT"),
        // Two routes fit: this list, and a product of that id.
        (Method::POST, "/products/popular".to_owned(), "GET, PATCH"),
        (Method::POST, "/health".to_owned(), "GET"),
    ] {
        let reply = anybody.call(method, &path, None, None).await.expect_problem(405, "method-not-allowed");
        assert_eq!(reply.headers["allow"], allowed, "{path}");
    }
}

#[tokio::test]
async fn it_never_repeats_what_was_asked() {
    let world = World::new().await;
    let reply = world.anonymous().get("/canary-7f3a?canary-7f3a=1").await.expect(404);
    assert!(!String::from_utf8_lossy(&reply.bytes).contains("canary-7f3a"));
}
