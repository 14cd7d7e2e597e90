//! Undoing the sale of a card payment whose charge will never come.

use onsale_domain::money::Amount;
use onsale_domain::orders::order::Order;
use onsale_domain::purchases::purchase::Purchase;
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::seats::SeatId;
use onsale_domain::time::EpochSecond;
use onsale_domain::wallet::cards::card_payment::{CardPayment, CardPaymentState, Purpose};
use onsale_domain::wallet::cards::card_refund::CardRefundState;

use crate::app::App;
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::item::unreadable;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Transaction};
use crate::store::orders::give_back_transaction;
use crate::store::payments::pay::Payable;
use crate::store::purchases::guard::Guard;
use crate::store::reservations::cancel::unsell_transaction;
use crate::store::tickets::door::AfterScan;
use crate::store::wallet;
use crate::store::wallet::cards::{card_payment_item, refund_writes};

/// Takes back what a committed payment has sold, and the money out of the ledger, once.
pub(super) async fn reverse(app: &App, read: &CardPayment) -> Result<(), Failure> {
    tracing::error!(card_payment = %read.id, "a charge cannot be captured: its sale is undone");
    match read.purpose {
        Purpose::Reservation(id) => {
            undo(app, read, id, |read: &Reservation, after: &Reservation| take_seats(app, read, after)).await
        }
        Purpose::Order(id) => {
            undo::<Order>(app, read, id, |read: &Order, after: &Order| {
                give_back_transaction(read, after, Some(EventKind::PaymentCancelled))
            })
            .await
        }
        // The money of a top-up is never counted before it is captured.
        Purpose::TopUp => Err(Failure::Internal("a top-up that was committed".to_owned())),
    }
}

/// The seats go back whoever has come in with them: their money never came.
fn take_seats(app: &App, read: &Reservation, after: &Reservation) -> Result<Transaction<Guard>, Failure> {
    let seats: Vec<SeatId> = read.live_seats().cloned().collect();
    let after = after.clone().without_codes();
    unsell_transaction(read, &after, &seats, EventKind::PaymentCancelled, (app.now(), AfterScan::Allowed))
}

async fn undo<P: Payable>(
    app: &App,
    card: &CardPayment,
    id: P::Id,
    free: impl Fn(&P, &P) -> Result<Transaction<Guard>, Failure>,
) -> Result<(), Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let (read, wallet) = tokio::try_join!(P::get(app, card.user, id), wallet::get_row(app, card.user))?;
        let read = read.ok_or_else(|| Failure::Internal("a charge for nothing that is there".to_owned()))?;
        let now = app.now();
        let rest = Amount::unless_zero(card.rest()).map_err(unreadable)?;
        // Without a rest all of it was given back before, and what was bought with it.
        let mut transaction = match (rest, read.purchase().clone().refunded()) {
            (Some(_), Some((purchase, _))) => {
                let after = read.clone().map_purchase(|_: Purchase| purchase);
                free(&read, &after)?
            }
            (Some(_), None) => return Err(Failure::Internal("a charge of a purchase that is not paid".to_owned())),
            (None, _) => Transaction::new(),
        };
        let mut after = card.clone();
        if let Some(rest) = rest {
            let parts =
                refund_writes::parts(card, wallet.as_ref(), rest, now, &read.payment_id(), CardRefundState::NotNeeded)?;
            let parts = parts.ok_or_else(|| unreadable("a rest that is more than was charged"))?;
            parts.writes.into_iter().for_each(|(guard, write)| transaction.add(guard, write));
            after = parts.after;
        }
        let after = CardPayment { version: card.version, ..after };
        let after = after.moved_to(CardPaymentState::Reversed, EpochSecond::begun(now));
        let change = Some(EventKind::CardPaymentReversed);
        transaction.add(Guard::CardPayment, card_payment_item::update(card, &after, change));
        let Err(rejected) = transaction.commit(app).await else { return Ok(()) };
        if let Rejected::Guards(failed) = &rejected
            && failed.iter().any(|failed| failed.guard == Guard::CardPayment)
        {
            return Ok(());
        }
        attempts.wait_after(&rejected).await?;
    }
}
