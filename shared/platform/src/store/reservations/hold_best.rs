//! Holding the best available seats, for a buyer who names none.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;
use onsale_domain::concerts::schedule::{Schedule, Section};
use onsale_domain::id::{ReservationId, ScheduleId, UserId};
use onsale_domain::reservations::best::{self, BestError, BestRequest, Crowd, Draw, Row, SectionSeats};
use onsale_domain::reservations::hold::{HoldError, HoldRequest};
use onsale_domain::reservations::reservation::Reservation;
use onsale_domain::seats::{Label, SeatId, SeatState, SeatValue};
use onsale_domain::time::EpochSecond;

use crate::app::App;
use crate::auth::queue_token::QueueCredentials;
use crate::failure::Failure;
use crate::store::dynamodb::idempotency::Once;
use crate::store::reservations::hold::{self, Entrance, HoldFailure, no_schedule, take_seats};
use crate::store::seats;
use crate::store::views::{Block, Overview};
use crate::telemetry::logs;

/// Most tries to get seats that others get first.
const TRIES_MAX: usize = 3;
/// Most sections that one try reads, best first.
const SECTIONS_READ_MAX: usize = 16;
/// How old counts may be by which a section is passed over.
const HINT: SignedDuration = SignedDuration::from_secs(10);
/// How long after its opening a sale without a queue is taken for a rush.
const RUSH: SignedDuration = SignedDuration::from_mins(10);

/// Why the best seats were not held.
#[derive(Debug, thiserror::Error)]
pub enum HoldBestFailure {
    /// None are free that the request may have.
    #[error(transparent)]
    Refused(#[from] BestError),
    /// Others got them first, at every try.
    #[error("others got the seats first")]
    Contended,
    /// As any hold.
    #[error(transparent)]
    Hold(#[from] HoldFailure),
}

impl From<HoldError> for HoldBestFailure {
    fn from(refused: HoldError) -> Self {
        HoldFailure::from(refused).into()
    }
}

impl From<Failure> for HoldBestFailure {
    fn from(failure: Failure) -> Self {
        HoldFailure::from(failure).into()
    }
}

/// A request for a hold of the best seats, with the id of the reservation to make.
#[derive(Clone, Debug)]
pub struct BestHoldRequest {
    /// Id of the reservation to make.
    pub id: ReservationId,
    /// The buyer.
    pub user: UserId,
    /// The date.
    pub schedule: ScheduleId,
    /// How many seats, and where.
    pub best: BestRequest,
    /// Digest of the request.
    pub fingerprint: String,
}

/// Holds the best seats that are free, all or none; the reservation as it is then. Seats that somebody else gets first
/// are passed over at the next of three tries.
///
/// # Errors
/// See [`HoldBestFailure`].
pub async fn hold_best(
    app: &App,
    request: BestHoldRequest,
    credentials: &QueueCredentials,
) -> Result<Once<Reservation>, HoldBestFailure> {
    logs::record_id("reservation_id", request.id);
    let failure = match choose_and_take(app, &request, credentials).await {
        Ok(held) => return Ok(held),
        Err(HoldBestFailure::Hold(failure @ (HoldFailure::KeyReused(_) | HoldFailure::Failure(_)))) => {
            return Err(failure.into());
        }
        Err(refused) => refused,
    };
    // A repeat of what succeeded is a success, also when every seat is gone.
    match hold::find_replay(app, request.user, request.id, &request.fingerprint).await? {
        Some(held) => Ok(held),
        None => Err(failure),
    }
}

async fn choose_and_take(
    app: &App,
    request: &BestHoldRequest,
    credentials: &QueueCredentials,
) -> Result<Once<Reservation>, HoldBestFailure> {
    let wanted = request.best.section();
    let Some(entrance) = Entrance::find(app, (request.user, request.schedule), wanted, credentials).await? else {
        return Err(no_schedule(app, request.schedule, Vec::new()).await?.into());
    };
    let schedule = &entrance.schedule;
    schedule.on_sale(app.now()).map_err(HoldError::from)?;
    if wanted.is_some_and(|section| !schedule.sections.contains_key(section)) {
        return Err(HoldError::SeatNotFound(Vec::new()).into());
    }
    if request.best.count() > schedule.max_seats_per_user {
        return Err(HoldError::SeatLimit(schedule.max_seats_per_user).into());
    }
    let is_rush = schedule.queue.is_some() || app.now() < schedule.sale_opens_at + RUSH;
    let crowd = if is_rush { Crowd::Many } else { Crowd::Few };
    // Buyers whom a queue lets in one after the other begin side by side.
    let start = entrance.number().unwrap_or_else(|| best::start(request.user, schedule.id));
    let mut lost: BTreeSet<SeatId> = BTreeSet::new();
    for attempt in 0..TRIES_MAX {
        let draw = Draw { start, crowd, lost: &lost };
        let chosen = choose(app, schedule, &request.best, draw, attempt).await?;
        let new = entrance.reserve(app, request.with_seats(chosen.clone()))?;
        match take_seats(app, schedule, new).await {
            Err(HoldFailure::Refused(HoldError::SeatTaken(_) | HoldError::SeatYours { .. })) => lost.extend(chosen),
            answered => return Ok(answered?),
        }
    }
    Err(HoldBestFailure::Contended)
}

impl BestHoldRequest {
    fn with_seats(&self, seats: Vec<SeatId>) -> HoldRequest {
        let Self { id, user, schedule, fingerprint, .. } = self;
        HoldRequest { id: *id, user: *user, schedule: *schedule, seats, fingerprint: fingerprint.clone() }
    }
}

/// Chooses seats in the first section that has them together, dearest sections first; if they may be apart and none
/// has, of all sections that were read.
async fn choose(
    app: &App,
    schedule: &Schedule,
    request: &BestRequest,
    draw: Draw<'_>,
    attempt: usize,
) -> Result<Vec<SeatId>, HoldBestFailure> {
    let overview = seats::last_overview(app, schedule.id).await?;
    let overview = overview.filter(|overview| app.now() < overview.as_of + HINT);
    let together = request.together();
    let mut read: Vec<SectionSeats> = Vec::new();
    for (label, section) in preferred(schedule, request, overview.as_deref()) {
        let blocks = match attempt {
            0 => seats::get_cached_section(app, schedule.id, label).await?,
            // A look that was too old was the reason to lose: the last one sees every answered write.
            _ => Arc::new(seats::get_section(app, schedule.id, label, attempt + 1 == TRIES_MAX).await?),
        };
        read.push(section_seats(label, section, &blocks, EpochSecond::begun(app.now())));
        if let Some(chosen) =
            read.last().and_then(|last| best::choose(&together, std::slice::from_ref(last), draw).ok())
        {
            return Ok(chosen);
        }
    }
    Ok(best::choose(request, &read, draw)?)
}

/// The sections that a request allows and that have seats, dearest first.
fn preferred<'a>(
    schedule: &'a Schedule,
    request: &BestRequest,
    overview: Option<&Overview>,
) -> Vec<(&'a Label, &'a Section)> {
    let counts = |label: &Label| overview.and_then(|overview| overview.sections.get(label));
    let has_seats = |label: &Label| counts(label).is_none_or(|counts| counts.available > 0);
    let mut sections: Vec<(&Label, &Section)> = schedule
        .sections
        .iter()
        .filter(|(label, section)| request.allows(label, section.price) && has_seats(label))
        .collect();
    sections.sort_by_key(|(label, section)| (Reverse(section.price), *label));
    sections.truncate(SECTIONS_READ_MAX);
    sections
}

fn section_seats(label: &Label, section: &Section, blocks: &[Block], now: EpochSecond) -> SectionSeats {
    let row = |block: &Block| {
        let is_free = |(number, value): (&u16, &SeatValue)| (*number, value.state(now) == SeatState::Available);
        Row::new(block.id.row.clone(), block.seats.iter().map(is_free).collect())
    };
    SectionSeats::new(label.clone(), section.price, blocks.iter().map(row).collect())
}
