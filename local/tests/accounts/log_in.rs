//! POST /sessions

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use serde_json::json;

use super::{MINA, PASSWORD, log_in, sign_up, weaken};
use crate::support::recorder::Meter;
use crate::support::{Reply, World, concurrently, scaled};

const WRONG: &str = "wrong horse battery";

#[tokio::test]
async fn a_session_opens_what_is_the_users() {
    let world = World::new().await;
    let user = sign_up(&world, MINA).await.expect(201);
    let session = log_in(&world, " MINA@example.com", PASSWORD).await.expect(200);
    let shape = json!({ "access_token": session.text("access_token"), "token_type": "Bearer", "expires_in": 900,
        "refresh_token": session.text("refresh_token") });
    assert_eq!(session.body, shape);
    assert_eq!(session.headers["cache-control"], "no-store");
    let mut mina = world.anonymous();
    mina.token = Some(session.text("access_token"));
    assert_eq!(mina.get("/users/me").await.expect(200).body, user.body);
}

#[tokio::test]
async fn a_password_is_the_same_in_every_composition() {
    let world = World::new().await;
    let composed = "바다위의달빛산책é";
    let body = json!({ "email": MINA, "password": composed, "name": "Mina" });
    world.anonymous().post("/users", body).await.expect(201);
    log_in(&world, MINA, "바다위의달빛산책e\u{301}").await.expect(200);
}

#[tokio::test]
async fn an_unknown_address_is_answered_like_a_wrong_password() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let wrong = log_in(&world, MINA, WRONG).await.expect_problem(401, "bad-credentials");
    let unknown = log_in(&world, "nobody@example.com", WRONG).await.expect_problem(401, "bad-credentials");
    assert_eq!(wrong.apart_from_instance(), unknown.apart_from_instance());
    let headers = |reply: &Reply| {
        let mut headers = reply.headers.clone();
        headers.remove("apigw-requestid");
        headers
    };
    assert_eq!(headers(&wrong), headers(&unknown));
    // Neither does a password that nobody can have tell whether the address is known.
    let short = log_in(&world, MINA, "short").await.expect_problem(401, "bad-credentials");
    assert_eq!(short.apart_from_instance(), wrong.apart_from_instance());
}

#[tokio::test]
async fn an_unknown_address_costs_what_a_wrong_password_costs() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let meter = Arc::new(Meter::default());
    world.stack.intercept(Some(meter.clone()));
    log_in(&world, MINA, WRONG).await.expect(401);
    let wrong = meter.take();
    log_in(&world, "nobody@example.com", WRONG).await.expect(401);
    // The same calls; the hash is computed either way.
    assert_eq!(meter.take().calls, wrong.calls);
    assert!(wrong.calls >= 5);
}

#[tokio::test]
async fn guessing_at_an_account_pauses_and_the_pause_ends_by_itself() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    for _ in 0..6 {
        log_in(&world, MINA, WRONG).await.expect_problem(401, "bad-credentials");
    }
    let blocked = log_in(&world, MINA, WRONG).await.expect_problem(429, "too-many-attempts");
    assert_eq!(blocked.headers["retry-after"], "1");
    // Not even the right password is looked at during a pause.
    log_in(&world, MINA, PASSWORD).await.expect_problem(429, "too-many-attempts");
    world.wait(1);
    log_in(&world, MINA, WRONG).await.expect_problem(401, "bad-credentials");
    let blocked = log_in(&world, MINA, PASSWORD).await.expect_problem(429, "too-many-attempts");
    assert_eq!(blocked.headers["retry-after"], "2");
    world.wait(2);
    log_in(&world, MINA, PASSWORD).await.expect(200);
    // A success forgets the failures before it.
    for _ in 0..5 {
        log_in(&world, MINA, WRONG).await.expect_problem(401, "bad-credentials");
    }
    log_in(&world, MINA, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn an_address_nobody_has_is_paused_with_the_same_bytes() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    for email in [MINA, "nobody@example.com"] {
        for _ in 0..6 {
            log_in(&world, email, WRONG).await.expect(401);
        }
    }
    let known = log_in(&world, MINA, WRONG).await.expect_problem(429, "too-many-attempts");
    let unknown = log_in(&world, "nobody@example.com", WRONG).await.expect_problem(429, "too-many-attempts");
    assert_eq!(known.apart_from_instance(), unknown.apart_from_instance());
    assert_eq!(known.headers["retry-after"], unknown.headers["retry-after"]);
}

#[tokio::test]
async fn guesses_side_by_side_are_counted_each() {
    let world = World::new().await;
    let anybody = world.anonymous();
    let replies = concurrently(0..12, |_| {
        let anybody = anybody.clone();
        async move { anybody.post("/sessions", json!({ "email": MINA, "password": WRONG })).await }
    })
    .await;
    let looked_at = replies.iter().filter(|reply| reply.status == 401).count();
    let refused = replies.iter().filter(|reply| reply.status == 429).count();
    assert_eq!((looked_at, refused), (6, 6));
}

#[tokio::test]
async fn an_hour_of_quiet_is_forgiven() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    for _ in 0..6 {
        log_in(&world, MINA, WRONG).await.expect(401);
    }
    world.wait(3_601);
    for _ in 0..5 {
        log_in(&world, MINA, WRONG).await.expect(401);
    }
    log_in(&world, MINA, PASSWORD).await.expect(200);
}

async fn log_in_from(world: &World, source: &str, email: &str, password: &str) -> Reply {
    let body = json!({ "email": email, "password": password }).to_string();
    let request = Request::post("/sessions").header("content-type", "application/json").body(Body::from(body));
    let mut request = request.expect("a request");
    let source: SocketAddr = format!("{source}:40000").parse().expect("an address");
    request.extensions_mut().insert(ConnectInfo(source));
    world.anonymous().send(request).await
}

#[tokio::test]
async fn a_source_that_tries_many_accounts_pauses_and_others_do_not() {
    let world = World::with_options(|options| {
        options.variables.insert("LOG_IN_SOURCE_FREE_ATTEMPTS".into(), "3".into());
    })
    .await;
    sign_up(&world, MINA).await.expect(201);
    let (bad, good) = ("198.51.100.7", "203.0.113.9");
    for number in 0..3 {
        log_in_from(&world, bad, &format!("user{number}@example.com"), WRONG).await.expect(401);
    }
    let blocked = log_in_from(&world, bad, MINA, PASSWORD).await.expect_problem(429, "too-many-attempts");
    let pause: i64 = blocked.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=900).contains(&pause), "{pause}");
    log_in_from(&world, good, MINA, PASSWORD).await.expect(200);
    world.wait(pause);
    log_in_from(&world, bad, MINA, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn failures_of_a_source_decay_while_others_go_on_logging_in_from_there() {
    let world = World::with_options(|options| {
        options.variables.insert("LOG_IN_SOURCE_FREE_ATTEMPTS".into(), "3".into());
    })
    .await;
    sign_up(&world, MINA).await.expect(201);
    // Twelve failures of an hour and a half, and somebody who logs in between: never a pause.
    for number in 0..12 {
        log_in(&world, &format!("user{number}@example.com"), WRONG).await.expect(401);
        world.wait(450);
        log_in(&world, MINA, PASSWORD).await.expect(200);
    }
}

/// The free attempts of a source are three hundred: of five hundred who are right at once nobody is refused, nor of two
/// hundred who sign up.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn right_log_ins_and_sign_ups_at_once_from_one_address_all_succeed() {
    let world = Arc::new(World::new().await);
    // All thousand with `ONSALE_SCALE=full`; always more than may fail.
    let people = scaled(1_000).max(500);
    // One hash for all: what is tried here is not how fast a password is hashed.
    let emails: Vec<String> = (0..people).map(|number| format!("user{number}@example.com")).collect();
    sign_up(&world, &emails[0]).await.expect(201);
    copy_account(&world, &emails);
    let instances = [world.other_instances(), world.other_instances()];
    let callers =
        emails.iter().enumerate().map(|(index, email)| (world.anonymous().at(&instances[index % 2]), email.clone()));
    let callers: Vec<_> = callers.collect();
    let mut replies = Vec::new();
    // Not all in one instant: a machine with few processors hashes so long that the last ones' calls are too old.
    for wave in callers.chunks(100) {
        let logged_in = concurrently(wave.iter().cloned(), |(anybody, email)| async move {
            anybody.post("/sessions", json!({ "email": email, "password": PASSWORD })).await
        });
        replies.extend(logged_in.await);
    }
    let mut statuses: std::collections::BTreeMap<u16, usize> = std::collections::BTreeMap::new();
    for reply in &replies {
        *statuses.entry(reply.status.as_u16()).or_default() += 1;
    }
    assert_eq!(statuses, [(200, people)].into(), "nobody waits for others who are right");
    // Two hundred sign up from there within the same two minutes.
    world.wait(60);
    for wave in 0..4 {
        let signed_up = concurrently(wave * 50..(wave + 1) * 50, |number| {
            let anybody = world.anonymous();
            let email = format!("new{number}@example.com");
            async move { anybody.post("/users", json!({ "email": email, "password": PASSWORD, "name": "New" })).await }
        });
        assert!(signed_up.await.iter().all(|reply| reply.status == 201));
    }
    // Nor does it stand against the next one, wrong or right.
    log_in(&world, "nobody@example.com", WRONG).await.expect_problem(401, "bad-credentials");
    log_in(&world, &emails[7], PASSWORD).await.expect(200);
}

/// Gives all these addresses the account of the first, under ids of their own.
fn copy_account(world: &World, emails: &[String]) {
    let table = &world.stack.template().table.name;
    let items = world.items();
    let profile = items.values().find(|item| item["sk"]["S"] == "PROFILE").expect("an account").clone();
    let claim = items.values().find(|item| item["sk"]["S"] == "EMAIL").expect("a claim").clone();
    for (number, email) in emails.iter().enumerate().skip(1) {
        let id = uuid::Uuid::from_u128(0x0193_0000_0000_7000_9000_0000_0000_0000 + number as u128).to_string();
        let (mut profile, mut claim) = (profile.clone(), claim.clone());
        (profile["pk"]["S"], profile["id"]["S"]) = (json!(format!("USER#{id}")), json!(id));
        profile["email"]["S"] = json!(email);
        (claim["pk"]["S"], claim["user"]["S"]) = (json!(format!("EMAIL#{email}")), json!(id));
        for item in [profile, claim] {
            let request = json!({ "TableName": table, "Item": item });
            world.stack.dynamodb().call("PutItem", &request).expect("written");
        }
    }
}

#[tokio::test]
async fn who_guesses_from_elsewhere_does_not_lock_the_owner_out_at_home() {
    let world = World::new().await;
    sign_up(&world, MINA).await.expect(201);
    let (home, elsewhere) = ("203.0.113.9", "198.51.100.7");
    log_in_from(&world, home, MINA, PASSWORD).await.expect(200);
    for _ in 0..6 {
        log_in_from(&world, elsewhere, MINA, WRONG).await.expect(401);
    }
    log_in_from(&world, elsewhere, MINA, PASSWORD).await.expect_problem(429, "too-many-attempts");
    // The guesses go on being refused wherever nobody has logged in, and the owner is let in.
    log_in_from(&world, "192.0.2.77", MINA, PASSWORD).await.expect_problem(429, "too-many-attempts");
    log_in_from(&world, home, MINA, PASSWORD).await.expect(200);
    // That says nothing of the guesses: they wait as before.
    log_in_from(&world, elsewhere, MINA, PASSWORD).await.expect_problem(429, "too-many-attempts");
    // At home, too, one may guess so often and no more.
    for _ in 0..6 {
        log_in_from(&world, home, MINA, WRONG).await.expect(401);
    }
    log_in_from(&world, home, MINA, PASSWORD).await.expect_problem(429, "too-many-attempts");
    // An address is known for three months after the last log-in from there.
    world.wait(91 * 86_400);
    for _ in 0..6 {
        log_in_from(&world, elsewhere, MINA, WRONG).await.expect(401);
    }
    log_in_from(&world, home, MINA, PASSWORD).await.expect_problem(429, "too-many-attempts");
}

#[tokio::test]
async fn success_costs_a_source_nothing() {
    let world = World::with_options(|options| {
        options.variables.insert("LOG_IN_SOURCE_FREE_ATTEMPTS".into(), "2".into());
    })
    .await;
    sign_up(&world, MINA).await.expect(201);
    for _ in 0..5 {
        log_in(&world, MINA, PASSWORD).await.expect(200);
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_a_bad_request() {
    let world = World::new().await;
    log_in(&world, "mina", PASSWORD).await.expect_invalid("email");
    world.anonymous().post("/sessions", json!({ "email": MINA })).await.expect_invalid("password");
}

#[tokio::test]
async fn a_hash_of_old_parameters_is_made_anew() {
    let world = World::new().await;
    let user = sign_up(&world, MINA).await.expect(201).text("user_id");
    weaken(&world, &user).await;
    for _ in 0..2 {
        log_in(&world, MINA, PASSWORD).await.expect(200);
        let dump = format!("{:?}", world.dump());
        assert!(dump.contains("$argon2id$v=19$m=19456,t=2,p=1$") && !dump.contains("m=8192"), "not made anew");
    }
    log_in(&world, MINA, WRONG).await.expect_problem(401, "bad-credentials");
}

#[tokio::test]
async fn how_long_attempts_pause_is_a_setting() {
    let world = World::with_options(|options| {
        let settings = [
            ("LOG_IN_ACCOUNT_FREE_ATTEMPTS", "1"),
            ("ATTEMPT_PAUSE_MAX_SECONDS", "3"),
            ("ATTEMPTS_FORGOTTEN_SECONDS", "60"),
        ];
        options.variables.extend(settings.map(|(name, value)| (name.to_owned(), value.to_owned())));
    })
    .await;
    sign_up(&world, MINA).await.expect(201);
    for pause in [0, 1, 2, 3, 3] {
        world.wait(pause);
        log_in(&world, MINA, WRONG).await.expect_problem(401, "bad-credentials");
    }
    log_in(&world, MINA, PASSWORD).await.expect_problem(429, "too-many-attempts");
    world.wait(60);
    log_in(&world, MINA, WRONG).await.expect_problem(401, "bad-credentials");
    log_in(&world, MINA, PASSWORD).await.expect(200);
}
