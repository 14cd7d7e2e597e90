//! Four things that must agree: docs/api.md, template.yaml, the code, and the OpenAPI document that it serves.

use std::collections::{BTreeMap, BTreeSet};

use local::aws::cloudformation::{Event, Template};
use onsale_platform::http::Code;
use onsale_platform::lambda::Function;
use serde_json::{Value, json};

use crate::repository::{self, called_by};
use crate::support::World;

/// Every route that needs no access token. A new one is a decision, and made here.
const PUBLIC: [&str; 24] = [
    "$default",
    "GET / · GET /app/{path+} · GET /assets/{path+}",
    "GET /concerts",
    "GET /concerts/{concert_id}",
    "GET /concerts/{concert_id}/schedules",
    "GET /coupons/{coupon_id}",
    "GET /health",
    "GET /openapi.json",
    "GET /products",
    "GET /products/popular",
    "GET /products/{product_id}",
    "GET /queues/{queue_id}",
    "GET /queues/{queue_id}/tokens/me",
    "GET /schedules/{schedule_id}",
    "GET /schedules/{schedule_id}/seats",
    "GET /schedules/{schedule_id}/seats/{seat_id}",
    "GET /ticket-keys",
    "POST /address-proofs",
    "POST /card-reports",
    "POST /password-resets",
    "POST /password-resets/confirmation",
    "POST /sessions",
    "POST /sessions/refresh",
    "POST /users",
];

const CLASSES: [&str; 7] = ["public", "public+queue", "queue-token", "user", "user+queue", "organiser", "admin"];

/// The classes for which the gateway asks no access token.
const WITHOUT_ACCESS_TOKEN: [&str; 3] = ["public", "public+queue", "queue-token"];

/// The sign of docs/api.md of a route that takes an idempotency key.
const REPEATS: &str = " ⟲";
/// The same of a route that requires one.
const REPEATS_REQUIRED: &str = " ⟲!";

/// What a route makes of an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// Takes none.
    None,
    /// Takes one, if it is given.
    Taken,
    /// Is refused without one.
    Required,
}

/// A code with its status.
type Refusal = (u16, String);

/// A row of docs/api.md.
#[derive(Debug)]
struct Row {
    route: String,
    key: Key,
    who: String,
    successes: BTreeSet<u16>,
    errors: BTreeSet<Refusal>,
}

/// An operation of the OpenAPI document.
#[derive(Debug)]
struct Operation {
    route: String,
    key: Key,
    who: String,
    token: bool,
    body: bool,
    parameters: bool,
    successes: BTreeSet<u16>,
    errors: BTreeSet<Refusal>,
}

/// The cells of all table rows of docs/api.md that begin with a name in code font and have so many cells.
fn table_rows(text: &str, cells: usize) -> Vec<Vec<String>> {
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let rows = rows.map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect());
    rows.filter(|row: &Vec<String>| row.len() == cells).collect()
}

fn rows(text: &str) -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::new();
    for cells in table_rows(text, 5) {
        let name = cells[0].trim_matches('`').to_owned();
        let (route, key) = match (cells[1].strip_suffix(REPEATS_REQUIRED), cells[1].strip_suffix(REPEATS)) {
            (Some(route), _) => (route.to_owned(), Key::Required),
            (None, Some(route)) => (route.to_owned(), Key::Taken),
            (None, None) => (cells[1].clone(), Key::None),
        };
        let successes = cells[3]
            .match_indices("→ ")
            .filter_map(|(place, arrow)| cells[3][place + arrow.len()..].get(..3)?.parse().ok());
        let errors = cells[4].split(" · ").filter(|error| *error != "—").map(|error| {
            let (status, code) = error.split_once(' ').unwrap_or_else(|| panic!("{name}: {error:?} is no error"));
            (status.parse().unwrap_or_else(|_| panic!("{name}: {status:?} is no status")), code.to_owned())
        });
        let row = Row { route, key, who: cells[2].clone(), successes: successes.collect(), errors: errors.collect() };
        assert!(rows.insert(name.clone(), row).is_none(), "{name} has two rows");
    }
    rows
}

/// The refusals that docs/api.md names once for many routes, and which.
fn common(text: &str) -> Vec<(Refusal, String)> {
    let row = |cells: Vec<String>| {
        ((cells[1].parse().expect("a status"), cells[0].trim_matches('`').to_owned()), cells[2].clone())
    };
    table_rows(text, 3).into_iter().map(row).collect()
}

/// Whether an operation is one of those that a common refusal names.
fn is_among(operation: &Operation, which: &str) -> bool {
    match which {
        "every route" => true,
        "routes with a body" => operation.body,
        "routes with a body or parameters" => operation.body || operation.parameters,
        "user, organiser, admin and +queue routes" => !["public", "queue-token"].contains(&operation.who.as_str()),
        "+queue routes" => operation.who.ends_with("+queue"),
        "organiser and admin routes" => ["organiser", "admin"].contains(&operation.who.as_str()),
        "routes with ⟲" => operation.key != Key::None,
        other => panic!("docs/api.md: which routes are {other:?}?"),
    }
}

async fn operations() -> BTreeMap<String, Operation> {
    let world = World::new().await;
    let document = world.anonymous().get("/openapi.json").await.expect(200).body;
    let mut operations = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, described) in methods.as_object().expect("methods") {
            let name = described["operationId"].as_str().expect("an operation id").to_owned();
            let operation = operation(format!("{} {path}", method.to_uppercase()), described);
            assert!(operations.insert(name.clone(), operation).is_none(), "{name} is two operations");
        }
    }
    operations
}

/// The code of a line in the description of a refusal: "- `seat-taken`: The seat is already taken".
fn code_of(line: &str) -> String {
    let code = line.strip_prefix("- `").and_then(|line| line.split_once("`: "));
    let (code, title) = code.unwrap_or_else(|| panic!("{line:?} is no code with its title"));
    assert!(!title.is_empty(), "{code}");
    code.to_owned()
}

fn operation(route: String, described: &Value) -> Operation {
    let parameters: Vec<&Value> = described["parameters"].as_array().into_iter().flatten().collect();
    let (token, no_token) = (json!({ "bearer": [] }), json!({}));
    let needs_token = described["security"] == json!([token]);
    let asks_for_token = described["x-access"] != "public" && described["x-access"] != "queue-token";
    assert!(
        needs_token || described["security"] == if asks_for_token { json!([token, no_token]) } else { Value::Null }
    );
    let (mut successes, mut errors) = (BTreeSet::new(), BTreeSet::new());
    for (status, response) in described["responses"].as_object().expect("responses") {
        if status == "default" {
            assert_eq!(*response, json!({ "$ref": "#/components/responses/GatewayOut" }), "{route}");
            continue;
        }
        let status: u16 = status.parse().expect("a status");
        let description = response["description"].as_str().unwrap_or_default();
        if status < 400 {
            successes.insert(status);
            continue;
        }
        errors.extend(description.lines().map(|line| (status, code_of(line))));
        let types: Vec<&String> = response["content"].as_object().into_iter().flatten().map(|(kind, _)| kind).collect();
        // What the gateway may answer itself: docs/api.md.
        let gateway = match status {
            401 | 403 => needs_token,
            status => matches!(status, 413 | 429 | 500 | 503),
        };
        let expected = ["application/json", "application/problem+json"];
        assert_eq!(types, expected[usize::from(!gateway)..], "{route}: {status}");
    }
    let key = parameters.iter().find(|parameter| parameter["name"] == "Idempotency-Key");
    Operation {
        key: match key.map(|key| key["required"] == json!(true)) {
            None => Key::None,
            Some(false) => Key::Taken,
            Some(true) => Key::Required,
        },
        who: described["x-access"].as_str().unwrap_or_default().to_owned(),
        token: needs_token,
        body: !described["requestBody"].is_null(),
        // Any If-None-Match is right: it names what is there, or not.
        parameters: parameters.iter().any(|parameter| parameter["name"] != "If-None-Match"),
        successes,
        errors,
        route,
    }
}

#[tokio::test]
async fn functions_and_their_routes_agree() {
    let template = Template::load().expect("the template");
    let rows = rows(&repository::read("docs/api.md"));
    let operations = operations().await;
    let code: BTreeMap<&str, Function> = functions::all().into_iter().collect();
    let names: BTreeSet<&str> = template.functions.iter().map(|function| function.name.as_str()).collect();
    assert_eq!(rows.keys().map(String::as_str).collect::<BTreeSet<_>>(), names, "docs/api.md and template.yaml");
    assert_eq!(code.keys().copied().collect::<BTreeSet<_>>(), names, "the code and template.yaml");
    for function in &template.functions {
        let name = function.name.as_str();
        let called_by = called_by(&template, function);
        assert_eq!(rows[name].route, called_by, "{name}: docs/api.md and template.yaml");
        let over_http = matches!(function.events.first(), Some(Event::Http { .. }));
        assert_eq!(!matches!(code[name], Function::Event(_)), over_http, "{name}: the code and template.yaml");
        let documented = operations.get(name).map(|operation| operation.route.as_str());
        // The page and what no route is for are no operations of the API.
        let expected = matches!(code[name], Function::Http(_)).then_some(called_by.as_str());
        assert_eq!(documented, expected, "{name}: the OpenAPI document and template.yaml");
    }
    for name in operations.keys() {
        assert!(names.contains(name.as_str()), "{name}: an operation without a function");
    }
}

#[tokio::test]
async fn who_may_call_agrees() {
    let template = Template::load().expect("the template");
    let rows = rows(&repository::read("docs/api.md"));
    let operations = operations().await;
    let mut public = BTreeSet::new();
    for function in &template.functions {
        let (name, row) = (function.name.as_str(), &rows[&function.name]);
        let Some(Event::Http { authorized, .. }) = function.events.first() else {
            assert_eq!(row.who, "—", "{name}: nobody calls it over HTTP");
            continue;
        };
        let alike = |event: &Event| matches!(event, Event::Http { authorized: other, .. } if other == authorized);
        assert!(function.events.iter().all(alike), "{name}: one of its routes asks for a token and another does not");
        assert!(CLASSES.contains(&row.who.as_str()), "{name}: {}", row.who);
        assert_eq!(
            !WITHOUT_ACCESS_TOKEN.contains(&row.who.as_str()),
            *authorized,
            "{name}: docs/api.md and template.yaml"
        );
        if !authorized {
            public.insert(row.route.as_str());
        }
        if let Some(operation) = operations.get(name) {
            assert_eq!(operation.who, row.who, "{name}: x-access of the code and docs/api.md");
            assert_eq!(operation.token, *authorized, "{name}: security of the code and template.yaml");
        }
    }
    assert_eq!(public, BTreeSet::from(PUBLIC), "what needs no access token");
}

/// API Gateway refuses a deployment with settings of a route that is not there.
#[test]
fn rates_by_route_are_those_of_polls_and_passwords() {
    let template = Template::load().expect("the template");
    let called = template.functions.iter().map(|function| called_by(&template, function));
    let routes: BTreeSet<String> =
        called.flat_map(|by| by.split(" · ").map(str::to_owned).collect::<Vec<_>>()).collect();
    let rates = &template.api.rates;
    let unknown: Vec<&String> = rates.keys().filter(|route| !routes.contains(*route)).collect();
    assert!(unknown.is_empty(), "settings of no route: {unknown:?}");
    let polls = ["GET /queues/{queue_id}", "GET /queues/{queue_id}/tokens/me"].map(|route| rates[route].per_second);
    let passwords = ["POST /sessions", "POST /users", "POST /password-resets/confirmation", "PUT /users/me/password"]
        .map(|route| rates[route].per_second);
    assert!(rates.len() == 6 && polls.iter().min() > passwords.iter().max(), "{rates:?}");
}

/// A path of the page is none of the API: they lie at one address.
#[test]
fn the_page_and_the_api_have_no_path_in_common() {
    let template = Template::load().expect("the template");
    for function in &template.functions {
        for event in &function.events {
            let Event::Http { path, .. } = event else { continue };
            let is_of_page = path == "/" || path.starts_with("/app/") || path.starts_with("/assets/");
            assert_eq!(is_of_page, function.name == "get_page", "{}: {path}", function.name);
        }
    }
}

#[tokio::test]
async fn answers_agree() {
    let text = repository::read("docs/api.md");
    let (rows, common) = (rows(&text), common(&text));
    for (name, operation) in operations().await {
        let row = &rows[&name];
        assert_eq!(operation.key, row.key, "{name}: Idempotency-Key of the code, and ⟲ or ⟲! of docs/api.md");
        assert_eq!(operation.successes, row.successes, "{name}: successes of the code and docs/api.md");
        let shared = common.iter().filter(|(_, which)| is_among(&operation, which)).map(|(refusal, _)| refusal.clone());
        let mut expected: BTreeSet<Refusal> = shared.collect();
        for refusal in &row.errors {
            assert!(expected.insert(refusal.clone()), "{name}: its row repeats the common {refusal:?}");
        }
        assert_eq!(operation.errors, expected, "{name}: refusals of the code and docs/api.md");
    }
}

#[test]
fn every_code_is_documented_with_its_status() {
    let text = repository::read("docs/api.md");
    let named = rows(&text)
        .into_values()
        .flat_map(|row| row.errors)
        .chain(common(&text).into_iter().map(|(refusal, _)| refusal));
    let named: BTreeSet<Refusal> = named.collect();
    let codes = Code::ALL.map(|code| (code.facts().0.as_u16(), code.facts().1.to_owned()));
    assert_eq!(named, BTreeSet::from(codes));
}

/// The pictures show every refusal, with the status that it has: words of them that stand beside a status.
#[test]
fn codes_in_diagrams_are_those_of_the_contract() {
    let codes: BTreeSet<Refusal> = Code::ALL.map(|code| (code.facts().0.as_u16(), code.facts().1.to_owned())).into();
    let mut shown = BTreeSet::new();
    for path in ["docs/diagrams", "docs/flows"].iter().flat_map(|folder| repository::files(folder, ".md")) {
        let text = repository::read(&path);
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
        let words: Vec<&str> = words.map(|word| word.trim_matches('-')).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            let Ok(status @ 400..=599) = pair[0].parse::<u16>() else { continue };
            let refusal = (status, pair[1].to_owned());
            if pair[1].contains('-') || codes.iter().any(|(_, code)| code == pair[1]) {
                assert!(codes.contains(&refusal), "{path}: {status} {} is no refusal", pair[1]);
                shown.insert(refusal);
            }
        }
    }
    assert_eq!(shown, codes, "refusals that pictures show, and those that there are");
}
