//! A new code for a ticket: the codes before it are dead from then on.

use onsale_domain::id::{ReservationId, UserId};
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::seats::SeatId;
use onsale_domain::tickets::generation::{CodeError, Generation};
use onsale_domain::time::EpochSecond;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::dynamodb::idempotency::{KeyReused, Once};
use crate::store::dynamodb::item::{from_item, to_item, unreadable};
use crate::store::dynamodb::keys;
use crate::store::dynamodb::query;
use crate::store::dynamodb::retry::Attempts;
use crate::store::dynamodb::transaction::{Rejected, Transaction, Write};
use crate::store::purchases::StoredPurchase;
use crate::store::purchases::guard::Guard;
use crate::store::tickets::door::{self, AfterScan};
use crate::telemetry::logs;

/// How long a receipt stays: 90 days, longer than any repeat of its request.
const RECEIPT_SECONDS: u32 = 90 * 86_400;

/// Why a ticket gets no new code.
#[derive(Debug, thiserror::Error)]
pub enum ReissueFailure {
    /// The user has no such reservation, or it has no such ticket.
    #[error("no such ticket")]
    NoTicket,
    /// By the rules.
    #[error(transparent)]
    Refused(#[from] CodeError),
    /// Somebody has come in with the ticket.
    #[error("the ticket was scanned")]
    Scanned,
    /// The key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The table failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// The receipt of a new code.
#[derive(Serialize, Deserialize)]
struct ReissueItem {
    fingerprint: String,
    generation: u16,
    at: i64,
    delete_at: i64,
}

/// Gives a ticket a new code, once however often it is asked for under `id`; gives the generation that it is of.
///
/// # Errors
/// See [`ReissueFailure`].
pub async fn reissue(
    app: &App,
    user: UserId,
    id: Uuid,
    reservation: ReservationId,
    seat: &SeatId,
) -> Result<Once<Generation>, ReissueFailure> {
    logs::record_id("reservation_id", reservation);
    let fingerprint = onsale_domain::id::fingerprint(&["reissue", &reservation.to_string(), &seat.to_string()]);
    let mut attempts = Attempts::new(app);
    loop {
        let read = Reservation::get(app, user, reservation).await?.ok_or(ReissueFailure::NoTicket)?;
        let (after, generation) = match read.clone().reissued(seat).ok_or(ReissueFailure::NoTicket)? {
            Ok(again) => again,
            // It may have got its new code by this very request, and been given back since: look before refusing.
            Err(refused) => {
                return find_replay(&attempts, user, id, &fingerprint).await?.ok_or(refused.into());
            }
        };
        let now = app.now();
        let receipt = ReissueItem {
            fingerprint: fingerprint.clone(),
            generation: generation.get(),
            at: now.as_millisecond(),
            delete_at: EpochSecond::begun(now).plus(RECEIPT_SECONDS).into(),
        };
        let mut transaction = Transaction::new();
        transaction.add(Guard::New, Write::create(to_item(&keys::reissue(user, id), &receipt)?));
        transaction.add(Guard::Version, read.update(&after, None)?);
        if let Some(write) = door::end_codes(&read, &after, now, AfterScan::Refused) {
            transaction.add(Guard::Unscanned, write);
        }
        let Err(rejected) = transaction.commit(app).await else { return Ok(Once::New(generation)) };
        if let Rejected::Guards(failed) = &rejected {
            let has = |guard| failed.iter().any(|failed| failed.guard == guard);
            if has(Guard::New) {
                return find_replay(&attempts, user, id, &fingerprint).await?.ok_or(Failure::Unknown.into());
            }
            // A reservation of another version is read again first: a try that was not heard of may have changed it.
            if has(Guard::Unscanned) && !has(Guard::Version) {
                return Err(ReissueFailure::Scanned);
            }
        }
        attempts.wait_after(&rejected).await?;
    }
}

/// The new code as it was given, if it was: by an earlier request, or by an earlier try of this one.
async fn find_replay(
    attempts: &Attempts<'_>,
    user: UserId,
    id: Uuid,
    fingerprint: &str,
) -> Result<Option<Once<Generation>>, ReissueFailure> {
    let Some(receipt) = query::get_isolated(attempts.app, &keys::reissue(user, id)).await? else { return Ok(None) };
    let receipt: ReissueItem = from_item(receipt)?;
    if receipt.fingerprint != fingerprint {
        return Err(KeyReused.into());
    }
    let generation = Generation::new(receipt.generation).ok_or_else(|| unreadable("a generation"))?;
    Ok(Some(Once::from_existing(generation, attempts.answer_lost)))
}
