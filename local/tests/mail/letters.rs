//! The letters: what each says, in both languages, as text and as HTML. They lie in `local/tests/mail/snapshots/`:
//! `ONSALE_WRITE_LETTERS=1 cargo test --test suite mail::letters` writes them anew.

use std::collections::BTreeSet;
use std::fs;

use base64::Engine as _;
use local::aws::engine::ses::Mail;
use local::third_parties::payment_provider::Method;
use serde_json::json;

use crate::repository::{read, root};
use crate::support::cards::{CAPTURE_REFUSED, GOOD, REFUND_FAILS, Started};
use crate::support::mail::sends_mail;
use crate::support::{Person, World, releases_on_decline};

/// The variable that has the snapshots written anew.
const WRITE: &str = "ONSALE_WRITE_LETTERS";
/// Where they lie.
const FOLDER: &str = "local/tests/mail/snapshots";
/// What a name may try. It is no markup, no header and no placeholder.
const HOSTILE: &str = "<script>alert(1)</script>{concert}&amp;\"";

/// Letters by what leads to them.
const CASES: [&str; 14] = [
    "tickets",
    "tickets_by_card",
    "tickets_for_nothing",
    "order",
    "declined",
    "declined_and_released",
    "refund",
    "refund_of_a_ticket",
    "undone",
    "topped_up",
    "too_late",
    "returned",
    "address_proof",
    "password_reset",
];

/// Lets something happen to a buyer who reads `language`; the last mail of it, and its world.
async fn told(case: &str, name: &str, language: &str) -> (World, Mail) {
    let world = World::with_options(|options| {
        sends_mail(options);
        if case == "declined_and_released" {
            releases_on_decline(options);
        }
    })
    .await;
    let price = if case == "tickets_for_nothing" { 0 } else { 50_000 };
    let schedule = world.schedule_of(json!({ "name": "Winter & <Light>", "description": "" }), json!({})).await;
    world.admin().await.post(&format!("/schedules/{schedule}/seats"), json!({ "price": price })).await.expect(201);
    let balance = if case.starts_with("declined") { 10 } else { 200_000 };
    let mina = world.user_with(balance).await;
    world.put_account(&mina, name, "mina@example.com", Some(language));
    let seats = if case == "undone" { &["A-1-1"][..] } else { &["A-1-1", "A-1-2"] };
    act(&world, &mina, case, &schedule, seats).await;
    world.settle_cards().await;
    let mail = world.mails().pop().unwrap_or_else(|| panic!("{case}: no mail"));
    (world, mail)
}

async fn act(world: &World, mina: &Person, case: &str, schedule: &str, seats: &[&str]) {
    let hold = async || mina.hold(schedule, seats).await.expect(201).reservation();
    match case {
        "tickets" | "tickets_for_nothing" => drop(mina.pay(&hold().await).await.expect(201)),
        "tickets_by_card" => drop(mina.pay_by_card(world, &hold().await, GOOD).await),
        "order" => {
            let (product, coupon) = (world.product(12_500, 10).await, world.coupon(1).await);
            mina.claim(&coupon).await.expect(201);
            mina.order_with(&[(&product, 3)], &coupon, true).await.expect(201);
        }
        "declined" => drop(mina.pay(&hold().await).await.expect_problem(402, "insufficient-balance")),
        "declined_and_released" => {
            let product = world.product(12_500, 10).await;
            let order = mina.order(&[(&product, 2)]).await.expect(201).order();
            mina.pay_order(&order).await.expect_problem(402, "insufficient-balance");
        }
        "refund" => {
            let held = hold().await;
            mina.pay(&held).await.expect(201);
            mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
        }
        "refund_of_a_ticket" => {
            let held = hold().await;
            mina.pay_by_card(world, &held, GOOD).await;
            world.settle_cards().await;
            mina.delete(&format!("/reservations/{held}/tickets/A-1-2")).await.expect(200);
        }
        "undone" => drop(mina.pay_by_card(world, &hold().await, CAPTURE_REFUSED).await),
        "topped_up" => drop(mina.top_up_by_card(world, 9_000, GOOD).await),
        "too_late" => {
            let held = hold().await;
            let started = Started::of(&mina.start_card(json!({ "reservation_id": held })).await.expect(201));
            world.authorise(&started, GOOD);
            world.wait(500);
            // Somebody captured it by hand, once the hold was over.
            let key = fs::read_to_string(world.stack.directory().join("card-key")).expect("a key");
            let path = format!("/v1/payment_intents/{}/capture", started.intent());
            assert_eq!(world.ask_provider(key.trim(), Method::Post, path, &[]).status, 200);
        }
        "returned" => {
            let held = hold().await;
            mina.pay_by_card(world, &held, REFUND_FAILS).await;
            world.settle_cards().await;
            mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
        }
        "address_proof" => {
            world.claim_address(mina, "mina@example.com");
            mina.post("/users/me/address-proof", json!({})).await.expect(202);
        }
        "password_reset" => {
            world.claim_address(mina, "mina@example.com");
            world.anonymous().post("/password-resets", json!({ "email": "mina@example.com" })).await.expect(202);
        }
        other => panic!("{other}: what leads to it?"),
    }
}

/// The text with the secret of its link as `<secret>`: another in each run.
fn without_secret(text: &str) -> String {
    let Some((before, behind)) = text.split_once("#ml1.") else { return text.to_owned() };
    let is_of_secret = |sign: char| sign.is_ascii_alphanumeric() || sign == '-' || sign == '_';
    crate::support::logs::keep_secret(behind.split(|sign| !is_of_secret(sign)).next().unwrap_or_default());
    format!("{before}#<secret>{}", without_secret(behind.trim_start_matches(is_of_secret)))
}

/// The text with the codes of tickets as `T1.<code>`: others in each run.
fn without_codes(text: &str) -> String {
    let Some((before, behind)) = text.split_once("T1.") else { return text.to_owned() };
    let is_of_code = |sign: char| sign.is_ascii_alphanumeric() || sign == '-' || sign == '_';
    format!("{before}T1.<code>{}", without_codes(behind.trim_start_matches(is_of_code)))
}

/// The text with every id as `<id>`: they are others in each run.
fn without_ids(text: &str) -> String {
    let is_id = |part: &str| part.len() == 36 && uuid::Uuid::try_parse(part).is_ok();
    let (mut shown, mut rest) = (String::new(), text);
    while let Some(next) = rest.chars().next() {
        match rest.get(..36).filter(|part| is_id(part)) {
            Some(_) => {
                shown.push_str("00000000-0000-0000-0000-000000000000");
                rest = &rest[36..];
            }
            None => {
                shown.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
    }
    shown
}

#[tokio::test(start_paused = true)]
async fn each_letter_says_what_its_snapshot_says() {
    let writes = std::env::var_os(WRITE).is_some();
    let mut expected = BTreeSet::new();
    for case in CASES {
        for language in ["en", "ko"] {
            let name = if language == "ko" { "민아" } else { "Mina" };
            let (_world, mail) = told(case, name, language).await;
            let text = format!("Subject: {}\n\n{}", mail.subject, mail.text);
            for (ending, made) in [("txt", text), ("html", mail.html)] {
                let path = format!("{FOLDER}/{case}.{language}.{ending}");
                let made = without_secret(&without_codes(&without_ids(&made)));
                if writes {
                    fs::create_dir_all(root().join(FOLDER)).expect("a folder");
                    fs::write(root().join(&path), &made).expect("written");
                }
                assert_eq!(read(&path), made, "{path}: `{WRITE}=1` writes it anew");
                expected.insert(format!("{case}.{language}.{ending}"));
            }
        }
    }
    let there = fs::read_dir(root().join(FOLDER)).expect("a folder");
    let there: BTreeSet<String> =
        there.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(there, expected, "{FOLDER}");
}

#[tokio::test(start_paused = true)]
async fn each_ticket_comes_with_its_code_as_text_and_picture() {
    let world = World::with_options(sends_mail).await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.buyer("mina@example.com", 200_000).await;
    let held = mina.hold(&schedule, &["A-1-1", "A-1-2", "A-1-3"]).await.expect(201).reservation();
    mina.delete(&format!("/reservations/{held}/tickets/A-1-2")).await.expect(200);
    mina.pay(&held).await.expect(201);
    let code =
        async |seat| mina.get(&format!("/reservations/{held}/tickets/{seat}/code")).await.expect(200).text("code");
    let first = code("A-1-1").await;
    mina.post(&format!("/reservations/{held}/tickets/A-1-3/code"), json!({})).await.expect(201);
    let codes = [first, code("A-1-3").await];
    world.stack.drain_events().await.expect("settled");
    let mail = world.mails().pop().expect("a mail");
    assert_eq!((mail.letter.as_deref(), mail.pictures.len()), (Some("tickets"), 2));
    for (picture, code) in mail.pictures.iter().zip(&codes) {
        let png = base64::engine::general_purpose::STANDARD.decode(&picture.content).expect("base64");
        assert_eq!(crate::tickets::read_picture(&png), *code);
        assert!(mail.text.contains(code.as_str()) && mail.html.contains(code.as_str()));
        assert_eq!(mail.html.matches(&format!("\"cid:{}\"", picture.content_id)).count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_is_no_markup_no_header_and_no_placeholder() {
    for name in [HOSTILE, "Mina\r\nBcc: everybody@shop.example", "Mina\u{2028}\u{0}"] {
        let (_world, mail) = told("tickets", name, "en").await;
        assert!(!mail.html.contains("<script>") && !mail.html.contains("<Light>"), "{}", mail.html);
        assert!(mail.html.contains("Winter &#38; &#60;Light&#62;"), "{}", mail.html);
        assert_eq!(mail.subject, "Your tickets: Winter & <Light>");
        let greeting = mail.text.lines().next().unwrap_or_default();
        assert!(greeting.starts_with("Hello ") && greeting.ends_with(','), "{greeting:?}");
        assert!(!mail.text.lines().any(|line| line.starts_with("Bcc")), "{}", mail.text);
        if name == HOSTILE {
            assert!(greeting.contains(HOSTILE), "the text is as it is: {greeting}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_letter_says_how_things_are_when_it_is_sent() {
    let world = World::with_options(sends_mail).await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.buyer("mina@example.com", 40_000).await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    for _ in 0..3 {
        mina.pay(&held).await.expect_problem(402, "insufficient-balance");
    }
    mina.post("/wallet/charges", json!({ "amount": 10_000 })).await.expect(201);
    mina.pay(&held).await.expect(201);
    mina.post(&format!("/payments/rsv-{held}/cancel"), json!({})).await.expect(200);
    // All of that before the first letter is written: the refund is what is left to be told.
    world.stack.drain_events().await.expect("settled");
    assert_eq!(world.letters(), ["refund"]);
    let mut expected = vec!["overtaken"; 4];
    expected.push("sent");
    assert_eq!(world.letter_states(), expected);
}

#[tokio::test(start_paused = true)]
async fn of_a_sale_that_was_undone_one_letter_tells() {
    let (world, mail) = told("undone", "Mina", "en").await;
    assert_eq!((mail.letter.as_deref(), world.letters().last().map(String::as_str)), (Some("undone"), Some("undone")));
    assert!(!world.letters().contains(&"refund".to_owned()), "nothing was charged: {:?}", world.letters());
}

/// Words have both languages, the same gaps in both, and no key that nothing uses.
#[test]
fn words_are_whole() {
    let words: serde_json::Value = serde_json::from_str(&read("mail/words.json")).expect("JSON");
    let code = read("functions/src/events/letter.rs") + &read("functions/src/events/response.rs");
    let gaps = |text: &str| {
        let names = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
        names.map(|(name, _)| name.to_owned()).collect::<BTreeSet<String>>()
    };
    for (key, texts) in words.as_object().expect("an object") {
        let [english, korean] = [0, 1].map(|place| texts[place].as_str().expect("a text"));
        assert!(!english.is_empty() && !korean.is_empty(), "{key}");
        assert_eq!(gaps(english), gaps(korean), "{key}");
        assert!(code.contains(&format!("\"{key}\"")), "{key} is used nowhere");
    }
}
