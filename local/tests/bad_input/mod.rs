//! Hostile input on every route: always a 4xx, never an echo of it, and nothing is written.
//!
//! The routes come from the OpenAPI document and every body has all properties of its schema, so a new route or
//! property is attacked without a line here, or fails a test that asks for an example of it.

mod bodies;
mod collections;
mod difficult;
mod limits;
mod requests;
mod shapes;
mod texts;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request};
use serde_json::{Value, json};

use crate::support::cards::GOOD;
use crate::support::mail::sends_mail;
use crate::support::{Person, Reply, World};

/// Stands in hostile input, and never in an answer.
const MARKER: &str = "canary-7f3a";

/// The other form of the body of `create_reservation`, which has no property in common with the first but one. It is
/// tested as if it were a route of its own.
const BEST: &str = "create_reservation with best";

/// One route.
#[derive(Clone, Debug)]
struct Route {
    name: String,
    method: Method,
    /// With `{parameters}`.
    path: String,
    /// Names of its parameters: path, query and header.
    parameters: Vec<String>,
    /// The schema of its body.
    schema: Option<Value>,
}

/// A world in which every request of `example` would succeed, and somebody who may do everything.
struct Target {
    world: World,
    caller: Person,
    document: Value,
    concert: String,
    schedule: String,
    reservation: String,
    product: String,
    coupon: String,
    order: String,
    card_payment: String,
    refresh_token: String,
}

impl Target {
    async fn new() -> Self {
        let world = World::with_options(|options| {
            sends_mail(options);
            // Attempts are limited elsewhere; here every one is to be looked at.
            for bucket in ["LOG_IN_ACCOUNT", "LOG_IN_SOURCE", "SIGN_UP_SOURCE", "LINK_SOURCE"] {
                options.variables.insert(format!("{bucket}_FREE_ATTEMPTS"), "1000000".into());
            }
        })
        .await;
        let caller = administrator(&world).await;
        let queue = json!({ "capacity": 10, "admit_per_second": 1, "active_minutes": 10 });
        caller.call(Method::PUT, "/queues/there", Some(queue), None).await.expect(201);
        // Behind a queue, which an administrator passes.
        let concert = json!({ "name": "Concert", "description": "", "queue_id": "there" });
        let schedule = world.schedule_of(concert, json!({ "max_seats_per_user": 20 })).await;
        caller.post(&format!("/schedules/{schedule}/seats"), json!({})).await.expect(201);
        // A section for the best seats alone: chosen by chance, they would sometimes be those that are held by name.
        let best = json!({ "section": "Best", "rows": [{ "row": "1", "from": 1, "to": 2 }] });
        caller.post(&format!("/schedules/{schedule}/seats"), best).await.expect(201);
        caller.post("/wallet", json!({})).await.expect(201);
        caller.post("/wallet/charges", json!({ "amount": 1_000_000 })).await.expect(201);
        let reservation = caller.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
        let concert = caller.get(&format!("/schedules/{schedule}")).await.expect(200).text("concert_id");
        let (product, coupon) = (world.product(10, 1_000).await, world.coupon(1_000).await);
        caller.claim(&coupon).await.expect(201);
        let order = caller.order(&[(&product, 1)]).await.expect(201).order();
        let card_payment = caller.top_up_by_card(&world, 1_000_000, GOOD).await.id;
        // Of somebody whose log-ins nobody ends.
        let refresh_token = signed_up(&world, "other@example.com").await.1.text("refresh_token");
        let document = caller.get("/openapi.json").await.expect(200).body;
        Self {
            world,
            caller,
            document,
            concert,
            schedule,
            reservation,
            product,
            coupon,
            order,
            card_payment,
            refresh_token,
        }
    }

    fn routes(&self) -> Vec<Route> {
        let mut routes = Vec::new();
        for (path, operations) in self.document["paths"].as_object().expect("paths") {
            for (method, operation) in operations.as_object().expect("operations") {
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                let route = Route {
                    name: operation["operationId"].as_str().expect("a name").to_owned(),
                    method: method.to_uppercase().parse().expect("a method"),
                    path: path.clone(),
                    parameters: parameters.map(|one| one["name"].as_str().expect("a name").to_owned()).collect(),
                    schema: schema.is_object().then(|| self.resolved(schema).clone()),
                };
                if route.name == "create_reservation" {
                    routes.push(Route { name: BEST.to_owned(), ..route.clone() });
                }
                routes.push(route);
            }
        }
        assert!(routes.len() > 25, "only {} routes", routes.len());
        routes
    }

    /// Those that take a body.
    fn routes_with_body(&self) -> Vec<Route> {
        let routes: Vec<Route> = self.routes().into_iter().filter(|route| route.schema.is_some()).collect();
        assert!(routes.len() >= 8, "only {} routes", routes.len());
        routes
    }

    /// Those that have a parameter of this name.
    fn routes_with(&self, parameter: &str) -> Vec<Route> {
        let has = |route: &Route| route.name != BEST && route.parameters.iter().any(|name| name == parameter);
        self.routes().into_iter().filter(has).collect()
    }

    /// The names of a route's parameters in its `path`, `query` or `header`.
    fn parameters(&self, route: &Route, location: &str) -> Vec<String> {
        let operation = &self.document["paths"][&route.path][route.method.as_str().to_lowercase()];
        let there = operation["parameters"].as_array().into_iter().flatten().filter(|it| it["in"] == location);
        there.map(|it| it["name"].as_str().expect("a name").to_owned()).collect()
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.document.pointer(&reference[1..]).expect("a schema"),
            None => schema,
        }
    }

    /// A body that would succeed, with every property there is.
    fn example(&self, route: &Route) -> Value {
        let world = &self.world;
        let body = match route.name.as_str() {
            "sign_up" => json!({ "email": "new@example.com", "password": "correct horse battery", "name": "New" }),
            "log_in" => {
                json!({ "email": "there@example.com", "password": "correct horse battery", "cookie": false })
            }
            "change_password" => {
                json!({ "password": "correct horse battery", "new_password": "correct horse battery" })
            }
            "erase_me" => json!({ "password": "correct horse battery" }),
            "prove_address" => json!({ "token": "ml1.AAAA" }),
            "request_password_reset" => json!({ "email": "there@example.com" }),
            "reset_password" => {
                json!({ "token": "ml1.AAAA", "password": "another battery staple", "cookie": false })
            }
            "refresh_session" => json!({ "refresh_token": self.refresh_token, "cookie": false }),
            "put_queue" => json!({
                "capacity": 10, "admit_per_second": 1, "active_minutes": 10, "claim_seconds": 60,
                "opens_at": world.at(-60).to_string(), "closes_at": world.at(60).to_string(),
                "ends_at": world.at(90).to_string(), "message": "Doors open at 20:30.", "paused": false,
            }),
            "create_concert" => {
                json!({ "name": "Another concert", "description": "What it is", "queue_id": "there" })
            }
            "set_concert_queue" => json!({ "queue_id": "there" }),
            "create_schedule" => json!({
                "place": "Another hall",
                "starts_at": world.at(9_000).to_string(),
                "sale_opens_at": world.at(0).to_string(),
                "sale_closes_at": world.at(8_000).to_string(),
                "max_seats_per_user": 4,
            }),
            "create_seats" => json!({ "section": "B", "rows": [{ "row": "1", "from": 1, "to": 2 }], "price": 100 }),
            "create_reservation" => {
                json!({ "schedule_id": self.schedule, "seat_ids": ["A-1-2", "A-1-3"], "best": null })
            }
            BEST => json!({
                "schedule_id": self.schedule, "seat_ids": null,
                "best": { "count": 2, "section": "Best", "max_price": 100_000, "apart": false },
            }),
            "top_up" => json!({ "amount": 100 }),
            "credit_wallet" => json!({ "amount": 1, "reason": "rain" }),
            "spend" => json!({ "amount": 1, "memo": "a poster" }),
            // One of the two; null is as good as left out.
            "pay" => json!({ "reservation_id": self.reservation, "order_id": null }),
            "start_card_payment" => {
                json!({ "reservation_id": null, "order_id": null, "top_up": 1_000 })
            }
            "pay_out" => json!({ "amount": 10 }),
            "create_product" => {
                json!({ "name": "Tour poster", "price": 15_000, "stock": 5, "stock_shards": 2, "max_per_user": 4 })
            }
            "update_product" => json!({ "name": "Light stick", "price": 10, "state": "selling", "max_per_user": 4 }),
            "adjust_stock" => json!({ "delta": 5 }),
            "place_order" => json!({
                "items": [{ "product_id": self.product, "quantity": 1 }], "coupon_id": self.coupon, "pay": false,
            }),
            "create_coupon" => json!({
                "name": "Ten percent",
                "discount": { "kind": "percent", "value": 10, "max": 5_000 },
                "quantity": 10,
                "shards": 2,
                "valid_from": world.at(0).to_string(),
                "valid_until": world.at(9_000).to_string(),
            }),
            other => panic!("{other} takes a body: say here which one would succeed"),
        };
        self.has_all_properties(route.schema.as_ref().expect("a schema"), &body);
        body
    }

    fn has_all_properties(&self, schema: &Value, body: &Value) {
        let schema = self.resolved(schema);
        if let (Some(properties), Some(fields)) = (schema["properties"].as_object(), body.as_object()) {
            let names = |map: &serde_json::Map<String, Value>| {
                let mut names: Vec<String> = map.keys().cloned().collect();
                names.sort();
                names
            };
            assert_eq!(names(properties), names(fields), "the example has every property");
            fields.iter().for_each(|(name, value)| self.has_all_properties(&properties[name], value));
        }
        if let Some(items) = body.as_array() {
            items.iter().for_each(|item| self.has_all_properties(&schema["items"], item));
        }
    }

    /// The path with ids that exist, but for `other`, which gets `value`.
    fn path(&self, route: &Route, other: &str, value: &str) -> String {
        let (payment, user) = (format!("rsv-{}", self.reservation), self.caller.id.to_string());
        let ids = [
            ("concert_id", self.concert.as_str()),
            ("schedule_id", &self.schedule),
            ("reservation_id", &self.reservation),
            ("payment_id", &payment),
            ("queue_id", "there"),
            ("product_id", &self.product),
            ("user_id", &user),
            ("order_id", &self.order),
            ("card_payment_id", &self.card_payment),
            ("coupon_id", &self.coupon),
            ("session_id", "0193a000-0000-7000-8000-000000000005"),
            ("seat_id", "A-1-2"),
            ("ticket_id", "A-1-1"),
        ];
        let mut path = route.path.clone();
        for (name, id) in ids {
            path = path.replace(&format!("{{{name}}}"), if name == other { value } else { id });
        }
        assert!(!path.contains('{'), "{path}: say here which id exists");
        path
    }

    /// Sends bytes as the body of a route.
    async fn send(&self, route: &Route, body: impl Into<Body>, content_type: Option<&str>) -> Reply {
        let mut request = Request::builder().method(route.method.clone()).uri(self.path(route, "", ""));
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        self.caller.send(request.body(body.into()).expect("a request")).await
    }

    async fn send_json(&self, route: &Route, body: impl Into<Body>) -> Reply {
        self.send(route, body, Some("application/json")).await
    }

    /// Sends the example of a route, if it takes a body, with a header of one's own.
    async fn send_with(&self, route: &Route, path: &str, header: Option<(&str, HeaderValue)>) -> Reply {
        let mut request = Request::builder().method(route.method.clone()).uri(path);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let body = match route.schema {
            Some(_) => {
                request = request.header("content-type", "application/json");
                Body::from(self.example(route).to_string())
            }
            None => Body::empty(),
        };
        self.caller.send(request.body(body).expect("a request")).await
    }

    /// The example succeeds: what was refused before was refused for what was wrong with it.
    async fn expect_unharmed(&self, route: &Route) {
        let reply = self.send_json(route, self.example(route).to_string()).await;
        assert!(is_taken(&reply), "{}: {}", reply.request, reply.body);
    }
}

/// Whether nothing is wrong with a request: it succeeds, or it is refused for a link that nobody was sent, or for what
/// an account is used for.
fn is_taken(reply: &Reply) -> bool {
    reply.status.is_success() || ["link-ended", "account-in-use"].iter().any(|code| reply.body["code"] == *code)
}

/// Somebody with an account, logged in; and the log-in.
async fn signed_up(world: &World, email: &str) -> (Person, Reply) {
    let mut person = world.anonymous();
    let body = json!({ "email": email, "password": "correct horse battery", "name": "There" });
    let user = person.post("/users", body).await.expect(201);
    let body = json!({ "email": email, "password": "correct horse battery" });
    let session = person.post("/sessions", body).await.expect(200);
    person.id = user.text("user_id").parse().expect("an id");
    person.token = Some(session.text("access_token"));
    (person, session)
}

async fn administrator(world: &World) -> Person {
    let (person, _) = signed_up(world, "there@example.com").await;
    world.stack.put_grant(person.id, "admin").expect("the engine takes it");
    person
}

/// Insists on a refusal that says nothing of what was sent.
#[track_caller]
fn expect_refused(reply: Reply, input: &str) -> Reply {
    let shown: String = input.chars().take(200).collect();
    let text = String::from_utf8_lossy(&reply.bytes).into_owned();
    assert!(reply.status.is_client_error(), "{} with {shown}: {} {text}", reply.request, reply.status);
    assert!(!text.contains(MARKER), "{} with {shown} is echoed: {text}", reply.request);
    let code = reply.body["code"].as_str().unwrap_or_else(|| panic!("{} with {shown}: {text}", reply.request));
    let (status, code) = (reply.status.as_u16(), code.to_owned());
    reply.expect_problem(status, &code)
}
