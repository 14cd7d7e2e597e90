//! Makes the scene of each case.

use onsale_domain::id::UserId;
use serde_json::{Value, json};

use super::case::Case;
use super::case::Case as C;
use super::scene::Scene;
use super::trouble::FullCounter;
use crate::accounts::PASSWORD;
use crate::events::{queue, receive_all};
use crate::support::cards::{GOOD, Started};
use crate::support::queue::user_by_lease;
use crate::support::shop::order_of;
use crate::support::{Person, World};

/// The address of an account.
const MINA: &str = "mina@example.com";
/// Money of somebody who holds seats, which is what two of them cost.
pub const RICH: i64 = 100_000;
/// Money of somebody in the shop.
pub const MONEY: i64 = 200_000;

impl Scene {
    /// The moment before an operation.
    pub async fn prepare(case: Case) -> Self {
        match case {
            C::SettleReservation | C::SettleOrder | C::RecordSale | C::Relay => with_events_delivered(case).await,
            case if case.is_of_a_queue() => scene_with_queue(case).await,
            C::RefundPaidByCard
            | C::StartCard
            | C::ConfirmReservation
            | C::ConfirmOrder
            | C::ConfirmTopUp
            | C::PayOut
            | C::CaptureCard
            | C::RefundCard
            | C::SweepCard => with_card(case).await,
            C::Hold
            | C::HoldAgain
            | C::HoldBest
            | C::HoldSeat
            | C::ReleaseSeat
            | C::CancelReservation
            | C::CancelTicket
            | C::RefundTicket
            | C::Pay
            | C::RefundReservation
            | C::Reissue
            | C::TopUp
            | C::Credit
            | C::Spend
            | C::ExpireHold => seats(case).await,
            C::GrantOrganiser | C::RevokeOrganiser | C::GrantSteward | C::RevokeSteward | C::Erase => {
                with_account(case).await
            }
            C::EndSession | C::EndAllSessions => with_sessions(case).await,
            _ => shop(case).await,
        }
    }
}

/// Somebody who holds two seats of different blocks, or has paid them.
async fn seats(case: Case) -> Scene {
    let world = World::new().await;
    let hall = world.schedule_with_seats().await;
    let user = world.user_with(RICH).await;
    let reservation = user.hold(&hall, &["A-1-1", "A-1-40"]).await.expect(201).reservation();
    let mut other = String::new();
    match case {
        C::RefundTicket | C::RefundReservation | C::Reissue => {
            user.pay(&reservation).await.expect(201);
        }
        C::ExpireHold => world.wait(302),
        C::HoldAgain => {
            let bought = user.hold(&hall, &["A-1-3"]).await.expect(201).reservation();
            user.pay(&bought).await.expect(201);
            world.wait(400);
        }
        C::Pay => {
            other = user.hold(&hall, &["A-1-5"]).await.expect(201).reservation();
        }
        _ => {}
    }
    Scene { hall, reservation, other, ..Scene::new(case, world, user).await }
}

/// An account of Mina's, and its id.
async fn sign_up(world: &World) -> String {
    let body = json!({ "email": MINA, "password": PASSWORD, "name": "Mina" });
    world.anonymous().post("/users", body).await.expect(201).text("user_id")
}

/// Somebody with an account, and a concert. The account has the role already if that is to be taken away.
async fn with_account(case: Case) -> Scene {
    let world = World::new().await;
    let other = sign_up(&world).await;
    let concert = json!({ "name": "Concert", "description": "" });
    let concert = world.admin().await.post("/concerts", concert).await.expect(201).text("concert_id");
    if case == C::RevokeOrganiser {
        world.stack.put_grant(other.parse().expect("an id"), "organiser").expect("the engine takes it");
    }
    if case == C::RevokeSteward {
        world.admin().await.put(&format!("/concerts/{concert}/stewards/{other}")).await.expect(204);
    }
    let mut user = world.user().await;
    if case == C::Erase {
        user.id = other.parse().expect("an id");
    }
    Scene { concert, other, ..Scene::new(case, world, user).await }
}

/// Somebody who is logged in on two devices.
async fn with_sessions(case: Case) -> Scene {
    let world = World::new().await;
    let id = sign_up(&world).await;
    let mut user = world.anonymous();
    user.id = UserId(id.parse().expect("an id"));
    for _ in 0..2 {
        let body = json!({ "email": MINA, "password": PASSWORD });
        let session = world.anonymous().post("/sessions", body).await.expect(200);
        user.token = Some(session.text("access_token"));
    }
    let sessions = user.pages("/users/me/sessions", 100).await;
    let another = sessions.iter().find(|session| session["current"] == false).expect("another");
    let other = another["session_id"].as_str().expect("an id").to_owned();
    Scene { other, ..Scene::new(case, world, user).await }
}

/// Somebody with a coupon, and an order that waits or is paid.
async fn shop(case: Case) -> Scene {
    let world = World::new().await;
    let price = if matches!(case, C::PayFree | C::RefundFree | C::PlaceFree) { 0 } else { 1_500 };
    let product = world.product_with(json!({ "price": price, "stock": 100, "stock_shards": 2 })).await;
    let user = world.user_with(MONEY).await;
    let (mut coupon, mut order, mut other) = (String::new(), String::new(), String::new());
    match case {
        C::Place | C::PlaceAgain | C::PlaceAndPay => {
            coupon = world.coupon(9).await;
            user.claim(&coupon).await.expect(201);
            if case == C::PlaceAgain {
                user.order(&[(&product, 1)]).await.expect(201);
                world.wait(400);
            }
        }
        C::ClaimCoupon => coupon = world.coupon(9).await,
        C::CancelOrder | C::ExpireOrder | C::PayOrder | C::PayFree => {
            order = user.order(&[(&product, 1)]).await.expect(201).order();
            if case == C::PayOrder {
                other = user.order(&[(&product, 1)]).await.expect(201).order();
            }
        }
        C::RefundOrder | C::RefundFree => {
            order = user.post("/orders", order_of(&[(&product, 2)], true)).await.expect(201).order()
        }
        _ => {}
    }
    if case == C::ExpireOrder {
        world.wait(302);
    }
    Scene { product, coupon, order, other, ..Scene::new(case, world, user).await }
}

/// Somebody who was called and stayed away; as far as the case has it also came back, and stayed away once more. Three
/// others have come meanwhile.
async fn user_with_missed_call(world: &World, case: Case) -> Person {
    let advance = || async {
        world.stack.run_schedule("advance_queues").await.expect("advanced");
    };
    let mut user = world.joined_user().await;
    world.ticks(2).await;
    for _ in 0..3 {
        world.joined_user().await;
    }
    world.wait(90);
    advance().await;
    if case == C::MissAdmission {
        return user;
    }
    assert_eq!(user.poll().await.expect(200).body["position"], 1);
    if case == C::LeaveMissed {
        return user;
    }
    world.wait(91);
    if case == C::MissSecondCall {
        advance().await;
        world.wait(91);
        advance().await;
    }
    user
}

/// Somebody in a queue. Somebody else has joined before, so nobody is alone.
async fn scene_with_queue(case: Case) -> Scene {
    let world = World::new().await;
    let hall = world.queued_schedule(json!({ "capacity": 3, "admit_per_second": 5 })).await;
    world.joined_user().await;
    let (mut reservation, mut other, mut messages) = (String::new(), String::new(), Vec::new());
    let user = match case {
        C::Join => world.user().await,
        C::JoinByLease | C::JoinRenewing => {
            let user = world.user().await;
            let mut before = user_by_lease(&world, &user, true).await;
            world.stack.intercept(Some(FullCounter::before(None)));
            before.join().await.expect(201);
            if case == C::JoinRenewing {
                world.wait(1);
            }
            user
        }
        C::JoinAgain => {
            let user = world.joined_user().await;
            user.leave().await.expect(204);
            world.wait(61);
            user
        }
        C::LeaveWaiting => world.joined_user().await,
        C::MissAdmission | C::MissSecondCall | C::LeaveMissed | C::CallAgain => {
            user_with_missed_call(&world, case).await
        }
        C::ClaimAdmission | C::CallNumbers | C::CloseBatches => {
            let user = world.joined_user().await;
            world.tick().await;
            match case {
                C::CallNumbers => {
                    world.joined_user().await;
                    world.wait(1);
                }
                C::ClaimAdmission => world.tick().await,
                _ => {
                    world.tick().await;
                    for _ in 0..3 {
                        world.joined_user().await;
                    }
                    world.wait(90);
                }
            }
            user
        }
        _ => world.admitted_user().await,
    };
    match case {
        C::PayQueued => {
            reservation = user.hold(&hall, &["A-1-1"]).await.expect(201).reservation();
            other = user.hold(&hall, &["A-1-2"]).await.expect(201).reservation();
        }
        C::EndAdmission | C::JoinLapsed => world.wait(601),
        C::FinishToken => {
            user.leave().await.expect(204);
            messages = take_messages(&world, "Tokens").await;
        }
        _ => {}
    }
    Scene { hall, reservation, other, told: messages, ..Scene::new(case, world, user).await }
}

/// Something is committed, and not yet told or not yet consumed.
async fn with_events_delivered(case: Case) -> Scene {
    let world = World::releasing().await;
    let (hall, product) = (world.schedule_with_seats().await, world.product(1_000, 100).await);
    let (poor, rich) = (world.user_with(0).await, world.user_with(MONEY).await);
    let (mut reservation, mut order) = (String::new(), String::new());
    world.stack.relay().await.expect("relayed");
    let before = crate::events::relay_changes::records(&world).len();
    if matches!(case, C::SettleReservation | C::Relay) {
        reservation = poor.hold(&hall, &["A-1-1", "A-1-30"]).await.expect(201).reservation();
        poor.pay(&reservation).await.expect(402);
    }
    if case == C::SettleOrder {
        order = poor.order(&[(&product, 3)]).await.expect(201).order();
        poor.pay_order(&order).await.expect(402);
    }
    if matches!(case, C::RecordSale | C::Relay) {
        rich.buy(&[(&product, 2)]).await.expect(201);
    }
    let told = match case {
        C::Relay => crate::events::relay_changes::records(&world).split_off(before),
        C::RecordSale => take_messages(&world, "Sales").await,
        _ => take_messages(&world, "Payments").await,
    };
    Scene { hall, product, reservation, order, told, ..Scene::new(case, world, poor).await }
}

/// Somebody with a card, who is about to pay with it, or has paid.
async fn with_card(case: Case) -> Scene {
    let world = World::new().await;
    let (hall, product) = (world.schedule_with_seats().await, world.product(1_500, 100).await);
    let user = world.user_with(RICH).await;
    let (mut reservation, mut order, mut other) = (String::new(), String::new(), String::new());
    let wanted = match case {
        C::ConfirmTopUp | C::PayOut => json!({ "top_up": 50_000 }),
        C::ConfirmOrder => {
            order = user.order(&[(&product, 1)]).await.expect(201).order();
            json!({ "order_id": order })
        }
        _ => {
            reservation = user.hold(&hall, &["A-1-1", "A-1-40"]).await.expect(201).reservation();
            json!({ "reservation_id": reservation })
        }
    };
    if case == C::StartCard {
        other = user.hold(&hall, &["A-1-5"]).await.expect(201).reservation();
        return Scene { hall, reservation, other, ..Scene::new(case, world, user).await };
    }
    let card = Started::of(&user.start_card(wanted).await.expect(201));
    if case == C::SweepCard {
        world.wait(400);
        world.stack.run_schedule("run_expiry").await.expect("swept");
    } else {
        assert_eq!(world.authorise(&card, GOOD).status, 200);
    }
    if matches!(case, C::RefundPaidByCard | C::PayOut | C::CaptureCard | C::RefundCard) {
        user.confirm_card(&card).await.expect(200);
        if case != C::CaptureCard {
            world.stack.drain_events().await.expect("captured");
        }
    }
    if case == C::RefundCard {
        user.post(&format!("/payments/rsv-{reservation}/cancel"), json!({})).await.expect(200);
    }
    let told = match case {
        C::CaptureCard | C::RefundCard => take_messages(&world, "Cards").await,
        _ => Vec::new(),
    };
    Scene { hall, product, reservation, order, other, card: Some(card), told, ..Scene::new(case, world, user).await }
}

/// What waits on a queue, taken off it.
async fn take_messages(world: &World, name: &str) -> Vec<Value> {
    world.stack.relay().await.expect("relayed");
    receive_all(world, &queue(world, name)).await.into_iter().map(Value::String).collect()
}
