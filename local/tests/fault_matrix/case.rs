//! What is done under every fault: the operations, and of each the cases in which it writes differently.

use serde_json::{Value, json};
use simulation::requests::ApiCall;

use super::scene::Scene;
use crate::accounts::PASSWORD;
use crate::support::queue::QUEUE;
use crate::support::shop::order_of;

/// One way of carrying an operation out, from a scene made for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Case {
    Hold,
    /// After a hold that lapsed unseen, and a purchase.
    HoldAgain,
    HoldQueued,
    /// Of seats that are chosen for the caller.
    HoldBest,
    HoldSeat,
    ReleaseSeat,
    CancelReservation,
    CancelOrder,
    CancelTicket,
    /// Of a paid reservation.
    RefundTicket,
    Pay,
    PayQueued,
    PayOrder,
    /// Of an order that costs nothing: no wallet is written to.
    PayFree,
    RefundReservation,
    RefundOrder,
    /// Of what cost nothing.
    RefundFree,
    /// Of seats that a card paid: its money goes back to the card.
    RefundPaidByCard,
    /// Of a ticket that is paid.
    Reissue,
    TopUp,
    /// By an administrator.
    Credit,
    Spend,
    StartCard,
    /// Of a reservation, once its buyer has authorised it.
    ConfirmReservation,
    ConfirmOrder,
    /// Of a top-up.
    ConfirmTopUp,
    PayOut,
    Place,
    /// After an order that lapsed unseen.
    PlaceAgain,
    PlaceAndPay,
    /// And pay, what costs nothing.
    PlaceFree,
    ClaimCoupon,
    Join,
    /// After leaving.
    JoinAgain,
    /// After an admission that lapsed unseen.
    JoinLapsed,
    /// The counter is full, and there is a lease with numbers.
    JoinByLease,
    /// The same, and the lease is too old.
    JoinRenewing,
    ClaimAdmission,
    /// A claim that comes when the batch is closed.
    MissAdmission,
    /// The same of the second call.
    MissSecondCall,
    LeaveWaiting,
    /// While a second call is to come.
    LeaveMissed,
    LeaveAdmitted,
    AddStock,
    TakeStock,
    CreateProduct,
    UpdateProduct,
    CreateCoupon,
    GrantOrganiser,
    RevokeOrganiser,
    GrantSteward,
    RevokeSteward,
    /// On another device.
    EndSession,
    EndAllSessions,
    /// Of an account in which nothing is left.
    Erase,
    ExpireHold,
    ExpireOrder,
    CallNumbers,
    /// A second time.
    CallAgain,
    CloseBatches,
    EndAdmission,
    Relay,
    SettleReservation,
    SettleOrder,
    FinishToken,
    RecordSale,
    CaptureCard,
    RefundCard,
    /// Of a card payment that its buyer has never authorised.
    SweepCard,
}

use Case as C;

/// The rows of the matrix.
pub const OPERATIONS: [(&str, &[Case]); 32] = [
    ("hold", &[C::Hold, C::HoldAgain, C::HoldQueued, C::HoldBest, C::HoldSeat]),
    ("release", &[C::ReleaseSeat]),
    ("pay", &[C::Pay, C::PayQueued, C::PayOrder, C::PayFree]),
    ("cancel", &[C::CancelReservation, C::CancelOrder]),
    ("cancel_ticket", &[C::CancelTicket, C::RefundTicket]),
    ("refund", &[C::RefundReservation, C::RefundOrder, C::RefundFree, C::RefundPaidByCard]),
    ("reissue", &[C::Reissue]),
    ("top_up", &[C::TopUp]),
    ("credit", &[C::Credit]),
    ("spend", &[C::Spend]),
    ("start_card_payment", &[C::StartCard]),
    ("confirm_card_payment", &[C::ConfirmReservation, C::ConfirmOrder, C::ConfirmTopUp]),
    ("pay_out", &[C::PayOut]),
    ("order", &[C::Place, C::PlaceAgain, C::PlaceAndPay, C::PlaceFree]),
    ("claim", &[C::ClaimCoupon]),
    ("join", &[C::Join, C::JoinAgain, C::JoinLapsed, C::JoinByLease, C::JoinRenewing]),
    ("claim_admission", &[C::ClaimAdmission, C::MissAdmission, C::MissSecondCall]),
    ("leave", &[C::LeaveWaiting, C::LeaveMissed, C::LeaveAdmitted]),
    ("manage_shop", &[C::AddStock, C::TakeStock, C::CreateProduct, C::UpdateProduct, C::CreateCoupon]),
    ("roles", &[C::GrantOrganiser, C::RevokeOrganiser, C::GrantSteward, C::RevokeSteward]),
    ("sessions", &[C::EndSession, C::EndAllSessions]),
    ("erase", &[C::Erase]),
    ("expire", &[C::ExpireHold, C::ExpireOrder]),
    ("advance", &[C::CallNumbers, C::CallAgain, C::CloseBatches, C::EndAdmission]),
    ("relay", &[C::Relay]),
    ("release_declined_payment", &[C::SettleReservation, C::SettleOrder]),
    ("free_queue_places", &[C::FinishToken]),
    ("record_sales", &[C::RecordSale]),
    ("settle_card_payments", &[C::CaptureCard, C::RefundCard]),
    ("sweep_card_payments", &[C::SweepCard]),
    // They hand over to the outside: they have scenes of their own.
    ("send_mail", &[]),
    ("deliver_webhooks", &[]),
];

/// Who calls a function, and so what its answer looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A user or an administrator, over HTTP.
    Http,
    /// The time.
    Schedule,
    /// A queue or the table's stream, with a batch.
    Batch,
}

impl Case {
    pub fn caller(self) -> Caller {
        match self {
            C::ExpireHold | C::ExpireOrder | C::CallNumbers | C::CallAgain | C::CloseBatches | C::EndAdmission => {
                Caller::Schedule
            }
            C::SweepCard => Caller::Schedule,
            C::Relay | C::SettleReservation | C::SettleOrder | C::FinishToken | C::RecordSale => Caller::Batch,
            C::CaptureCard | C::RefundCard => Caller::Batch,
            _ => Caller::Http,
        }
    }

    /// Whether it is about a waiting queue, whose writes may be refused with 503 and leave holes among the numbers.
    pub fn is_of_a_queue(self) -> bool {
        matches!(
            self,
            C::HoldQueued
                | C::PayQueued
                | C::Join
                | C::JoinAgain
                | C::JoinLapsed
                | C::JoinByLease
                | C::JoinRenewing
                | C::ClaimAdmission
                | C::MissAdmission
                | C::MissSecondCall
                | C::LeaveWaiting
                | C::LeaveMissed
                | C::LeaveAdmitted
                | C::CallNumbers
                | C::CallAgain
                | C::CloseBatches
                | C::EndAdmission
                | C::FinishToken
        )
    }

    /// Seconds after which a later run does what one leaves undone, if nobody waits for its answer.
    pub fn goes_on_after_seconds(self) -> Option<i64> {
        match self {
            C::CallNumbers | C::CallAgain | C::CloseBatches => Some(1),
            // What could not be carried on is looked at again ten minutes later.
            C::SweepCard => Some(600),
            _ => None,
        }
    }

    /// Whether a later run does what one leaves undone.
    pub fn goes_on_by_itself(self) -> bool {
        self.goes_on_after_seconds().is_some()
    }

    /// Whether it writes one item after the other, with the payment provider in between: each of them stays, and the
    /// next try goes on behind it.
    pub fn goes_step_by_step(self) -> bool {
        matches!(self, C::StartCard | C::CaptureCard | C::RefundCard | C::SweepCard)
    }

    /// Whether what its owner has let lapse is closed before it, which stays so.
    pub fn closes_first(self) -> bool {
        matches!(self, C::HoldAgain | C::PlaceAgain)
    }

    pub fn is_an_admins(self) -> bool {
        matches!(
            self,
            C::Credit
                | C::AddStock
                | C::TakeStock
                | C::CreateProduct
                | C::UpdateProduct
                | C::CreateCoupon
                | C::GrantOrganiser
                | C::RevokeOrganiser
                | C::GrantSteward
                | C::RevokeSteward
        )
    }

    /// Whether it takes an idempotency key.
    pub fn takes_a_key(self) -> bool {
        matches!(
            self,
            C::Hold
                | C::HoldAgain
                | C::HoldQueued
                | C::HoldBest
                | C::HoldSeat
                | C::Pay
                | C::PayQueued
                | C::PayOrder
                | C::PayFree
                | C::Reissue
                | C::TopUp
                | C::Credit
                | C::Spend
                | C::StartCard
                | C::PayOut
                | C::Place
                | C::PlaceAgain
                | C::PlaceAndPay
                | C::PlaceFree
                | C::AddStock
                | C::TakeStock
                | C::CreateProduct
                | C::CreateCoupon
        )
    }

    /// Whether it needs the queue token.
    pub fn shows_a_queue_token(self) -> bool {
        let by_poll = [C::ClaimAdmission, C::MissAdmission, C::MissSecondCall];
        let by_token = [C::HoldQueued, C::PayQueued, C::LeaveWaiting, C::LeaveMissed, C::LeaveAdmitted];
        by_poll.contains(&self) || by_token.contains(&self)
    }

    /// The status of its success.
    pub fn success(self) -> u16 {
        match self {
            C::ReleaseSeat | C::LeaveWaiting | C::LeaveMissed | C::LeaveAdmitted => 204,
            C::GrantOrganiser | C::RevokeOrganiser | C::GrantSteward | C::RevokeSteward => 204,
            C::EndSession | C::EndAllSessions | C::Erase => 204,
            C::Join | C::JoinAgain | C::JoinLapsed | C::JoinByLease | C::JoinRenewing | C::ClaimCoupon => 201,
            case if case.takes_a_key() => 201,
            _ => 200,
        }
    }

    /// The status of the same request after its success: some tell by it what is new.
    pub fn repeated(self) -> u16 {
        match self {
            C::Join | C::JoinAgain | C::JoinLapsed | C::JoinByLease | C::JoinRenewing | C::ClaimCoupon => 200,
            // A hold has no name in this request: what is released is not held by its caller any more.
            C::ReleaseSeat => 404,
            case => case.success(),
        }
    }

    /// Which function it is.
    pub fn function(self) -> &'static str {
        match self {
            C::Hold | C::HoldAgain | C::HoldQueued | C::HoldBest => "create_reservation",
            C::HoldSeat => "hold_seat",
            C::ReleaseSeat => "release_seat",
            C::CancelReservation => "cancel_reservation",
            C::CancelOrder => "cancel_order",
            C::CancelTicket | C::RefundTicket => "cancel_ticket",
            C::Pay | C::PayQueued | C::PayOrder | C::PayFree => "pay",
            C::RefundReservation | C::RefundOrder | C::RefundFree | C::RefundPaidByCard => "cancel_payment",
            C::Reissue => "reissue_ticket_code",
            C::TopUp => "top_up",
            C::Credit => "credit_wallet",
            C::Spend => "spend",
            C::StartCard => "start_card_payment",
            C::ConfirmReservation | C::ConfirmOrder | C::ConfirmTopUp => "confirm_card_payment",
            C::PayOut => "pay_out",
            C::Place | C::PlaceAgain | C::PlaceAndPay | C::PlaceFree => "place_order",
            C::ClaimCoupon => "claim_coupon",
            C::Join | C::JoinAgain | C::JoinLapsed | C::JoinByLease | C::JoinRenewing => "join_queue",
            C::ClaimAdmission | C::MissAdmission | C::MissSecondCall => "get_queue_entry",
            C::LeaveWaiting | C::LeaveMissed | C::LeaveAdmitted => "leave_queue",
            C::AddStock | C::TakeStock => "adjust_stock",
            C::CreateProduct => "create_product",
            C::UpdateProduct => "update_product",
            C::CreateCoupon => "create_coupon",
            C::GrantOrganiser => "grant_organiser",
            C::RevokeOrganiser => "revoke_organiser",
            C::GrantSteward => "grant_steward",
            C::RevokeSteward => "revoke_steward",
            C::EndSession => "end_session",
            C::EndAllSessions => "end_all_sessions",
            C::Erase => "erase_me",
            C::ExpireHold | C::ExpireOrder => "run_expiry",
            C::CallNumbers | C::CallAgain | C::CloseBatches | C::EndAdmission => "advance_queues",
            C::Relay => "relay_changes",
            C::SettleReservation | C::SettleOrder => "release_declined_payment",
            C::FinishToken => "free_queue_places",
            C::RecordSale => "record_sales",
            C::CaptureCard | C::RefundCard => "settle_card_payments",
            C::SweepCard => "sweep_card_payments",
        }
    }

    /// Method, path and body of its request.
    pub fn asked(self, scene: &Scene) -> ApiCall {
        let Scene { hall, reservation, product, coupon, order, .. } = scene;
        let token = format!("/queues/{QUEUE}/tokens/me");
        let (method, path, body) = match self {
            C::Hold | C::HoldAgain | C::HoldQueued => {
                let body = json!({ "schedule_id": hall, "seat_ids": ["A-1-2", "A-1-30"] });
                ("POST", "/reservations".into(), Some(body))
            }
            C::HoldBest => {
                let body = json!({ "schedule_id": hall, "best": { "count": 2 } });
                ("POST", "/reservations".into(), Some(body))
            }
            C::HoldSeat => ("PUT", format!("/schedules/{hall}/seats/A-1-2/hold"), None),
            C::ReleaseSeat => ("DELETE", format!("/schedules/{hall}/seats/A-1-1/hold"), None),
            C::CancelReservation => ("DELETE", format!("/reservations/{reservation}"), None),
            C::CancelOrder => ("DELETE", format!("/orders/{order}"), None),
            C::CancelTicket | C::RefundTicket => ("DELETE", format!("/reservations/{reservation}/tickets/A-1-1"), None),
            C::Pay | C::PayQueued => ("POST", "/payments".into(), Some(json!({ "reservation_id": reservation }))),
            C::PayOrder | C::PayFree => ("POST", "/payments".into(), Some(json!({ "order_id": order }))),
            C::RefundReservation | C::RefundPaidByCard => ("POST", format!("/payments/rsv-{reservation}/cancel"), None),
            C::RefundOrder | C::RefundFree => ("POST", format!("/payments/ord-{order}/cancel"), None),
            C::Reissue => ("POST", format!("/reservations/{reservation}/tickets/A-1-1/code"), None),
            C::TopUp => ("POST", "/wallet/charges".into(), Some(json!({ "amount": 7 }))),
            C::Credit => {
                let body = json!({ "amount": 7, "reason": "rain" });
                ("POST", format!("/users/{}/credits", scene.user.id), Some(body))
            }
            C::Spend => ("POST", "/wallet/payments".into(), Some(json!({ "amount": 7, "memo": "tea" }))),
            C::StartCard => ("POST", "/card-payments".into(), Some(json!({ "reservation_id": reservation }))),
            C::ConfirmReservation | C::ConfirmOrder | C::ConfirmTopUp => {
                ("POST", format!("/card-payments/{}/confirmation", scene.card().id), None)
            }
            C::PayOut => ("POST", "/wallet/payouts".into(), Some(json!({ "amount": 20_000 }))),
            C::Place | C::PlaceAgain | C::PlaceAndPay => {
                let mut body = order_of(&[(product, 3)], self == C::PlaceAndPay);
                body["coupon_id"] = json!(coupon);
                ("POST", "/orders".into(), Some(body))
            }
            C::PlaceFree => ("POST", "/orders".into(), Some(order_of(&[(product, 3)], true))),
            C::ClaimCoupon => ("POST", format!("/coupons/{coupon}/claims"), None),
            C::Join | C::JoinAgain | C::JoinLapsed | C::JoinByLease | C::JoinRenewing => {
                ("POST", format!("/queues/{QUEUE}/tokens"), None)
            }
            C::ClaimAdmission | C::MissAdmission | C::MissSecondCall => ("GET", token, None),
            C::LeaveWaiting | C::LeaveMissed | C::LeaveAdmitted => ("DELETE", token, None),
            C::AddStock => ("POST", format!("/products/{product}/stock"), Some(json!({ "delta": 5 }))),
            C::TakeStock => ("POST", format!("/products/{product}/stock"), Some(json!({ "delta": -60 }))),
            C::GrantOrganiser => ("PUT", format!("/users/{}/roles/organiser", scene.other), None),
            C::RevokeOrganiser => ("DELETE", format!("/users/{}/roles/organiser", scene.other), None),
            C::GrantSteward => ("PUT", format!("/concerts/{}/stewards/{}", scene.concert, scene.other), None),
            C::RevokeSteward => ("DELETE", format!("/concerts/{}/stewards/{}", scene.concert, scene.other), None),
            C::EndSession => ("DELETE", format!("/users/me/sessions/{}", scene.other), None),
            C::EndAllSessions => ("DELETE", "/users/me/sessions".into(), None),
            C::Erase => ("DELETE", "/users/me".into(), Some(json!({ "password": PASSWORD }))),
            C::UpdateProduct => ("PATCH", format!("/products/{product}"), Some(json!({ "price": 1_600 }))),
            C::CreateProduct => {
                let body = json!({ "name": "Lamp", "price": 5, "stock": 9, "stock_shards": 3 });
                ("POST", "/products".into(), Some(body))
            }
            C::CreateCoupon => {
                let body = json!({
                    "name": "Half", "discount": { "kind": "percent", "value": 50 }, "quantity": 3,
                    "valid_from": "2026-11-21T00:00:00Z", "valid_until": "2026-11-22T00:00:00Z",
                });
                ("POST", "/coupons".into(), Some(body))
            }
            _ => panic!("{self:?} is not asked for over HTTP"),
        };
        ApiCall { function: self.function(), method, path, body }
    }

    /// Another request that may not have the same key: none for what takes no key.
    pub fn asked_otherwise(self, scene: &Scene) -> Option<ApiCall> {
        let mut asked = self.takes_a_key().then(|| self.asked(scene))?;
        let changed: (&str, Value) = match self {
            C::Hold | C::HoldAgain | C::HoldQueued => ("seat_ids", json!(["A-1-3"])),
            C::HoldBest => ("best", json!({ "count": 1 })),
            C::HoldSeat => {
                asked.path = asked.path.replace("A-1-2", "A-1-3");
                return Some(asked);
            }
            C::Reissue => {
                asked.path = asked.path.replace("A-1-1", "A-1-40");
                return Some(asked);
            }
            C::Pay | C::PayQueued | C::StartCard => ("reservation_id", json!(scene.other)),
            C::PayOut => ("amount", json!(10_000)),
            C::PayOrder => ("order_id", json!(scene.other)),
            C::TopUp | C::Credit | C::Spend => ("amount", json!(8)),
            C::Place | C::PlaceAgain | C::PlaceAndPay | C::PlaceFree => {
                ("items", order_of(&[(&scene.product, 2)], false)["items"].clone())
            }
            C::AddStock | C::TakeStock => ("delta", json!(4)),
            C::CreateProduct => ("price", json!(6)),
            C::CreateCoupon => ("quantity", json!(4)),
            _ => return None,
        };
        asked.body.as_mut()?[changed.0] = changed.1;
        Some(asked)
    }
}
