//! Paying: what is bought, the wallet and its ledger change together or not at all. One loop pays reservations and
//! orders; what is different about them is in `pay_reservation.rs` and `pay_order.rs`.

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use onsale_domain::id::{OrderId, ReservationId, UserId};
use onsale_domain::orders::order::Order;
use onsale_domain::purchases::purchase::{PayError, Purchase};
use onsale_domain::queue::entry::QueueTokenError;
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::time::EpochSecond;
use onsale_domain::wallet::cards::card_payment::{CardPayment, CardPaymentState, LOOK_AGAIN_SECONDS};

use crate::app::App;
use crate::auth::queue_token::{QueueCredentials, QueueTokenFailure};
use crate::events::EventKind;
use crate::failure::Failure;
use crate::store::dynamodb::idempotency::{KeyReused, Once};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{FailedGuard, Rejected, Transaction, Write};
use crate::store::purchases::StoredPurchase;
use crate::store::purchases::guard::Guard;
use crate::store::wallet::cards::card_payment_item;
use crate::store::wallet::entries::Entries;
use crate::store::wallet::{self, DebitFailure, WalletRow, debit};
use crate::telemetry::logs;

/// A request to pay.
#[derive(Clone, Copy, Debug)]
pub struct PayRequest<'a> {
    /// The payer.
    pub user: UserId,
    /// The request's token for the concert's queue.
    pub queue_credentials: &'a QueueCredentials,
    /// Digest of its idempotency key, or of a new random id without one.
    pub key: &'a str,
    /// Whether it has an idempotency key.
    pub key_given: bool,
    /// The card payment that pays, and the state that it is in then; none, if the wallet pays.
    pub card: Option<(&'a CardPayment, CardPaymentState)>,
}

/// Why a reservation or order was not paid.
#[derive(Debug, thiserror::Error)]
pub enum PayFailure {
    /// The user has no such reservation or order.
    #[error("not found")]
    NotFound,
    /// By the rules.
    #[error(transparent)]
    Refused(#[from] PayError),
    /// By the guard of the queue that the reservation was admitted by.
    #[error(transparent)]
    QueueToken(#[from] QueueTokenError),
    /// The key was used to pay something else.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The user has no wallet.
    #[error("no wallet")]
    NoWallet,
    /// The balance is too small, and the decline is recorded. Until when it may still be paid, after a top-up; `None`
    /// if its event releases the hold.
    #[error("insufficient balance")]
    InsufficientBalance(Option<Timestamp>),
    /// It costs another amount than the card payment is of.
    #[error("another amount than the card payment is of")]
    OtherAmount,
    /// The card payment has moved on since it was read.
    #[error("the card payment has moved on")]
    CardPaymentMoved,
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl From<QueueTokenFailure> for PayFailure {
    fn from(failure: QueueTokenFailure) -> Self {
        match failure {
            QueueTokenFailure::Refused(refused) => refused.into(),
            QueueTokenFailure::Failure(failure) => failure.into(),
        }
    }
}

/// A purchase that can be paid from a wallet: a reservation or an order, and nothing else.
pub(crate) trait Payable: StoredPurchase {
    /// Inputs that are read together with it: the other unpaid orders of the payer, or nothing.
    type Companion;
    /// On which terms it is sold: an admission, or what leaves the unpaid orders.
    type Terms;

    /// It and its companion, each as of its last answered write.
    async fn load(app: &App, user: UserId, id: Self::Id) -> Result<Option<(Self, Self::Companion)>, Failure>;

    /// The amount to pay, in minor units.
    fn total(&self) -> i64;
    /// The id of its payment.
    fn payment_id(&self) -> String;

    /// Whether it may be paid at `now`, and on which terms.
    async fn may_be_paid(
        &self,
        app: &App,
        request: &PayRequest<'_>,
        companion: &Self::Companion,
        now: Timestamp,
    ) -> Result<Self::Terms, Refusal>;
    /// The writes that make it its owner's, as it is `after`; those of the money come on top.
    fn sale_writes(&self, after: &Self, terms: &Self::Terms, now: Timestamp) -> Result<Transaction<Guard>, Failure>;
    /// Whether guards that failed, of a payment decided at `now`, refuse it; else it is worth another try.
    async fn judge(&self, app: &App, failed: &[FailedGuard<Guard>], now: Timestamp) -> Result<(), Refusal>;
}

/// Why one try to pay ends all of them.
pub(crate) enum Refusal {
    /// Whatever else has happened.
    Final(PayFailure),
    /// Unless the same request, sent twice or not answered, has paid it since it was read: by a clock that was in time,
    /// and while the admission lasted.
    UnlessPaid(PayFailure),
}

impl Refusal {
    /// Refused, unless it is paid meanwhile.
    pub(super) fn unless_paid(refused: impl Into<PayFailure>) -> Self {
        Self::UnlessPaid(refused.into())
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Final(failure.into())
    }
}

/// The outcome of one try to pay, if it was neither refused nor failed.
enum TryOutcome<P> {
    /// It is paid.
    Paid(P),
    /// It was in somebody's way, or not heard of: all is read again.
    Again(Rejected<Guard>),
}

/// The items by which a payment is decided.
struct Inputs<P: Payable> {
    /// The reservation or order.
    bought: P,
    /// The wallet of its owner, if there is one, and the keys of its last payments.
    wallet: Option<(WalletRow, Vec<String>)>,
    companion: P::Companion,
}

/// Pays a reservation; the reservation with its payment.
///
/// # Errors
/// See [`PayFailure`].
pub async fn reservation(
    app: &App,
    id: ReservationId,
    request: &PayRequest<'_>,
) -> Result<Once<Reservation>, PayFailure> {
    logs::record_id("reservation_id", id);
    pay(app, id, request).await
}

/// Pays an order that was placed before; the order with its payment.
///
/// # Errors
/// See [`PayFailure`].
pub async fn order(app: &App, id: OrderId, request: &PayRequest<'_>) -> Result<Once<Order>, PayFailure> {
    logs::record_id("order_id", id);
    pay(app, id, request).await
}

/// Reads, answers what is paid already, else tries to pay; again, while others are in the way.
async fn pay<P: Payable>(app: &App, id: P::Id, request: &PayRequest<'_>) -> Result<Once<P>, PayFailure> {
    let mut attempts = Attempts::to_pay(app);
    let mut declines_read = None;
    loop {
        let inputs = load::<P>(app, request.user, id).await?.ok_or(PayFailure::NotFound)?;
        if let Some(paid) = already_paid(&inputs.bought, request, attempts.answer_lost) {
            return Ok(paid);
        }
        match try_once(app, request, &inputs, &mut declines_read).await {
            Ok(TryOutcome::Paid(bought)) => return Ok(Once::New(bought)),
            Ok(TryOutcome::Again(rejected)) => attempts.wait_after(&rejected).await?,
            Err(Refusal::Final(failure)) => return Err(failure),
            Err(Refusal::UnlessPaid(failure)) => {
                let settled = P::get_isolated(app, request.user, id).await?;
                return settled
                    .and_then(|settled| already_paid(&settled, request, attempts.answer_lost))
                    .ok_or(failure);
            }
        }
    }
}

/// Reads what a user has bought, its terms and the wallet, each as of its last answered write; `None` if the user has
/// bought no such thing.
async fn load<P: Payable>(app: &App, user: UserId, id: P::Id) -> Result<Option<Inputs<P>>, Failure> {
    let (loaded, wallet) = tokio::try_join!(P::load(app, user, id), wallet::get_with_keys(app, user))?;
    Ok(loaded.map(|(bought, companion)| Inputs { bought, wallet, companion }))
}

/// The success of a purchase that is paid: by the key of this request, now or before, or by another.
fn already_paid<P: Payable>(read: &P, request: &PayRequest<'_>, answer_lost: bool) -> Option<Once<P>> {
    let payment = read.purchase().payment.as_ref()?;
    if payment.key != request.key {
        return Some(Once::Existing(read.clone()));
    }
    // The payment may be by a try of ours that was not answered; one that was refused wrote nothing.
    Some(Once::from_existing(read.clone(), answer_lost))
}

/// One try to pay what is not paid: refuses, or decides and writes, and judges what was in the way of the write.
/// `declines_read` is how often it had been declined when a decline of ours was written.
async fn try_once<P: Payable>(
    app: &App,
    request: &PayRequest<'_>,
    inputs: &Inputs<P>,
    declines_read: &mut Option<u32>,
) -> Result<TryOutcome<P>, Refusal> {
    let bought = &inputs.bought;
    refuse_reused_key(inputs, request)?;
    if declines_read.is_some_and(|before| bought.purchase().declines > before) {
        // The answer to our own decline was lost.
        return Err(insufficient_balance(app, bought));
    }
    let now = app.now();
    let terms = bought.may_be_paid(app, request, &inputs.companion, now).await?;
    let rejected = match money_writes(request, inputs, now) {
        Ok(money) => {
            let card = request.card.map(|(card, _)| card.id);
            let paid = |purchase: Purchase| {
                let paid = purchase.paid(bought.total(), now, request.key);
                card.into_iter().fold(paid, Purchase::by_card)
            };
            let after = bought.clone().map_purchase(paid);
            let mut transaction = bought.sale_writes(&after, &terms, now)?;
            money.into_iter().for_each(|(guard, write)| transaction.add(guard, write));
            let Err(rejected) = transaction.commit(app).await else { return Ok(TryOutcome::Paid(after)) };
            rejected
        }
        Err(MoneyFailure::InsufficientBalance) => {
            *declines_read = Some(bought.purchase().declines);
            let Err(rejected) = decline(app, bought).await else { return Err(insufficient_balance(app, bought)) };
            rejected
        }
        Err(MoneyFailure::Refused(refusal)) => return Err(refusal),
    };
    if let Rejected::Guards(failed) = &rejected {
        if failed.iter().any(|failed| failed.guard == Guard::CardPayment) {
            return Err(Refusal::unless_paid(PayFailure::CardPaymentMoved));
        }
        bought.judge(app, failed, now).await?;
    }
    Ok(TryOutcome::Again(rejected))
}

/// Why money does not move for a purchase.
enum MoneyFailure {
    /// The balance is too small.
    InsufficientBalance,
    /// For another reason.
    Refused(Refusal),
}

/// The writes of the money: out of the wallet, or through it from a card, with the card payment's new state.
fn money_writes<P: Payable>(
    request: &PayRequest<'_>,
    inputs: &Inputs<P>,
    now: Timestamp,
) -> Result<Vec<(Guard, Write)>, MoneyFailure> {
    let refused = |failure: PayFailure| MoneyFailure::Refused(Refusal::Final(failure));
    let failed = |failure: Failure| MoneyFailure::Refused(failure.into());
    let bought = &inputs.bought;
    let wallet = inputs.wallet.as_ref().map(|(row, _)| row);
    let Some((card, to)) = request.card else {
        return match debit(wallet, bought.total(), now, bought.payment_id()) {
            Ok(None) => Ok(Vec::new()),
            Ok(Some(debit)) => {
                let key = request.key_given.then_some(request.key);
                Ok(vec![(Guard::Entry, debit.write(request.user, key).map_err(failed)?)])
            }
            Err(DebitFailure::InsufficientBalance) => Err(MoneyFailure::InsufficientBalance),
            Err(DebitFailure::NoWallet) => Err(refused(PayFailure::NoWallet)),
            Err(DebitFailure::Failure(failure)) => Err(failed(failure)),
        };
    };
    if bought.total() != card.amount.get() {
        return Err(refused(PayFailure::OtherAmount));
    }
    if let Some(wallet) = wallet {
        wallet.open().map_err(failed)?;
    }
    let entries = Entries::after(request.user, wallet, now, card.id).map_err(failed)?;
    let entries = entries.charge(card.amount, card.id).map_err(failed)?;
    let entries = entries.pay(card.amount, bought.payment_id()).map_err(failed)?;
    let mut writes: Vec<(Guard, Write)> =
        entries.into_writes().into_iter().map(|write| (Guard::Entry, write)).collect();
    let due_at = EpochSecond::begun(now).plus(LOOK_AGAIN_SECONDS);
    let after = card.clone().moved_to(to, due_at);
    let change = (to == CardPaymentState::Committed).then_some(EventKind::CardPaymentCommitted);
    writes.push((Guard::CardPayment, card_payment_item::update(card, &after, change)));
    Ok(writes)
}

/// Refuses a key with which the wallet has paid something else. What was bought and the wallet were not read at one
/// instant: what the key has paid may be this.
fn refuse_reused_key<P: Payable>(inputs: &Inputs<P>, request: &PayRequest<'_>) -> Result<(), Refusal> {
    let used = inputs.wallet.as_ref().is_some_and(|(_, keys)| keys.iter().any(|known| known == request.key));
    if used { Err(Refusal::unless_paid(KeyReused)) } else { Ok(()) }
}

/// Records that the balance was too small. What was to be bought stays on the expiry index: the event of the decline
/// releases it, and the sweep does if the event is lost.
async fn decline<P: Payable>(app: &App, read: &P) -> Result<(), Rejected<Guard>> {
    let after = read.clone().map_purchase(|purchase| purchase.declined(app.config().release_on_decline));
    let write = read.update(&after, Some(EventKind::PaymentDeclined))?;
    write.run(app, ReturnValue::None).await.map(drop).map_err(|rejected| rejected.map(|()| Guard::Version))
}

/// The refusal of what was declined: it may be paid until its end, unless a decline releases it.
fn insufficient_balance<P: Payable>(app: &App, declined: &P) -> Refusal {
    let end = (!app.config().release_on_decline).then(|| declined.purchase().expires_at());
    Refusal::Final(PayFailure::InsufficientBalance(end))
}
