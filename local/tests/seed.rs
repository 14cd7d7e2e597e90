//! `onsale seed`, the program, against an API that is served.

use std::path::Path;

use local::demo::{self, ADMIN_PASSWORD};
use local::server::ports::Serving;
use serde_json::{Value, json};

use crate::repository::root;
use crate::support::World;
use crate::support::program::onsale;

/// A stack with an administrator and nothing else, and the address of its API.
async fn world_with_administrator() -> (World, Serving, String) {
    let world = World::new().await;
    demo::ensure(&world.stack, ADMIN_PASSWORD, true).await.expect("an administrator");
    let (serving, address) = world.serve().await;
    (world, serving, address)
}

/// Exit status, what was printed, and what was complained of.
async fn seed(api: &str, password: &str, file: &Path) -> (Option<i32>, String, String) {
    let mut command = onsale();
    command.args(["seed", "--api", api]).arg(file).env("ONSALE_PASSWORD", password);
    // The API is served by this thread.
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("it ends").expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The ids and numbers that were printed of what was made, by what the line begins with.
fn printed_values<'a>(printed: &'a str, begins: &str) -> Vec<&'a str> {
    let lines = printed.lines().filter(|line| line.starts_with(begins));
    lines.filter_map(|line| line.split('\t').nth(1)?.split('=').nth(1)).collect()
}

#[tokio::test]
async fn what_the_file_says_is_on_sale_and_another_run_makes_nothing_twice() {
    let (world, _serving, api) = world_with_administrator().await;
    let file = root().join("local/seed.json");
    let (status, printed, problem) = seed(&api, ADMIN_PASSWORD, &file).await;
    assert_eq!((status, problem.as_str()), (Some(0), ""), "{printed}");
    assert!(printed.lines().all(|line| line == line.trim_end()), "{printed:?}");

    let anybody = world.anonymous();
    let [concert] = printed_values(&printed, "POST /concerts\t")[..] else { panic!("{printed}") };
    let shown = anybody.get(&format!("/concerts/{concert}")).await.expect(200).body;
    assert_eq!((&shown["name"], &shown["queue_id"]), (&json!("Spring"), &json!("spring")));
    let [product] = printed_values(&printed, "POST /products\t")[..] else { panic!("{printed}") };
    assert_eq!(anybody.get(&format!("/products/{product}")).await.expect(200).body["available"], 10_000);
    let [coupon] = printed_values(&printed, "POST /coupons\t")[..] else { panic!("{printed}") };
    assert_eq!(anybody.get(&format!("/coupons/{coupon}")).await.expect(200).body["remaining"], 1_000);
    assert_eq!(printed_values(&printed, "PUT /queues/spring\t"), ["spring"]);
    assert_eq!(printed_values(&printed, "POST /schedules/"), ["100", "50"]);

    let before = world.items().len();
    let (status, again, _) = seed(&api, ADMIN_PASSWORD, &file).await;
    assert_eq!(status, Some(0));
    assert_eq!(printed_values(&again, "POST /concerts"), printed_values(&printed, "POST /concerts"));
    assert_eq!(printed_values(&again, "POST /products"), [product]);
    let sessions = world.items().len() - before;
    assert!(sessions <= 1, "{sessions} items more; a session is one");
}

#[tokio::test]
async fn what_is_refused_is_told_and_a_mended_file_goes_on_from_there() {
    let (world, _serving, api) = world_with_administrator().await;
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("seed.json");
    let write = |price: Value| {
        let products =
            [json!({ "name": "Pin", "price": 100, "stock": 5 }), json!({ "name": "Cap", "price": price, "stock": 5 })];
        std::fs::write(&file, json!({ "products": products }).to_string()).expect("a file");
    };

    write(json!(-1));
    let before = world.items();
    let (status, printed, problem) = seed(&api, "not the password", &file).await;
    assert!(status == Some(1) && printed.is_empty() && problem.contains("401"), "{problem}");
    let (status, printed, problem) = seed(&api, ADMIN_PASSWORD, &file).await;
    assert_eq!((status, printed_values(&printed, "POST /products").len()), (Some(1), 1), "{printed}");
    assert!(
        problem.contains(r#"POST /products with {"name":"Cap""#) && problem.contains("invalid-request"),
        "{problem}"
    );
    write(json!(200));
    let (status, mended, _) = seed(&api, ADMIN_PASSWORD, &file).await;
    assert_eq!(status, Some(0));
    let products = printed_values(&mended, "POST /products");
    assert_eq!((products.len(), products[0]), (2, printed_values(&printed, "POST /products")[0]));
    assert!(world.items().len() > before.len());

    std::fs::write(&file, r#"{"prodcuts": []}"#).expect("a file");
    let (status, _, problem) = seed(&api, ADMIN_PASSWORD, &file).await;
    assert!(status == Some(1) && problem.contains("prodcuts"), "{problem}");
    let (status, _, problem) = seed(&api, ADMIN_PASSWORD, &directory.path().join("nothing")).await;
    assert!(status == Some(1) && problem.contains("nothing"), "{problem}");
}
