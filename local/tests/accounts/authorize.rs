//! The authorizer, seen from outside: every protected route behind it, and every token that is not one.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use super::tokens::Forge;
use crate::support::{Person, Reply, World};

/// Method, path with some ids put in, and who may call, of every route.
async fn routes(world: &World) -> Vec<(Method, String, String)> {
    let document = world.anonymous().get("/openapi.json").await.expect(200).body;
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        let id = "0193a000-0000-7000-8000-000000000001";
        let path = path.replace("{payment_id}", &format!("rsv-{id}")).replace("{seat_id}", "A-1-1");
        let path =
            path.replace("{ticket_id}", "A-1-1").split('{').enumerate().fold(String::new(), |path, (at, part)| {
                if at == 0 {
                    part.to_owned()
                } else {
                    format!("{path}{id}{}", part.split_once('}').expect("a parameter").1)
                }
            });
        for (method, operation) in operations.as_object().expect("operations") {
            let method: Method = method.to_uppercase().parse().expect("a method");
            let access = operation["x-access"].as_str().expect("every route says who may call it").to_owned();
            routes.push((method, path.clone(), access));
        }
    }
    assert!(routes.len() > 25, "only {} routes", routes.len());
    routes
}

fn protected(access: &str) -> bool {
    ["user", "user+queue", "organiser", "admin"].contains(&access)
}

async fn call(person: &Person, method: &Method, path: &str) -> Reply {
    person.call(method.clone(), path, Some(json!({})), None).await
}

fn expect_gateway(reply: Reply, status: u16, message: &str) {
    let reply = reply.expect(status);
    assert_eq!(reply.bytes, json!({ "message": message }).to_string().as_bytes(), "{}", reply.request);
    assert_eq!(reply.headers["content-type"], "application/json");
}

#[tokio::test]
async fn every_protected_route_asks_for_a_token() {
    let world = World::new().await;
    for (method, path, access) in routes(&world).await {
        let reply = call(&world.anonymous(), &method, &path).await;
        if protected(&access) {
            expect_gateway(reply, 401, "Unauthorized");
        } else {
            // A function's own refusal has a code: of a report that is not signed.
            let by_gateway = matches!(reply.status.as_u16(), 401 | 403) && reply.body["code"].is_null();
            assert!(!by_gateway, "{} is {access}: {}", reply.request, reply.body);
        }
    }
}

#[tokio::test]
async fn every_protected_route_refuses_a_forged_and_an_expired_token() {
    let world = World::new().await;
    let forge = Forge::new(&world).await;
    let (mut forger, mut late) = (world.anonymous(), world.admin().await);
    forger.token = Some(forge.with_claim("aud", Some(json!("another-api"))));
    let before = world.dump();
    for (method, path, _) in routes(&world).await.into_iter().filter(|(_, _, access)| protected(access)) {
        expect_gateway(call(&forger, &method, &path).await, 403, "Forbidden");
    }
    world.wait(906);
    for (method, path, _) in routes(&world).await.into_iter().filter(|(_, _, access)| protected(access)) {
        expect_gateway(call(&late, &method, &path).await, 403, "Forbidden");
    }
    assert_eq!(world.dump(), before);
    late.token = world.admin().await.token;
    late.get("/wallet").await.expect_problem(404, "no-wallet");
}

#[tokio::test]
async fn a_plain_user_is_refused_on_every_route_of_a_role() {
    let world = World::new().await;
    let user = world.user().await;
    let before = world.dump();
    let admin_routes: Vec<_> =
        routes(&world).await.into_iter().filter(|(_, _, who)| who == "admin" || who == "organiser").collect();
    assert_eq!(admin_routes.len(), 21);
    for (method, path, _) in admin_routes {
        call(&user, &method, &path).await.expect_problem(403, "forbidden");
    }
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn what_is_not_our_token_is_refused() {
    let world = World::new().await;
    let forge = Forge::new(&world).await;
    let mut person = world.anonymous();
    // The forge itself works: unchanged, its token is admitted.
    person.token = Some(forge.signed_token(&forge.header, &forge.claims));
    person.get("/wallet").await.expect_problem(404, "no-wallet");
    let refused = forge.tokens_to_refuse();
    assert!(refused.len() >= 60, "{} classes", refused.len());
    for (name, token) in refused {
        person.token = Some(token);
        let reply = person.get("/wallet").await;
        assert_eq!(reply.status, 403, "{name}: {}", reply.body);
        expect_gateway(reply, 403, "Forbidden");
    }
}

#[tokio::test]
async fn the_header_must_be_a_bearer_token() {
    let world = World::new().await;
    let token = world.user().await.token.expect("a token");
    let anybody = world.anonymous();
    for header in [token.clone(), format!("Basic {token}"), "Bearer".to_owned(), format!("Bearer  {token}")] {
        expect_gateway(anybody.get_with("/wallet", "authorization", &header).await, 403, "Forbidden");
    }
    anybody.get_with("/wallet", "authorization", &format!("bearer {token}")).await.expect(404);
    expect_gateway(anybody.get_with("/wallet", "authorization", "").await, 401, "Unauthorized");
    expect_gateway(anybody.get(&format!("/wallet?authorization=Bearer%20{token}")).await, 401, "Unauthorized");
}

#[tokio::test]
async fn two_tokens_are_none() {
    let world = World::new().await;
    let (one, two) = (world.user().await.token.expect("a token"), world.admin().await.token.expect("a token"));
    let request = Request::get("/wallet")
        .header("authorization", format!("Bearer {one}"))
        .header("authorization", format!("Bearer {two}"))
        .body(Body::empty());
    expect_gateway(world.anonymous().send(request.expect("a request")).await, 403, "Forbidden");
}

#[tokio::test]
async fn a_caller_cannot_name_who_calls() {
    let world = World::new().await;
    let user = world.user().await;
    let admin = world.admin().await.id.to_string();
    for (name, value) in [("x-user-id", admin.as_str()), ("role", "admin"), ("x-amzn-request-context", "{}")] {
        let request = Request::post("/concerts")
            .header("content-type", "application/json")
            .header(name, value)
            .body(Body::from(json!({ "name": "Concert", "description": "" }).to_string()));
        user.send(request.expect("a request")).await.expect_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn a_token_ends_though_the_authorizers_answer_is_remembered() {
    let world = World::new().await;
    let user = world.user_with(0).await;
    world.wait(890);
    user.get("/wallet").await.expect(200);
    world.wait(9);
    user.get("/wallet").await.expect(200);
    world.wait(2);
    // 901 seconds old, and the gateway still remembers that it was fine at 890.
    let ended = user.get("/wallet").await.expect_problem(401, "unauthorized");
    assert_eq!(ended.headers["www-authenticate"], "Bearer");
    world.wait(50);
    expect_gateway(user.get("/wallet").await, 403, "Forbidden");
}

#[tokio::test]
async fn invoked_by_hand_it_says_who_calls() {
    let world = World::new().await;
    let user = world.user().await;
    let header = format!("Bearer {}", user.token.as_deref().expect("a token"));
    let event = |identity: Value| {
        let context = json!({ "http": { "method": "GET", "path": "/wallet" } });
        json!({ "version": "2.0", "type": "REQUEST", "identitySource": identity, "requestContext": context })
    };
    let answer = world.stack.invoke("authorize", event(json!([header]))).await.expect("an answer");
    assert_eq!(answer["isAuthorized"], true);
    assert_eq!(answer["context"]["sub"], user.id.to_string());
    assert!(answer["context"].get("role").is_none(), "{answer}");
    for identity in [json!([]), json!(["Bearer x"]), Value::Null] {
        let answer = world.stack.invoke("authorize", event(identity)).await.expect("an answer");
        assert_eq!(answer, json!({ "isAuthorized": false }));
    }
}
