//! GET /queues/{queue_id}/tokens/me

use serde_json::{Value, json};

use crate::accounts::tokens::Forge;
use crate::support::queue::QUEUE;
use crate::support::{Person, World};

const HOUR: i64 = 3_600;

#[tokio::test]
async fn the_place_falls_to_the_admission_by_polls_alone() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 5 })).await;
    let mut crowd = world.joined_users(3).await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        let place = crowd[2].poll().await.expect(200).body;
        assert_eq!(place["number"], 3);
        let retry = place["retry_after_ms"].as_u64().expect("a time");
        assert!(
            if place["state"] == "waiting" { (2_000..=2_900).contains(&retry) } else { retry == 20_000 },
            "{retry}"
        );
        assert_eq!(place["token"].is_string(), place["state"] == "admitted", "only a new token is told");
        let part = |name: &str| place[name].as_u64().expect("a number");
        seen.push((place["state"].to_string(), part("position"), part("ahead"), part("eta_seconds")));
        world.wait(1);
    }
    let waiting = |position, ahead| ("\"waiting\"".to_owned(), position, ahead, position);
    let admitted = ("\"admitted\"".to_owned(), 0, 0, 0);
    assert_eq!(seen, [waiting(3, 2), waiting(3, 2), waiting(2, 1), waiting(1, 0), admitted]);
    let again = crowd[2].poll().await.expect(200);
    assert_eq!(again.text("expires_at"), "2026-11-21T10:10:04Z");
    assert!(again.body.get("issued_at").is_none());
    assert_eq!(world.drain_and_check().await.admitted_now(QUEUE), 1);
}

#[tokio::test]
async fn the_remaining_time_follows_how_long_places_are_in_use() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1, "admit_per_second": 10 })).await;
    let mut crowd = world.joined_users(60).await;
    // One place for ten minutes, and the minute of the sweep: nobody knows better yet.
    let before = crowd[59].poll().await.expect(200).body;
    assert_eq!((&before["position"], &before["eta_seconds"]), (&json!(60), &json!(59 * 660 + 1)));
    // Everybody in it stays for ten seconds.
    for person in &mut crowd[..30] {
        world.ticks(2).await;
        assert_eq!(person.poll().await.expect(200).body["state"], "admitted");
        world.wait(8);
        person.leave().await.expect(204);
        world.stack.drain_events().await.expect("settled");
    }
    let last = world.with_fresh_access_token(&crowd[59]).await.poll().await.expect(200).body;
    let eta = last["eta_seconds"].as_u64().expect("a time");
    assert!((150..=600).contains(&eta), "{last}");
    assert!((20_000..=25_000).contains(&last["retry_after_ms"].as_u64().expect("a time")), "{last}");
}

/// Fifty minutes in one place, and nobody leaves: whoever is next is told so, sees them pass, and is let in on time.
#[tokio::test]
async fn a_place_that_is_in_use_for_fifty_minutes_is_not_free_in_a_second() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1, "admit_per_second": 1, "active_minutes": 50 })).await;
    let (mut mina, mut joon) = (world.joined_user().await, world.joined_user().await);
    world.ticks(2).await;
    assert_eq!(mina.poll().await.expect(200).body["state"], "admitted");
    for minute in 0..50 {
        let place = world.with_fresh_access_token(&joon).await.poll().await.expect(200).body;
        let (eta, left) = (place["eta_seconds"].as_u64().expect("a time"), 60 * (50 - minute));
        assert!((left - 5..=left + 65).contains(&eta), "in minute {minute} {eta} s are told");
        assert_eq!((&place["position"], &place["retry_after_ms"]), (&json!(1), &json!(5_000)), "{place}");
        world.wait(60);
        world.tick().await;
        world.wait(-1);
    }
    world.wait(2);
    world.stack.run_schedule("advance_queues").await.expect("advanced");
    world.stack.drain_events().await.expect("settled");
    world.tick().await;
    joon = world.with_fresh_access_token(&joon).await;
    assert_eq!(joon.poll().await.expect(200).body["state"], "admitted");
}

#[tokio::test]
async fn a_token_that_waits_long_is_signed_anew() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1 })).await;
    // Nobody sweeps, so the first stays where she is.
    world.admitted_user().await;
    let mina = world.joined_user().await;
    let first = mina.own_token();
    let poll = async |token: &str| world.with_fresh_access_token(&mina).await.poll_with(token).await;
    world.wait(6 * HOUR);
    assert!(poll(&first).await.expect(200).body.get("token").is_none());
    world.wait(1);
    let second = poll(&first).await.expect(200).text("token");
    assert_ne!(second, first);
    world.wait(6 * HOUR - 1);
    for token in [&first, &second] {
        assert_eq!(poll(token).await.expect(200).body["number"], 2);
    }
    world.wait(5);
    // Its time is over, and still it is enough to ask with; the answer has a new one.
    let third = poll(&first).await.expect(200);
    assert_eq!(third.body["state"], "waiting");
    assert!(![first, second].contains(&third.text("token")));
}

#[tokio::test]
async fn the_answer_to_the_claim_may_get_lost() {
    let world = World::new().await;
    world.queue(json!({})).await;
    let mut mina = world.joined_user().await;
    let waiting = mina.own_token();
    world.ticks(2).await;
    let first = mina.poll().await.expect(200);
    world.wait(5);
    let again = mina.poll_with(&waiting).await.expect(200);
    for field in ["state", "number", "expires_at"] {
        assert_eq!(again.body[field], first.body[field]);
    }
    assert_eq!(world.drain_and_check().await.admitted_now(QUEUE), 1);
}

#[tokio::test]
async fn a_missed_call_gives_the_place_on() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({ "capacity": 1, "claim_seconds": 60 })).await;
    let (mut mina, mut joon) = (world.joined_user().await, world.joined_user().await);
    world.ticks(2).await;
    // The last moment of the window and of the half minute by which clocks may differ: nobody has closed it.
    world.wait(89);
    assert_eq!(joon.poll().await.expect(200).body["position"], 1);
    world.wait(1);
    assert_eq!(joon.poll().await.expect(200).body["state"], "admitted");
    let missed = mina.poll().await.expect(200);
    assert_eq!((missed.text("state"), &missed.body["position"]), ("waiting".to_owned(), &json!(1)));
    assert_eq!(world.state_of(&mina), "waiting");
    mina.hold(&hall, &["A-1-1"]).await.expect_problem(403, "queue-token-not-admitted");
    assert_eq!(world.drain_and_check().await.places_in_use(QUEUE), 1);
    world.quiesce().await;
}

#[tokio::test]
async fn an_open_batch_may_be_claimed_whatever_the_clock_says() {
    let world = World::new().await;
    world.queue(json!({})).await;
    let (mut mina, mut joon) = (world.joined_user().await, world.joined_user().await);
    world.ticks(2).await;
    world.wait(89);
    world.clock.advance(jiff::SignedDuration::from_millis(500));
    joon.poll().await.expect(200);
    // Now the window has ended, but this instance looked less than a second ago and nobody else does.
    world.clock.advance(jiff::SignedDuration::from_millis(700));
    assert_eq!(mina.poll().await.expect(200).body["state"], "admitted");
    world.quiesce().await;
}

#[tokio::test]
async fn how_a_place_ended_is_told_to_its_holder() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({ "capacity": 4, "admit_per_second": 4 })).await;
    let (mut used, mut left, mut expired) =
        (world.admitted_user().await, world.admitted_user().await, world.admitted_user().await);
    let held = used.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
    used.pay(&held).await.expect(201);
    left.leave().await.expect(204);
    for (person, state) in [(&mut used, "used"), (&mut left, "left")] {
        let told = person.poll().await.expect(200);
        assert_eq!(told.text("state"), state);
        assert_eq!((told.body.get("token"), told.body.get("expires_at")), (None, None));
    }
    // By the clock alone, before anybody has written it down.
    world.wait(600);
    assert_eq!(expired.poll().await.expect(200).body["state"], "expired");
    assert_eq!(world.state_of(&expired), "admitted");
    world.wait(5);
    // A token whose own time is over may still ask.
    assert_eq!(expired.poll().await.expect(200).body["state"], "expired");
    world.quiesce().await;
}

#[tokio::test]
async fn who_has_left_learns_it_when_the_number_is_called() {
    let world = World::new().await;
    world.queue(json!({})).await;
    let mut mina = world.joined_user().await;
    mina.leave().await.expect(204);
    // Until then a poll reads nothing, not even this.
    assert_eq!(mina.poll().await.expect(200).body["state"], "waiting");
    world.ticks(2).await;
    assert_eq!(mina.poll().await.expect(200).body["state"], "left");
    world.quiesce().await;
}

/// What a queue token of ours says and how it is signed, to be changed.
struct Forged {
    forge: Forge,
    header: Value,
    claims: Value,
}

impl Forged {
    async fn of(world: &World, person: &Person) -> Self {
        let forge = Forge::new(world).await;
        let mut header = forge.header.clone();
        header["typ"] = json!("queue+jwt");
        let now = world.clock.now().as_second();
        let claims = json!({
            "iss": forge.claims["iss"], "aud": "onsale-queue", "sub": person.id.0, "queue": QUEUE, "number": 1,
            "admitted": false, "exp": now + 12 * HOUR, "nbf": now, "iat": now,
            "jti": person.id.0,
        });
        Self { forge, header, claims }
    }

    fn header(&self, name: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[name] = value;
        self.forge.signed_token(&header, &self.claims)
    }

    fn claim(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        self.forge.signed_token(&self.header, &claims)
    }
}

#[tokio::test]
async fn only_our_own_tokens_are_believed() {
    let world = World::new().await;
    world.queue(json!({})).await;
    let mina = world.joined_user().await;
    let forged = Forged::of(&world, &mina).await;
    let now = world.clock.now().as_second();
    // What it takes to make one; the rest are each one step away from it.
    mina.poll_with(&forged.claim("number", json!(1))).await.expect(200);
    let mut refused = vec![
        forged.header("typ", json!("at+jwt")),
        forged.header("typ", json!("JWT")),
        forged.header("alg", json!("none")),
        forged.header("alg", json!("HS256")),
        forged.header("kid", json!("kAnotherKey")),
        forged.header("crit", json!(["exp"])),
    ];
    for (name, value) in [
        ("aud", json!("onsale-api")),
        ("iss", json!("somebody else")),
        ("sub", json!("not an id")),
        ("queue", json!("autumn")),
        ("queue", json!(["spring"])),
        ("number", json!("1")),
        ("number", json!(-1)),
        ("number", json!(1.5)),
        ("admitted", json!("yes")),
        ("exp", json!(now + 12 * HOUR + 61)),
        ("exp", json!(i64::MAX)),
        ("exp", json!("never")),
        ("nbf", json!(now + 60)),
        ("iat", json!(now + 60)),
        ("iat", json!(i64::MIN)),
    ] {
        refused.push(forged.claim(name, value));
    }
    let own = mina.own_token();
    let cut = own[..own.len() - 4].to_owned();
    refused.extend([cut, format!("{own}=="), format!("{own}.x"), String::from("garbage"), String::from("..")]);
    let mut parts: Vec<&str> = own.split('.').collect();
    let other = forged.claim("admitted", json!(true));
    parts[1] = other.split('.').nth(1).expect("claims");
    refused.push(parts.join("."));
    for token in &refused {
        let reply = mina.poll_with(token).await;
        reply.expect_problem(401, "queue-token-invalid");
    }
    // One whose time is over may ask, and one may say more than this code knows.
    for known in [forged.claim("exp", json!(now - 6)), forged.claim("role", json!("admin"))] {
        mina.poll_with(&known).await.expect(200);
    }
    // Rightly signed, of a queue that is not there.
    let nowhere = forged.claim("queue", json!("winter"));
    let lost = mina.with_queue_token(Some(&nowhere));
    lost.get("/queues/winter/tokens/me").await.expect_problem(404, "not-found");
}

#[tokio::test]
async fn a_token_is_its_owners_and_its_queues_alone() {
    let world = World::new().await;
    world.queue(json!({})).await;
    world.put_queue("autumn", json!({})).await;
    let (mina, joon) = (world.joined_user().await, world.joined_user().await);
    let before = world.dump();
    mina.with_queue_token(None).poll().await.expect_problem(401, "queue-token-required");
    let access = mina.token.clone().expect("a token");
    mina.poll_with(&access).await.expect_problem(401, "queue-token-invalid");
    mina.get("/queues/autumn/tokens/me").await.expect_problem(401, "queue-token-invalid");
    mina.get("/queues/Spring/tokens/me").await.expect_invalid("queue_id");
    // A queue token is no access token: where one is asked for, the gateway itself refuses it.
    let mut swapped = mina.clone();
    swapped.token = mina.queue_token.clone();
    let refused = swapped.leave().await.expect(403);
    assert_eq!(refused.body, json!({ "message": "Forbidden" }));
    // Leaving asks for the owner, whoever has the queue token.
    mina.with_queue_token(Some(&joon.own_token())).leave().await.expect_problem(401, "queue-token-invalid");
    assert_eq!(world.dump(), before);
}

/// The caller is the user whom the token names: an access token is not needed, and not looked at.
#[tokio::test]
async fn a_poll_needs_no_access_token_and_looks_at_none() {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({ "capacity": 1 })).await;
    let (mut mina, joon) = (world.joined_user().await, world.joined_user().await);
    let asked = authorizations(&world);
    let path = format!("/queues/{QUEUE}/tokens/me");
    let anybody = |token: &str| world.anonymous().with_queue_token(Some(token));
    assert_eq!(anybody(&joon.own_token()).get(&path).await.expect(200).body["number"], 2);
    for header in ["Bearer garbage", "Basic eyJ4", "Bearer"] {
        let place = anybody(&mina.own_token()).get_with(&path, "authorization", header).await.expect(200);
        assert_eq!(place.body["number"], 1, "{header}");
    }
    // With the access token of somebody else it is still the place of the one whom it names.
    let place = mina.with_queue_token(Some(&joon.own_token())).get(&path).await.expect(200);
    assert_eq!((&place.body["number"], &place.body["position"]), (&json!(2), &json!(2)));
    world.ticks(2).await;
    assert_eq!(mina.poll().await.expect(200).body["state"], "admitted");
    assert_eq!((world.state_of(&mina).as_str(), world.state_of(&joon).as_str()), ("admitted", "waiting"));
    assert_eq!(authorizations(&world), asked, "the authorizer was asked");
    // The admitted token alone buys nothing.
    let thief = anybody(&mina.own_token());
    thief.hold(&hall, &["A-1-1"]).await.expect(401);
    thief.leave().await.expect(401);
    joon.with_queue_token(mina.queue_token.as_deref())
        .hold(&hall, &["A-1-1"])
        .await
        .expect_problem(401, "queue-token-invalid");
    mina.hold(&hall, &["A-1-1"]).await.expect(201);
    world.quiesce().await;
}

/// How often the authorizer was asked.
fn authorizations(world: &World) -> u64 {
    world.stack.calls().get("authorize").copied().unwrap_or_default()
}

#[tokio::test]
async fn a_token_whose_key_verifies_no_more_is_refused() {
    let world = World::new().await;
    world.queue(json!({ "capacity": 1 })).await;
    world.admitted_user().await;
    let mut mina = world.joined_user().await;
    let first = mina.own_token();
    for _ in 0..2 {
        world.stack.invoke("rotate_keys", json!({})).await.expect("rotated");
        world.wait(2 * HOUR);
        mina.poll_with(&first).await.expect(200);
    }
    // A day after the second rotation its key is taken away; a token that was renewed meanwhile goes on.
    world.wait(4 * HOUR);
    mina.poll().await.expect(200);
    world.wait(24 * HOUR);
    mina.poll_with(&first).await.expect_problem(401, "queue-token-invalid");
    assert_eq!(mina.poll().await.expect(200).body["number"], 2);
}
