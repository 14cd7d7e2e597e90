//! Deletions that are larger than one request has time for, made small by a small budget of calls.

use std::fmt::Display;

use axum::http::StatusCode;
use onsale_domain::id::{ConcertId, ScheduleId};
use onsale_platform::store::accounts::admin_actions::AdminAction;
use onsale_platform::store::concerts::delete_concert;
use onsale_platform::store::concerts::delete_schedule::{self, Budget, DeleteOutcome};
use onsale_platform::store::concerts::delete_sweep;
use serde_json::json;

use crate::support::{Person, World};

/// A deletion that somebody asked for.
fn operator_action(function: &'static str, target: impl Display) -> AdminAction {
    AdminAction::by_operator(function, target)
}

/// Calls enough for one or two of a date's sections.
const CALLS: usize = 20;
/// Rounds that a small deletion may take.
const ROUNDS_MAX: usize = 100;

/// A concert with three dates of two sections of three blocks each: its id, and theirs in the order of the list.
async fn three_dates(world: &World, admin: &Person) -> (String, Vec<String>) {
    let concert = admin.post("/concerts", json!({ "name": "Tour", "description": "" })).await.expect(201);
    let concert = concert.text("concert_id");
    let mut dates = Vec::new();
    for day in 1..=3 {
        let body = json!({
            "place": "Hall", "starts_at": world.at(day * 86_400).to_string(),
            "sale_opens_at": world.at(-60).to_string(), "sale_closes_at": world.at(day * 86_400).to_string(),
        });
        let date = admin.post(&format!("/concerts/{concert}/schedules"), body).await.expect(201).text("schedule_id");
        for section in ["A", "B"] {
            let body = json!({ "section": section, "rows": [{ "row": "1", "from": 1, "to": 75 }] });
            admin.post(&format!("/schedules/{date}/seats"), body).await.expect(201);
        }
        dates.push(date);
    }
    (concert, dates)
}

async fn ask(world: &World, concert: &str, calls: usize) -> DeleteOutcome {
    let id: ConcertId = concert.parse().expect("an id");
    let mut budget = Budget::new(calls);
    delete_concert::delete_concert(world.stack.app(), id, operator_action("delete_concert", id), &mut budget)
        .await
        .expect("the table answers")
}

/// Nothing of a concert is to be had or seen.
async fn is_hidden(world: &World, concert: &str, dates: &[String]) {
    let anybody = world.anonymous();
    anybody.get(&format!("/concerts/{concert}")).await.expect_problem(404, "not-found");
    anybody.get(&format!("/concerts/{concert}/schedules")).await.expect_problem(404, "no-bookable-schedule");
    assert!(anybody.pages("/concerts?query=tour", 10).await.is_empty());
    for date in dates {
        anybody.get(&format!("/schedules/{date}")).await.expect_problem(404, "not-found");
        let held = world.user().await.hold(date, &["A-1-1"]).await;
        assert!(matches!(held.status.as_u16(), 404 | 503), "{}", held.body);
    }
}

fn traces(world: &World, ids: &[&str]) -> usize {
    // What administrators did is kept.
    world.dump().iter().filter(|item| !item.contains("ADMIN#") && ids.iter().any(|id| item.contains(id))).count()
}

#[tokio::test]
async fn a_deletion_that_is_asked_for_again_goes_on_where_it_was() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (concert, dates) = three_dates(&world, &admin).await;
    let mut accepted = 0;
    while ask(&world, &concert, CALLS).await == DeleteOutcome::Accepted {
        accepted += 1;
        assert!(accepted < ROUNDS_MAX, "it does not end");
        is_hidden(&world, &concert, &dates).await;
        let created = admin.post(&format!("/schedules/{}/seats", dates[2]), json!({ "section": "C" })).await;
        created.expect_problem(404, "not-found");
    }
    assert!(accepted >= 3, "it was done in {accepted} rounds");
    is_hidden(&world, &concert, &dates).await;
    admin.delete(&format!("/concerts/{concert}")).await.expect(204);
}

#[tokio::test]
async fn a_deletion_that_nobody_asks_for_again_is_carried_on_by_the_sweep() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (concert, dates) = three_dates(&world, &admin).await;
    assert_eq!(ask(&world, &concert, CALLS).await, DeleteOutcome::Accepted);
    // Leases of long ago have lapsed when the rest is shut.
    world.wait(3_600);
    world.stack.run_schedule("run_expiry").await.expect("swept");
    is_hidden(&world, &concert, &dates).await;
    let admin = world.admin().await;
    admin.delete(&format!("/concerts/{concert}")).await.expect(204);
    world.check_invariants().await;
    // It is removed as slowly as the budget wants.
    let ids: Vec<&str> = dates.iter().map(String::as_str).chain([concert.as_str()]).collect();
    let mut sweeps = 0;
    while traces(&world, &ids) > 0 {
        world.wait(400);
        delete_sweep::sweep(world.stack.app(), 5, &mut Budget::new(CALLS)).await.expect("swept");
        sweeps += 1;
        assert!(sweeps < ROUNDS_MAX, "it does not end");
    }
    assert!(sweeps >= 3, "three dates went in {sweeps} sweeps");
}

#[tokio::test]
async fn a_deletion_that_is_under_way_is_answered_so() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (concert, dates) = three_dates(&world, &admin).await;
    assert_eq!(ask(&world, &concert, CALLS).await, DeleteOutcome::Accepted);
    let date = format!("/concerts/{concert}/schedules/{}", dates[0]);
    admin.delete(&date).await.expect_problem(503, "busy");
    // A date alone, too.
    let (other, others) = three_dates(&world, &admin).await;
    let (of, id): (ConcertId, ScheduleId) = (other.parse().expect("an id"), others[0].parse().expect("an id"));
    let app = world.stack.app();
    let begun =
        delete_schedule::delete_schedule(app, of, id, operator_action("delete_schedule", id), &mut Budget::new(CALLS))
            .await
            .expect("an answer");
    assert_eq!(begun, DeleteOutcome::Accepted);
    admin.delete(&format!("/concerts/{other}")).await.expect_problem(503, "busy");
    let again = admin.delete(&format!("/concerts/{other}/schedules/{}", others[0])).await;
    assert_eq!(again.status, StatusCode::NO_CONTENT);
    admin.delete(&format!("/concerts/{other}")).await.expect(204);
    world.check_invariants().await;
}

#[tokio::test]
async fn a_deletion_that_comes_upon_a_seat_after_many_rounds_leaves_everything_as_it_was() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (concert, dates) = three_dates(&world, &admin).await;
    let before = world.items();
    let mina = world.user_with(0).await;
    // The process that holds seats knows the last date, so it does not see the mark for a minute.
    let known = mina.hold(&dates[2], &["B-1-75"]).await.expect(201).reservation();
    mina.delete(&format!("/reservations/{known}")).await.expect(200);
    assert_eq!(ask(&world, &concert, CALLS).await, DeleteOutcome::Accepted);
    let held = mina.hold(&dates[2], &["B-1-75"]).await.expect(201).reservation();
    let mut rounds = 0;
    let mut said = ask(&world, &concert, CALLS).await;
    while said == DeleteOutcome::Accepted {
        rounds += 1;
        assert!(rounds < ROUNDS_MAX, "it does not end");
        said = ask(&world, &concert, CALLS).await;
    }
    assert_eq!(said, DeleteOutcome::LiveReservations);
    mina.delete(&format!("/reservations/{held}")).await.expect(200);
    // What the answer left undone the sweep does, as slowly as the budget wants.
    let marked = |world: &World| world.dump().iter().filter(|item| item.contains("\"deletion\"")).count();
    while marked(&world) > 0 {
        world.wait(400);
        delete_sweep::sweep(world.stack.app(), 5, &mut Budget::new(CALLS)).await.expect("swept");
        rounds += 1;
        assert!(rounds < ROUNDS_MAX, "it does not end");
    }
    let after = world.items();
    let differs: Vec<&String> =
        before.iter().filter(|(key, item)| after.get(*key) != Some(item)).map(|(key, _)| key).collect();
    assert!(differs.is_empty(), "{differs:?}");
    for date in &dates {
        world.user().await.hold(date, &["A-1-1", "B-1-1"]).await.expect(201);
    }
    world.check_invariants().await;
}
