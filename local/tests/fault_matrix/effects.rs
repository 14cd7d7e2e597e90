//! How often an operation has had its effect, as the table says after the books were added up.

use serde_json::Value;
use simulation::invariants::Snapshot;

use super::case::Case as C;
use super::prepare::{MONEY, RICH};
use super::scene::Scene;
use crate::events::receive_all;
use crate::support::queue::QUEUE;

impl Scene {
    /// How often the operation has had its effect.
    ///
    /// # Panics
    /// When the books do not agree, or it was done in part.
    pub async fn effects(&self) -> i64 {
        let snapshot = self.world.check_invariants().await;
        let (held, sold) = snapshot.held_and_sold();
        let (held, sold) = (i64::try_from(held).expect("few"), i64::try_from(sold).expect("few"));
        match self.case {
            C::Hold | C::HoldBest => parts(held - 2, 2),
            C::HoldAgain => {
                assert_eq!(sold, 1);
                parts(held, 2)
            }
            C::HoldSeat => held - 2,
            C::HoldQueued => {
                let made = parts(held, 2);
                assert_eq!(self.token("holds"), made.to_string(), "what the admission counts");
                made
            }
            C::ReleaseSeat | C::CancelTicket => 2 - held,
            C::CancelReservation => parts(2 - held, 2),
            C::Pay => {
                assert_eq!(self.balance(), RICH - sold * 50_000);
                parts(sold, 2)
            }
            C::PayQueued => {
                assert_eq!((self.token("state") == "used", self.balance()), (sold == 1, 1_000_000 - sold * 50_000));
                sold
            }
            // Both seats were sold, for all there was.
            C::RefundTicket => {
                assert_eq!(self.balance(), (2 - sold) * 50_000);
                2 - sold
            }
            C::RefundReservation => {
                assert_eq!(self.balance(), (2 - sold) * 50_000);
                parts(2 - sold, 2)
            }
            C::Reissue => self.effects_on_codes(),
            C::TopUp | C::Credit => parts(self.balance() - RICH, 7),
            C::Spend => parts(RICH - self.balance(), 7),
            C::ExpireHold => flag(self.state_of_reservation() == "expired" && held == 0),
            C::SettleReservation => flag(self.own(&self.reservation_key(), "expiry_shard").is_null() && held == 0),
            C::Relay => {
                let of =
                    |told: &[String]| told.iter().map(|body| id_of(body)).collect::<std::collections::BTreeSet<_>>();
                let mut ids = of(&receive_all(&self.world, &crate::events::queue(&self.world, "Payments")).await);
                ids.extend(of(&receive_all(&self.world, &crate::events::queue(&self.world, "Sales")).await));
                parts(i64::try_from(ids.len()).expect("few"), 2)
            }
            C::RecordSale => {
                let sold = self.attribute("SALES#2026-11-21", &format!("PRODUCT#{}", self.product), "sold");
                parts(sold["N"].as_str().map_or(0, |sold| sold.parse().expect("a number")), 2)
            }
            C::RefundPaidByCard
            | C::StartCard
            | C::ConfirmReservation
            | C::ConfirmOrder
            | C::ConfirmTopUp
            | C::PayOut
            | C::CaptureCard
            | C::RefundCard
            | C::SweepCard => self.effects_on_cards(sold),
            C::GrantOrganiser | C::RevokeOrganiser | C::GrantSteward | C::RevokeSteward => self.effects_on_roles(),
            C::EndSession => flag(self.own(&format!("SESSION#{}", self.other), "digest").is_null()),
            C::EndAllSessions => flag(!matches!(self.own("PROFILE", "sessions_epoch")["N"].as_str(), None | Some("0"))),
            // Whole or not at all: the invariants insist on it.
            C::Erase => flag(!self.own("PROFILE", "erased_at").is_null()),
            case if case.is_of_a_queue() => self.effects_on_the_queue(&snapshot),
            _ => self.effects_on_the_shop(),
        }
    }

    /// With a receipt for each.
    fn effects_on_codes(&self) -> i64 {
        let ticket = &self.own(&self.reservation_key(), "tickets")["L"][0]["M"];
        let made = ticket["generation"]["N"].as_str().map_or(0, |text| text.parse::<i64>().expect("a number") - 1);
        let items = self.world.items();
        let of = |item: &&Value| item["sk"]["S"].as_str().is_some_and(|sk| sk.starts_with("REISSUE#"));
        assert_eq!(i64::try_from(items.values().filter(of).count()), Ok(made), "receipts");
        made
    }

    /// With an entry of the log for each.
    fn effects_on_roles(&self) -> i64 {
        let items = self.world.items();
        let role = match self.case {
            C::GrantSteward | C::RevokeSteward => format!("steward#{}", self.concert),
            _ => "organiser".to_owned(),
        };
        let has =
            items.values().any(|item| item["pk"]["S"] == format!("GRANTS#{}", self.other) && item["sk"]["S"] == role);
        let changed = flag(has == matches!(self.case, C::GrantOrganiser | C::GrantSteward));
        let of_this = |item: &&Value| item["owner"]["S"] == "ADMIN" && item["function"]["S"] == self.case.function();
        let logged = items.values().filter(of_this).count();
        assert_eq!(i64::try_from(logged), Ok(changed), "the log of what was done to roles");
        changed
    }

    fn effects_on_the_shop(&self) -> i64 {
        let gone = 100 - self.world.units_left(&self.product);
        let spent = MONEY - self.balance();
        let count = |sk: &str| self.world.items().values().filter(|item| item["sk"]["S"] == sk).count();
        let more = |sk: &str, than: usize| i64::try_from(count(sk) - than).expect("few");
        match self.case {
            C::Place => parts(gone, 3),
            // The lapsed one may be closed, or not yet.
            C::PlaceAgain => parts(gone - gone % 3 % 2, 3),
            C::PlaceAndPay => {
                assert_eq!(spent, gone / 3 * 3_500, "three units with 1,000 off");
                parts(gone, 3)
            }
            C::PlaceFree => {
                assert_eq!(spent, 0);
                parts(gone, 3)
            }
            C::PayFree => {
                assert_eq!(spent, 0);
                flag(self.own(&format!("ORDER#{}", self.order), "state")["S"] == "paid")
            }
            C::RefundFree => {
                assert_eq!(spent, 0);
                parts(2 - gone, 2)
            }
            C::PayOrder => parts(spent, 1_500),
            C::CancelOrder | C::ExpireOrder => 1 - gone,
            C::RefundOrder => {
                assert_eq!(spent, gone / 2 * 3_000);
                parts(2 - gone, 2)
            }
            C::SettleOrder => {
                assert_eq!(gone == 0, self.own(&format!("ORDER#{}", self.order), "expiry_shard").is_null());
                parts(3 - gone, 3)
            }
            C::ClaimCoupon => {
                let claim = self.own(&format!("CLAIM#{}", self.coupon), "claimed_at");
                let given_out = 9 - self.world.units_left(&self.coupon);
                assert_eq!(given_out, flag(!claim.is_null()));
                given_out
            }
            C::AddStock => parts(-gone, 5),
            C::TakeStock => parts(gone, 60),
            C::CreateProduct => more("PRODUCT", 1),
            C::CreateCoupon => more("COUPON", 0),
            C::UpdateProduct => {
                let items = self.world.items();
                let dear = items.values().filter(|item| item["price"]["N"] == "1600").count();
                // The product, its shards, and its places in the catalog.
                parts(i64::try_from(dear).expect("few"), 1 + 2 + 3)
            }
            case => panic!("{case:?} has no effect on the shop"),
        }
    }

    /// With so many seats sold.
    fn effects_on_cards(&self, sold: i64) -> i64 {
        let items = self.world.items();
        let of = |prefix: &str, name: &str| -> Vec<String> {
            let own = items.values().filter(|item| item["sk"]["S"].as_str().is_some_and(|sk| sk.starts_with(prefix)));
            own.filter_map(|item| item[name]["S"].as_str().map(str::to_owned)).collect()
        };
        let states = of("CARD#", "state");
        let decided = |states: &[&str]| flag(of("CARD#", "state").iter().any(|state| states.contains(&state.as_str())));
        match self.case {
            C::StartCard => {
                assert!(states.len() <= 1, "one card payment");
                i64::try_from(of("CARD#", "intent").len()).expect("few")
            }
            C::ConfirmReservation => {
                assert_eq!((self.balance(), decided(&["committed", "captured"])), (RICH, sold / 2));
                parts(sold, 2)
            }
            C::ConfirmOrder => {
                let paid = flag(self.own(&format!("ORDER#{}", self.order), "state")["S"] == "paid");
                assert_eq!((self.balance(), decided(&["committed", "captured"])), (RICH, paid));
                paid
            }
            C::ConfirmTopUp => {
                let charged = parts(self.balance() - RICH, 50_000);
                assert_eq!(decided(&["captured"]), charged);
                charged
            }
            C::RefundPaidByCard => {
                assert_eq!((self.balance(), of("CARDREFUND#", "state").len()), (RICH, usize::from(sold == 0)));
                parts(2 - sold, 2)
            }
            C::PayOut => {
                let paid_out = parts(RICH + 50_000 - self.balance(), 20_000);
                assert_eq!(i64::try_from(of("CARDREFUND#", "state").len()).expect("few"), paid_out);
                paid_out
            }
            C::CaptureCard => {
                let (status, charged) = self.world.provider_state(self.card());
                assert!(decided(&["captured"]) == 0 || (status.as_str(), charged) == ("succeeded", 100_000));
                decided(&["captured"])
            }
            C::RefundCard => {
                let made = flag(of("CARDREFUND#", "state") == ["made"]);
                let (_, charged) = self.world.provider_state(self.card());
                assert!(made == 0 || charged == 0, "{charged} of a charge that went back");
                assert!(charged >= 0, "more went back than was charged");
                made
            }
            C::SweepCard => {
                let closed = decided(&["void"]);
                assert!(closed == 0 || self.world.provider_state(self.card()).0 == "canceled");
                closed
            }
            case => panic!("{case:?} has no effect on cards"),
        }
    }

    fn effects_on_the_queue(&self, snapshot: &Snapshot) -> i64 {
        let state = self.token("state");
        match self.case {
            C::Join | C::JoinAgain | C::JoinLapsed | C::JoinByLease | C::JoinRenewing => {
                // The places of others, and the user's own: the new one, or the one that has ended. None while it is
                // claimed and has no number.
                let (waits, claimed) = (flag(state == "waiting"), self.token("claim") != "none");
                let joined_before = matches!(self.case, C::JoinAgain | C::JoinLapsed);
                let own = usize::from(!claimed && (joined_before || waits == 1));
                let others = if matches!(self.case, C::JoinByLease | C::JoinRenewing) { 2 } else { 1 };
                assert_eq!(snapshot.numbers(QUEUE).len(), others + own);
                waits
            }
            C::ClaimAdmission => {
                let claimed = i64::try_from(snapshot.admitted_now(QUEUE)).expect("few");
                assert_eq!((state == "admitted", snapshot.unclaimed_numbers(QUEUE)), (claimed == 1, 2 - claimed));
                claimed
            }
            C::MissAdmission => {
                assert_eq!((state.as_str(), snapshot.admitted_now(QUEUE)), ("waiting", 0));
                flag(self.token("missed_at") != "none")
            }
            C::MissSecondCall => {
                assert_eq!(snapshot.admitted_now(QUEUE), 0);
                flag(state == "expired")
            }
            C::CallAgain => flag((snapshot.missed_numbers(QUEUE).len(), snapshot.unclaimed_numbers(QUEUE)) == (0, 3)),
            C::LeaveWaiting | C::LeaveMissed | C::LeaveAdmitted => flag(state == "left"),
            C::CallNumbers => flag((snapshot.serving(QUEUE), snapshot.unclaimed_numbers(QUEUE)) == (3, 3)),
            C::CloseBatches => flag(
                (snapshot.serving(QUEUE), snapshot.places_in_use(QUEUE), snapshot.unclaimed_numbers(QUEUE))
                    == (5, 3, 3),
            ),
            C::EndAdmission => flag(state == "expired"),
            C::FinishToken => snapshot.serving(QUEUE) - snapshot.places_in_use(QUEUE),
            case => panic!("{case:?} has no effect on the queue"),
        }
    }

    /// An attribute of the user's queue token.
    pub fn token(&self, name: &str) -> String {
        let token = self.world.entry_of(&self.user);
        let value = token[name]["S"].as_str().or(token[name]["N"].as_str());
        value.unwrap_or("none").to_owned()
    }

    /// Sort key of the reservation, which lies at its number; none, if it is not there.
    fn reservation_key(&self) -> String {
        let items = self.world.items();
        let sort_key = |item: &Value| item["sk"]["S"].as_str().filter(|sk| sk.starts_with("RSV#")).map(str::to_owned);
        let own = items.values().filter(|item| item["id"]["S"] == self.reservation);
        own.filter_map(sort_key).next().unwrap_or_else(|| "RSV#".to_owned())
    }

    fn state_of_reservation(&self) -> String {
        self.own(&self.reservation_key(), "state")["S"].as_str().unwrap_or_default().to_owned()
    }
}

fn flag(done: bool) -> i64 {
    i64::from(done)
}

/// How many times `step` it is. It must be whole.
#[track_caller]
fn parts(all: i64, step: i64) -> i64 {
    assert_eq!(all % step, 0, "done in part: {all} of {step}");
    all / step
}

fn id_of(body: &str) -> String {
    let event: Value = serde_json::from_str(body).expect("an event");
    event["id"].as_str().expect("an id").to_owned()
}
