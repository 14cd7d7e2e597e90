//! Every route of the OpenAPI document against every kind of caller, and tokens broken in ten thousand ways.

use axum::http::Method;
use onsale_platform::auth::access_token;
use onsale_platform::ids::Ids;
use serde_json::{Value, json};

use super::tokens::Forge;
use crate::support::{Person, Reply, World};

/// One operation of the document.
struct Operation {
    method: Method,
    path: String,
    access: String,
}

async fn operations(world: &World) -> Vec<Operation> {
    let document = world.anonymous().get("/openapi.json").await.expect(200).body;
    let mut all = Vec::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            all.push(Operation {
                method: method.to_uppercase().parse().expect("a method"),
                path: path.clone(),
                access: operation["x-access"].as_str().expect("an access class").to_owned(),
            });
        }
    }
    assert!(all.len() > 30, "only {} operations", all.len());
    all
}

/// What stands in a path for its parameters.
#[derive(Clone)]
struct Places {
    concert: String,
    schedule: String,
    reservation: String,
    order: String,
    seat: &'static str,
}

impl Places {
    fn path(&self, template: &str) -> String {
        template
            .replace("{schedule_id}", &self.schedule)
            .replace("{reservation_id}", &self.reservation)
            .replace("{payment_id}", &format!("rsv-{}", self.reservation))
            .replace("{seat_id}", self.seat)
            .replace("{ticket_id}", self.seat)
            .replace("{order_id}", &self.order)
            .replace("{product_id}", "0193a000-0000-7000-8000-000000000002")
            .replace("{coupon_id}", "0193a000-0000-7000-8000-000000000003")
            .replace("{concert_id}", &self.concert)
            .replace("{user_id}", "0193a000-0000-7000-8000-000000000004")
            .replace("{queue_id}", "nowhere")
    }
}

async fn call(person: &Person, operation: &Operation, places: &Places) -> Reply {
    person.call(operation.method.clone(), &places.path(&operation.path), Some(json!({})), None).await
}

fn with_token(world: &World, token: String) -> Person {
    let mut person = world.anonymous();
    person.token = Some(token);
    person
}

#[tokio::test]
async fn every_route_meets_every_kind_of_caller() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user_with(200_000).await;
    let reservation = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let product = world.product(1_000, 10).await;
    let order = mina.order(&[(&product, 1)]).await.expect(201).order();
    let nobody = "0193a000-0000-7000-8000-00000000beef".to_owned();
    let nobodys = Places {
        concert: nobody.clone(),
        schedule: schedule.clone(),
        reservation: nobody.clone(),
        order: nobody,
        seat: "A-1-2",
    };
    let theirs = Places { reservation, order, seat: "A-1-1", ..nobodys.clone() };
    let forge = Forge::new(&world).await;
    let refused = [
        forge.with_claim("aud", Some(json!("another-api"))),
        forge.with_claim("exp", Some(json!(forge.claims["iat"].as_i64().expect("a time") - 10))),
        // A token of ours that is for something else.
        forge.with_header("typ", Some(json!("queue+jwt"))),
    ];
    let (anybody, stranger) = (world.anonymous(), world.user().await);
    let mut met = 0;
    for operation in operations(&world).await {
        let name = format!("{} {}", operation.method, operation.path);
        // The queue token alone is asked for by the function itself, not by the gateway.
        let is_public = operation.access.starts_with("public") || operation.access == "queue-token";
        let anonymous = call(&anybody, &operation, &theirs).await;
        assert_eq!(
            anonymous.status == 401 && anonymous.body["code"].is_null(),
            !is_public,
            "{name}: {}",
            anonymous.body
        );
        for token in &refused {
            let reply = call(&with_token(&world, token.clone()), &operation, &theirs).await;
            assert_eq!(reply.body == json!({ "message": "Forbidden" }), !is_public, "{name}: {}", reply.body);
        }
        if ["organiser", "admin"].contains(&operation.access.as_str()) {
            call(&stranger, &operation, &theirs).await.expect_problem(403, "forbidden");
        }
        // What is somebody else's is told apart from what does not exist by nothing.
        let owned = ["{reservation_id}", "{payment_id}", "{order_id}"].iter().any(|id| operation.path.contains(id));
        if owned || name.starts_with("DELETE /schedules/") {
            let (foreign, missing) =
                (call(&stranger, &operation, &theirs).await, call(&stranger, &operation, &nobodys).await);
            assert_eq!(foreign.status, 404, "{name}: {}", foreign.body);
            assert_eq!(foreign.apart_from_instance(), missing.apart_from_instance(), "{name}");
        }
        met += 1;
    }
    println!("{met} operations met every kind of caller");
    assert_eq!(mina.get("/reservations").await.expect(200).body["items"][0]["state"], "held");
    assert_eq!(mina.get("/orders").await.expect(200).body["items"][0]["state"], "pending");
}

/// Everybody with a role, by its name; the owner is the organiser of the concert, and the steward works at its door.
async fn everybody(world: &World) -> (Vec<(&'static str, Person)>, Places) {
    let (owner, steward) = (world.organiser().await, world.user().await);
    let concert = owner.post("/concerts", json!({ "name": "Concert", "description": "" })).await.expect(201);
    let concert = concert.text("concert_id");
    world.stack.put_grant(steward.id, &format!("steward#{concert}")).expect("the engine takes it");
    let schedule = owner.post(&format!("/concerts/{concert}/schedules"), date(world)).await.expect(201);
    let nobody = "0193a000-0000-7000-8000-00000000beef".to_owned();
    let schedule = schedule.text("schedule_id");
    let places = Places { concert, schedule, reservation: nobody.clone(), order: nobody, seat: "A-1-1" };
    let people = vec![
        ("nobody", world.user().await),
        ("steward", steward),
        ("organiser", world.organiser().await),
        ("owner", owner),
        ("admin", world.admin().await),
    ];
    (people, places)
}

fn date(world: &World) -> Value {
    json!({
        "place": "Hall", "starts_at": world.at(864_000), "sale_opens_at": world.at(-3_600),
        "sale_closes_at": world.at(864_000),
    })
}

#[tokio::test]
async fn every_route_meets_every_role() {
    let world = World::new().await;
    let (people, places) = everybody(&world).await;
    let nothing = "0193a000-0000-7000-8000-00000000dead".to_owned();
    let elsewhere = Places { concert: nothing.clone(), schedule: nothing, ..places.clone() };
    let mut refusals = 0;
    for operation in operations(&world).await {
        // Another's concert can only be meant where one is named.
        let names_one = operation.path.contains("{concert_id}") || operation.path.contains("{schedule_id}");
        for (role, person) in &people {
            let refused = match (operation.access.as_str(), *role) {
                ("organiser", "nobody" | "steward") | ("admin", "nobody" | "steward" | "organiser" | "owner") => true,
                ("organiser", "organiser") => names_one,
                _ => false,
            };
            // Who is let in meets what is not there, so that the concert is there for the next.
            let path = if refused { &places } else { &elsewhere }.path(&operation.path);
            let body = if path.ends_with("/schedules") { date(&world) } else { json!({}) };
            let reply = person.call(operation.method.clone(), &path, Some(body), None).await;
            let is_refused = reply.status == 403 && reply.body["code"] == "forbidden";
            let name = format!("{} {} by {role}", operation.method, operation.path);
            assert_eq!(is_refused, refused, "{name}: {} {}", reply.status, reply.body);
            refusals += usize::from(refused);
        }
    }
    println!("{refusals} calls were refused to a role");
    assert!(refusals > 60, "{refusals}");
}

#[tokio::test]
async fn ten_thousand_broken_tokens_are_refused() {
    let world = World::new().await;
    let own = world.user().await.token.expect("a token");
    let forge = Forge::new(&world).await;
    let app = world.stack.app();
    let random = Ids::seeded("broken tokens");
    let below = |most: usize| usize::try_from(random.below(most as u64)).expect("small");
    let (mut round, mut broken_ones) = (0_usize, 0);
    while broken_ones < 10_000 {
        round += 1;
        let mut bytes = own.clone().into_bytes();
        match round % 4 {
            0 => {
                let place = below(bytes.len());
                let letter = b"ABCabc019-_.="[below(13)];
                // The last letter of a signature has bits that mean nothing: a change there may change nothing.
                if bytes[place] == letter || place + 1 == bytes.len() {
                    continue;
                }
                bytes[place] = letter;
            }
            1 => bytes.truncate(below(bytes.len())),
            2 => {
                let place = below(bytes.len());
                bytes.insert(place, b"Aa0-_. \0\xc3"[below(9)]);
            }
            _ => {
                let (from, to) = (below(bytes.len()), below(bytes.len()));
                if bytes[from] == bytes[to] || from.max(to) + 1 == bytes.len() {
                    continue;
                }
                bytes.swap(from, to);
            }
        }
        let broken = String::from_utf8_lossy(&bytes);
        assert!(access_token::verify(app, &broken).await.expect("an answer").is_none(), "accepted: {broken}");
        broken_ones += 1;
        // Every tenth also as a caller would send it.
        let header = axum::http::HeaderValue::try_from(format!("Bearer {broken}"));
        if let (0, Ok(header)) = (broken_ones % 10, header) {
            let mut request = axum::http::Request::get("/users/me").body(axum::body::Body::empty()).expect("a request");
            request.headers_mut().insert("authorization", header);
            let reply = world.anonymous().send(request).await;
            // Without text the header is none; else the authorizer has refused.
            let expected = if reply.status == 401 { "Unauthorized" } else { "Forbidden" };
            assert_eq!(reply.body, json!({ "message": expected }), "{}", reply.status);
        }
    }
    assert!(access_token::verify(app, &own).await.expect("an answer").is_some());
    // A claim twice, in either order: which one counts must not be for a parser to say.
    let header = forge.header.to_string();
    let claims = forge.claims.to_string();
    for doubled in [claims.replacen('{', r#"{"iss":"onsale","#, 1), claims.replace('}', r#","iss":"onsale"}"#)] {
        let token = forge.signed_text(&header, &doubled);
        assert!(access_token::verify(app, &token).await.expect("an answer").is_none());
    }
    let doubled = header.replacen('{', r#"{"alg":"none","#, 1);
    let token = forge.signed_text(&doubled, &claims);
    assert!(access_token::verify(app, &token).await.expect("an answer").is_none());
    for (name, value) in [("exp", json!(9_007_199_254_740_993_i64)), ("exp", json!(1.5)), ("sid", Value::Null)] {
        let token = forge.with_claim(name, Some(value));
        assert!(access_token::verify(app, &token).await.expect("an answer").is_none(), "{name}");
    }
}
