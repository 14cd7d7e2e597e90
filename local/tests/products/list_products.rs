//! GET /products

use serde_json::{Value, json};

use crate::support::World;

fn names(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["name"].as_str().expect("a name")).collect()
}

/// Four products, a second apart.
async fn four(world: &World) -> Vec<String> {
    let mut ids = Vec::new();
    for (name, price) in [("Cap", 300), ("album", 200), ("Book", 200), ("cap two", 100)] {
        ids.push(world.product_with(json!({ "name": name, "price": price })).await);
        world.wait(1);
    }
    ids
}

#[tokio::test]
async fn four_orders_page_by_page() {
    let world = World::new().await;
    four(&world).await;
    let anybody = world.anonymous();
    for limit in [1, 2, 3, 100] {
        let listed = async |sort: &str| anybody.pages(&format!("/products{sort}"), limit).await;
        assert_eq!(names(&listed("").await), ["cap two", "Book", "album", "Cap"], "in pages of {limit}");
        assert_eq!(listed("?sort=newest").await, listed("").await);
        assert_eq!(names(&listed("?sort=name").await), ["album", "Book", "Cap", "cap two"]);
        let up = listed("?sort=price").await;
        assert_eq!(names(&up)[0], "cap two");
        assert_eq!(names(&up)[3], "Cap");
        let mut down = listed("?sort=-price").await;
        down.reverse();
        assert_eq!(down, up, "the dearest first is the cheapest first, backwards");
    }
    let first = &anybody.get("/products?limit=1").await.expect(200).body["items"][0];
    let fields: Vec<&String> = first.as_object().expect("an object").keys().collect();
    assert_eq!(fields, ["created_at", "currency", "max_per_user", "name", "price", "product_id"]);
}

#[tokio::test]
async fn only_what_is_selling_is_listed() {
    let world = World::new().await;
    let ids = four(&world).await;
    let admin = world.admin().await;
    admin.patch(&format!("/products/{}", ids[0]), json!({ "state": "hold" })).await.expect(200);
    admin.patch(&format!("/products/{}", ids[1]), json!({ "state": "stopped" })).await.expect(200);
    for sort in ["newest", "price", "-price", "name"] {
        let listed = world.anonymous().pages(&format!("/products?sort={sort}"), 100).await;
        let mut names = names(&listed);
        names.sort_unstable();
        assert_eq!(names, ["Book", "cap two"], "{sort}");
    }
    world.wait(5);
    admin.patch(&format!("/products/{}", ids[0]), json!({ "state": "selling" })).await.expect(200);
    assert_eq!(names(&world.anonymous().pages("/products?sort=name", 100).await), ["Book", "Cap", "cap two"]);
    world.check_invariants().await;
}

/// Pages stay what they are while products come, go and change: what is selling throughout is listed once.
#[tokio::test]
async fn a_walk_through_the_list_is_stable_while_products_change() {
    let world = World::new().await;
    let mut steady = Vec::new();
    let mut restless = Vec::new();
    for number in 0..12 {
        let name = format!("Product {number:02}");
        let id = world.product_with(json!({ "name": name, "price": 100 + number })).await;
        if number % 3 == 0 {
            restless.push(id)
        } else {
            steady.push(id)
        }
        world.wait(1);
    }
    let admin = world.admin().await;
    for sort in ["newest", "price", "-price", "name"] {
        let (mut seen, mut cursor, mut step) = (Vec::new(), String::new(), 0);
        loop {
            let page = world.anonymous().get(&format!("/products?sort={sort}&limit=2{cursor}")).await.expect(200).body;
            let items = page["items"].as_array().expect("items").clone();
            seen.extend(items.iter().map(|item| item["product_id"].as_str().expect("an id").to_owned()));
            // Between two pages one is taken off sale and another put on, renamed and priced anew; one is new.
            let state = ["stopped", "selling"][step % 2];
            let change = json!({ "state": state, "price": 500 - step, "name": format!("Other {step}") });
            admin.patch(&format!("/products/{}", restless[step / 2 % restless.len()]), change).await.expect(200);
            world.product_with(json!({ "name": format!("New {step}"), "price": 90 + step })).await;
            step += 1;
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        for id in &steady {
            assert_eq!(seen.iter().filter(|seen| *seen == id).count(), 1, "{sort}: {id}");
        }
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn a_cursor_is_of_its_own_list_to_the_letter() {
    let world = World::new().await;
    four(&world).await;
    let anybody = world.anonymous();
    let next = async |sort: &str| anybody.get(&format!("/products?sort={sort}&limit=1")).await.expect(200).text("next");
    let cursor = next("price").await;
    for sort in ["newest", "-price", "name"] {
        anybody.get(&format!("/products?sort={sort}&cursor={cursor}")).await.expect_invalid("cursor");
        anybody.get(&format!("/products?sort=price&cursor={}", next(sort).await)).await.expect_invalid("cursor");
    }
    // Not one letter of it can be another.
    for place in 0..cursor.len() {
        let letter = if cursor.as_bytes()[place] == b'A' { "B" } else { "A" };
        let mut altered = cursor.clone();
        altered.replace_range(place..=place, letter);
        anybody.get(&format!("/products?sort=price&cursor={altered}")).await.expect_invalid("cursor");
        anybody.get(&format!("/products?sort=price&cursor={}", &cursor[..place])).await.expect_invalid("cursor");
    }
    anybody.get(&format!("/products?sort=price&cursor={cursor}")).await.expect(200);
}

/// A character that stands for eighteen, and one that stands for five: the folded name is longer than a key may be.
#[tokio::test]
async fn a_product_whose_letters_stand_for_many_is_made_listed_and_paged_past() {
    let world = World::new().await;
    for name in ["\u{fdfa}".repeat(30), "\u{3300}".repeat(60), "힣".to_owned(), "Cap".to_owned()] {
        world.product_with(json!({ "name": name })).await;
    }
    for sort in ["newest", "price", "-price", "name"] {
        assert_eq!(world.anonymous().pages(&format!("/products?sort={sort}"), 1).await.len(), 4, "{sort}");
    }
    let listed = world.anonymous().pages("/products?sort=name", 100).await;
    assert_eq!((&listed[0]["name"], &listed[3]["name"]), (&json!("Cap"), &json!("힣")));
}

#[tokio::test]
async fn a_page_is_remembered_for_five_seconds() {
    let world = World::new().await;
    let anybody = world.anonymous();
    let reply = anybody.get("/products").await.expect(200);
    assert_eq!(reply.body, json!({ "items": [], "next": null }));
    assert_eq!(reply.headers["cache-control"], "public, max-age=5");
    world.product(100, 1).await;
    assert_eq!(anybody.get("/products").await.expect(200).body, reply.body);
    world.wait(5);
    let now = anybody.get("/products").await.expect(200);
    assert_eq!(now.body["items"].as_array().map(Vec::len), Some(1));
    let tag = now.headers["etag"].to_str().expect("text");
    anybody.get_with("/products", "if-none-match", tag).await.expect(304);
    anybody.get("/products?sort=cheapest").await.expect_invalid("sort");
}
