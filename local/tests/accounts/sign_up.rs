//! POST /users

use serde_json::json;

use super::{PASSWORD, log_in, sign_up};
use crate::support::{World, concurrently};

#[tokio::test]
async fn a_new_user_is_shown_without_the_password() {
    let world = World::new().await;
    let body = json!({ "email": " Mina@Example.COM ", "password": PASSWORD, "name": " 김민아 " });
    let reply = world.anonymous().post("/users", body).await.expect(201);
    let shown = json!({
        "user_id": reply.text("user_id"),
        "email": "mina@example.com",
        "name": "김민아",
        "address_proven": false,
        "roles": [],
        "created_at": "2026-11-21T10:00:00.5Z",
    });
    assert_eq!(reply.body, shown);
    assert_eq!(reply.headers["cache-control"], "no-store");
    // What is kept of the password is its hash.
    let kept = world.dump().join("\n");
    assert!(!kept.contains(PASSWORD));
    assert!(kept.contains("$argon2id$v=19$m=19456,t=2,p=1$"));
}

#[tokio::test]
async fn an_address_has_one_account_however_it_is_typed() {
    let world = World::new().await;
    sign_up(&world, "mina@example.com").await.expect(201);
    let before = world.dump();
    for email in ["mina@example.com", "MINA@example.com", " mina@EXAMPLE.com", "ｍina@example.com"] {
        sign_up(&world, email).await.expect_problem(409, "email-taken");
    }
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn of_many_in_the_same_instant_one_gets_the_address() {
    let world = World::new().await;
    let emails = ["mina@example.com", "MINA@EXAMPLE.COM", "Mina@Example.com", " mina@example.com", "ｍina@example.com"];
    let anybody = world.anonymous();
    let replies = concurrently(emails.into_iter().cycle().take(10), |email| {
        let anybody = anybody.clone();
        async move { anybody.post("/users", json!({ "email": email, "password": PASSWORD, "name": "Mina" })).await }
    })
    .await;
    let (created, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 201);
    assert_eq!(created.len(), 1);
    for reply in refused {
        reply.expect_problem(409, "email-taken");
    }
    // The losers left nothing behind: one account and one claim on the address.
    assert_eq!(world.dump().iter().filter(|item| item.contains("password_hash")).count(), 1);
    log_in(&world, "mina@example.com", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn what_an_account_cannot_have_is_refused_by_field() {
    let world = World::new().await;
    let before = world.dump();
    let long_email = format!("{}@example.com", "m".repeat(250));
    let cases = [
        ("email", json!("")),
        ("email", json!("mina")),
        ("email", json!("@example.com")),
        ("email", json!("mi na@example.com")),
        ("email", json!("mina@example..com")),
        ("email", json!("new\u{200b}@example.com")),
        ("email", json!("a@b@example.com")),
        ("email", json!("mina@example")),
        ("email", json!("민아@example.com")),
        ("email", json!(long_email)),
        ("password", json!("short")),
        ("password", json!("x".repeat(129))),
        ("password", json!("nul\u{0}nul\u{0}nul")),
        ("name", json!("")),
        ("name", json!(" \t ")),
        ("name", json!("m".repeat(61))),
        ("name", json!("two\nlines")),
    ];
    for (field, value) in cases {
        let mut body = json!({ "email": "mina@example.com", "password": PASSWORD, "name": "Mina" });
        body[field] = value;
        world.anonymous().post("/users", body).await.expect_invalid(field);
    }
    assert_eq!(world.dump(), before);
}

#[tokio::test]
async fn nobody_signs_up_as_an_administrator() {
    let world = World::new().await;
    let body = json!({ "email": "mina@example.com", "password": PASSWORD, "name": "Mina", "role": "admin" });
    world.anonymous().post("/users", body).await.expect_invalid("body");
    log_in(&world, "mina@example.com", PASSWORD).await.expect_problem(401, "bad-credentials");
}

#[tokio::test]
async fn a_password_that_is_easily_guessed_is_refused() {
    let world = World::new().await;
    for password in ["password", "12345678", "qwertyuiop", "iloveyou1", "mina@example.com", "minaminamina"] {
        let body = json!({ "email": "mina@example.com", "password": password, "name": "Mina" });
        world.anonymous().post("/users", body).await.expect_invalid("password");
    }
    sign_up(&world, "mina@example.com").await.expect(201);
}

#[tokio::test]
async fn a_password_of_ones_own_name_or_address_is_refused() {
    let world = World::new().await;
    let refused = [
        "Mina1987!",
        "kimmina1987",
        "anim58204719",
        "kimkim-1987",
        "tickets2030",
        "example-2030",
        "김민아김민아",
        "rlaalsdk1987",
        "ㅡㅑㅜㅁ1987",
    ];
    for password in refused {
        let body = json!({ "email": "mina.tickets@example.com", "password": password, "name": "김민아 Mina Kim" });
        world.anonymous().post("/users", body).await.expect_invalid("password");
    }
    let body = json!({ "email": "mina.tickets@example.com", "password": "mina-violet-42", "name": "김민아 Mina Kim" });
    world.anonymous().post("/users", body).await.expect(201);
}

#[tokio::test]
async fn a_common_word_typed_on_korean_keys_is_refused() {
    let world = World::new().await;
    for password in ["qlalfqjsgh", "Qlalfqjsgh1", "tkfkdgody", "dkssudgktpdy", "비밀번호1234", "ㅔㅁㄴㄴ잭ㅇ"]
    {
        let body = json!({ "email": "mina@example.com", "password": password, "name": "Mina" });
        world.anonymous().post("/users", body).await.expect_invalid("password");
    }
}

#[tokio::test]
async fn a_domain_in_other_letters_is_one_with_its_ascii_form() {
    let world = World::new().await;
    let body = |email: &str| json!({ "email": email, "password": PASSWORD, "name": "Mina" });
    let made = world.anonymous().post("/users", body("Mina@Bücher.example")).await.expect(201);
    assert_eq!(made.body["email"], "mina@xn--bcher-kva.example");
    world.anonymous().post("/users", body("mina@xn--bcher-kva.example")).await.expect_problem(409, "email-taken");
    log_in(&world, "mina@bücher.example", PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_source_that_signs_many_up_pauses_and_the_pause_ends_by_itself() {
    let world = World::with_options(|options| {
        options.variables.insert("SIGN_UP_SOURCE_FREE_ATTEMPTS".into(), "10".into());
    })
    .await;
    for number in 0..10 {
        sign_up(&world, &format!("user-{number}@example.com")).await.expect(201);
    }
    let paused = sign_up(&world, "one-more@example.com").await.expect_problem(429, "too-many-attempts");
    let pause: i64 = paused.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=900).contains(&pause), "{pause}");
    world.wait(pause);
    sign_up(&world, "one-more@example.com").await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sign_ups_at_once_from_one_address_do_not_wait_for_each_other() {
    let world = World::new().await;
    let anybody = world.anonymous();
    let replies = concurrently(0..60, |number| {
        let anybody = anybody.clone();
        let body = json!({ "email": format!("user{number}@example.com"), "password": PASSWORD, "name": "Haru" });
        async move { anybody.post("/users", body).await }
    })
    .await;
    for reply in replies {
        reply.expect(201);
    }
}
