//! Holds that are let lapse again and again: what an account, or ten of them, can withhold from everybody else.

use axum::http::header;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Person, Reply, World};

/// After how many seconds a pause is over.
#[track_caller]
fn pause(refused: Reply) -> i64 {
    let refused = refused.expect_problem(429, "too-many-lapses");
    refused.headers[header::RETRY_AFTER].to_str().expect("text").parse().expect("seconds")
}

/// Holds a seat, which lapses.
async fn let_lapse(world: &World, user: &Person, schedule: &str) -> String {
    let held = user.hold(schedule, &["A-1-1"]).await.expect(201).reservation();
    world.wait(302);
    held
}

/// Ten accounts held forty seats again in the second in which they came free, and nobody else ever found one.
#[tokio::test]
async fn ten_accounts_cannot_keep_a_hall_taken() {
    const DAY: i64 = 86_400;
    // Held from the half second in which it is made to the end of the 301st second after; and free half a second later.
    const HELD: i64 = 302;
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mut people = world.users_with(10, 0).await;
    let (mut elapsed, mut taken, mut rounds) = (0, 0, 0);
    while elapsed < DAY {
        for (number, person) in people.iter_mut().enumerate() {
            *person = world.with_fresh_token(person).await;
            let seats: Vec<String> = (1..=4).map(|seat| format!("A-1-{}", 4 * number + seat)).collect();
            let seats: Vec<&str> = seats.iter().map(String::as_str).collect();
            person.hold(&schedule, &seats).await.expect(201);
        }
        assert_eq!(world.check_invariants().await.held_and_sold(), (40, 0));
        world.wait(HELD);
        (elapsed, taken, rounds) = (elapsed + HELD, taken + HELD, rounds + 1);
        let again = people[0].hold(&schedule, &["A-1-1"]).await;
        if again.status == 201 {
            people[0].delete(&format!("/reservations/{}", again.reservation())).await.expect(200);
            continue;
        }
        let wait = pause(again);
        let visitor = world.user().await;
        let seat = visitor.hold(&schedule, &["A-1-1", "A-1-21"]).await.expect(201).reservation();
        visitor.delete(&format!("/reservations/{seat}")).await.expect(200);
        world.wait(wait);
        elapsed += wait;
    }
    let share = taken * 100 / elapsed;
    println!(
        "ten accounts kept forty seats for {taken} of {elapsed} s, {share} %, in {rounds} rounds; 100 % without pauses"
    );
    assert!(share <= 11, "{share} %");
}

#[tokio::test]
async fn who_lets_holds_lapse_waits_longer_each_time() {
    let world = World::new().await;
    let (schedule, other) = (world.schedule_with_seats().await, world.schedule_with_seats().await);
    let mut mina = world.user().await;
    let mut pauses = Vec::new();
    for round in 0..7 {
        mina = world.with_fresh_token(&mina).await;
        let held = let_lapse(&world, &mina, &schedule).await;
        // Whoever notices it, it counts once.
        match round % 3 {
            0 => drop(world.stack.run_schedule("run_expiry").await.expect("swept")),
            1 => drop(mina.delete(&format!("/reservations/{held}")).await.expect(200)),
            _ => {}
        }
        let refused = mina.put(&format!("/schedules/{schedule}/seats/A-1-2/hold")).await;
        world.stack.run_schedule("run_expiry").await.expect("swept");
        if round == 0 {
            mina.delete(&format!("/reservations/{}", refused.expect(201).reservation())).await.expect(200);
            continue;
        }
        let wait = pause(refused);
        // Another date is not withheld from anybody by it.
        let there = mina.hold(&other, &["A-1-1"]).await.expect(201).reservation();
        mina.delete(&format!("/reservations/{there}")).await.expect(200);
        world.wait(wait - 1);
        mina = world.with_fresh_token(&mina).await;
        assert_eq!(pause(mina.hold(&schedule, &["A-1-1"]).await), 1);
        world.wait(1);
        pauses.push(wait);
    }
    // Two seconds of each pause were over when it was told.
    assert_eq!(pauses, [58, 118, 238, 478, 958, 1_918]);
    world.check_invariants().await;
}

#[tokio::test]
async fn seats_held_one_by_one_lapse_once() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    for seat in 1..=4 {
        mina.put(&format!("/schedules/{schedule}/seats/A-1-{seat}/hold")).await.expect(201);
        world.wait(20);
    }
    world.wait(302);
    mina.hold(&schedule, &["A-1-1", "A-1-2", "A-1-3", "A-1-4"]).await.expect(201);
    world.wait(302);
    assert_eq!(pause(mina.hold(&schedule, &["A-1-1"]).await), 58);
    world.check_invariants().await;
}

#[tokio::test]
async fn what_is_cancelled_in_time_is_no_lapse() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mut mina = world.user().await;
    for _ in 0..6 {
        mina = world.with_fresh_token(&mina).await;
        let held = mina.hold(&schedule, &["A-1-1", "A-1-2"]).await.expect(201).reservation();
        world.wait(250);
        mina.delete(&format!("/reservations/{held}")).await.expect(200);
        world.wait(100);
    }
    world.check_invariants().await;
}

#[tokio::test]
async fn a_purchase_makes_lapses_forgotten() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mut mina = world.user_with(1_000_000).await;
    let_lapse(&world, &mina, &schedule).await;
    let_lapse(&world, &mina, &schedule).await;
    world.wait(pause(mina.hold(&schedule, &["A-1-1"]).await));
    mina = world.with_fresh_token(&mina).await;
    // The next lapse would be followed by two minutes; but something was bought meanwhile.
    let lapsing = mina.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    world.wait(100);
    let bought = mina.hold(&schedule, &["A-1-2"]).await.expect(201).reservation();
    mina.pay(&bought).await.expect(201);
    world.wait(202);
    mina.hold(&schedule, &["A-1-3"]).await.expect(201);
    assert_eq!(mina.get(&format!("/reservations/{lapsing}")).await.expect(200).body["state"], "expired");
    world.check_invariants().await;
    // Once: from here on it counts anew.
    world.wait(302);
    mina = world.with_fresh_token(&mina).await;
    let_lapse(&world, &mina, &schedule).await;
    assert_eq!(pause(mina.hold(&schedule, &["A-1-3"]).await), 58);
    world.check_invariants().await;
}

#[tokio::test]
async fn what_was_bought_is_no_lapse_and_counts_against_the_limit() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mut mina = world.user_with(1_000_000).await;
    for seat in 1..=4 {
        mina = world.with_fresh_token(&mina).await;
        let held = mina.hold(&schedule, &[&format!("A-1-{seat}")]).await.expect(201).reservation();
        mina.pay(&held).await.expect(201);
        world.wait(400);
    }
    mina = world.with_fresh_token(&mina).await;
    mina.hold(&schedule, &["A-1-9"]).await.expect_problem(409, "seat-limit");
    world.check_invariants().await;
}

#[tokio::test]
async fn a_declined_payment_excuses_no_lapse_unless_it_gives_the_seats_back() {
    for (release, paused) in [("false", true), ("true", false)] {
        let world = World::with_options(|options| {
            options.variables.insert("RELEASE_ON_DECLINE".into(), release.into());
        });
        let world = world.await;
        let schedule = world.schedule_with_seats().await;
        let poor = world.user_with(0).await;
        for _ in 0..2 {
            let held = poor.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
            poor.pay(&held).await.expect_problem(402, "insufficient-balance");
            world.stack.drain_events().await.expect("settled");
            world.wait(302);
        }
        let next = poor.hold(&schedule, &["A-1-1"]).await;
        assert_eq!(next.status == 429, paused, "{}", next.body);
        world.check_invariants().await;
    }
}

#[tokio::test]
async fn a_repeat_of_what_succeeded_is_a_success_within_a_pause() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mina = world.user().await;
    let body = json!({ "schedule_id": schedule, "seat_ids": ["A-1-1"] });
    for number in 1..3 {
        mina.post_with_key("/reservations", body.clone(), Uuid::from_u128(number)).await.expect(201);
        world.wait(302);
    }
    pause(mina.post_with_key("/reservations", body.clone(), Uuid::from_u128(3)).await);
    assert!(mina.post_with_key("/reservations", body, Uuid::from_u128(2)).await.expect(201).replayed());
}
