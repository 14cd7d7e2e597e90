//! Difficult texts as every text of every body that makes or changes something: refused by naming the field, or taken.
//! What is taken is read back as answered, listed in every order page by page, found by what one sees, changed,
//! deleted.
//!
//! The places come from the OpenAPI document. A new one fails `every_text_of_a_body_is_told_of_here`.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};

use super::bodies::{places, with_raw};
use super::collections::escaped;
use super::difficult::texts;
use super::{BEST, Route, Target};
use crate::support::Reply;

/// A place of a body that has a text: route and pointer.
type Place = (&'static str, &'static str);

/// Sweeps after which what was deleted must be gone.
const SWEEPS_MAX: usize = 20;
/// Texts that people make up; each is in one of the tests below.
const FREE: [Place; 18] = [
    ("sign_up", "/email"),
    ("sign_up", "/name"),
    ("sign_up", "/password"),
    ("change_password", "/new_password"),
    ("reset_password", "/password"),
    ("put_queue", "/message"),
    ("create_concert", "/name"),
    ("create_concert", "/description"),
    ("create_schedule", "/place"),
    ("create_seats", "/section"),
    ("create_seats", "/rows/0/row"),
    ("create_reservation", "/seat_ids/0"),
    ("create_reservation", "/seat_ids/1"),
    ("spend", "/memo"),
    ("credit_wallet", "/reason"),
    ("create_product", "/name"),
    ("update_product", "/name"),
    ("create_coupon", "/name"),
];

/// Texts that are not made up: ids, times, secrets, names from a list. Of these only one is right.
const BOUND: [Place; 31] = [
    ("log_in", "/email"),
    ("log_in", "/password"),
    ("refresh_session", "/refresh_token"),
    ("change_password", "/password"),
    ("erase_me", "/password"),
    ("prove_address", "/token"),
    ("request_password_reset", "/email"),
    ("reset_password", "/token"),
    ("put_queue", "/opens_at"),
    ("put_queue", "/closes_at"),
    ("put_queue", "/ends_at"),
    ("create_concert", "/queue_id"),
    ("set_concert_queue", "/queue_id"),
    ("create_schedule", "/starts_at"),
    ("create_schedule", "/sale_opens_at"),
    ("create_schedule", "/sale_closes_at"),
    ("create_reservation", "/schedule_id"),
    ("pay", "/reservation_id"),
    ("update_product", "/state"),
    ("place_order", "/items/0/product_id"),
    ("place_order", "/coupon_id"),
    ("create_coupon", "/discount/kind"),
    ("create_coupon", "/valid_from"),
    ("create_coupon", "/valid_until"),
    ("create_reservation", "/best"),
    (BEST, "/schedule_id"),
    (BEST, "/seat_ids"),
    (BEST, "/best/section"),
    ("pay", "/order_id"),
    ("start_card_payment", "/order_id"),
    ("start_card_payment", "/reservation_id"),
];

/// The body of a route with a text in one place.
fn with_text(target: &Target, route: &Route, pointer: &str, text: &str) -> String {
    let example = target.example(route);
    let places = places(target, route.schema.as_ref().expect("a schema"), &example, "");
    let place = places.iter().find(|place| place.pointer == pointer).expect("a place");
    with_raw(&example, place, &Value::from(text).to_string())
}

/// Insists that a refusal is one, and names the field whose text it is about.
#[track_caller]
fn expect_named(reply: &Reply, pointer: &str, text: &str) {
    let shown = format!("{} with {text:?} in {pointer}: {} {}", reply.request, reply.status, reply.body);
    assert!(reply.status.is_client_error() && reply.body["code"].is_string(), "{shown}");
    if reply.status == 400 {
        let field = reply.body["errors"][0]["field"].as_str().unwrap_or_default();
        let names = |path: &str| -> Vec<String> {
            let parts = path.split(['/', '.', '[', ']']).filter(|part| part.parse::<usize>().is_err());
            parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        assert_eq!(names(field), names(pointer), "{shown}");
    }
}

/// Sends every text as one text of a body, insists on the refusals, and gives what was taken, each with its answer.
async fn send_texts(target: &Target, place: Place) -> Vec<(String, Reply)> {
    let route = target.routes().into_iter().find(|route| route.name == place.0).expect("a route");
    let mut taken = Vec::new();
    for text in texts() {
        let reply = target.send_json(&route, with_text(target, &route, place.1, &text)).await;
        if reply.status.is_success() {
            taken.push((text, reply));
        } else {
            expect_named(&reply, place.1, &text);
        }
    }
    taken
}

#[tokio::test]
async fn every_text_of_a_body_is_told_of_here() {
    let target = Target::new().await;
    let mut there = BTreeSet::new();
    for route in target.routes_with_body() {
        let example = target.example(&route);
        for place in places(&target, route.schema.as_ref().expect("a schema"), &example, "") {
            if place.value.is_string() || place.value.is_null() {
                there.insert((route.name.clone(), place.pointer));
            }
        }
    }
    let told = FREE.iter().chain(&BOUND).map(|(route, pointer)| ((*route).to_owned(), (*pointer).to_owned()));
    assert_eq!(there, told.collect(), "say here how a new text is read back, or that it is bound");
}

#[tokio::test]
async fn a_text_that_is_not_made_up_is_refused_by_naming_its_field() {
    let target = Target::new().await;
    for place in BOUND {
        let taken: Vec<String> = send_texts(&target, place).await.into_iter().map(|(text, _)| text).collect();
        assert!(taken.is_empty(), "{place:?} takes {taken:?}");
    }
}

#[tokio::test]
async fn difficult_texts_in_paths_and_queries_are_no_failure() {
    let target = Target::new().await;
    for route in target.routes() {
        for text in texts() {
            let mut paths = Vec::new();
            for name in target.parameters(&route, "path") {
                paths.push(target.path(&route, &name, &escaped(&text)));
            }
            for name in target.parameters(&route, "query") {
                paths.push(format!("{}?{name}={}", target.path(&route, "", ""), escaped(&text)));
            }
            for path in paths {
                let reply = target.send_with(&route, &path, None).await;
                let shown = format!("{} with {text:?}: {} {}", reply.request, reply.status, reply.body);
                assert!(reply.status.is_success() || reply.body["code"].is_string(), "{shown}");
                assert!(!reply.status.is_server_error(), "{shown}");
            }
        }
    }
}

/// The values of a field in a whole list, read in pages of one.
async fn listed_values(target: &Target, path: &str, field: &str) -> Vec<String> {
    let items = target.caller.pages(path, 1).await;
    items.iter().map(|item| item[field].as_str().expect("a text").to_owned()).collect()
}

/// Insists that each id is in a list once.
#[track_caller]
fn expect_each_once(listed: &[String], ids: &[String], path: &str) {
    for id in ids {
        assert_eq!(listed.iter().filter(|there| *there == id).count(), 1, "{id} in {path}");
    }
}

fn ids(taken: &[(String, Reply)], field: &str) -> Vec<String> {
    taken.iter().map(|(_, reply)| reply.text(field)).collect()
}

#[tokio::test]
async fn a_concert_of_any_name_that_is_taken_is_read_listed_found_and_deleted() {
    let target = Target::new().await;
    let made = send_texts(&target, ("create_concert", "/name")).await;
    assert!(made.len() >= 40, "only {} names were taken", made.len());
    let ids = ids(&made, "concert_id");
    expect_each_once(&listed_values(&target, "/concerts", "concert_id").await, &ids, "/concerts");
    for (given, concert) in &made {
        let (id, name) = (concert.text("concert_id"), concert.text("name"));
        assert_eq!(target.caller.get(&format!("/concerts/{id}")).await.expect(200).body["name"], name.as_str());
        for query in [given.clone(), name.clone(), name.to_uppercase(), name.to_lowercase()] {
            if query.trim().chars().count() > 60 {
                continue;
            }
            let path = format!("/concerts?query={}", escaped(&query));
            let found = target.caller.pages(&path, 100).await;
            assert!(found.iter().any(|it| it["concert_id"] == id.as_str()), "{name:?} by {query:?}");
        }
    }
    for id in &ids {
        target.caller.delete(&format!("/concerts/{id}")).await.expect(204);
        target.caller.get(&format!("/concerts/{id}")).await.expect(404);
    }
    let left = listed_values(&target, "/concerts", "concert_id").await;
    assert!(!left.iter().any(|id| ids.contains(id)));
    // Sweeps remove what is deleted for certain, as much as each has time for.
    target.world.wait(600);
    let mut remaining = Vec::new();
    for _ in 0..SWEEPS_MAX {
        target.world.stack.run_schedule("run_expiry").await.expect("swept");
        remaining = target.world.dump();
        remaining.retain(|item| item.contains("GRAM#") && ids.iter().any(|id| item.contains(id)));
        if remaining.is_empty() {
            break;
        }
    }
    assert!(remaining.is_empty(), "entries of the search are left: {remaining:#?}");
}

#[tokio::test]
async fn a_description_is_read_as_it_was_answered() {
    let target = Target::new().await;
    let made = send_texts(&target, ("create_concert", "/description")).await;
    assert!(made.len() >= 50, "only {} descriptions were taken", made.len());
    for (given, concert) in &made {
        let read = target.caller.get(&format!("/concerts/{}", concert.text("concert_id"))).await.expect(200);
        assert_eq!(read.body["description"], concert.body["description"], "{given:?}");
        let foreign = concert.text("description").contains(['\r', '\u{85}', '\u{2028}', '\u{2029}', '\u{202e}']);
        assert!(!foreign, "{given:?}");
    }
}

#[tokio::test]
async fn a_product_of_any_name_that_is_taken_is_listed_in_every_order_and_withdrawn() {
    let target = Target::new().await;
    let made = send_texts(&target, ("create_product", "/name")).await;
    assert!(made.len() >= 40, "only {} names were taken", made.len());
    let ids = ids(&made, "product_id");
    for (_, product) in &made {
        let read = target.caller.get(&format!("/products/{}", product.text("product_id"))).await.expect(200);
        assert_eq!(read.body["name"], product.body["name"]);
    }
    for sort in ["newest", "price", "-price", "name"] {
        let path = format!("/products?sort={sort}");
        expect_each_once(&listed_values(&target, &path, "product_id").await, &ids, &path);
    }
    for id in &ids {
        let change = json!({ "state": "stopped" });
        target.caller.patch(&format!("/products/{id}"), change).await.expect(200);
    }
    target.world.wait(5);
    let left = listed_values(&target, "/products?sort=name", "product_id").await;
    assert_eq!(left, [target.product.as_str()]);
}

#[tokio::test]
async fn a_product_is_listed_once_whatever_it_is_renamed_to() {
    let target = Target::new().await;
    let mut names = 0;
    for (given, changed) in send_texts(&target, ("update_product", "/name")).await {
        // Renamed from each to the next; the entry of the one before is gone.
        let rename = json!({ "name": given });
        let path = format!("/products/{}", target.product);
        let again = target.caller.patch(&path, rename).await.expect(200);
        assert_eq!(again.body["name"], changed.body["name"], "{given:?}");
        target.world.wait(5);
        for sort in ["newest", "price", "-price", "name"] {
            let items = target.caller.pages(&format!("/products?sort={sort}"), 1).await;
            assert_eq!(items.len(), 1, "{sort}: {given:?}");
            assert_eq!(items[0]["name"], changed.body["name"]);
        }
        names += 1;
    }
    assert!(names >= 40, "only {names} names were taken");
}

#[tokio::test]
async fn a_coupon_of_any_name_that_is_taken_is_read_claimed_and_listed() {
    let target = Target::new().await;
    let made = send_texts(&target, ("create_coupon", "/name")).await;
    assert!(made.len() >= 40, "only {} names were taken", made.len());
    let ids = ids(&made, "coupon_id");
    for (_, coupon) in &made {
        let id = coupon.text("coupon_id");
        let read = target.caller.get(&format!("/coupons/{id}")).await.expect(200);
        assert_eq!(read.body["name"], coupon.body["name"]);
        target.caller.claim(&id).await.expect(201);
    }
    expect_each_once(&listed_values(&target, "/users/me/coupons", "coupon_id").await, &ids, "/users/me/coupons");
}

#[tokio::test]
async fn a_date_at_any_place_that_is_taken_is_read_listed_and_deleted() {
    let target = Target::new().await;
    let made = send_texts(&target, ("create_schedule", "/place")).await;
    assert!(made.len() >= 40, "only {} places were taken", made.len());
    let ids = ids(&made, "schedule_id");
    for (_, schedule) in &made {
        let read = target.caller.get(&format!("/schedules/{}", schedule.text("schedule_id"))).await.expect(200);
        assert_eq!(read.body["place"], schedule.body["place"]);
    }
    let dates = format!("/concerts/{}/schedules", target.concert);
    expect_each_once(&listed_values(&target, &dates, "schedule_id").await, &ids, &dates);
    for id in &ids {
        target.caller.delete(&format!("{dates}/{id}")).await.expect(204);
    }
}

#[tokio::test]
async fn a_memo_or_reason_that_is_taken_stands_in_the_ledger() {
    let target = Target::new().await;
    let mut made = send_texts(&target, ("spend", "/memo")).await;
    assert!(made.len() >= 40, "only {} memos were taken", made.len());
    made.extend(send_texts(&target, ("credit_wallet", "/reason")).await);
    assert!(made.len() >= 80, "only {} memos and reasons were taken", made.len());
    let memos: Vec<Value> = target.caller.pages("/wallet/entries", 1).await;
    let memos: Vec<&str> = memos.iter().filter_map(|entry| entry["memo"].as_str()).collect();
    assert_eq!(memos.len(), made.len());
    for memo in memos {
        assert!(!memo.contains(['\n', '\r', '\u{2028}', '\u{2029}', '\u{202e}']), "{memo:?}");
    }
}

#[tokio::test]
async fn seats_of_any_label_that_is_taken_are_listed_held_and_released_in_both_spellings() {
    let target = Target::new().await;
    let seats = format!("/schedules/{}/seats", target.schedule);
    let labels = [("가", "\u{1100}\u{1161}"), ("각1", "\u{1100}\u{1161}\u{11a8}1"), ("R", "R")];
    for (composed, apart) in labels {
        let body = json!({ "section": apart, "rows": [{ "row": apart, "from": 1, "to": 2 }], "price": 100 });
        assert_eq!(target.caller.post(&seats, body).await.expect(201).body["created"], 2);
        let body = json!({ "section": composed, "rows": [{ "row": composed, "from": 1, "to": 2 }], "price": 100 });
        assert_eq!(target.caller.post(&seats, body).await.expect(201).body["created"], 0, "{composed} is there");
        let id = format!("{composed}-{composed}-1");
        for label in [composed, apart] {
            let seat = escaped(&format!("{label}-{label}-1"));
            let section = target.caller.get(&format!("{seats}?section={}", escaped(label))).await.expect(200);
            assert_eq!(section.body["sections"][0]["section"], composed);
            assert_eq!(target.caller.get(&format!("{seats}/{seat}")).await.expect(200).body["seat_id"], id.as_str());
            let held = target.caller.put(&format!("{seats}/{seat}/hold")).await.expect(201);
            let ticket = format!("/reservations/{}/tickets/{seat}", held.reservation());
            assert_eq!(target.caller.get(&ticket).await.expect(200).body["ticket_id"], id.as_str());
            target.caller.delete(&format!("{seats}/{seat}/hold")).await.expect(204);
            let spelled = format!("{label}-{label}-2");
            let held = target.caller.hold(&target.schedule, &[&spelled]).await.expect(201);
            target.caller.delete(&format!("/reservations/{}", held.reservation())).await.expect(200);
        }
        let twice = [format!("{composed}-{composed}-1"), format!("{apart}-{apart}-1")];
        target.caller.hold(&target.schedule, &[&twice[0], &twice[1]]).await.expect_invalid("seat_ids");
    }
    for place in [("create_seats", "/section"), ("create_seats", "/rows/0/row")] {
        for (given, _) in send_texts(&target, place).await {
            let label: String = given.chars().filter(|character| !character.is_alphanumeric()).collect();
            assert_eq!(label, "", "{given:?} is no label");
        }
    }
}

#[tokio::test]
async fn a_seat_id_is_a_seat_id_or_refused() {
    let target = Target::new().await;
    for place in [("create_reservation", "/seat_ids/0"), ("create_reservation", "/seat_ids/1")] {
        assert!(send_texts(&target, place).await.is_empty());
    }
}

/// Once one is taken, the present password is another, which is said; and of no link nothing is set.
#[tokio::test]
async fn a_difficult_new_password_is_taken_or_refused_by_naming_its_field() {
    let target = Target::new().await;
    assert!(!send_texts(&target, ("change_password", "/new_password")).await.is_empty());
    assert!(send_texts(&target, ("reset_password", "/password")).await.is_empty());
}

#[tokio::test]
async fn who_signs_up_with_a_difficult_name_address_or_password_logs_in_with_it() {
    let target = Target::new().await;
    let anybody = target.world.anonymous();
    let route = |name: &str| target.routes().into_iter().find(|route| route.name == name).expect("a route");
    let (sign_up, log_in) = (route("sign_up"), route("log_in"));
    let mut people = 0;
    for (number, text) in texts().into_iter().enumerate() {
        let email = format!("person-{number}@example.com");
        let right = json!({ "email": email, "password": "violet-tractor-58", "name": "Somebody" });
        for field in ["name", "password", "email"] {
            let mut body = right.clone();
            body[field] = json!(text);
            body["email"] = if field == "name" { json!(email) } else { body["email"].clone() };
            if field == "password" {
                body["email"] = json!(format!("secret-{number}@example.com"));
            }
            // Sent as it is: these texts stand in other tests' logs, and are no secrets there.
            let reply = target.send_json(&sign_up, body.to_string()).await;
            if reply.status != 201 {
                expect_named(&reply, &format!("/{field}"), &text);
                continue;
            }
            let session = json!({ "email": body["email"], "password": body["password"] });
            let session = target.send_json(&log_in, session.to_string()).await;
            let token = session.expect(200).text("access_token");
            let mut person = anybody.clone();
            person.token = Some(token);
            let me = person.get("/users/me").await.expect(200);
            assert_eq!((&me.body["name"], &me.body["email"]), (&reply.body["name"], &reply.body["email"]));
            people += 1;
        }
    }
    assert!(people >= 50, "only {people} signed up");
}

#[tokio::test]
async fn a_queue_id_is_a_slug_or_refused() {
    let target = Target::new().await;
    let settings = json!({ "capacity": 10, "admit_per_second": 1, "active_minutes": 10 });
    for text in texts().into_iter().filter(|text| !text.is_empty() && text != ".") {
        let path = format!("/queues/{}", escaped(&text));
        let reply = target.caller.call(Method::PUT, &path, Some(settings.clone()), None).await;
        if reply.status.is_success() {
            assert_eq!(target.caller.get(&path).await.expect(200).text("queue_id"), text);
        } else {
            reply.expect_invalid("queue_id");
        }
    }
}
