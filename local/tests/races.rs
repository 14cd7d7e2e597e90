//! Many at once for the same thing. Whatever the order, the books agree afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::Method;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Person, World, concurrently};

/// How many replies have each status.
pub fn statuses(replies: &[crate::support::Reply]) -> BTreeMap<u16, usize> {
    let mut counts = BTreeMap::new();
    for reply in replies {
        *counts.entry(reply.status.as_u16()).or_default() += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_hundred_users_want_one_seat() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let users = world.users_with(100, 0).await;
    let replies = concurrently(users, |user| {
        let schedule = schedule.clone();
        async move { user.hold(&schedule, &["A-1-13"]).await }
    })
    .await;
    assert_eq!(statuses(&replies), [(201, 1), (409, 99)].into());
    for refused in replies.into_iter().filter(|reply| reply.status != 201) {
        let refused = refused.expect_problem(409, "seat-taken");
        assert_eq!(refused.body["seats"], json!(["A-1-13"]));
    }
    assert_eq!(world.check_invariants().await.held_and_sold(), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_hundred_users_want_two_of_fifty_seats() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let users = world.users_with(100, 100_000).await;
    let inputs = users.into_iter().enumerate().map(|(index, user)| {
        // Every seat is wanted by four, in pairs that are never the same.
        let (first, second) = (index * 7 % 50, (index * 11 + 3) % 50);
        let second = if second == first { (second + 1) % 50 } else { second };
        (user, [format!("A-1-{}", first + 1), format!("A-1-{}", second + 1)])
    });
    let replies = concurrently(inputs, |(user, seats)| {
        let schedule = schedule.clone();
        async move {
            let held = user.hold(&schedule, &[&seats[0], &seats[1]]).await;
            if held.status == 201 {
                user.pay(&held.reservation()).await.expect(201);
            }
            held
        }
    })
    .await;
    let counts = statuses(&replies);
    assert_eq!(counts.values().sum::<usize>(), 100);
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [201, 409]);
    assert_eq!(world.check_invariants().await.held_and_sold(), (0, 2 * counts[&201]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_devices_of_one_user_keep_the_limit() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    for round in 0..5 {
        let user = world.user().await;
        let first = 6 * round;
        let replies = concurrently([0, 3], |offset| {
            let (user, schedule) = (user.clone(), schedule.clone());
            let seats: Vec<String> = (1..=3).map(|seat| format!("A-1-{}", first + offset + seat)).collect();
            async move { user.hold(&schedule, &seats.iter().map(String::as_str).collect::<Vec<_>>()).await }
        })
        .await;
        assert_eq!(statuses(&replies), [(201, 1), (409, 1)].into());
        for refused in replies.into_iter().filter(|reply| reply.status != 201) {
            refused.expect_problem(409, "seat-limit");
        }
    }
    world.check_invariants().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_top_ups_of_one_user_all_succeed() {
    let world = World::new().await;
    let user = world.user_with(0).await;
    let replies = concurrently(1..=20, |amount| {
        let user = user.clone();
        async move { user.post("/wallet/charges", json!({ "amount": amount })).await }
    })
    .await;
    assert_eq!(statuses(&replies), [(201, 20)].into());
    assert_eq!(user.balance().await, 210);
    world.check_invariants().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_top_up_sent_ten_times_at_once_counts_once() {
    let world = World::new().await;
    let user = world.user_with(0).await;
    let key = Uuid::from_u128(7);
    let replies = concurrently(0..10, |_| {
        let user = user.clone();
        async move { user.post_with_key("/wallet/charges", json!({ "amount": 500 }), key).await }
    })
    .await;
    assert_eq!(statuses(&replies), [(201, 10)].into());
    assert_eq!(replies.iter().filter(|reply| !reply.replayed()).count(), 1);
    assert_eq!(user.balance().await, 500);
    world.check_invariants().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_reservation_sent_ten_times_at_once_is_one() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let user = world.user().await;
    let body = json!({ "schedule_id": schedule, "seat_ids": ["A-1-1", "A-1-30"] });
    let replies = concurrently(0..10, |_| {
        let (user, body) = (user.clone(), body.clone());
        async move { user.post_with_key("/reservations", body, Uuid::from_u128(9)).await }
    })
    .await;
    assert_eq!(statuses(&replies), [(201, 10)].into());
    assert!(replies.iter().all(|reply| reply.body == replies[0].body));
    assert_eq!(world.check_invariants().await.held_and_sold(), (2, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_tickets_of_a_group_cancelled_at_once() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    for round in 0..5 {
        let user = world.user().await;
        // Of one block and of two: the second has nothing but the version to collide on.
        let other = if round % 2 == 0 { format!("A-1-{}", 30 + round) } else { format!("A-1-{}", 10 + round) };
        let seats = [format!("A-1-{}", 1 + round), other];
        let held = user.hold(&schedule, &[&seats[0], &seats[1]]).await.expect(201).reservation();
        let replies = concurrently(seats, |seat| {
            let (user, held) = (user.clone(), held.clone());
            async move { user.delete(&format!("/reservations/{held}/tickets/{seat}")).await }
        })
        .await;
        assert_eq!(statuses(&replies), [(200, 2)].into());
        let after = user.get(&format!("/reservations/{held}")).await.expect(200);
        assert_eq!(after.body["state"], "cancelled");
        let tickets = after.body["tickets"].as_array().expect("tickets");
        assert!(tickets.iter().all(|ticket| ticket["state"] == "cancelled"));
    }
    assert_eq!(world.check_invariants().await.held_and_sold(), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tickets_and_the_whole_payment_given_back_at_once() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    for round in 0..8 {
        let user = world.user_with(200_000).await;
        let seat = |offset: usize| format!("A-1-{}", 1 + round * 4 + offset);
        let seats = [seat(0), seat(1), seat(2), seat(3)];
        let seats: Vec<&str> = seats.iter().map(String::as_str).collect();
        let held = user.hold(&schedule, &seats).await.expect(201).reservation();
        user.pay(&held).await.expect(201);
        let routes: Vec<(Method, String)> = seats
            .iter()
            .chain(&seats[..2])
            .map(|seat| (Method::DELETE, format!("/reservations/{held}/tickets/{seat}")))
            .chain((0..2).map(|_| (Method::POST, format!("/payments/rsv-{held}/cancel"))))
            // In every second round tickets alone, and not all of them.
            .skip(if round % 2 == 0 { 0 } else { 1 })
            .take(if round % 2 == 0 { 8 } else { 3 })
            .collect();
        let replies = concurrently(routes, |(method, route)| {
            let user = user.clone();
            async move { user.call(method, &route, None, None).await }
        })
        .await;
        assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
        let back = if round % 2 == 0 { 200_000 } else { 150_000 };
        assert_eq!(user.balance().await, back, "each amount comes back once");
        world.check_invariants().await;
    }
    assert_eq!(world.check_invariants().await.held_and_sold(), (0, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn spending_meets_paying_and_no_won_is_spent_twice() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    for round in 1..=10 {
        let user = world.user_with(50_000).await;
        let held = user.hold(&schedule, &[&format!("A-1-{round}")]).await.expect(201).reservation();
        let replies = concurrently(0..4, |part| {
            let (user, held) = (user.clone(), held.clone());
            async move {
                if part == 0 {
                    return user.pay(&held).await;
                }
                user.post("/wallet/payments", json!({ "amount": 20_000, "memo": "x" })).await
            }
        })
        .await;
        let paid = replies[0].status == 201;
        let spent = replies[1..].iter().filter(|reply| reply.status == 201).count();
        assert_eq!(spent, if paid { 0 } else { 2 }, "{replies:?}");
        assert!(replies.iter().all(|reply| [201, 402].contains(&reply.status.as_u16())), "{replies:?}");
        world.check_invariants().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reservation_paid_ten_times_at_once_is_paid_once() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let user = world.user_with(1_000_000).await;
    let held = user.hold(&schedule, &["A-1-1"]).await.expect(201).reservation();
    let replies = concurrently(0..10, |_| {
        let (user, held) = (user.clone(), held.clone());
        async move { user.pay(&held).await }
    })
    .await;
    assert_eq!(statuses(&replies), [(200, 9), (201, 1)].into());
    assert!(replies.iter().all(|reply| reply.body == replies[0].body));
    assert_eq!(user.balance().await, 950_000);
    world.check_invariants().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cancelling_meets_paying() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    let mut outcomes = BTreeMap::new();
    for round in 1..=20 {
        let user = world.user_with(50_000).await;
        let seat = format!("A-1-{round}");
        let held = user.hold(&schedule, &[&seat]).await.expect(201).reservation();
        let replies = concurrently([true, false], |pays| {
            let (user, held) = (user.clone(), held.clone());
            async move { if pays { user.pay(&held).await } else { user.delete(&format!("/reservations/{held}")).await } }
        })
        .await;
        let outcome = (replies[0].status.as_u16(), replies[1].status.as_u16());
        match outcome {
            (201, 409) => assert_eq!((replies[1].text("code"), user.balance().await), ("already-paid".into(), 0)),
            (409, 200) => assert_eq!((replies[0].text("code"), user.balance().await), ("hold-expired".into(), 50_000)),
            other => panic!("paid and cancelled: {other:?}"),
        }
        *outcomes.entry(outcome).or_insert(0) += 1;
        world.check_invariants().await;
    }
    println!("pay against cancel: {outcomes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn paying_meets_the_end_of_the_hold() {
    let world = Arc::new(World::new().await);
    let schedule = world.schedule_with_seats().await;
    for round in 1..=20 {
        let user = world.user_with(50_000).await;
        let seat = format!("A-1-{round}");
        let held = user.hold(&schedule, &[&seat]).await.expect(201).reservation();
        // The last second: now the payment and the sweep see the clock on either side of the end.
        world.wait(300);
        let paying = { (user.clone(), held.clone()) };
        let sweeping = Arc::clone(&world);
        let (paid, ()) = tokio::join!(tokio::spawn(async move { paying.0.pay(&paying.1).await }), async move {
            sweeping.wait(2);
            sweeping.stack.run_schedule("run_expiry").await.expect("swept");
        });
        let paid = paid.expect("no panic");
        let state = user.get(&format!("/reservations/{held}")).await.expect(200).text("state");
        match paid.status.as_u16() {
            201 => assert_eq!(state, "paid"),
            409 => assert_eq!((paid.text("code"), state), ("hold-expired".into(), "expired".into())),
            _ => panic!("{paid:?}"),
        }
        world.check_invariants().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_take_over_meets_the_sweep_and_the_late_payer() {
    let world = Arc::new(World::new().await);
    let schedule = world.schedule_with_seats().await;
    for round in 1..=20 {
        let (late, next) = (world.user_with(50_000).await, world.user_with(50_000).await);
        let seat = format!("A-1-{round}");
        let held = late.hold(&schedule, &[&seat]).await.expect(201).reservation();
        world.wait(302);
        let replies = concurrently(0..3, |part| {
            let (world, late, next) = (Arc::clone(&world), late.clone(), next.clone());
            let (schedule, seat, held) = (schedule.clone(), seat.clone(), held.clone());
            async move {
                match part {
                    0 => Some(late.pay(&held).await),
                    1 => Some(next.hold(&schedule, &[&seat]).await),
                    _ => {
                        world.stack.run_schedule("run_expiry").await.expect("swept");
                        None
                    }
                }
            }
        })
        .await;
        let [Some(paid), Some(taken), None] = <[_; 3]>::try_from(replies).expect("three") else { panic!("three") };
        paid.expect_problem(409, "hold-expired");
        let taken = taken.expect(201).reservation();
        next.pay(&taken).await.expect(201);
        world.check_invariants().await;
    }
    assert_eq!(world.check_invariants().await.held_and_sold(), (0, 20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deletion_meets_buyers() {
    let world = Arc::new(World::new().await);
    for _ in 0..5 {
        let schedule = world.schedule_with_seats().await;
        let admin = world.admin().await;
        let shown = admin.get(&format!("/schedules/{schedule}")).await.expect(200);
        let route = format!("/concerts/{}/schedules/{schedule}", shown.text("concert_id"));
        let buyers = world.users_with(8, 50_000).await;
        let callers: Vec<(usize, Person)> = buyers.into_iter().chain([admin.clone()]).enumerate().collect();
        let replies = concurrently(callers, |(index, person)| {
            let (schedule, route) = (schedule.clone(), route.clone());
            async move {
                if index == 8 {
                    return person.delete(&route).await;
                }
                let held = person.hold(&schedule, &[&format!("A-1-{}", 6 * index + 1)]).await;
                if held.status == 201 { person.pay(&held.reservation()).await } else { held }
            }
        })
        .await;
        let sold = replies.iter().filter(|reply| reply.status == 201).count();
        let deleted = replies[8].status.as_u16();
        assert!(deleted == 204 || deleted == 409, "{:?}", replies[8]);
        assert_eq!(deleted == 204, sold == 0, "seats sold: {sold}, deletion: {deleted}");
        world.check_invariants().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_holds_that_meet_the_same_lapsed_one_both_succeed() {
    let world = World::new().await;
    let schedule = world.schedule_with_seats().await;
    for round in 0..8 {
        let user = world.user().await;
        let seat = |number: usize| format!("A-1-{}", 6 * round + number);
        user.hold(&schedule, &[&seat(1), &seat(2), &seat(3)]).await.expect(201);
        world.wait(302);
        let user = world.with_fresh_token(&user).await;
        // Whoever finds that the other has closed the lapsed hold has as much room as the one who closed it.
        let replies = concurrently([[1, 2], [3, 4]], |seats| {
            let (user, schedule) = (user.clone(), schedule.clone());
            let seats = seats.map(seat);
            async move { user.hold(&schedule, &[&seats[0], &seats[1]]).await }
        })
        .await;
        assert_eq!(statuses(&replies), [(201, 2)].into());
        world.check_invariants().await;
    }
}
