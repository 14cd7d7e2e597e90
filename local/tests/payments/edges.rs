//! The last moments before a concert, and what no balance can pay: hold, pay and refund agree by one clock

use jiff::SignedDuration;
use serde_json::json;

use crate::support::shop::order_of;
use crate::support::{Person, World};

/// A date that starts so many milliseconds after a whole second in five, and is on sale until then; with seats.
async fn soon(world: &World, milliseconds: i64) -> String {
    let second = world.at(5) - SignedDuration::from_millis(world.at(5).as_millisecond() % 1_000);
    let starts_at = (second + SignedDuration::from_millis(milliseconds)).to_string();
    let schedule = world.schedule_with(json!({ "starts_at": starts_at, "sale_closes_at": starts_at })).await;
    world.admin().await.post(&format!("/schedules/{schedule}/seats"), json!({})).await.expect(201);
    schedule
}

async fn cancel(person: &Person, reservation: &str) -> u16 {
    person.post(&format!("/payments/rsv-{reservation}/cancel"), json!({})).await.status.as_u16()
}

#[tokio::test]
async fn a_hold_never_outlasts_the_start_of_its_concert() {
    let world = World::new().await;
    let schedule = soon(&world, 0).await;
    let mina = world.user_with(200_000).await;
    let held = mina.hold(&schedule, &["A-1-1"]).await.expect(201);
    assert_eq!(held.body["expires_at"], held.body["starts_at"]);
    let late = mina.hold(&schedule, &["A-1-2"]).await.expect(201).reservation();
    // Half a second before the start it is sold, paid and given back; half a second after, none of the three.
    world.clock.advance(SignedDuration::from_millis(4_000));
    let last = mina.hold(&schedule, &["A-1-3"]).await.expect(201).reservation();
    for reservation in [held.reservation(), last] {
        mina.pay(&reservation).await.expect(201);
        assert_eq!(cancel(&mina, &reservation).await, 200);
    }
    world.clock.advance(SignedDuration::from_millis(500));
    mina.pay(&late).await.expect_problem(409, "hold-expired");
    mina.hold(&schedule, &["A-1-4"]).await.expect_problem(409, "sale-closed");
    assert_eq!(mina.balance().await, 200_000);
    world.check_invariants().await;
}

#[tokio::test]
async fn at_every_moment_around_the_start_what_may_be_paid_may_be_given_back() {
    for milliseconds in [0, 1, 499, 500, 999] {
        let world = World::new().await;
        let schedule = soon(&world, milliseconds).await;
        let mina = world.user_with(1_000_000).await;
        let held = [1, 2, 3, 4].map(|seat| format!("A-1-{seat}"));
        let mut reservations = Vec::new();
        for seat in &held {
            reservations.push(mina.hold(&schedule, &[seat]).await.expect(201).reservation());
        }
        world.wait(3);
        let mut paid = 0;
        for reservation in &reservations {
            if mina.pay(reservation).await.status == 201 {
                paid += 1;
                assert_eq!(cancel(&mina, reservation).await, 200, "{milliseconds} ms");
            }
            world.clock.advance(SignedDuration::from_millis(500));
        }
        assert!((2..=4).contains(&paid), "{paid} were in time, {milliseconds} ms");
        world.wait(2);
        mina.hold(&schedule, &["A-1-5"]).await.expect_problem(409, "sale-closed");
        world.check_invariants().await;
    }
}

#[tokio::test]
async fn what_no_balance_can_pay_is_refused_before_it_is_held() {
    let world = World::new().await;
    let schedule = world.schedule().await;
    let admin = world.admin().await;
    let seats = format!("/schedules/{schedule}/seats");
    admin.post(&seats, json!({ "price": 6_000_000 })).await.expect(201);
    let rows = json!([{ "row": "1", "from": 1, "to": 2 }]);
    admin.post(&seats, json!({ "section": "B", "rows": rows, "price": 10_000_000 })).await.expect(201);
    // No price is above what a balance can pay.
    admin.post(&seats, json!({ "section": "C", "rows": rows, "price": 10_000_001 })).await.expect_invalid("price");
    let product = json!({ "name": "Piano", "price": 10_000_001, "stock": 1 });
    admin.post("/products", product).await.expect_invalid("price");
    let product = world.product(6_000_000, 5).await;
    let change = json!({ "price": 10_000_001 });
    admin.patch(&format!("/products/{product}"), change).await.expect_invalid("price");

    let mina = world.user_with(10_000_000).await;
    let before = world.dump();
    mina.hold(&schedule, &["A-1-1", "A-1-2"]).await.expect_invalid("seat_ids");
    mina.hold(&schedule, &["B-1-1", "A-1-2"]).await.expect_invalid("seat_ids");
    for pay in [true, false] {
        mina.post("/orders", order_of(&[(&product, 2)], pay)).await.expect_invalid("items");
    }
    assert_eq!(world.dump(), before);
    // A price that a balance can just pay is sold, by each way.
    let dear = mina.hold(&schedule, &["B-1-1"]).await.expect(201).reservation();
    mina.pay(&dear).await.expect(201);
    assert_eq!(cancel(&mina, &dear).await, 200);
    mina.put(&format!("/schedules/{schedule}/seats/B-1-2/hold")).await.expect(201);
    world.check_invariants().await;
}
