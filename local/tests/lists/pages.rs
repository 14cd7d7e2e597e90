//! Every list × each of its filters × pages of one, of two, of three and of a hundred.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{document, operations, resolved};
use crate::support::{Person, World, concurrently};

/// Most that a list of the product's sells or shows is passed by between two things that are shown.
const PASSED_BY: usize = 12;

/// Names of the parameters that choose a page, not what is on it.
const OF_PAGES: [&str; 2] = ["limit", "cursor"];

/// All lists: what is read, is not one thing with an id, and has items; with the parameters that choose what is listed.
fn lists(document: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut lists = BTreeMap::new();
    for (name, route, operation) in operations(document) {
        let schema = resolved(document, &operation["responses"]["200"]["content"]["application/json"]["schema"]);
        if !route.starts_with("get ") || route.ends_with('}') || schema["properties"]["items"].is_null() {
            continue;
        }
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let chosen = parameters
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| parameter["name"].as_str())
            .filter(|name| !OF_PAGES.contains(name));
        lists.insert(name, chosen.map(str::to_owned).collect());
    }
    lists
}

/// One list as somebody asks for it, and what must be on it.
struct Case {
    operation: &'static str,
    who: Person,
    path: String,
    /// Which attribute names an item.
    id: &'static str,
    /// The ids of all that is to be listed, in any order.
    shown: BTreeSet<String>,
    /// Where an item is read by itself; `{}` is its id. None where nothing is.
    single: Option<&'static str>,
}

impl Case {
    fn new(operation: &'static str, who: &Person, path: impl Into<String>, id: &'static str, shown: &[String]) -> Self {
        let shown = shown.iter().cloned().collect();
        Self { operation, who: who.clone(), path: path.into(), id, shown, single: None }
    }

    fn single(mut self, path: &'static str) -> Self {
        self.single = Some(path);
        self
    }

    /// The parameters that it is asked for with.
    fn parameters(&self) -> BTreeSet<String> {
        let query = self.path.split_once('?').map_or("", |(_, query)| query);
        query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split('=').next().unwrap().to_owned())
            .collect()
    }

    fn id_of(&self, item: &Value) -> String {
        item[self.id].as_str().map_or_else(|| item[self.id].to_string(), str::to_owned)
    }

    /// Reads it to its end in pages of `limit`: each page but the last is full.
    async fn walk(&self, limit: usize) -> Vec<Value> {
        let joint = if self.path.contains('?') { '&' } else { '?' };
        let (mut items, mut cursor): (Vec<Value>, String) = (Vec::new(), String::new());
        for _ in 0..100 {
            let page = self.who.get(&format!("{}{joint}limit={limit}{cursor}", self.path)).await.expect(200).body;
            let found = page["items"].as_array().expect("items").clone();
            items.extend(found.iter().cloned());
            let Some(next) = page["next"].as_str() else { return items };
            assert_eq!(found.len(), limit, "{}: a page that is not the last is full", self.path);
            cursor = format!("&cursor={next}");
        }
        panic!("{} has no end", self.path);
    }

    /// A list and a single read say the same of what both tell.
    async fn compare(&self, item: &Value) {
        let Some(single) = self.single else { return };
        let alone = self.who.get(&single.replace("{}", &self.id_of(item))).await.expect(200).body;
        for (field, value) in item.as_object().expect("an object") {
            if !alone[field].is_null() {
                assert_eq!(&alone[field], value, "{}: {field}", self.path);
            }
        }
    }
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().expect(field).to_owned()
}

/// Concerts, each third of them named so that a search finds it; those in between are others or deleted.
async fn concerts(world: &World, admin: &Person) -> Vec<Case> {
    let (mut all, mut found) = (Vec::new(), Vec::new());
    for number in 0..4 {
        for other in 0..PASSED_BY {
            let body = json!({ "name": format!("Xylophone {number} {other}"), "description": "" });
            let made = admin.post("/concerts", body).await.expect(201).text("concert_id");
            match other % 3 {
                0 => drop(admin.delete(&format!("/concerts/{made}")).await.expect(204)),
                _ => all.push(made),
            }
        }
        let made = admin.post("/concerts", json!({ "name": format!("Zebra {number}"), "description": "" })).await;
        found.push(made.expect(201).text("concert_id"));
        let gone = admin.post("/concerts", json!({ "name": "Zebra gone", "description": "" })).await.expect(201);
        admin.delete(&format!("/concerts/{}", gone.text("concert_id"))).await.expect(204);
    }
    all.extend(found.iter().cloned());
    let anybody = world.anonymous();
    let case = |path: &str, shown: &[String]| {
        Case::new("search_concerts", &anybody, path, "concert_id", shown).single("/concerts/{}")
    };
    vec![
        case("/concerts", &all),
        case("/concerts?query=z", &found),
        case("/concerts?query=ze", &found),
        case("/concerts?query=zebra", &found),
        case("/concerts?query=", &all),
    ]
}

/// Dates on sale, behind others that are over, that have started, that are not open yet or that were deleted.
async fn dates(world: &World, admin: &Person) -> Vec<Case> {
    let concert = admin.post("/concerts", json!({ "name": "Daily", "description": "" })).await.expect(201);
    let concert = concert.text("concert_id");
    let path = format!("/concerts/{concert}/schedules");
    let made = async |opens: i64, closes: i64, starts: i64| {
        let body = json!({
            "place": "Hall", "starts_at": world.at(starts).to_string(),
            "sale_opens_at": world.at(opens).to_string(), "sale_closes_at": world.at(closes).to_string(),
        });
        admin.post(&path, body).await.expect(201).text("schedule_id")
    };
    let mut shown = Vec::new();
    for day in 1..=3 {
        for number in 0..PASSED_BY / 3 {
            let at = day * 10_000 + i64::try_from(number).expect("few");
            made(-60, 40, 50 + at / 10_000).await;
            made(-60, 40, at).await;
            made(5_000, 5_001 + at, 6_000 + at).await;
            let gone = made(-60, at, at + 5).await;
            admin.delete(&format!("{path}/{gone}")).await.expect(204);
        }
        shown.push(made(-60, day * 10_000, day * 10_000 + 9_000).await);
    }
    world.wait(100);
    let case = Case::new("list_schedules", &world.anonymous(), path, "schedule_id", &shown);
    vec![case.single("/schedules/{}")]
}

/// Products in each state, and what was sold of them.
async fn products(world: &World, admin: &Person) -> Vec<Case> {
    let buyer = world.user_with(1_000_000).await;
    let (mut all, mut shown) = (Vec::new(), Vec::new());
    for number in 0..4_i64 {
        for (state, units) in [("stopped", 20 - number), ("hold", 15 - number), ("selling", 9 - number)] {
            let body =
                json!({ "name": format!("{state} {number}"), "price": 10 + number, "stock": 50, "max_per_user": 100 });
            let id = admin.post("/products", body).await.expect(201).text("product_id");
            buyer.buy(&[(&id, units)]).await.expect(201);
            all.push((id, state));
        }
    }
    world.stack.drain_events().await.expect("settled");
    world.stack.run_schedule("rank_products").await.expect("ranked");
    let anybody = world.anonymous();
    anybody.get("/products/popular").await.expect(200);
    for (id, state) in all {
        let change = json!({ "state": state, "price": 99 });
        admin.patch(&format!("/products/{id}"), change).await.expect(200);
        shown.extend((state == "selling").then_some(id));
    }
    // What docs/caching-and-indexing.md promises of both lists.
    world.wait(10);
    let sorts = ["", "?sort=newest", "?sort=price", "?sort=-price", "?sort=name"];
    let listed = sorts.iter().map(|sort| {
        Case::new("list_products", &anybody, format!("/products{sort}"), "product_id", &shown).single("/products/{}")
    });
    let popular = [1, 3, 7].iter().map(|days| {
        let path = format!("/products/popular?days={days}");
        Case::new("popular_products", &anybody, path, "product_id", &shown).single("/products/{}")
    });
    listed.chain(popular).collect()
}

/// What is one's own.
async fn own(world: &World) -> Vec<Case> {
    let mina = world.user_with(1_000_000).await;
    let hall = world.schedule_with(json!({ "max_seats_per_user": 50 })).await;
    world.admin().await.post(&format!("/schedules/{hall}/seats"), json!({})).await.expect(201);
    let product = world.product(10, 100).await;
    let (mut reservations, mut orders, mut coupons) = (Vec::new(), Vec::new(), Vec::new());
    for number in 1..=4 {
        reservations.push(mina.hold(&hall, &[&format!("A-1-{number}")]).await.expect(201).reservation());
        orders.push(mina.buy(&[(&product, 1)]).await.expect(201).order());
        coupons.push(world.coupon(5).await);
        mina.claim(coupons.last().expect("one")).await.expect(201);
        world.wait(1);
    }
    let entries: Vec<String> = (1..=5).map(|number| number.to_string()).collect();
    vec![
        Case::new("list_reservations", &mina, "/reservations", "reservation_id", &reservations)
            .single("/reservations/{}"),
        Case::new("list_orders", &mina, "/orders", "order_id", &orders).single("/orders/{}"),
        Case::new("list_my_coupons", &mina, "/users/me/coupons", "coupon_id", &coupons).single("/coupons/{}"),
        Case::new("list_wallet_entries", &mina, "/wallet/entries", "seq", &entries),
    ]
}

/// Seats of a hall, of which some are held; it has no pages.
async fn seats(world: &World, admin: &Person) -> Vec<Case> {
    let hall = world.schedule_with_seats().await;
    let path = format!("/schedules/{hall}/seats");
    let seat = |section: &str, number: u16| format!("{section}-1-{number}");
    let anybody = world.anonymous();
    // Looked at before the second section is there.
    anybody.get(&path).await.expect(200);
    let body = json!({ "section": "B", "rows": [{ "row": "1", "from": 1, "to": 3 }] });
    admin.post(&path, body).await.expect(201);
    world.user().await.hold(&hall, &["B-1-1"]).await.expect(201);
    world.wait(2);
    let of_a: Vec<String> = (1..=50).map(|number| seat("A", number)).collect();
    let of_b: Vec<String> = (1..=3).map(|number| seat("B", number)).collect();
    let all: Vec<String> = of_a.iter().chain(&of_b).cloned().collect();
    let case =
        |query: &str, shown: &[String]| Case::new("list_seats", &anybody, format!("{path}{query}"), "seat_id", shown);
    vec![
        case("", &all),
        case("?available=true", &[&of_a[..], &of_b[1..]].concat()),
        case("?available=false", &all),
        case("?section=B&view=items", &of_b),
        case("?section=B&available=true", &of_b[1..]),
    ]
}

/// Queues, one of which is deleted.
async fn queues(world: &World, admin: &Person) -> Vec<Case> {
    let names: Vec<String> = (1..=7).map(|number| format!("queue-{number}")).collect();
    for name in &names {
        world.put_queue(name, json!({})).await;
        world.wait(1);
    }
    admin.delete("/queues/queue-3").await.expect(204);
    let shown: Vec<String> = names.into_iter().filter(|name| name != "queue-3").collect();
    vec![Case::new("list_queues", admin, "/queues", "queue_id", &shown)]
}

/// What administrators did, all of them and one.
async fn actions(world: &World) -> Vec<Case> {
    let (one, other) = (world.admin().await, world.admin().await);
    for number in 0..3 {
        for admin in [&one, &other] {
            let body = json!({ "name": format!("Concert {number}"), "description": "" });
            admin.post("/concerts", body).await.expect(201);
        }
        world.wait(1);
    }
    let path = format!("/admin/actions?user_id={}", other.id);
    let concert = one.get("/concerts?limit=1").await.expect(200).body["items"][0]["concert_id"].clone();
    let stewards = format!("/concerts/{}/stewards", concert.as_str().expect("an id"));
    let mut working = Vec::new();
    for number in 0..12 {
        let email = format!("steward-{number}@example.com");
        let body = json!({ "email": email, "password": "correct horse battery", "name": "Steward" });
        let user = world.anonymous().post("/users", body).await.expect(201).text("user_id");
        one.put(&format!("{stewards}/{user}")).await.expect(204);
        working.push(user);
    }
    let kept: Vec<Value> = world.dump().iter().map(|item| serde_json::from_str(item).expect("JSON")).collect();
    let of = |partition: &str| -> Vec<String> {
        let entries = kept.iter().filter(|item| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with(partition)));
        entries.map(|entry| entry["id"]["S"].as_str().expect("an id").to_owned()).collect()
    };
    let organisers: Vec<String> = world
        .items()
        .values()
        .filter(|item| item["owner"]["S"] == "GRANTS")
        .filter_map(|item| item["pk"]["S"].as_str()?.strip_prefix("GRANTS#").map(str::to_owned))
        .collect();
    let mut mina = world.anonymous();
    let credentials = json!({ "email": "steward-0@example.com", "password": "correct horse battery" });
    for _ in 0..7 {
        let session = mina.post("/sessions", credentials.clone()).await.expect(200);
        mina.token = Some(session.text("access_token"));
    }
    let begun = world.items();
    let begun = begun.values().filter_map(|item| item["sk"]["S"].as_str()?.strip_prefix("SESSION#").map(str::to_owned));
    let begun: Vec<String> = begun.collect();
    let joon = world.user().await;
    joon.post("/wallet", json!({})).await.expect(201);
    world.put_account(&joon, "Joon", "joon@example.com", None);
    world.stack.put_grant(joon.id, "organiser").expect("the engine takes it");
    let kinds = ["ledger_entry", "profile", "role"].map(str::to_owned);
    let organisers: Vec<String> = organisers.into_iter().chain([joon.id.to_string()]).collect();
    vec![
        Case::new("export_my_data", &joon, "/users/me/data", "kind", &kinds),
        Case::new("list_sessions", &mina, "/users/me/sessions", "session_id", &begun),
        Case::new("list_roles", &one, "/admin/roles", "user_id", &organisers),
        Case::new("list_stewards", &one, stewards, "user_id", &working),
        Case::new("list_admin_actions", &one, "/admin/actions", "action_id", &of("ADMIN#")),
        Case::new("list_admin_actions", &one, path, "action_id", &of(&format!("ADMIN#{}", other.id))),
    ]
}

/// Reads a list to its end in pages of every size, and compares it with what is there.
async fn check(case: &Case) {
    let limits: &[usize] = if case.operation == "list_seats" { &[100] } else { &[50, 3, 2, 1] };
    let mut whole: Option<Vec<Value>> = None;
    for limit in limits {
        let items = match case.operation {
            "list_seats" => items(&case.who.get(&case.path).await.expect(200).body),
            // It has the best of a list, and no further page.
            "popular_products" => first(case, *limit).await,
            _ => case.walk(*limit).await,
        };
        let expected = whole.get_or_insert_with(|| items.clone());
        let distinct: BTreeSet<String> = expected.iter().map(|item| case.id_of(item)).collect();
        assert_eq!((&distinct, expected.len()), (&case.shown, case.shown.len()), "{}", case.path);
        let upto = if case.operation == "popular_products" { expected.len().min(*limit) } else { expected.len() };
        assert_eq!(items, expected[..upto], "{} in pages of {limit}", case.path);
    }
    for item in whole.iter().flatten() {
        case.compare(item).await;
    }
}

fn items(page: &Value) -> Vec<Value> {
    page["items"].as_array().expect("items").clone()
}

#[tokio::test]
async fn every_list_shows_all_of_it_in_full_pages() {
    let mut asked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for scene in 0..7 {
        let world = World::new().await;
        let admin = world.admin().await;
        let cases = match scene {
            0 => concerts(&world, &admin).await,
            1 => dates(&world, &admin).await,
            2 => products(&world, &admin).await,
            3 => own(&world).await,
            4 => actions(&world).await,
            5 => queues(&world, &admin).await,
            _ => seats(&world, &admin).await,
        };
        for case in &cases {
            asked.entry(case.operation.to_owned()).or_default().extend(case.parameters());
            check(case).await;
        }
    }
    let lists = lists(&document(&World::new().await).await);
    assert_eq!(asked, lists, "lists and their filters, as they were asked for, and as OpenAPI has them");
}

/// The beginning of a list that has one page.
async fn first(case: &Case, limit: usize) -> Vec<Value> {
    let page = case.who.get(&format!("{}&limit={limit}", case.path)).await.expect(200).body;
    items(&page)
}

#[tokio::test]
async fn what_is_passed_by_beyond_all_measure_shortens_a_page_and_hides_nothing() {
    let world = World::new().await;
    let admin = world.admin().await;
    let old = admin.post("/concerts", json!({ "name": "Zebra", "description": "" })).await.expect(201);
    world.wait(1);
    // One letter has no key of its own: all concerts are looked at, at most a thousand for one answer.
    concurrently(0..1_010, |number| {
        let (admin, body) = (admin.clone(), json!({ "name": format!("Xylo {number}"), "description": "" }));
        async move { drop(admin.post("/concerts", body).await.expect(201)) }
    })
    .await;
    let first = world.anonymous().get("/concerts?query=z&limit=1").await.expect(200);
    assert_eq!(first.body["items"], json!([]));
    let rest = format!("/concerts?query=z&limit=1&cursor={}", first.text("next"));
    let found = world.anonymous().get(&rest).await.expect(200);
    assert_eq!(text(&found.body["items"][0], "concert_id"), old.text("concert_id"));
}
