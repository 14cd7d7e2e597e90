//! The page on which people read the OpenAPI document.

use local::server::openapi_page;
use reqwest::{Client, StatusCode, Url};

use crate::support::World;

/// What is at an address: status and text.
async fn get(client: &Client, url: Url) -> (StatusCode, String) {
    let answer = client.get(url).send().await.expect("an answer");
    (answer.status(), answer.text().await.expect("text"))
}

/// The addresses that a page names in `src` and `href`.
fn linked_addresses(page: &str) -> Vec<&str> {
    let values = ["src=\"", "href=\""].into_iter().flat_map(|start| page.split(start).skip(1));
    values.filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn it_needs_nothing_but_this_machine_and_shows_what_the_function_answers() {
    let world = World::new().await;
    let (serving, address) = world.serve().await;
    let home = Url::parse(&address).expect("an address");

    let client = Client::new();
    // With or without a slash in the end: the client follows.
    let page = client.get(home.join(openapi_page::PATH).unwrap()).send().await.expect("the page");
    let (status, address) = (page.status(), page.url().clone());
    let page = page.text().await.expect("text");
    assert_eq!(status, StatusCode::OK);
    let files = linked_addresses(&page);
    assert!(files.len() >= 4, "{page}");
    for file in files {
        let file = address.join(file).expect("an address");
        assert_eq!(file.origin(), home.origin(), "{file} is downloaded");
        assert_eq!(get(&client, file.clone()).await.0, StatusCode::OK, "{file}");
    }
    let (_, settings) = get(&client, address.join("swagger-initializer.js").unwrap()).await;
    assert!(
        settings.contains(r#""url": "/openapi.json""#) && settings.contains(r#""validatorUrl": "none""#),
        "{settings}"
    );
    let (status, document) = get(&client, home.join("/openapi.json").unwrap()).await;
    assert!(status == StatusCode::OK && document.contains("hold_seat"));
    // The API's own answers are as they were.
    assert_eq!(get(&client, home.join("/docs/nothing").unwrap()).await.0, StatusCode::NOT_FOUND);
    let (status, problem) = get(&client, home.join("/nothing").unwrap()).await;
    assert!(status == StatusCode::NOT_FOUND && problem.contains("not-found"), "{problem}");
    serving.stop().await;
}
