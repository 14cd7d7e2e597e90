//! GET / · GET /app/{path+} · GET /assets/{path+}

use std::collections::BTreeSet;
use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::json;

use crate::support::recorder::{Disturb, Fault};
use crate::support::{Reply, World};

/// A concert with a date of one section and seats A-1-1 to A-1-50.
async fn concert(world: &World) -> String {
    let schedule = world.schedule_with_seats().await;
    world.anonymous().get(&format!("/schedules/{schedule}")).await.expect(200).text("concert_id")
}

fn html(reply: &Reply) -> String {
    assert_eq!(reply.headers["content-type"], "text/html; charset=utf-8", "{}", reply.request);
    String::from_utf8(reply.bytes.clone()).expect("UTF-8")
}

/// The values of an attribute in a document.
fn values<'a>(document: &'a str, attribute: &str) -> Vec<&'a str> {
    let begin = format!(" {attribute}=\"");
    document.split(begin.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn a_stranger_reads_what_is_on_without_scripts() {
    let world = World::new().await;
    let concert = concert(&world).await;
    let home = html(&world.anonymous().get("/").await.expect(200));
    for told in [&format!("href=\"/app/concerts/{concert}\""), "Olympic Hall", "From ₩50,000", "On sale"] {
        assert!(home.contains(told), "{told:?} in {home}");
    }
    let page = html(&world.anonymous().get(&format!("/app/concerts/{concert}")).await.expect(200));
    for told in ["Olympic Hall", "₩50,000", "50 left", "<noscript>"] {
        assert!(page.contains(told), "{told:?} in {page}");
    }
}

#[tokio::test]
async fn it_tells_the_currency_of_the_shop_and_whether_top_ups_are_free() {
    let world = World::new().await;
    let shell = html(&world.anonymous().get("/app/wallet").await.expect(200));
    let told = "<html lang=\"en\" data-currency=\"KRW\" data-decimals=\"0\" data-free-top-ups>";
    assert!(shell.contains(told) && shell.contains("<p>Top-ups without a card are credit"), "{shell}");
    let settings = [("CURRENCY", "KWD"), ("FREE_TOP_UPS", "false")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let world = World::with_options(|options| options.variables.extend(settings)).await;
    let concert = concert(&world).await;
    let page = html(&world.anonymous().get(&format!("/app/concerts/{concert}")).await.expect(200));
    let html_tag = "<html lang=\"en\" data-currency=\"KWD\" data-decimals=\"3\">";
    for told in [html_tag, "From KWD\u{a0}50.000", "<b>KWD\u{a0}50.000</b>"] {
        assert!(page.contains(told), "{told:?} in {page}");
    }
    assert!(!page.contains("<p>Top-ups without a card"), "{page}");
}

#[tokio::test]
async fn the_list_is_searched_and_paged_without_scripts() {
    let world = World::new().await;
    let admin = world.admin().await;
    for number in 0..21 {
        let name = if number == 7 { "Autumn & \"Brass\"".to_owned() } else { format!("Spring {number}") };
        admin.post("/concerts", json!({ "name": name, "description": "" })).await.expect(201);
    }
    let home = html(&world.anonymous().get("/").await.expect(200));
    let next = values(&home, "href").into_iter().find(|href| href.starts_with("/?cursor=")).expect("a next page");
    let rest = html(&world.anonymous().get(next).await.expect(200));
    let cards = |document: &str| document.matches("class=\"card\"").count();
    assert_eq!((cards(&home), cards(&rest)), (20, 1));
    let found = html(&world.anonymous().get("/?query=brass").await.expect(200));
    assert!(cards(&found) == 1 && found.contains("Autumn &#38; &#34;Brass&#34;"), "{found}");
    let hostile = html(&world.anonymous().get("/?query=%22%3E%3Cscript%3E").await.expect(200));
    assert!(cards(&hostile) == 0 && !hostile.contains("\"><script>"), "{hostile}");
    world.anonymous().get("/?cursor=x").await.expect(404);
    assert_eq!(cards(&html(&world.anonymous().get("/?query=%00").await.expect(200))), 0);
}

#[tokio::test]
async fn it_speaks_the_language_of_the_browser_or_the_one_that_was_chosen() {
    let world = World::new().await;
    let anybody = world.anonymous();
    let korean = anybody.get_with("/", "accept-language", "ko-KR").await.expect(200);
    assert_eq!(korean.headers["content-language"], "ko");
    assert!(html(&korean).contains("<html lang=\"ko\" "));
    let chosen = anybody.get("/app/shop?lang=ko").await.expect(303);
    assert_eq!(chosen.headers["location"], "/app/shop");
    assert_eq!(
        chosen.headers["set-cookie"], "language=ko; Path=/; Max-Age=31536000; SameSite=Lax; Secure",
        "the gateway's own address is over TLS"
    );
    let kept = anybody.get_with("/", "cookie", "other=1; language=ko").await.expect(200);
    assert_eq!(kept.headers["content-language"], "ko");
    assert_eq!(kept.headers["vary"], "accept-encoding, accept-language, cookie");
    // A path that a browser would take for another host leads nowhere else.
    assert_eq!(anybody.get("/app//evil.example/?lang=en").await.expect(303).headers["location"], "/app//evil.example/");
    assert_eq!(anybody.get("/?lang=xx").await.expect(200).headers["content-language"], "en");
}

#[tokio::test]
async fn a_document_is_kept_and_asked_for_again_by_its_tag() {
    let world = World::new().await;
    concert(&world).await;
    let anybody = world.anonymous();
    let first = anybody.get("/").await.expect(200);
    assert_eq!(first.headers["cache-control"], "no-cache");
    let tag = first.headers["etag"].to_str().expect("a tag").to_owned();
    world.wait(3);
    let again = anybody.get_with("/", "if-none-match", &tag).await.expect(304);
    assert!(again.bytes.is_empty());
    let clock = |reply: &Reply| reply.headers["server-timing"].to_str().expect("text").to_owned();
    assert_eq!(clock(&first), format!("now;desc=\"{}\"", (world.at(-3)).as_millisecond()));
    assert_ne!(clock(&first), clock(&again), "the clock goes on though the document is the same");
}

#[tokio::test]
async fn who_takes_gzip_is_sent_gzip() {
    let world = World::new().await;
    let plain = world.anonymous().get("/").await.expect(200);
    let packed = world.anonymous().get_with("/", "accept-encoding", "gzip, br").await.expect(200);
    assert_eq!(packed.headers["content-encoding"], "gzip");
    assert!(packed.bytes.len() < plain.bytes.len());
    let mut unpacked = Vec::new();
    GzDecoder::new(packed.bytes.as_slice()).read_to_end(&mut unpacked).expect("gzip");
    assert_eq!(unpacked, plain.bytes);
    assert_eq!(packed.headers["etag"], plain.headers["etag"]);
}

#[tokio::test]
async fn every_asset_that_a_document_names_is_there_and_never_changes() {
    let world = World::new().await;
    let concert = concert(&world).await;
    let anybody = world.anonymous();
    let paths = ["/", &format!("/app/concerts/{concert}"), "/app/tickets", "/app/nowhere", "/app/shop", "/app/account"];
    let mut assets = BTreeSet::new();
    for path in paths {
        for language in ["en", "ko"] {
            let document = html(&anybody.get_with(path, "accept-language", language).await.expect(200));
            let named = values(&document, "href").into_iter().chain(values(&document, "src"));
            assets.extend(named.filter(|name| name.starts_with("/assets/")).map(str::to_owned));
        }
    }
    assert!(assets.len() >= 5, "{assets:?}");
    for asset in &assets {
        let plain = anybody.get(asset).await.expect(200);
        assert_eq!(plain.headers["cache-control"], "public, max-age=31536000, immutable");
        assert_eq!(plain.headers["x-content-type-options"], "nosniff");
        let packed = anybody.get_with(asset, "accept-encoding", "gzip").await.expect(200);
        let mut unpacked = Vec::new();
        GzDecoder::new(packed.bytes.as_slice()).read_to_end(&mut unpacked).expect("gzip");
        assert_eq!(unpacked, plain.bytes, "{asset}");
    }
    let (version, _) = assets.first().and_then(|asset| asset.rsplit_once('/')).expect("a path");
    for missing in [format!("{version}/none.js"), format!("{version}/words.json"), "/assets/0/app.js".to_owned()] {
        assert_eq!(anybody.get(&missing).await.expect(404).headers["cache-control"], "no-store", "{missing}");
    }
}

#[tokio::test]
async fn strangers_scripts_frames_and_forms_are_kept_out() {
    let world = World::new().await;
    for path in ["/", "/app/tickets", "/app/concerts/x"] {
        let reply = world.anonymous().get(path).await;
        let policy = reply.headers["content-security-policy"].to_str().expect("text");
        for rule in ["default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"] {
            assert!(policy.contains(rule), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(reply.headers["referrer-policy"], "no-referrer");
        assert_eq!(reply.headers["strict-transport-security"], "max-age=63072000");
        let document = html(&reply);
        assert!(!document.contains(" style=\"") && !document.contains(" onclick="), "{path}");
        // One is a file of this origin; the other has words, which no browser runs.
        let scripts: Vec<&str> = document.split("<script ").skip(1).filter_map(|rest| rest.split('>').next()).collect();
        assert_eq!((scripts.len(), scripts[0]), (2, "type=\"application/json\" id=\"words\""));
        assert!(scripts[1].starts_with("type=\"module\" src=\"/assets/"), "{scripts:?}");
    }
}

#[tokio::test]
async fn a_concert_that_is_not_there_is_told_to_people() {
    let world = World::new().await;
    for path in ["/app/concerts/0193a000-0000-7000-8000-00000000dead", "/app/concerts/x"] {
        let reply = world.anonymous().get(path).await.expect(404);
        assert!(html(&reply).contains("href=\"/\""), "a way on");
    }
}

#[tokio::test]
async fn a_table_that_fails_is_told_to_people() {
    let world = World::new().await;
    world.stack.intercept(Some(std::sync::Arc::new(Disturb::next("Query", Fault::LoseAnswer, 100))));
    let reply = world.anonymous().get("/").await.expect(503);
    assert_eq!(reply.headers["retry-after"], "2");
    assert!(html(&reply).contains("<h1>"), "in words");
    world.stack.intercept(None);
}
