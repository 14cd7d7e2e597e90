//! Paying a reservation: seats, reservation, wallet and ledger change together or not at all.

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use onsale_domain::payments::purchase::{PayError, Payment, State};
use onsale_domain::queue::entry::{Admission, PassError};
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::seats::{SeatValue, by_block};
use onsale_domain::time::{as_bound, second};
use uuid::Uuid;

use crate::app::App;
use crate::auth::queue_token::{PassFailure, QueuePass};
use crate::events::Kind;
use crate::failure::Failure;
use crate::store::dynamodb::item::{Item, key_of, text, value};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query::{self, Consistency};
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{FailedGuard, Rejected, Transaction};
use crate::store::payments::guard::Guard;
use crate::store::queue::admissions;
use crate::store::reservations::reservation_item;
use crate::store::reservations::{self, OPEN, all_mine, set_seats};
use crate::store::wallet::{Beside, Debit, DebitError, KeptWallet, RECENT_KEYS_MAX, debit, kept};
use crate::telemetry::logs;

/// What paying came to.
#[derive(Clone, Debug)]
pub struct Paid {
    /// What was paid.
    pub reservation: Reservation,
    /// Which success it is.
    pub how: How,
}

/// Which success a payment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Made by this request.
    Now,
    /// Made before, under the same key.
    Replayed,
    /// Made before, by another request.
    Before,
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
    Pass(#[from] PassError),
    /// The key was used to pay something else.
    #[error("key reused")]
    KeyReused,
    /// The user has no wallet.
    #[error("no wallet")]
    NoWallet,
    /// The balance is too small, and the decline is recorded. Until when it may still be paid, after a top-up; `None` if
    /// its event releases the hold.
    #[error("insufficient balance")]
    InsufficientBalance(Option<Timestamp>),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl From<PassFailure> for PayFailure {
    fn from(failure: PassFailure) -> Self {
        match failure {
            PassFailure::Refused(refused) => refused.into(),
            PassFailure::Failure(failure) => failure.into(),
        }
    }
}

/// Pays the reservation `id` of `user`. `key` is a digest of the request's idempotency key, or of a new random
/// id without one; `given` says which.
///
/// # Errors
/// See [`PayFailure`].
pub async fn pay(
    app: &App,
    user: Uuid,
    id: Uuid,
    pass: &QueuePass,
    (key, given): (&str, bool),
) -> Result<Paid, PayFailure> {
    logs::about("reservation_id", id);
    let mut attempts = Attempts::to_pay(app);
    let mut declined: Option<u32> = None;
    loop {
        let (read, wallet) = inputs(app, user, id).await?;
        let read = read.ok_or(PayFailure::NotFound)?;
        if let Some(paid) = already_paid(&read, key, attempts.unheard) {
            return Ok(paid);
        }
        if wallet.as_ref().is_some_and(|wallet| wallet.recent_keys.iter().any(|known| known == key)) {
            // The two were not read at one instant: what the key has paid may be this.
            return paid_or(app, (user, id), key, attempts.unheard, PayFailure::KeyReused).await;
        }
        if declined.is_some_and(|before| read.purchase.declines > before) {
            // The answer to our own decline was lost.
            return Err(declined_until(app, read.purchase.expires_at()));
        }
        let now = app.now();
        if let Err(refused) = read.purchase.may_be_paid(now) {
            return paid_or(app, (user, id), key, attempts.unheard, refused.into()).await;
        }
        let admission = match admission(app, &read, pass).await {
            Ok(admission) => admission,
            Err(refused) => return paid_or(app, (user, id), key, attempts.unheard, refused.into()).await,
        };
        let kept = wallet.as_ref();
        let rejected = match debit(kept.map(|kept| kept.wallet), read.total(), now, read.payment_id()) {
            Ok(debit) => {
                let after = read.clone().paid(now, key);
                let keys = remembered(kept, given.then_some(key));
                let transaction = sale(&read, &after, now, admission.as_ref(), debit, &keys)?;
                match transaction.commit(app).await {
                    Ok(()) => return Ok(Paid { reservation: after, how: How::Now }),
                    Err(rejected) => rejected,
                }
            }
            Err(DebitError::NoWallet) => return Err(PayFailure::NoWallet),
            Err(DebitError::Failure(failure)) => return Err(failure.into()),
            Err(DebitError::InsufficientBalance) => {
                declined = Some(read.purchase.declines);
                match decline(app, &read).await {
                    Ok(()) => return Err(declined_until(app, read.purchase.expires_at())),
                    Err(rejected) => rejected,
                }
            }
        };
        match &rejected {
            Rejected::Guards(failed) if admission_lost(failed) => {
                return paid_or(app, (user, id), key, attempts.unheard, PassError::Ended.into()).await;
            }
            Rejected::Guards(failed) if is_shut(failed, now) => return Err(Failure::Busy.into()),
            Rejected::Guards(failed) if seats_lost(app, &read, failed).await? => {
                return Err(PayError::HoldExpired.into());
            }
            rejected => attempts.again_after(rejected).await?,
        }
    }
}

/// The admission with which a reservation behind a queue may be paid; none, if no queue is before it, as for what an
/// administrator holds. One who held as a user pays by the very admission of the hold, without showing it.
async fn admission(app: &App, read: &Reservation, pass: &QueuePass) -> Result<Option<Admission>, PassFailure> {
    match &read.admitted_by {
        Some((queue, number)) if pass.by_administrator => {
            Ok(Some(Admission { queue: queue.clone(), number: *number, expires_at: read.purchase.held_until }))
        }
        Some((queue, _)) => pass.admission(app, read.user, queue).await.map(Some),
        None => Ok(None),
    }
}

/// A reservation that is paid, as the success it is: by `key`, now or before, or by another.
fn already_paid(read: &Reservation, key: &str, unheard: bool) -> Option<Paid> {
    let payment: &Payment = read.purchase.payment.as_ref()?;
    let how = match payment.key == key {
        // What was found may have been written by a try of ours that was not answered; one that was refused wrote nothing.
        true if unheard => How::Now,
        true => How::Replayed,
        false => How::Before,
    };
    Some(Paid { reservation: read.clone(), how })
}

/// The payment of a reservation, if the same request, sent twice or not answered, has paid it since it was read, by a
/// clock that was in time and while the admission lasted; a payment that is just being made is waited for. Else the
/// refusal.
async fn paid_or(
    app: &App,
    (user, id): (Uuid, Uuid),
    key: &str,
    unheard: bool,
    refused: PayFailure,
) -> Result<Paid, PayFailure> {
    let seen = reservations::settled(app, user, id).await?;
    seen.and_then(|seen| already_paid(&seen, key, unheard)).ok_or(refused)
}

/// Reservation and wallet in one consistent read.
pub(crate) async fn inputs(
    app: &App,
    user: Uuid,
    id: Uuid,
) -> Result<(Option<Reservation>, Option<KeptWallet>), Failure> {
    let (reservation_key, wallet_key) = (keys::reservation(user, id), keys::wallet(user));
    let (mut reservation, mut wallet) = (None, None);
    for item in query::get_all(app, &[reservation_key.clone(), wallet_key], Consistency::Strong).await? {
        if key_of(&item).as_ref() == Some(&reservation_key) {
            reservation = Some(reservation_item::read(user, id, item)?);
        } else {
            wallet = Some(kept(item)?);
        }
    }
    Ok((reservation, wallet))
}

/// Seats, reservation, queue token, and wallet and entry if it costs something.
fn sale(
    read: &Reservation,
    after: &Reservation,
    now: Timestamp,
    admission: Option<&Admission>,
    debit: Option<Debit>,
    keys: &[String],
) -> Result<Transaction<Guard>, Failure> {
    let mut transaction = seats_sold(read, after, now)?;
    if let Some(admission) = admission {
        let again = read.admitted_by.as_ref().is_some_and(|(_, number)| *number == admission.number);
        transaction.add(Guard::Admission, admissions::use_up(read.user, admission, again, now));
    }
    if let Some(debit) = debit {
        let (wallet, entry) = debit.writes(read.user, Beside::Keys(value(&keys)?))?;
        transaction.add(Guard::Wallet, wallet);
        transaction.add(Guard::Entry, entry);
    }
    Ok(transaction)
}

fn seats_sold(read: &Reservation, after: &Reservation, now: Timestamp) -> Result<Transaction<Guard>, Failure> {
    let mut transaction = Transaction::new();
    for (place, (block, numbers)) in by_block(read.live_seats()).iter().enumerate() {
        transaction.add(
            Guard::Seats(place),
            set_seats(read.schedule_id, block, numbers, SeatValue::Sold { reservation: read.id })
                .when(format!("{OPEN} AND {}", all_mine(numbers)))
                .value(":now", text(as_bound(second(now))))
                .value(":mine", text(read.held_value().to_string())),
        );
    }
    transaction.add(Guard::Version, reservation_item::update(read, after, Some(Kind::PaymentCompleted))?);
    Ok(transaction)
}

/// The admission is over, and nothing else has changed that would be told first.
fn admission_lost(failed: &[FailedGuard<Guard>]) -> bool {
    let has = |guard| failed.iter().any(|failed| failed.guard == guard);
    has(Guard::Admission) && !has(Guard::Version)
}

/// A deletion has shut a block, by a clock for which the hold is over; for the payer's it soon is, unless the deletion
/// comes to nothing before that.
fn is_shut(failed: &[FailedGuard<Guard>], now: Timestamp) -> bool {
    let bound = as_bound(second(now));
    let shut =
        |old: &Item| old.get("closed").and_then(|closed| closed.as_s().ok()).is_some_and(|until| *until >= bound);
    let is_seats = |failed: &&FailedGuard<Guard>| matches!(failed.guard, Guard::Seats(_));
    let version = failed.iter().any(|failed| failed.guard == Guard::Version);
    !version && failed.iter().filter(is_seats).any(|failed| failed.old.as_ref().is_some_and(shut))
}

/// A seat guard failed although the reservation was not paid meanwhile: a faster clock took the seat over. A seat that is
/// sold to this very reservation says that it is just being paid.
async fn seats_lost(app: &App, read: &Reservation, failed: &[FailedGuard<Guard>]) -> Result<bool, Failure> {
    let seats = failed.iter().filter(|failed| matches!(failed.guard, Guard::Seats(_)));
    let sold_to_it = text(SeatValue::Sold { reservation: read.id }.to_string());
    let is_being_paid = |old: &Item| old.values().any(|value| *value == sold_to_it);
    let (mut lost, mut being_paid) = (false, false);
    for old in seats.map(|failed| failed.old.as_ref()) {
        lost = true;
        being_paid |= old.is_some_and(is_being_paid);
    }
    if !lost || being_paid || failed.iter().any(|failed| failed.guard == Guard::Version) {
        return Ok(false);
    }
    let now = reservations::settled(app, read.user, read.id).await?;
    Ok(now.is_some_and(|now| now.purchase.payment.is_none() && now.purchase.state == State::Open))
}

/// Records that the balance was too small. The reservation stays on the expiry index: its event releases the
/// seats, and the sweep does if the event is lost.
async fn decline(app: &App, read: &Reservation) -> Result<(), Rejected<Guard>> {
    let after = read.clone().with(|purchase| purchase.declined(app.config().release_on_decline));
    let write = reservation_item::update(read, &after, Some(Kind::PaymentDeclined))?;
    write.run(app, ReturnValue::None).await.map(drop).map_err(|rejected| rejected.map(|()| Guard::Version))
}

/// The decline of what may be paid until `end`, unless a decline releases it.
pub(crate) fn declined_until(app: &App, end: Timestamp) -> PayFailure {
    PayFailure::InsufficientBalance((!app.config().release_on_decline).then_some(end))
}

/// The keys of the wallet's last payments, with this one's if the client gave one.
pub(crate) fn remembered(wallet: Option<&KeptWallet>, key: Option<&str>) -> Vec<String> {
    let known = wallet.iter().flat_map(|wallet| wallet.recent_keys.iter().cloned());
    let mut keys: Vec<String> = known.chain(key.map(str::to_owned)).collect();
    let old = keys.len().saturating_sub(RECENT_KEYS_MAX);
    keys.drain(..old);
    keys
}
