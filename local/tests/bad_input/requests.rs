//! What is sent beside a body: content type, path, query and headers.

use axum::body::Body;
use axum::http::{HeaderValue, Request};
use onsale_domain::queue::QueueId;
use serde_json::json;

use super::{MARKER, Target, expect_refused, is_taken};

#[tokio::test]
async fn a_body_must_be_declared_as_json() {
    let target = Target::new().await;
    for route in target.routes_with_body() {
        let body = target.example(&route).to_string();
        let before = target.world.dump();
        for content_type in [
            None,
            Some(""),
            Some("text/plain"),
            Some("text/json"),
            Some("application/x-www-form-urlencoded"),
            Some("multipart/form-data; boundary=x"),
            Some("application/jsonx"),
            Some("application/problem+json"),
            Some("application/json, text/plain"),
            Some("text/plain; application/json"),
            Some(MARKER),
        ] {
            let reply = target.send(&route, body.clone(), content_type).await;
            expect_refused(reply, content_type.unwrap_or("none")).expect_problem(415, "unsupported-media-type");
        }
        assert_eq!(target.world.dump(), before);
        let reply = target.send(&route, body, Some("Application/JSON; charset=utf-8")).await;
        assert!(is_taken(&reply), "{}: {}", reply.request, reply.body);
    }
}

#[tokio::test]
async fn another_parameter_or_field_than_there_are_is_refused_by_naming_those() {
    let target = Target::new().await;
    let mut attacked = 0;
    for route in target.routes() {
        let mut known = target.parameters(&route, "query");
        if known.is_empty() {
            continue;
        }
        let path = target.path(&route, "", "");
        let reply = target.caller.get(&format!("{path}?{MARKER}%60,%20expected%20%60x%60=1")).await;
        let detail = expect_refused(reply, &route.name).expect_problem(400, "invalid-request").text("detail");
        known.sort_unstable();
        assert_eq!(detail, format!("query must have no fields other than: {}", known.join(", ")));
        if known.iter().any(|name| name == "limit") {
            let reply = target.caller.get(&format!("{path}?limit={MARKER}")).await;
            let reply = expect_refused(reply, &route.name).expect_problem(400, "invalid-request");
            assert!(reply.text("detail").starts_with("limit must be an integer between 1 and "), "{}", reply.body);
            let reply = target.caller.get(&format!("{path}?limit=1&limit=2")).await;
            assert_eq!(reply.expect_problem(400, "invalid-request").text("detail"), "limit must be given only once");
        }
        attacked += 1;
    }
    assert!(attacked >= 9, "{attacked} routes have parameters");
    let reply = target
        .caller
        .post("/wallet/payments", json!({ "amount": 1, "memo": "x", (format!("{MARKER}`, expected `x`")): 1 }))
        .await;
    let reply = expect_refused(reply, "spend").expect_problem(400, "invalid-request");
    assert_eq!(reply.text("detail"), "body must have no fields other than: amount, memo");
}

#[tokio::test]
async fn a_malformed_id_is_refused_on_every_route() {
    let target = Target::new().await;
    let long = "9".repeat(5_000);
    let malformed = [
        "x",
        MARKER,
        "0",
        "-1",
        "%00",
        "%FF",
        "%20",
        "%0A",
        "..%2F..%2Fetc",
        "%27%20OR%201=1",
        "%F0%9F%98%80",
        "0193a000-0000-7000-8000-00000000000g",
        "0193a000-0000-7000-8000-0000000000000",
        "{x}",
        "USER%23x",
        &long,
    ];
    let mut attacked = 0;
    let before = target.world.dump();
    for route in target.routes() {
        for parameter in route.parameters.iter().filter(|name| route.path.contains(&format!("{{{name}}}"))) {
            // Some of them are good ids of a queue, which is any slug.
            let malformed = malformed.iter().filter(|id| *parameter != "queue_id" || QueueId::parse(id).is_err());
            for id in malformed {
                let id = id.replace('{', "%7B").replace('}', "%7D");
                let reply = target.send_with(&route, &target.path(&route, parameter, &id), None).await;
                let reply = expect_refused(reply, &format!("{parameter} {id}"));
                reply.expect_problem(400, "invalid-request");
            }
            attacked += 1;
        }
    }
    assert_eq!(target.world.dump(), before);
    assert!(attacked >= 18, "only {attacked} parameters");
}

#[tokio::test]
async fn a_malformed_idempotency_key_is_refused() {
    let target = Target::new().await;
    let routes = target.routes_with("Idempotency-Key");
    assert!(routes.len() >= 6, "only {} routes", routes.len());
    let id = "0193a000-0000-7000-8000-000000000007";
    let before = target.world.dump();
    for route in &routes {
        let path = target.path(route, "", "");
        for key in [
            "",
            "x",
            "7",
            MARKER,
            "0193a000000070008000000000000007",
            "{0193a000-0000-7000-8000-000000000007}",
            "urn:uuid:0193a000-0000-7000-8000-000000000007",
            "0193a000-0000-7000-8000-00000000000g",
            "0193a000-0000-7000-8000-0000000000077",
            "0193a000-0000-7000-8000-000000000007,0193a000-0000-7000-8000-000000000008",
        ] {
            let key = HeaderValue::from_str(key).expect("a header");
            let reply = target.send_with(route, &path, Some(("idempotency-key", key))).await;
            expect_refused(reply, "a key").expect_invalid("Idempotency-Key");
        }
        let bytes = HeaderValue::from_bytes(b"\xff\xfe").expect("a header");
        let reply = target.send_with(route, &path, Some(("idempotency-key", bytes))).await;
        expect_refused(reply, "bytes").expect_invalid("Idempotency-Key");
    }
    assert_eq!(target.world.dump(), before);
    for route in &routes {
        let key = HeaderValue::from_str(id).expect("a header");
        let reply = target.send_with(route, &target.path(route, "", ""), Some(("Idempotency-Key", key))).await;
        assert!(is_taken(&reply), "{}: {}", reply.request, reply.body);
    }
}

#[tokio::test]
async fn what_moves_money_or_units_or_ends_a_code_is_refused_without_a_key_and_nothing_else_is() {
    let target = Target::new().await;
    let mut required = Vec::new();
    for route in target.routes_with("Idempotency-Key") {
        let request = Request::builder().method(route.method.clone()).uri(target.path(&route, "", ""));
        let body = match route.schema {
            Some(_) => Body::from(target.example(&route).to_string()),
            None => Body::empty(),
        };
        let request = request.header("content-type", "application/json").body(body).expect("a request");
        let before = target.world.dump();
        let reply = target.caller.send_as_it_is(request).await;
        if reply.status.is_success() {
            continue;
        }
        let detail = reply.expect_invalid("Idempotency-Key").text("detail");
        assert!(detail.contains("required") && detail.contains("no second effect"), "{detail}");
        assert_eq!(target.world.dump(), before, "{}", route.name);
        required.push(route.name);
    }
    required.sort();
    assert_eq!(
        required,
        [
            "adjust_stock",
            "credit_wallet",
            "pay_out",
            "place_order",
            "reissue_ticket_code",
            "spend",
            "start_card_payment",
            "top_up",
        ]
    );
}

#[tokio::test]
async fn a_malformed_page_is_refused_on_every_list() {
    let target = Target::new().await;
    let routes = target.routes_with("cursor");
    assert!(routes.len() >= 7, "only {} routes", routes.len());
    for route in routes {
        assert!(route.parameters.iter().any(|name| name == "limit"), "{} has pages", route.name);
        let path = target.path(&route, "", "");
        for query in [
            "limit=0",
            "limit=101",
            "limit=abc",
            "limit=-1",
            "limit=1.5",
            "limit=",
            "limit=99999999999999999999",
            "limit=1e2",
            "limit=%00",
            "limit=canary-7f3a",
            "limit=1&limit=2",
            "limit=%F0%9F%98%80",
            "limit=+",
            "cursor=",
            "cursor=x",
            "cursor=canary-7f3a",
            "cursor=%00",
            "cursor=%FF",
            "cursor=bnVsbA",
            "cursor=W10",
            "cursor=e30",
            "cursor=eyJwayI6IlVTRVIjMSIsInNrIjoiV0FMTEVUIn0",
            "cursor=x&cursor=y",
        ] {
            let reply = target.send_with(&route, &format!("{path}?{query}"), None).await;
            expect_refused(reply, query).expect_problem(400, "invalid-request");
        }
        let long = format!("{path}?cursor={}", "A".repeat(6_000));
        expect_refused(target.send_with(&route, &long, None).await, "a long cursor").expect_invalid("cursor");
        target.send_with(&route, &format!("{path}?limit=100"), None).await.expect(200);
    }
}
