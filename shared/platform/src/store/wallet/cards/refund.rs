//! Refunds to cards that are decided: carried on until the provider has made them.

use onsale_domain::id::{CardPaymentId, UserId};
use onsale_domain::money::Amount;
use onsale_domain::time::EpochSecond;
use onsale_domain::wallet::cards::card_payment::{CardPayment, CardPaymentState, ProviderState};
use onsale_domain::wallet::cards::card_refund::{CardRefund, CardRefundState};

use crate::app::App;
use crate::card_provider::{self, ProviderFailure, ProviderRefund, RefundState};
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::item::unreadable;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Transaction};
use crate::store::wallet::cards::carry_on::{Until, carry_on};
use crate::store::wallet::cards::{Guard as CardGuard, card_payment_item, card_refund_item, get, get_refund};
use crate::store::wallet::entries::Entries;
use crate::store::wallet::{self, closing};

/// Most looks of one call.
const LOOKS_MAX: usize = 6;

/// Carries a refund on until the provider has made it, or its money is in the wallet because the card took none.
///
/// # Errors
/// When the table or the provider fails; when the provider refuses although it has the money, which people must look
/// at.
pub async fn carry_refund_on(app: &App, user: UserId, payment: CardPaymentId, number: u32) -> Result<(), Failure> {
    for _ in 0..LOOKS_MAX {
        let Some(refund) = get_refund(app, user, payment, number).await? else { return Ok(()) };
        if matches!(refund.state, CardRefundState::NotNeeded | CardRefundState::Returned) {
            return Ok(());
        }
        let card = get(app, user, payment).await?;
        let card = card.ok_or_else(|| Failure::Internal("a refund of no card payment".to_owned()))?;
        match card.state {
            CardPaymentState::Captured => {}
            CardPaymentState::Reversed => {
                settle(app, &refund, CardRefundState::NotNeeded, None).await?;
                continue;
            }
            // The charge comes first, or never.
            CardPaymentState::Committed => {
                let card = carry_on(app, user, payment, Until::AtRest).await?;
                if card.is_some_and(|card| card.state.is_at_rest()) {
                    continue;
                }
                return Err(Failure::Busy);
            }
            CardPaymentState::Open | CardPaymentState::Abandoned | CardPaymentState::Void => {
                return Err(Failure::Internal("a refund of what was not charged".to_owned()));
            }
        }
        let intent = card.intent.as_deref().ok_or_else(|| Failure::Internal("a charge of no intent".to_owned()))?;
        let seen = find_or_make(app, &refund, intent).await?;
        match (refund.state, seen) {
            (CardRefundState::Made, Some(ProviderRefund { state: RefundState::Made, .. })) => {
                if refund.due_at.is_some_and(|due| due <= EpochSecond::begun(app.now())) {
                    let after = refund.clone().at_rest();
                    card_refund_item::update(&refund, &after, None).apply(app).await?;
                }
                return Ok(());
            }
            (_, Some(ProviderRefund { id, state: RefundState::Made, .. })) => {
                settle(app, &refund, CardRefundState::Made, Some(id)).await?;
            }
            (_, Some(ProviderRefund { state: RefundState::Failed, .. }) | None) => {
                return_to_wallet(app, &refund, &card).await?;
            }
        }
    }
    Err(Failure::Busy)
}

/// The refund as the provider knows it, made now unless it is there; `None` if it refuses to make it and still has the
/// money. It is looked for first: the provider may have forgotten the key of a call that was not answered.
async fn find_or_make(app: &App, refund: &CardRefund, intent: &str) -> Result<Option<ProviderRefund>, Failure> {
    let reference = refund.reference();
    let is_this = |seen: &ProviderRefund| seen.reference.as_deref() == Some(reference.as_str());
    if let Some(found) = all(app, intent).await?.into_iter().find(is_this) {
        return Ok(Some(found));
    }
    let code = match card_provider::refund(app, refund, intent).await {
        Ok(made) => return Ok(Some(made)),
        Err(ProviderFailure::Refused { code }) => code,
        Err(ProviderFailure::Failure(failure)) => return Err(failure),
    };
    tracing::warn!(code, "the payment provider refused a refund");
    let seen = card_provider::get_intent(app, intent).await.map_err(ProviderFailure::of_a_look)?;
    let sent_back: i64 =
        all(app, intent).await?.iter().filter(|seen| seen.state == RefundState::Made).map(|seen| seen.amount).sum();
    match seen.state {
        ProviderState::Charged(charged) if charged - sent_back >= refund.amount => Ok(None),
        _ => Err(Failure::Internal("a refund for which the payment provider has no money left".to_owned())),
    }
}

async fn all(app: &App, intent: &str) -> Result<Vec<ProviderRefund>, Failure> {
    card_provider::refunds(app, intent).await.map_err(ProviderFailure::of_a_look)
}

/// Notes how a refund ended; whoever was faster is found by the next look.
async fn settle(app: &App, refund: &CardRefund, to: CardRefundState, made: Option<String>) -> Result<(), Failure> {
    let after = refund.clone().settled(to, made, EpochSecond::begun(app.now()));
    card_refund_item::update(refund, &after, None).apply(app).await.map(drop)
}

/// Puts the money of a refund that the card did not take into the wallet, once.
async fn return_to_wallet(app: &App, refund: &CardRefund, card: &CardPayment) -> Result<(), Failure> {
    let mut attempts = Attempts::new(app);
    let amount = Amount::parse(refund.amount).map_err(unreadable)?;
    loop {
        let row = wallet::get_row(app, refund.user).await?;
        let now = app.now();
        let entries = Entries::after(refund.user, row.as_ref(), now, card.id)?;
        let entries = entries.take_returned(amount, refund.reference())?;
        let mut transaction = Transaction::new();
        entries.into_writes().into_iter().for_each(|write| transaction.add(CardGuard::Entry, write));
        let after = refund.clone().settled(CardRefundState::Returned, None, EpochSecond::begun(now));
        let told = Some(EventKind::CardRefundReturned);
        transaction.add(CardGuard::CardRefund, card_refund_item::update(refund, &after, told));
        let returned = card.clone().with_refund_returned(refund.amount);
        transaction.add(CardGuard::CardPayment, card_payment_item::update(card, &returned, None));
        let Err(rejected) = transaction.commit(app).await else {
            closing::note_money(refund.user, row.as_ref(), card.id);
            return Ok(());
        };
        if let Rejected::Guards(failed) = &rejected
            && failed.iter().any(|failed| failed.guard != CardGuard::Entry)
        {
            return Ok(());
        }
        attempts.wait_after(&rejected).await?;
    }
}
