//! Maps each refusal of the store to a problem: one exhaustive match for each operation.

mod accounts;
mod queues;
mod tickets;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use onsale_domain::concerts::concert::DATES_MAX;
use onsale_domain::concerts::schedule::SaleError;
use onsale_domain::money::{AMOUNT_MAX, TOP_UPS_OF_A_DAY_MAX};
use onsale_domain::orders::coupon::{ClaimError, CouponError};
use onsale_domain::orders::place::OrderError;
use onsale_domain::orders::unpaid::ORDERS_MAX;
use onsale_domain::purchases::lapses::Paused;
use onsale_domain::purchases::purchase::{AlreadyPaid, PayError};
use onsale_domain::queue::CONCERTS_MAX;
use onsale_domain::reservations::best::BestError;
use onsale_domain::reservations::hold::HoldError;
use onsale_domain::reservations::log::RESERVATIONS_MAX;
use onsale_domain::reservations::reservation::ConcertStarted;
use onsale_domain::seats::{SEATS_PER_SECTION_MAX, SECTIONS_MAX};
use onsale_domain::wallet::MovementError;
use onsale_domain::wallet::cards::payout::TooLittleByCard;
use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};

use crate::failure::Failure;
use crate::http::code::Code;
use crate::http::messages::{Detail, Expected, MinorUnits};
use crate::http::openapi::refusals;
use crate::http::problem::{Problem, invalid};
use crate::store::ListFailure;
use crate::store::concerts::CreateConcertFailure;
use crate::store::concerts::schedules::CreateScheduleFailure;
use crate::store::dynamodb::idempotency::{CreateFailure, KeyReused};
use crate::store::orders::coupons::ClaimFailure;
use crate::store::orders::place::PlaceFailure;
use crate::store::payments::pay::PayFailure;
use crate::store::payments::refund::RefundFailure;
use crate::store::products::stock_adjustments::AdjustFailure;
use crate::store::purchases::cancel_failure::CancelFailure;
use crate::store::reservations::hold::HoldFailure;
use crate::store::reservations::hold_best::HoldBestFailure;
use crate::store::seats::CreateSeatsFailure;
use crate::store::wallet::cards::pay_out::PayOutFailure;
use crate::store::wallet::cards::start::StartFailure;
use crate::store::wallet::{CreditFailure, MovementFailure};

/// When a caller of a busy table should try again, in seconds.
const BUSY_RETRY_SECONDS: i64 = 1;

/// Describes a failure to the OpenAPI document by the codes that its `From` above gives it, but for those that follow
/// from what a handler takes ([`super::openapi`] adds them: `invalid-request`, the key's, the queue's, `busy`).
macro_rules! document {
    ($failure:ty: $($code:ident),+ $(,)?) => {
        impl IntoResponses for $failure {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                refusals([$(Code::$code),+])
            }
        }
    };
}
pub(super) use document;

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Busy => {
                tracing::warn!("the table is busy");
                Self::new(Detail::TableBusy).retry_after(BUSY_RETRY_SECONDS)
            }
            Failure::Unknown => {
                tracing::error!("the table did not answer");
                Self::new(Detail::OutcomeUnknown).retry_after(BUSY_RETRY_SECONDS)
            }
            Failure::Internal(cause) => {
                tracing::error!(cause, "internal failure");
                Self::new(Detail::Internal)
            }
            Failure::Erased => Self::new(Detail::NoAccount),
        }
    }
}

impl From<KeyReused> for Problem {
    fn from(_: KeyReused) -> Self {
        Self::new(Detail::KeyReused)
    }
}

impl From<CreateFailure> for Problem {
    fn from(error: CreateFailure) -> Self {
        match error {
            CreateFailure::KeyReused(reused) => reused.into(),
            CreateFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<CreateConcertFailure> for Problem {
    fn from(error: CreateConcertFailure) -> Self {
        match error {
            CreateConcertFailure::NoQueue => Self::new(Detail::NoQueue),
            CreateConcertFailure::QueueFull => Self::new(Detail::ConcertLimit { limit: CONCERTS_MAX }),
            CreateConcertFailure::KeyReused(reused) => reused.into(),
            CreateConcertFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<CreateScheduleFailure> for Problem {
    fn from(error: CreateScheduleFailure) -> Self {
        match error {
            CreateScheduleFailure::NoConcert => Self::new(Detail::NoConcert),
            CreateScheduleFailure::Full => Self::new(Detail::DateLimit { limit: DATES_MAX }),
            CreateScheduleFailure::KeyReused(reused) => reused.into(),
            CreateScheduleFailure::Failure(failure) => failure.into(),
        }
    }
}

/// A pause in whole seconds, rounded up, as `Retry-After` has it.
pub(super) fn whole_seconds(pause: SignedDuration) -> i64 {
    pause.as_secs() + i64::from(pause.subsec_nanos() > 0)
}

fn no_wallet() -> Problem {
    Problem::new(Detail::NoWallet)
}

fn insufficient_balance() -> Problem {
    Problem::new(Detail::InsufficientBalance)
}

/// A decline: of what stays held until `end`, or of what it has released.
fn payment_declined(end: Option<Timestamp>) -> Problem {
    Problem::new(match end {
        Some(expires_at) => Detail::DeclinedHeld { expires_at },
        None => Detail::DeclinedReleased,
    })
}

impl From<ListFailure> for Problem {
    fn from(error: ListFailure) -> Self {
        match error {
            ListFailure::Cursor => invalid("cursor")(Expected::Cursor),
            ListFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<SaleError> for Problem {
    fn from(error: SaleError) -> Self {
        match error {
            SaleError::NotOpen => Self::new(Detail::SaleNotOpen),
            SaleError::Closed => Self::new(Detail::SaleClosed),
        }
    }
}

impl From<HoldError> for Problem {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::Sale(sale) => sale.into(),
            HoldError::SeatNotFound(seats) => Self::new(Detail::NoSeat).with_seats(seats),
            HoldError::TooDear => invalid("seat_ids")(Expected::CostAtMost { max: MinorUnits(AMOUNT_MAX) }),
            HoldError::SeatTaken(seats) => Self::new(Detail::SeatsTaken).with_seats(seats),
            HoldError::SeatYours { seats, reservation, paid } => {
                let detail = if paid {
                    Detail::SeatsBoughtByYou { reservation }
                } else {
                    Detail::SeatsHeldByYou { reservation }
                };
                Self::new(detail).with_seats(seats).with_reservation(reservation)
            }
            HoldError::Paused(Paused(seconds)) => {
                Self::new(Detail::HoldsLapsed { seconds }).retry_after(seconds.into())
            }
            HoldError::LogFull => Self::new(Detail::ReservationsFull { max: RESERVATIONS_MAX }),
            HoldError::SeatLimit(limit) => Self::new(Detail::SeatLimit { limit }),
        }
    }
}

impl From<HoldFailure> for Problem {
    fn from(error: HoldFailure) -> Self {
        match error {
            HoldFailure::Refused(refused) => refused.into(),
            HoldFailure::QueueToken(refused) => refused.into(),
            HoldFailure::KeyReused(reused) => reused.into(),
            HoldFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(
    HoldFailure: SeatNotFound, SeatTaken, SeatYours, SaleNotOpen, SaleClosed, SeatLimit, TooManyLapses, TooManyReservations
);

impl From<HoldBestFailure> for Problem {
    fn from(error: HoldBestFailure) -> Self {
        match error {
            HoldBestFailure::Refused(BestError::NotEnough) => Self::new(Detail::NotEnoughSeats),
            HoldBestFailure::Refused(BestError::NotTogether) => Self::new(Detail::NotTogether),
            HoldBestFailure::Contended => Self::new(Detail::SeatsContended),
            HoldBestFailure::Hold(failure) => failure.into(),
        }
    }
}

document!(
    HoldBestFailure: SeatNotFound, SeatTaken, SeatYours, SaleNotOpen, SaleClosed, SeatLimit, TooManyLapses, TooManyReservations,
    NotEnoughSeats, NotTogether, SeatsContended
);

impl From<CancelFailure> for Problem {
    fn from(error: CancelFailure) -> Self {
        match error {
            CancelFailure::NoReservation => Self::new(Detail::NothingToCancel),
            CancelFailure::NoOrder => Self::new(Detail::NoOrder),
            CancelFailure::AlreadyPaid(AlreadyPaid) => Self::new(Detail::AlreadyPaid),
            CancelFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(CancelFailure: NotFound, AlreadyPaid);

impl From<PayFailure> for Problem {
    fn from(error: PayFailure) -> Self {
        match error {
            PayFailure::NotFound => Self::new(Detail::NothingToPay),
            PayFailure::Refused(PayError::Declined) => Self::new(Detail::PaymentDeclined),
            PayFailure::QueueToken(refused) => refused.into(),
            PayFailure::Refused(PayError::HoldExpired) => Self::new(Detail::HoldExpired),
            PayFailure::KeyReused(reused) => reused.into(),
            PayFailure::NoWallet => no_wallet(),
            PayFailure::InsufficientBalance(end) => payment_declined(end),
            PayFailure::OtherAmount | PayFailure::CardPaymentMoved => {
                Failure::Internal("a refusal of a card payment".to_owned()).into()
            }
            PayFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(PayFailure: NotFound, PaymentDeclined, HoldExpired, NoWallet, InsufficientBalance);

impl From<StartFailure> for Problem {
    fn from(error: StartFailure) -> Self {
        match error {
            StartFailure::NoProvider => Self::new(Detail::CardsOff),
            StartFailure::Purchase(failure) => failure.into(),
            StartFailure::AlreadyPaid => Self::new(Detail::PaidAlready),
            StartFailure::TooLittle => Self::new(Detail::CardAmountTooSmall),
            StartFailure::Step(step) => Self::new(Detail::CardAmountStep { step }),
            StartFailure::TopUp(failure) => failure.into(),
            StartFailure::Ended => Self::new(Detail::CardPaymentEnded),
            StartFailure::KeyReused(reused) => reused.into(),
            StartFailure::Refused(code) if code == "amount_too_small" => Self::new(Detail::CardAmountTooSmall),
            StartFailure::Refused(code) => Failure::Internal(format!("the payment provider refused: {code}")).into(),
            StartFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(StartFailure: NotFound, PaymentDeclined, HoldExpired, AlreadyPaid, BalanceCap, TopUpLimit, CardsOff,
    CardAmountTooSmall, CardAmountStep, CardPaymentEnded);

impl From<PayOutFailure> for Problem {
    fn from(error: PayOutFailure) -> Self {
        match error {
            PayOutFailure::NoWallet => no_wallet(),
            PayOutFailure::InsufficientBalance(_) => insufficient_balance(),
            PayOutFailure::TooLittleByCard(TooLittleByCard { most }) => {
                Self::new(Detail::TooLittleByCard { most: MinorUnits(most) })
            }
            PayOutFailure::KeyReused(reused) => reused.into(),
            PayOutFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(PayOutFailure: NoWallet, InsufficientBalance, TooLittleByCard);

impl From<OrderError> for Problem {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::NoProduct(_) => Self::new(Detail::NoProduct),
            OrderError::NotSelling(products) => Self::new(Detail::NotSelling).with_items(products),
            OrderError::ProductLimit(products) => Self::new(Detail::ProductLimit).with_items(products),
            OrderError::OrderLimit => Self::new(Detail::OrderLimit { max: ORDERS_MAX }),
            OrderError::Paused(Paused(seconds)) => {
                Self::new(Detail::OrdersLapsed { seconds }).retry_after(seconds.into())
            }
            OrderError::PriceChanged(products) => Self::new(Detail::PriceChanged).with_items(products),
            OrderError::OutOfStock(products) => Self::new(Detail::OutOfStock).with_items(products),
            OrderError::Coupon(CouponError::NotYours) => Self::new(Detail::CouponNotYours),
            OrderError::Coupon(CouponError::Used) => Self::new(Detail::CouponUsed),
            OrderError::Coupon(CouponError::NotOpen) => Self::new(Detail::CouponNotValidYet),
            OrderError::Coupon(CouponError::Expired) => Self::new(Detail::CouponExpired),
            OrderError::Coupon(CouponError::NotApplicable) => Self::new(Detail::CouponNotApplicable),
            OrderError::TooDear => invalid("items")(Expected::CostAtMost { max: MinorUnits(AMOUNT_MAX) }),
            OrderError::TooScattered => invalid("items")(Expected::FewerUnits),
        }
    }
}

impl From<PlaceFailure> for Problem {
    fn from(error: PlaceFailure) -> Self {
        match error {
            PlaceFailure::Refused(refused) => refused.into(),
            PlaceFailure::NoWallet => no_wallet(),
            PlaceFailure::InsufficientBalance => insufficient_balance(),
            PlaceFailure::KeyReused(reused) => reused.into(),
            PlaceFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(PlaceFailure:
    NotFound,
    NotSelling,
    ProductLimit,
    OrderLimit,
    TooManyLapses,
    PriceChanged,
    OutOfStock,
    CouponNotYours,
    CouponUsed,
    CouponNotOpen,
    CouponExpired,
    CouponNotApplicable,
    NoWallet,
    InsufficientBalance,
);

impl From<RefundFailure> for Problem {
    fn from(error: RefundFailure) -> Self {
        match error {
            RefundFailure::NotFound => Self::new(Detail::NoPayment),
            RefundFailure::Refused(ConcertStarted) => Self::new(Detail::ConcertStarted),
            RefundFailure::Scanned => Self::new(Detail::TicketScanned),
            RefundFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(RefundFailure: NotFound, ConcertStarted, TicketScanned);

impl From<AdjustFailure> for Problem {
    fn from(error: AdjustFailure) -> Self {
        match error {
            AdjustFailure::NoProduct => Self::new(Detail::NoProduct),
            AdjustFailure::OutOfStock => Self::new(Detail::StockTooSmall),
            AdjustFailure::KeyReused(reused) => reused.into(),
            AdjustFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(AdjustFailure: NotFound, OutOfStock);

impl From<ClaimFailure> for Problem {
    fn from(error: ClaimFailure) -> Self {
        match error {
            ClaimFailure::NoCoupon => Self::new(Detail::NoCoupon),
            ClaimFailure::Refused(ClaimError::NotOpen) => Self::new(Detail::CouponNotClaimable),
            ClaimFailure::Refused(ClaimError::Exhausted) => Self::new(Detail::CouponExhausted),
            ClaimFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(ClaimFailure: NotFound, CouponNotOpen, CouponExhausted);

impl From<MovementFailure> for Problem {
    fn from(error: MovementFailure) -> Self {
        match error {
            MovementFailure::NoWallet => no_wallet(),
            MovementFailure::Refused(MovementError::BalanceCap(_)) => {
                Self::new(Detail::BalanceCap { max: MinorUnits(AMOUNT_MAX) })
            }
            MovementFailure::Refused(MovementError::TopUpLimit(_)) => {
                Self::new(Detail::TopUpLimit { max: MinorUnits(TOP_UPS_OF_A_DAY_MAX) })
            }
            MovementFailure::Refused(MovementError::InsufficientBalance(_)) => insufficient_balance(),
            MovementFailure::KeyReused(reused) => reused.into(),
            MovementFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<CreditFailure> for Problem {
    fn from(error: CreditFailure) -> Self {
        match error {
            CreditFailure::NoWallet => Self::new(Detail::UserHasNoWallet),
            CreditFailure::Erased => Self::new(Detail::UserErased),
            CreditFailure::BalanceCap(_) => Self::new(Detail::CreditCap { max: MinorUnits(AMOUNT_MAX) }),
            CreditFailure::KeyReused(reused) => reused.into(),
            CreditFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(CreditFailure: NoWallet, BalanceCap);

impl From<CreateSeatsFailure> for Problem {
    fn from(error: CreateSeatsFailure) -> Self {
        match error {
            CreateSeatsFailure::NoSchedule => Self::new(Detail::NoSchedule),
            CreateSeatsFailure::OtherPrice => Self::new(Detail::SectionHasOtherPrice),
            CreateSeatsFailure::TooManySections => invalid("section")(Expected::Sections { max: SECTIONS_MAX }),
            CreateSeatsFailure::TooMany => invalid("rows")(Expected::SectionSeats { max: SEATS_PER_SECTION_MAX }),
            CreateSeatsFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(CreateSeatsFailure: NotFound, SectionHasOtherPrice);
