//! DELETE /users/me

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};

use super::{MINA, PASSWORD, device, log_in, sign_up};
use crate::support::cards::{GOOD, REFUND_FAILS_LATER, Started};
use crate::support::queue::QUEUE;
use crate::support::recorder::{Disturb, Fault, Gate};
use crate::support::shop::order_of;
use crate::support::{Person, Reply, World, concurrently};

/// Mina with an account and a session.
async fn mina(world: &World) -> Person {
    let id = sign_up(world, MINA).await.expect(201).text("user_id");
    let (mut mina, _) = device(world).await;
    mina.id = id.parse().expect("an id");
    mina
}

async fn erase(person: &Person) -> Reply {
    erase_with(person, PASSWORD).await
}

async fn erase_with(person: &Person, password: &str) -> Reply {
    person.call(Method::DELETE, "/users/me", Some(json!({ "password": password })), None).await
}

/// Insists that an account is in use, and that the detail names what keeps it.
async fn expect_in_use(person: &Person, named: &str) {
    let refused = erase(person).await.expect_problem(409, "account-in-use");
    let detail = refused.text("detail");
    assert!(detail.contains(named), "{detail}");
}

fn own(world: &World, person: &Person) -> Vec<Value> {
    let pk = format!("USER#{}", person.id);
    world.items().into_values().filter(|item| item["pk"]["S"] == pk.as_str()).collect()
}

#[tokio::test]
async fn name_and_address_go_and_what_was_bought_stays() {
    let world = World::new().await;
    let mina = mina(&world).await;
    mina.post("/wallet", json!({})).await.expect(201);
    mina.post("/wallet/charges", json!({ "amount": 50_000 })).await.expect(201);
    let starts_at = world.at(7_200).to_string();
    let closes_at = world.at(3_600).to_string();
    let schedule = world.schedule_with(json!({ "starts_at": starts_at, "sale_closes_at": closes_at })).await;
    world.admin().await.post(&format!("/schedules/{schedule}/seats"), json!({})).await.expect(201);
    let paid = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&paid).await.expect(201);
    expect_in_use(&mina, "tickets").await;
    world.wait(7_300);
    let mina = world.with_fresh_token(&mina).await;
    let (_, refresh) = device(&world).await;
    erase(&mina).await.expect(204);

    let left = own(&world, &mina);
    let text = Value::from(left.clone()).to_string();
    for gone in [MINA, "Mina", "argon2", "127.0.0.1", "pepper"] {
        assert!(!text.contains(gone), "{gone} is kept");
    }
    assert!(!world.dump().join("\n").contains("EMAIL#mina"), "the address is claimed");
    assert!(
        left.iter().any(|item| item["id"]["S"] == paid.as_str() && item["state"]["S"] == "paid"),
        "what was bought"
    );
    world.check_invariants().await;

    // As somebody who never was.
    log_in(&world, MINA, PASSWORD).await.expect_problem(401, "bad-credentials");
    let body = json!({ "refresh_token": refresh });
    world.anonymous().post("/sessions/refresh", body).await.expect_problem(401, "session-ended");
    for path in ["/users/me", "/users/me/data", "/users/me/sessions"] {
        mina.get(path).await.expect_problem(401, "unauthorized");
    }
    let body = json!({ "password": PASSWORD, "new_password": "another battery staple" });
    mina.call(Method::PUT, "/users/me/password", Some(body), None).await.expect_problem(401, "unauthorized");
    // The address is anybody's: another account.
    let again = sign_up(&world, MINA).await.expect(201).text("user_id");
    assert_ne!(again, mina.id.to_string());
    let (other, _) = device(&world).await;
    assert_eq!(other.get("/reservations").await.expect(200).body["items"], json!([]));
    world.check_invariants().await;
}

#[tokio::test]
async fn again_it_is_a_success_whatever_the_password() {
    let world = World::new().await;
    let mina = mina(&world).await;
    erase(&mina).await.expect(204);
    let before = world.dump();
    erase(&mina).await.expect(204);
    erase_with(&mina, "whatever").await.expect(204);
    assert_eq!(world.dump(), before);
    world.check_invariants().await;
}

#[tokio::test]
async fn an_answer_that_got_lost_is_a_success() {
    let world = World::new().await;
    let mina = mina(&world).await;
    world.stack.intercept(Some(Arc::new(Disturb::next("TransactWriteItems", Fault::LoseAnswer, 3))));
    erase(&mina).await.expect(204);
    world.stack.intercept(None);
    world.check_invariants().await;
}

#[tokio::test]
async fn sent_several_times_at_once_it_is_one() {
    let world = World::new().await;
    let mina = mina(&world).await;
    let replies = concurrently(0..3, |_| {
        let mina = mina.clone();
        async move { erase(&mina).await }
    })
    .await;
    assert!(replies.iter().all(|reply| reply.status == 204), "each is told of the success");
    world.check_invariants().await;
}

#[tokio::test]
async fn a_wrong_password_erases_nothing_and_counts_as_a_guess() {
    let world = World::new().await;
    let mina = mina(&world).await;
    let before = world.dump();
    for _ in 0..5 {
        erase_with(&mina, "wrong horse battery").await.expect_problem(401, "bad-credentials");
    }
    assert_eq!(world.dump(), before);
    for _ in 0..6 {
        erase_with(&mina, "wrong horse battery").await;
    }
    erase(&mina).await.expect_problem(429, "too-many-attempts");
    assert_eq!(world.dump(), before);
    let stranger = world.user().await;
    erase(&stranger).await.expect_problem(401, "unauthorized");
    mina.call(Method::DELETE, "/users/me", Some(json!({})), None).await.expect_problem(400, "invalid-request");
}

#[tokio::test]
async fn whatever_is_not_at_its_end_keeps_the_account() {
    let world = World::new().await;
    let mina = mina(&world).await;
    mina.post("/wallet", json!({})).await.expect(201);
    mina.post("/wallet/charges", json!({ "amount": 51_000 })).await.expect(201);
    expect_in_use(&mina, "wallet").await;
    let schedule = world.schedule_with_seats().await;
    let product = world.product(1_000, 10).await;
    let paid = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    mina.pay(&paid).await.expect(201);
    mina.post("/wallet/payments", json!({ "amount": 1_000, "memo": "tea" })).await.expect(201);
    expect_in_use(&mina, "tickets").await;
    mina.post(&format!("/payments/rsv-{paid}/cancel"), json!({})).await.expect(200);
    expect_in_use(&mina, "wallet").await;
    mina.post("/wallet/payments", json!({ "amount": 50_000, "memo": "tea" })).await.expect(201);
    let held = mina.hold(&schedule, &["A-1-2"]).await.expect(201).reservation();
    expect_in_use(&mina, "hold seats").await;
    mina.delete(&format!("/reservations/{held}")).await.expect(200);
    let order = mina.order(&[(&product, 1)]).await.expect(201).order();
    expect_in_use(&mina, "order").await;
    mina.delete(&format!("/orders/{order}")).await.expect(200);
    world.queue(json!({})).await;
    let mut waiting = mina.clone();
    let joined = mina.post(&format!("/queues/{QUEUE}/tokens"), json!({})).await.expect(201);
    waiting.queue_token = Some(joined.text("token"));
    expect_in_use(&mina, "queue").await;
    waiting.delete(&format!("/queues/{QUEUE}/tokens/me")).await.expect(204);
    world.stack.put_grant(mina.id, "organiser").expect("the engine takes it");
    expect_in_use(&mina, "role").await;
    let admin = world.admin().await;
    admin.delete(&format!("/users/{}/roles/organiser", mina.id)).await.expect(204);
    erase(&mina).await.expect(204);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_card_payment_or_refund_in_progress_keeps_the_account() {
    let world = World::new().await;
    let mina = mina(&world).await;
    let started = Started::of(&mina.start_card(json!({ "top_up": 10_000 })).await.expect(201));
    expect_in_use(&mina, "card payment").await;
    assert_eq!(world.authorise(&started, GOOD).status, 200);
    mina.confirm_card(&started).await.expect(200);
    expect_in_use(&mina, "wallet").await;
    mina.post("/wallet/payouts", json!({ "amount": 10_000 })).await.expect(201);
    expect_in_use(&mina, "refund").await;
    world.settle_cards().await;
    erase(&mina).await.expect(204);
    world.check_invariants().await;
}

/// Nobody has ended them, and nobody needs to: the erasure does.
#[tokio::test]
async fn what_has_lapsed_is_ended_first() {
    let world = World::new().await;
    let mina = mina(&world).await;
    let schedule = world.schedule_with_seats().await;
    let product = world.product(1_000, 10).await;
    mina.hold(&schedule, &["A-1-2"]).await.expect(201);
    mina.order(&[(&product, 1)]).await.expect(201);
    world.wait(400);
    erase(&mina).await.expect(204);
    assert_eq!(world.units_left(&product), 10);
    world.check_invariants().await;
}

/// An access token that outlives its account moves nothing.
#[tokio::test]
async fn after_it_nothing_is_bought_held_topped_up_or_granted() {
    let world = World::new().await;
    let mina = mina(&world).await;
    let schedule = world.schedule_with_seats().await;
    let (product, free) = (world.product(1_000, 10).await, world.product(0, 10).await);
    let coupon = world.coupon(5).await;
    let admin = world.admin().await;
    erase(&mina).await.expect(204);
    let before = world.dump();
    let refused = |reply: Reply| reply.expect_problem(401, "unauthorized");
    refused(mina.hold(&schedule, &["A-1-1"]).await);
    refused(mina.post("/reservations", json!({ "schedule_id": schedule, "best": { "count": 2 } })).await);
    refused(mina.order(&[(&product, 1)]).await);
    refused(mina.order(&[(&free, 1)]).await);
    refused(mina.post("/orders", order_of(&[(&free, 1)], true)).await);
    refused(mina.post("/wallet/charges", json!({ "amount": 5 })).await);
    refused(mina.post("/wallet/payments", json!({ "amount": 5, "memo": "tea" })).await);
    refused(mina.start_card(json!({ "top_up": 10_000 })).await);
    let credit = json!({ "amount": 5, "reason": "rain" });
    admin.post(&format!("/users/{}/credits", mina.id), credit).await.expect_problem(404, "no-wallet");
    admin.put(&format!("/users/{}/roles/organiser", mina.id)).await.expect_problem(404, "not-found");
    assert_eq!(world.dump(), before);
    // Neither has an end, and neither needs one: a coupon that nobody can use, a place with which nobody can hold.
    mina.claim(&coupon).await.expect(201);
    world.queue(json!({})).await;
    mina.post(&format!("/queues/{QUEUE}/tokens"), json!({})).await.expect(201);
    world.check_invariants().await;
}

/// Lets `meanwhile` happen when an erasure has read everything and is about to commit; its answer.
async fn erase_while(world: &World, mina: &Person, meanwhile: impl AsyncFnOnce()) -> Reply {
    let gate = Arc::new(Gate::before_first("erase_me", "TransactWriteItems"));
    world.stack.intercept(Some(gate.clone()));
    let erased = async { erase(mina).await };
    let between = async {
        gate.reached().await;
        meanwhile().await;
        gate.open();
    };
    let (erased, ()) = tokio::join!(erased, between);
    world.stack.intercept(None);
    erased
}

#[tokio::test]
async fn a_hold_that_comes_in_between_keeps_the_account() {
    let world = World::new().await;
    let mina = mina(&world).await;
    let schedule = world.schedule_with_seats().await;
    let meanwhile = async || {
        mina.hold(&schedule, &["A-1-1"]).await.expect(201);
    };
    erase_while(&world, &mina, meanwhile).await.expect_problem(409, "account-in-use");
    assert_eq!(world.check_invariants().await.held_and_sold(), (1, 0));
}

#[tokio::test]
async fn a_top_up_or_a_credit_that_comes_in_between_keeps_the_account() {
    let world = World::new().await;
    let mina = mina(&world).await;
    mina.post("/wallet", json!({})).await.expect(201);
    let meanwhile = async || {
        mina.post("/wallet/charges", json!({ "amount": 5 })).await.expect(201);
    };
    erase_while(&world, &mina, meanwhile).await.expect_problem(409, "account-in-use");
    mina.post("/wallet/payments", json!({ "amount": 5, "memo": "tea" })).await.expect(201);
    let admin = world.admin().await;
    let meanwhile = async || {
        let credit = json!({ "amount": 5, "reason": "rain" });
        admin.post(&format!("/users/{}/credits", mina.id), credit).await.expect(201);
    };
    erase_while(&world, &mina, meanwhile).await.expect_problem(409, "account-in-use");
    assert_eq!(mina.balance().await, 5);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_wallet_that_is_made_in_between_is_closed_with_the_rest() {
    let world = World::new().await;
    let mina = mina(&world).await;
    let meanwhile = async || {
        mina.post("/wallet", json!({})).await.expect(201);
    };
    erase_while(&world, &mina, meanwhile).await.expect(204);
    world.check_invariants().await;
}

#[tokio::test]
async fn an_order_that_comes_in_between_keeps_the_account_and_a_purchase_does_not() {
    let world = World::new().await;
    let mina = mina(&world).await;
    mina.post("/wallet", json!({})).await.expect(201);
    let product = world.product(1_000, 10).await;
    let meanwhile = async || {
        mina.order(&[(&product, 1)]).await.expect(201);
    };
    erase_while(&world, &mina, meanwhile).await.expect_problem(409, "account-in-use");
    world.wait(400);
    let mina = world.with_fresh_token(&mina).await;
    // The money comes and goes: all is at its end again.
    let meanwhile = async || {
        mina.post("/wallet/charges", json!({ "amount": 1_000 })).await.expect(201);
        mina.post("/orders", order_of(&[(&product, 1)], true)).await.expect(201);
    };
    erase_while(&world, &mina, meanwhile).await.expect(204);
    assert_eq!(world.units_left(&product), 9, "what was bought is bought");
    world.check_invariants().await;
}

#[tokio::test]
async fn a_role_that_is_granted_in_between_keeps_the_account() {
    let world = World::new().await;
    let mina = mina(&world).await;
    let admin = world.admin().await;
    let meanwhile = async || {
        admin.put(&format!("/users/{}/roles/organiser", mina.id)).await.expect(204);
    };
    erase_while(&world, &mina, meanwhile).await.expect_problem(409, "account-in-use");
    world.check_invariants().await;
}

/// And the other way round: the grant has looked at the account, which is erased before it commits.
#[tokio::test]
async fn a_role_is_not_granted_to_an_account_that_is_erased_in_between() {
    let world = World::new().await;
    let mina = mina(&world).await;
    let admin = world.admin().await;
    let gate = Arc::new(Gate::before_first("grant_organiser", "TransactWriteItems"));
    world.stack.intercept(Some(gate.clone()));
    let granted = async { admin.put(&format!("/users/{}/roles/organiser", mina.id)).await };
    let between = async {
        gate.reached().await;
        erase(&mina).await.expect(204);
        gate.open();
    };
    let (granted, ()) = tokio::join!(granted, between);
    world.stack.intercept(None);
    granted.expect_problem(404, "not-found");
    world.check_invariants().await;
}

/// Each has read a live account, which is erased before it commits.
#[tokio::test]
async fn what_is_about_to_be_written_when_the_account_is_erased_is_refused() {
    for function in ["create_reservation", "top_up", "place_order", "credit_wallet"] {
        let world = World::new().await;
        let mina = mina(&world).await;
        mina.post("/wallet", json!({})).await.expect(201);
        let schedule = world.schedule_with_seats().await;
        let free = world.product(0, 10).await;
        let admin = world.admin().await;
        let gate = Arc::new(Gate::before_first(function, "TransactWriteItems"));
        world.stack.intercept(Some(gate.clone()));
        let written = async {
            match function {
                "create_reservation" => mina.hold(&schedule, &["A-1-1"]).await,
                "top_up" => mina.post("/wallet/charges", json!({ "amount": 5 })).await,
                "place_order" => mina.post("/orders", order_of(&[(&free, 1)], true)).await,
                _ => {
                    let credit = json!({ "amount": 5, "reason": "rain" });
                    admin.post(&format!("/users/{}/credits", mina.id), credit).await
                }
            }
        };
        let between = async {
            gate.reached().await;
            erase(&mina).await.expect(204);
            gate.open();
        };
        let (written, ()) = tokio::join!(written, between);
        world.stack.intercept(None);
        let expected = if function == "credit_wallet" { (404, "no-wallet") } else { (401, "unauthorized") };
        written.expect_problem(expected.0, expected.1);
        assert_eq!(world.check_invariants().await.held_and_sold(), (0, 0), "{function}");
    }
}

/// It is only read: somebody who joins at the very moment has a place with which nothing can be held, and which ends
/// by itself.
#[tokio::test]
async fn a_place_in_a_queue_taken_in_between_leads_nowhere() {
    let world = World::new().await;
    let mut mina = mina(&world).await;
    let schedule = world.queued_schedule(json!({})).await;
    let joined = std::cell::RefCell::new(None);
    let meanwhile = async || {
        let reply = mina.post(&format!("/queues/{QUEUE}/tokens"), json!({})).await.expect(201);
        *joined.borrow_mut() = Some(reply.text("token"));
    };
    erase_while(&world, &mina, meanwhile).await.expect(204);
    mina.queue_token = joined.into_inner();
    world.ticks(2).await;
    assert_eq!(mina.poll().await.expect(200).body["state"], "admitted");
    mina.queue_token = Some(mina.poll().await.expect(200).text("token"));
    mina.hold(&schedule, &["A-1-1"]).await.expect_problem(401, "unauthorized");
    world.quiesce().await;
}

/// A bank sends a refund back days later: the money is in the wallet that is closed, where the audit sees it.
#[tokio::test]
async fn money_that_comes_back_later_is_not_lost() {
    let world = World::new().await;
    let mina = mina(&world).await;
    mina.top_up_by_card(&world, 10_000, REFUND_FAILS_LATER).await;
    mina.post("/wallet/payouts", json!({ "amount": 10_000 })).await.expect(201);
    world.settle_cards().await;
    erase(&mina).await.expect(204);
    world.wait(6 * 86_400);
    world.stack.run_schedule("sweep_card_payments").await.expect("swept");
    let last = own(&world, &mina).into_iter().rfind(|item| item["kind"]["S"] == "card_refund_returned");
    let last = last.expect("the money is back");
    assert_eq!(last["balance_after"]["N"], "10000");
    world.check_invariants().await;
}

/// A letter that is on its way when the account is erased is not sent.
#[tokio::test]
async fn mail_on_its_way_is_not_sent() {
    let world = World::with_options(crate::support::mail::sends_mail).await;
    let mina = mina(&world).await;
    world.stack.drain_events().await.expect("the engines");
    let before = world.mails();
    let product = world.product(0, 10).await;
    mina.post("/orders", order_of(&[(&product, 1)], true)).await.expect(201);
    erase(&mina).await.expect(204);
    world.stack.drain_events().await.expect("the engines");
    assert_eq!(world.mails().len(), before.len());
    let letters = world.items().into_values().filter(|item| item["sk"]["S"] == "send_mail");
    assert!(letters.into_iter().any(|item| item["reason"]["S"] == "no_account"), "it says why");
}
