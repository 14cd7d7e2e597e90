//! What a queue guards: every route × every token.

use axum::http::Request;
use serde_json::json;

use crate::support::{Person, Reply, World};

/// What the guard stands before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    ListSchedules,
    ListSeats,
    GetSeat,
    HoldSeat,
    CreateReservation,
    Pay,
}

use Route::{CreateReservation, GetSeat, HoldSeat, ListSchedules, ListSeats, Pay};

const ROUTES: [Route; 6] = [ListSchedules, ListSeats, GetSeat, HoldSeat, CreateReservation, Pay];
const LOOKS: [Route; 3] = [ListSchedules, ListSeats, GetSeat];

/// How the guard refuses.
#[derive(Clone, Copy)]
struct Refusal {
    status: u16,
    code: &'static str,
}

const REQUIRED: Refusal = Refusal { status: 401, code: "queue-token-required" };
const INVALID: Refusal = Refusal { status: 401, code: "queue-token-invalid" };
const NOT_ADMITTED: Refusal = Refusal { status: 403, code: "queue-token-not-admitted" };
const ENDED: Refusal = Refusal { status: 403, code: "queue-token-ended" };

/// A sale with a queue, and a reservation that waits for its payment.
struct Sale {
    world: World,
    schedule: String,
    concert: String,
}

impl Sale {
    async fn new() -> Self {
        let world = World::new().await;
        let schedule = world.queued_schedule(json!({ "capacity": 10, "admit_per_second": 5 })).await;
        let shown = world.anonymous().get(&format!("/schedules/{schedule}")).await.expect(200);
        assert_eq!(shown.body["queue_id"], "spring");
        let concert = shown.text("concert_id");
        assert_eq!(world.anonymous().get(&format!("/concerts/{concert}")).await.expect(200).body["queue_id"], "spring");
        Self { world, schedule, concert }
    }

    async fn ask(&self, route: Route, person: &Person, reservation: &str) -> Reply {
        let seats = format!("/schedules/{}/seats", self.schedule);
        match route {
            ListSchedules => person.get(&format!("/concerts/{}/schedules", self.concert)).await,
            ListSeats => person.get(&seats).await,
            GetSeat => person.get(&format!("{seats}/A-1-1")).await,
            HoldSeat => person.put(&format!("{seats}/A-1-11/hold")).await,
            CreateReservation => person.hold(&self.schedule, &["A-1-12"]).await,
            Pay => person.pay(reservation).await,
        }
    }

    /// Insists that every route but `except` answers so, and that nothing comes of it.
    async fn refuses(&self, person: &Person, reservation: &str, refusal: Refusal, except: &[Route]) {
        let Refusal { status, code } = refusal;
        let before = self.world.dump();
        for route in ROUTES.into_iter().filter(|route| !except.contains(route)) {
            let reply = self.ask(route, person, reservation).await;
            assert_eq!((reply.status.as_u16(), &reply.body["code"]), (status, &json!(code)), "{route:?}");
            reply.expect_problem(status, code);
        }
        assert_eq!(self.world.dump(), before);
    }
}

#[tokio::test]
async fn only_an_admitted_token_of_ones_own_opens_the_sale() {
    let sale = Sale::new().await;
    let world = &sale.world;
    world.put_queue("autumn", json!({})).await;
    let mut mina = world.joined_user().await;
    let waiting = mina.own_token();
    world.until_admitted(&mut mina).await;
    let joon = world.admitted_user().await;
    let held = mina.hold(&sale.schedule, &["A-1-1"]).await.expect(201).reservation();
    // Admitted elsewhere.
    mina.post("/queues/autumn/tokens", json!({})).await.expect(201);
    for _ in 0..2 {
        world.wait(1);
        world.stack.run_schedule("advance_queues").await.expect("advanced");
    }
    let elsewhere = mina.post("/queues/autumn/tokens", json!({})).await.expect(200);
    assert_eq!(elsewhere.body["state"], "admitted");
    let access = mina.token.clone().expect("a token");
    let tampered = {
        let own = mina.own_token();
        format!("{}AAAA", &own[..own.len() - 4])
    };
    for (token, refusal) in [
        (None, REQUIRED),
        (Some("garbage".to_owned()), INVALID),
        (Some(String::new()), INVALID),
        (Some(tampered), INVALID),
        (Some(access), INVALID),
        (Some(joon.own_token()), INVALID),
        (Some(elsewhere.text("token")), INVALID),
        (Some(waiting), NOT_ADMITTED),
    ] {
        sale.refuses(&mina.with_queue_token(token.as_deref()), &held, refusal, &[]).await;
    }
    for (route, status) in ROUTES.into_iter().zip([200, 200, 200, 201, 201, 201]) {
        sale.ask(route, &mina, &held).await.expect(status);
    }
    world.quiesce().await;
}

#[tokio::test]
async fn an_administrator_passes_every_guarded_route_without_queueing() {
    let sale = Sale::new().await;
    let world = &sale.world;
    let admin = world.admin().await;
    admin.post("/wallet", json!({})).await.expect(201);
    admin.post("/wallet/charges", json!({ "amount": 1_000_000 })).await.expect(201);
    let held = admin.hold(&sale.schedule, &["A-1-1"]).await.expect(201).reservation();
    for token in [None, Some("garbage")] {
        let admin = admin.with_queue_token(token);
        for route in LOOKS {
            sale.ask(route, &admin, &held).await.expect(200);
        }
    }
    for (route, status) in ROUTES.into_iter().zip([200, 200, 200, 201, 201, 201]) {
        sale.ask(route, &admin, &held).await.expect(status);
    }
    // Nobody's place is used by it, and no admission bounds the hold.
    assert_eq!((world.drain_and_check().await.places_in_use("spring"), admin.balance().await), (0, 950_000));
    // The same caller without the role is asked for a token again, at once.
    world.take_grant(&admin, "admin");
    let user = admin;
    sale.refuses(&user, &held, REQUIRED, &[HoldSeat, CreateReservation, Pay]).await;
    user.hold(&sale.schedule, &["A-1-20"]).await.expect_problem(401, "queue-token-required");
    world.quiesce().await;
}

#[tokio::test]
async fn who_became_an_administrator_meanwhile_pays_by_the_admission_of_the_hold() {
    let sale = Sale::new().await;
    let world = &sale.world;
    let mina = world.admitted_user().await;
    let held = mina.hold(&sale.schedule, &["A-1-1"]).await.expect(201).reservation();
    let admin = world.as_admin(&mina).await.with_queue_token(None);
    admin.pay(&held).await.expect(201);
    assert_eq!(world.state_of(&mina), "used");
    assert_eq!(world.drain_and_check().await.places_in_use("spring"), 0);
}

#[tokio::test]
async fn what_has_ended_opens_nothing() {
    let sale = Sale::new().await;
    let world = &sale.world;
    let (used, left, lapsed) = (world.admitted_user().await, world.admitted_user().await, world.admitted_user().await);
    let first = used.hold(&sale.schedule, &["A-1-1"]).await.expect(201).reservation();
    let second = used.hold(&sale.schedule, &["A-1-2"]).await.expect(201).reservation();
    let released = left.hold(&sale.schedule, &["A-1-3"]).await.expect(201).reservation();
    let late = lapsed.hold(&sale.schedule, &["A-1-4"]).await.expect(201).reservation();
    // Looks are remembered for a second; after it everybody knows.
    for person in [&used, &left] {
        sale.ask(ListSeats, person, "").await.expect(200);
    }
    used.pay(&first).await.expect(201);
    left.delete(&format!("/reservations/{released}")).await.expect(200);
    left.leave().await.expect(204);
    world.wait(1);
    // What was held with it may still be paid with it.
    sale.refuses(&used, &second, ENDED, &[Pay]).await;
    used.pay(&second).await.expect(201);
    sale.refuses(&left, &released, ENDED, &[Pay]).await;
    left.pay(&released).await.expect_problem(409, "hold-expired");
    // To the second: the last one in which it is good, and the first in which it is not.
    let end = world.entry_of(&lapsed)["expires_at"]["N"].as_str().and_then(|end| end.parse().ok()).expect("a second");
    let until = |second: i64| second - world.clock.now().as_second();
    world.wait(until(end) - 1);
    for route in LOOKS {
        sale.ask(route, &lapsed, &late).await.expect(200);
    }
    world.wait(1);
    sale.refuses(&lapsed, &late, ENDED, &[Pay]).await;
    // What was held with it has ended with it.
    lapsed.pay(&late).await.expect_problem(409, "hold-expired");
    world.stack.run_schedule("advance_queues").await.expect("advanced");
    world.wait(1);
    sale.refuses(&lapsed, &late, ENDED, &[Pay]).await;
    world.quiesce().await;
}

#[tokio::test]
async fn who_looks_must_have_logged_in() {
    let sale = Sale::new().await;
    let world = &sale.world;
    let mina = world.admitted_user().await;
    let own = mina.own_token();
    let mut other = mina.clone();
    other.token = world.user().await.token;
    for route in LOOKS {
        // Another's access token does not go with this queue token.
        sale.ask(route, &other, "").await.expect_problem(401, "queue-token-invalid");
        let nobody = world.anonymous().with_queue_token(Some(&own));
        sale.ask(route, &nobody, "").await.expect_problem(401, "unauthorized");
        for wrong in ["garbage", "", own.as_str()] {
            let mut person = nobody.clone();
            person.token = Some(wrong.to_owned());
            sale.ask(route, &person, "").await.expect_problem(401, "unauthorized");
        }
    }
    let path = format!("/schedules/{}/seats", sale.schedule);
    for scheme in ["Basic bWluYTpzZWNyZXQ=", "Bearer", ""] {
        let request = Request::builder().uri(&path).header("authorization", scheme);
        let request = request.body(axum::body::Body::empty()).expect("a request");
        world.anonymous().with_queue_token(Some(&own)).send(request).await.expect_problem(401, "unauthorized");
    }
    // An access token ends before this admission does.
    world.queue(json!({ "capacity": 10, "admit_per_second": 5, "active_minutes": 60 })).await;
    world.wait(1);
    let joon = world.admitted_user().await;
    world.wait(910);
    for route in LOOKS {
        sale.ask(route, &joon, "").await.expect_problem(401, "unauthorized");
        sale.ask(route, &world.with_fresh_access_token(&joon).await, "").await.expect(200);
    }
}

#[tokio::test]
async fn what_one_may_see_no_cache_gives_to_another() {
    let sale = Sale::new().await;
    let mina = sale.world.admitted_user().await;
    let path = format!("/schedules/{}/seats", sale.schedule);
    let listed = mina.get(&path).await.expect(200);
    assert_eq!(listed.headers["cache-control"], "private, max-age=1");
    let tag = listed.headers["etag"].to_str().expect("a tag");
    let again = mina.get_with(&path, "if-none-match", tag).await.expect(304);
    assert_eq!(again.headers["cache-control"], "private, max-age=1");
    // Knowing the tag is no ticket.
    let stranger = sale.world.user().await;
    stranger.get_with(&path, "if-none-match", tag).await.expect_problem(401, "queue-token-required");
}

#[tokio::test]
async fn a_sale_without_a_queue_asks_for_nothing() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let concert = world.anonymous().get(&format!("/schedules/{schedule}")).await.expect(200).text("concert_id");
    let sale = Sale { world, schedule, concert };
    let anybody = sale.world.anonymous();
    for token in ["garbage", "", "eyJhbGciOiJub25lIn0.e30."] {
        for route in LOOKS {
            sale.ask(route, &anybody.with_queue_token(Some(token)), "").await.expect(200);
        }
        let listed = anybody.get(&format!("/schedules/{}/seats", sale.schedule)).await.expect(200);
        assert_eq!(listed.headers["cache-control"], "public, max-age=1");
        let mina = sale.world.user_with(1_000_000).await.with_queue_token(Some(token));
        let held = sale.ask(HoldSeat, &mina, "").await.expect(201).reservation();
        // The next one wants the same seats.
        mina.delete(&format!("/reservations/{held}")).await.expect(200);
        let held = sale.ask(CreateReservation, &mina, "").await.expect(201).reservation();
        mina.delete(&format!("/reservations/{held}")).await.expect(200);
    }
    let mina = sale.world.user_with(1_000_000).await.with_queue_token(Some("garbage"));
    let held = sale.ask(CreateReservation, &mina, "").await.expect(201).reservation();
    sale.ask(Pay, &mina, &held).await.expect(201);
    sale.world.check_invariants().await;
}

#[tokio::test]
async fn a_schedule_of_nothing_is_told_before_its_queue() {
    let sale = Sale::new().await;
    let nobody = "0193a000-0000-7000-8000-00000000dead";
    let mina = sale.world.user().await;
    mina.get(&format!("/concerts/{nobody}/schedules")).await.expect_problem(404, "no-bookable-schedule");
    mina.get(&format!("/schedules/{nobody}/seats")).await.expect_problem(404, "no-seats");
    mina.hold(nobody, &["A-1-1"]).await.expect_problem(404, "seat-not-found");
    mina.pay(nobody).await.expect_problem(404, "not-found");
    // But not which seats there are.
    let path = format!("/schedules/{}/seats", sale.schedule);
    mina.get(&format!("{path}/Z-1-1")).await.expect_problem(401, "queue-token-required");
    mina.get(&format!("{path}?section=Z")).await.expect_problem(401, "queue-token-required");
    mina.hold(&sale.schedule, &["Z-1-1"]).await.expect_problem(401, "queue-token-required");
}
