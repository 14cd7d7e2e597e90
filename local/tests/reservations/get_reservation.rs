//! GET /reservations/{reservation_id}

use serde_json::json;

use super::NOBODY;
use crate::support::World;

#[tokio::test]
async fn every_state_stays_readable_with_its_reason() {
    let world = World::releasing().await;
    let id = world.schedule_with_seats().await;
    let (mina, poor) = (world.user_with(100_000).await, world.user_with(0).await);
    let [paid, cancelled, lapsed] = [["A-1-1"], ["A-1-2"], ["A-1-3"]];
    let paid = mina.hold(&id, &paid).await.expect(201).reservation();
    let cancelled = mina.hold(&id, &cancelled).await.expect(201).reservation();
    let lapsed = mina.hold(&id, &lapsed).await.expect(201).reservation();
    let declined = poor.hold(&id, &["A-1-4"]).await.expect(201).reservation();
    mina.pay(&paid).await.expect(201);
    mina.delete(&format!("/reservations/{cancelled}")).await.expect(200);
    poor.pay(&declined).await.expect(402);
    let shown = async |id: &str| mina.get(&format!("/reservations/{id}")).await.expect(200).body;
    assert_eq!(shown(&lapsed).await["state"], "held");
    assert_eq!(shown(&lapsed).await["reason"], json!(null));
    world.wait(302);
    // The same before the sweep and after it.
    for swept in [false, true] {
        if swept {
            world.stack.run_schedule("run_expiry").await.expect("swept");
        }
        let expired = shown(&lapsed).await;
        assert_eq!((&expired["state"], &expired["reason"]), (&json!("expired"), &json!("not-paid-in-time")));
        assert_eq!(expired["tickets"][0]["state"], "expired");
        let given_back = shown(&cancelled).await;
        assert_eq!((&given_back["state"], &given_back["reason"]), (&json!("cancelled"), &json!("cancelled-by-owner")));
        let bought = shown(&paid).await;
        assert_eq!((&bought["state"], &bought["payment_id"]), (&json!("paid"), &json!(format!("rsv-{paid}"))));
        let refused = poor.get(&format!("/reservations/{declined}")).await.expect(200).body;
        assert_eq!((&refused["state"], &refused["total"]), (&json!("declined"), &json!(50_000)));
        assert_eq!(refused["reason"], "balance-too-small");
    }
}

#[tokio::test]
async fn somebody_elses_is_not_there() {
    let world = World::new().await;
    let id = world.schedule_with_seats().await;
    let (mina, joon, admin) = (world.user().await, world.user().await, world.admin().await);
    let held = mina.hold(&id, &["A-1-1"]).await.expect(201).reservation();
    for other in [&joon, &admin] {
        let others = other.get(&format!("/reservations/{held}")).await.expect_problem(404, "not-found");
        let nobodys = other.get(&format!("/reservations/{NOBODY}")).await.expect_problem(404, "not-found");
        assert_eq!(others.apart_from_instance(), nobodys.apart_from_instance());
    }
    mina.get("/reservations/x").await.expect_invalid("reservation_id");
}
