//! Carries a card payment on, step by step, until it is at rest or somebody else's turn.

use jiff::Timestamp;
use onsale_domain::id::{self, CardPaymentId, UserId};
use onsale_domain::time::EpochSecond;
use onsale_domain::wallet::cards::card_payment::{
    CardPayment, CardPaymentState, LOOK_AGAIN_SECONDS, ProviderState, Purpose, Step,
};

use crate::app::App;
use crate::auth::queue_token::QueueCredentials;
use crate::card_provider::{self, ProviderFailure};
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::idempotency::Once;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Transaction};
use crate::store::payments::pay::{self, PayFailure, PayRequest};
use crate::store::wallet::cards::{Guard, card_payment_item, get, get_isolated, reverse};
use crate::store::wallet::entries::Entries;
use crate::store::wallet::{self, closing};
use crate::telemetry::logs;

/// Most steps of one call. A payment has four at most; more are others' steps in between.
const STEPS_MAX: usize = 12;

/// How far a card payment is carried on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until its purchase is paid, or will not be: the buyer waits for that, and not for the capture.
    Decided,
    /// Until nothing is left to be done.
    AtRest,
}

impl Until {
    fn is_reached(self, state: CardPaymentState) -> bool {
        match self {
            Self::Decided => state != CardPaymentState::Open,
            Self::AtRest => state.is_at_rest(),
        }
    }
}

/// Carries a user's card payment on; gives it as it stands then, and `None` if there is none. It is not at rest if it
/// is the buyer's turn, or the provider's.
///
/// # Errors
/// When the table or the provider fails, or refuses for good what it must not refuse.
pub async fn carry_on(
    app: &App,
    user: UserId,
    id: CardPaymentId,
    until: Until,
) -> Result<Option<CardPayment>, Failure> {
    logs::record_id("card_payment_id", id);
    let mut sold_at = None;
    for _ in 0..STEPS_MAX {
        let Some(mut read) = get(app, user, id).await? else { return Ok(None) };
        if sold_at == Some(read.version) {
            // What it pays for is written, and this item not yet: whoever is writing it is waited for.
            let Some(settled) = get_isolated(app, user, id).await? else { return Ok(None) };
            read = settled;
        }
        if until.is_reached(read.state) {
            return Ok(Some(read));
        }
        let provider = look(app, &read).await?;
        let now = app.now();
        sold_at = None;
        match read.next_step(provider, EpochSecond::begun(now)) {
            Step::Rest => return Ok(Some(read)),
            Step::Sell => {
                sold_at = Some(read.version);
                sell(app, &read, now).await?;
            }
            Step::Receive => {
                sold_at = Some(read.version);
                receive(app, &read, now).await?;
            }
            Step::Capture => tell(app, &read, Order::Capture).await?,
            Step::GiveUp => tell(app, &read, Order::GiveUp).await?,
            Step::Abandon => move_to(app, &read, CardPaymentState::Abandoned, now).await?,
            Step::NoteCaptured => move_to(app, &read, CardPaymentState::Captured, now).await?,
            Step::NoteVoid => move_to(app, &read, CardPaymentState::Void, now).await?,
            Step::Reverse => reverse::reverse(app, &read).await?,
        }
    }
    // Others were faster each time, or the provider accepts and does not act: the next look decides.
    Err(Failure::Busy)
}

/// Where a payment stands at the provider. Without an intent that was told to anybody nobody can have paid.
async fn look(app: &App, payment: &CardPayment) -> Result<ProviderState, Failure> {
    let Some(intent) = &payment.intent else {
        let given_up = payment.state == CardPaymentState::Abandoned;
        return Ok(if given_up { ProviderState::Cancelled } else { ProviderState::Unpaid });
    };
    match card_provider::get_intent(app, intent).await {
        Ok(seen) if seen.currency == payment.currency => Ok(seen.state),
        Ok(_) => Err(Failure::Internal("a payment intent in another currency".to_owned())),
        Err(ProviderFailure::Refused { code }) => {
            Err(Failure::Internal(format!("the payment provider does not know a payment: {code}")))
        }
        Err(ProviderFailure::Failure(failure)) => Err(failure),
    }
}

/// An order to the provider.
#[derive(Clone, Copy, Debug)]
enum Order {
    Capture,
    GiveUp,
}

/// Tells the provider to act. A refusal says that the state is another than was seen: the next look finds which.
async fn tell(app: &App, payment: &CardPayment, order: Order) -> Result<(), Failure> {
    let Some(intent) = &payment.intent else { return Ok(()) };
    let done = match order {
        Order::Capture => card_provider::capture(app, payment, intent).await,
        Order::GiveUp => card_provider::cancel(app, payment, intent).await,
    };
    match done {
        Ok(_) => Ok(()),
        Err(ProviderFailure::Refused { code }) => {
            tracing::warn!(?order, code, "the payment provider refused");
            Ok(())
        }
        Err(ProviderFailure::Failure(failure)) => Err(failure),
    }
}

/// Moves a payment to another state; whoever was faster is found by the next look.
async fn move_to(app: &App, read: &CardPayment, to: CardPaymentState, now: Timestamp) -> Result<(), Failure> {
    let after = read.clone().moved_to(to, EpochSecond::begun(now).plus(LOOK_AGAIN_SECONDS));
    let change = (to == CardPaymentState::Abandoned).then_some(EventKind::CardPaymentAbandoned);
    card_payment_item::update(read, &after, change).apply(app).await.map(drop)
}

/// Sells what an authorised payment pays for; what cannot be sold for it abandons it.
async fn sell(app: &App, read: &CardPayment, now: Timestamp) -> Result<(), Failure> {
    match pay(app, read, CardPaymentState::Committed).await? {
        Sold::Yes | Sold::Unclear => Ok(()),
        Sold::No => move_to(app, read, CardPaymentState::Abandoned, now).await,
    }
}

/// Sells what a charge pays for; the money of one that came too late, or for a top-up, goes into the wallet.
async fn receive(app: &App, read: &CardPayment, now: Timestamp) -> Result<(), Failure> {
    let sold = match read.purpose {
        Purpose::TopUp => Sold::No,
        // Once it was abandoned nothing is sold for it any more, as its buyer was told.
        Purpose::Reservation(_) | Purpose::Order(_) if read.state == CardPaymentState::Abandoned => Sold::No,
        Purpose::Reservation(_) | Purpose::Order(_) => pay(app, read, CardPaymentState::Captured).await?,
    };
    match sold {
        Sold::Yes | Sold::Unclear => Ok(()),
        Sold::No => credit(app, read, now).await,
    }
}

/// Whether something was sold for a card payment.
enum Sold {
    /// It was, by this very payment.
    Yes,
    /// It was not, and will not be.
    No,
    /// The payment has moved on meanwhile: the next look tells.
    Unclear,
}

/// Pays what a card payment is for, in one transaction that moves it on to `to`.
async fn pay(app: &App, read: &CardPayment, to: CardPaymentState) -> Result<Sold, Failure> {
    let key = id::fingerprint(&["card", &read.id.to_string()]);
    // The buyer is not here. Who held behind a queue pays by the very admission of the hold, which the transaction
    // demands; the buyer's token was looked at when the payment began.
    let queue_credentials = QueueCredentials { by_the_hold: true, ..QueueCredentials::default() };
    let request = PayRequest {
        user: read.user,
        queue_credentials: &queue_credentials,
        key: &key,
        key_given: false,
        card: Some((read, to)),
    };
    let paid = match read.purpose {
        Purpose::Reservation(id) => pay::reservation(app, id, &request).await.map(is_ours),
        Purpose::Order(id) => pay::order(app, id, &request).await.map(is_ours),
        Purpose::TopUp => return Ok(Sold::No),
    };
    match paid {
        Ok(true) => Ok(Sold::Yes),
        // It was paid in another way.
        Ok(false) => Ok(Sold::No),
        Err(PayFailure::CardPaymentMoved) => Ok(Sold::Unclear),
        Err(PayFailure::Failure(Failure::Erased)) => Ok(Sold::No),
        Err(PayFailure::Failure(failure)) => Err(failure),
        Err(
            refused @ (PayFailure::NotFound
            | PayFailure::Refused(_)
            | PayFailure::QueueToken(_)
            | PayFailure::OtherAmount
            | PayFailure::KeyReused(_)
            | PayFailure::NoWallet
            | PayFailure::InsufficientBalance(_)),
        ) => {
            tracing::info!(%refused, "nothing is sold for a card payment");
            Ok(Sold::No)
        }
    }
}

/// Whether a purchase was paid by this request, now or before.
fn is_ours<T>(paid: Once<T>) -> bool {
    matches!(paid, Once::New(_) | Once::Replayed(_))
}

/// Puts the money of a charge into the wallet, which is opened for it if there is none.
async fn credit(app: &App, read: &CardPayment, now: Timestamp) -> Result<(), Failure> {
    let mut attempts = Attempts::new(app);
    loop {
        let row = wallet::get_row(app, read.user).await?;
        let entries = Entries::after(read.user, row.as_ref(), now, read.id)?.charge(read.amount, read.id)?;
        let after = read.clone().moved_to(CardPaymentState::Captured, EpochSecond::begun(now));
        let after = CardPayment { in_wallet: true, ..after };
        let mut transaction = Transaction::new();
        entries.into_writes().into_iter().for_each(|write| transaction.add(Guard::Entry, write));
        let received = Some(EventKind::CardPaymentReceived);
        transaction.add(Guard::CardPayment, card_payment_item::update(read, &after, received));
        let Err(rejected) = transaction.commit(app).await else {
            closing::note_money(read.user, row.as_ref(), read.id);
            return Ok(());
        };
        if let Rejected::Guards(failed) = &rejected
            && failed.iter().any(|failed| failed.guard == Guard::CardPayment)
        {
            // Somebody was faster, or our own answer was lost: the next look tells.
            return Ok(());
        }
        attempts.wait_after(&rejected).await?;
    }
}
