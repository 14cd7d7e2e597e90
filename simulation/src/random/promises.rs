//! The promises of an answer, and whether the table keeps them.

use onsale_domain::id::{self, UserId};
use uuid::Uuid;

use crate::fixture::{COUPON, Fixture, QUEUE};
use crate::random::workload::{Action, PurchaseId};
use crate::replica::Replica;
use crate::requests::ApiAnswer;

impl Action {
    /// The partition and name of the item that a request with this key makes, if it makes one: none of it may be there
    /// after a refusal (A2).
    #[must_use]
    pub fn created_item(&self, user: UserId, key: Uuid, fixture: &Fixture) -> Option<(String, String)> {
        let (function, prefix) = match self {
            Self::Hold { .. } | Self::HoldBest { .. } => ("create_reservation", "RSV"),
            Self::Order { .. } => ("place_order", "ORDER"),
            Self::TopUp(_) => ("top_up", "CHARGE"),
            Self::Spend(_) => ("spend", "CHARGE"),
            Self::PayOut(_) => ("pay_out", "PAYOUT"),
            Self::Credit { user: credited, .. } => {
                let credited = fixture.users[*credited];
                let id = id::derive(user, &format!("credit_wallet {credited}"), key);
                return Some((format!("USER#{credited}"), format!("CHARGE#{id}")));
            }
            Self::Adjust { product, .. } => {
                let id = id::derive(user, "adjust_stock", key);
                return Some((format!("PRODUCT#{}", fixture.products[*product]), format!("ADJUST#{id}")));
            }
            Self::Claim => return Some((format!("USER#{user}"), format!("{COUPON}#{}", fixture.coupon))),
            _ => return None,
        };
        Some((format!("USER#{user}"), format!("{prefix}#{}", id::derive(user, function, key))))
    }

    /// The violation of the table by this answer (A1), if there is one.
    #[must_use]
    pub fn violation(
        &self,
        user: UserId,
        key: Uuid,
        answer: &ApiAnswer,
        fixture: &Fixture,
        replica: &Replica,
    ) -> Option<String> {
        match answer.status {
            200..300 if self.is_fulfilled(user, key, answer, fixture, replica) => None,
            200..300 => Some(format!("{self:?} was answered {}, and is not in the table", answer.status)),
            503 => None,
            401..=404 | 409 | 429 => {
                let (pk, name) = match self {
                    Self::Pay(thing) if self.has_paid(user, key, replica) => {
                        (format!("USER#{user}"), thing.item_name())
                    }
                    _ => self.created_item(user, key, fixture).filter(|(pk, name)| replica.find(pk, name).is_some())?,
                };
                Some(format!("{self:?} was refused ({}), and has changed {pk} {name}", answer.code()))
            }
            status => Some(format!("{self:?} was answered {status}: {}", answer.body)),
        }
    }

    /// Whether something was paid under this very key.
    fn has_paid(&self, user: UserId, key: Uuid, replica: &Replica) -> bool {
        let Self::Pay(thing) = self else { return false };
        let payment = replica.find(&format!("USER#{user}"), &thing.item_name()).and_then(|item| item.get("payment"));
        let digest = id::fingerprint(&[&id::derive(user, "pay", key).to_string()]);
        payment.and_then(|payment| payment.as_m().ok()?.get("key")?.as_s().ok()).is_some_and(|key| *key == digest)
    }

    /// Whether the table has what a success promises.
    fn is_fulfilled(&self, user: UserId, key: Uuid, answer: &ApiAnswer, fixture: &Fixture, replica: &Replica) -> bool {
        let pk = format!("USER#{user}");
        if let Some((pk, name)) = self.created_item(user, key, fixture) {
            return replica.find(&pk, &name).is_some();
        }
        let state_of = |thing: &PurchaseId| {
            let item = replica.find(&pk, &thing.item_name())?;
            item.get("state")?.as_s().ok().cloned()
        };
        let is_ended = |thing: &PurchaseId| {
            state_of(thing).is_some_and(|state| ["cancelled", "expired", "declined"].contains(&state.as_str()))
        };
        match self {
            Self::Pay(thing) => replica.find(&pk, &thing.item_name()).is_some_and(|item| item.contains_key("payment")),
            Self::Cancel(thing) => is_ended(thing),
            Self::Refund(thing) => state_of(thing).as_deref() == Some("cancelled"),
            Self::CancelTicket(id, seat) => {
                let thing = PurchaseId::Reservation(id.clone());
                let tickets = replica.find(&pk, &thing.item_name()).and_then(|item| item.get("tickets")?.as_l().ok());
                let mut tickets = tickets.into_iter().flatten().filter_map(|ticket| ticket.as_m().ok());
                let given_up = tickets.any(|ticket| {
                    ticket.get("id").and_then(|id| id.as_s().ok()).is_some_and(|id| id == seat)
                        && ticket.contains_key("cancelled")
                });
                given_up || is_ended(&thing)
            }
            Self::ConfirmCard(id) => stands_as_told(&pk, id, answer, replica),
            // One that was there may have ended since it was read, and be replaced by the next request of its user.
            Self::Join => replica.get(&pk, &format!("TOKEN#{QUEUE}")).is_some_and(|item| {
                item.contains_key("number") || (answer.status == 200 && item.contains_key("claim"))
            }),
            Self::DeleteSchedule { queued } => {
                let schedule = format!("SCHEDULE#{}", fixture.schedules[usize::from(*queued)]);
                replica.get(&schedule, "SCHEDULE").is_none_or(|item| item.contains_key("certain"))
            }
            _ => true,
        }
    }
}

/// Whether a card payment is in the table as an answer has told: sold by card is paid, or its charge came to nothing
/// later.
fn stands_as_told(pk: &str, id: &str, answer: &ApiAnswer, replica: &Replica) -> bool {
    let states = match answer.text("state") {
        "open" => return true,
        "committed" => &["committed", "captured", "reversed"][..],
        "captured" => &["captured"],
        "reversed" => &["reversed"],
        _ => &["abandoned", "void", "captured"],
    };
    let item = replica.find(pk, &format!("CARD#{id}"));
    let state = item.and_then(|item| item.get("state")?.as_s().ok());
    state.is_some_and(|state| states.contains(&state.as_str()))
}
