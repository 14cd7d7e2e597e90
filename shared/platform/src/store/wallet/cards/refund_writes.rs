//! The writes by which a part of a payment by card goes back to its card.

use jiff::Timestamp;
use onsale_domain::money::Amount;
use onsale_domain::time::EpochSecond;
use onsale_domain::wallet::cards::card_payment::{CardPayment, LOOK_AGAIN_SECONDS};
use onsale_domain::wallet::cards::card_refund::{CardRefund, CardRefundState};

use crate::failure::Failure;
use crate::store::dynamodb::item::unreadable;
use crate::store::dynamodb::transaction::Write;
use crate::store::purchases::guard::Guard;
use crate::store::wallet::WalletRow;
use crate::store::wallet::cards::{card_payment_item, card_refund_item};
use crate::store::wallet::entries::Entries;

/// A refund of a purchase that is about to be written.
pub(super) struct Parts {
    /// Its entries, and the refund itself.
    pub(super) writes: Vec<(Guard, Write)>,
    /// The card payment after it; the caller writes that.
    pub(super) after: CardPayment,
}

/// The writes by which `back` minor units of the payment `payment_id` go to the card that paid it: through the ledger,
/// as a refund that the provider is still to make, and in the card payment. None if less of it is left: what was read
/// is then not of one moment.
pub(crate) fn writes(
    card: &CardPayment,
    wallet: Option<&WalletRow>,
    back: Amount,
    now: Timestamp,
    payment_id: &str,
) -> Result<Option<Vec<(Guard, Write)>>, Failure> {
    let Some(mut parts) = parts(card, wallet, back, now, payment_id, CardRefundState::Due)? else { return Ok(None) };
    parts.writes.push((Guard::CardPayment, card_payment_item::update(card, &parts.after, None)));
    Ok(Some(parts.writes))
}

/// The same but for the card payment's own write. A refund that is [`CardRefundState::NotNeeded`] is settled with it.
pub(super) fn parts(
    card: &CardPayment,
    wallet: Option<&WalletRow>,
    back: Amount,
    now: Timestamp,
    payment_id: &str,
    state: CardRefundState,
) -> Result<Option<Parts>, Failure> {
    let Some((after, number)) = card.clone().with_refund(back.get()) else { return Ok(None) };
    let due_at = EpochSecond::begun(now).plus(LOOK_AGAIN_SECONDS);
    let refund = CardRefund::new(card.id, number, card.user, back.get(), due_at);
    let due_at = (state == CardRefundState::Due).then_some(due_at);
    let refund = CardRefund { state, due_at, ..refund };
    let entries = Entries::after(card.user, wallet, now, card.id)?.refund(back, payment_id.to_owned())?;
    let entries = entries.refund_to_card(back, refund.reference())?;
    let entries = entries.map_err(|_| unreadable("a refund that is not in the wallet"))?;
    let mut writes: Vec<(Guard, Write)> =
        entries.into_writes().into_iter().map(|write| (Guard::Entry, write)).collect();
    writes.push((Guard::CardRefund, card_refund_item::create(&refund)?));
    Ok(Some(Parts { writes, after }))
}
