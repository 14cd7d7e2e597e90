//! What each refusal of the store means to a caller: one exhaustive match for each operation.

use onsale_domain::coupon::{ClaimError, CouponError};
use onsale_domain::hold::HoldError;
use onsale_domain::lapses::Paused;
use onsale_domain::placing::OrderError;
use onsale_domain::queue::JoinError;
use onsale_domain::queue_token::PassError;
use onsale_domain::reservation::PayError;
use onsale_domain::schedule::SaleError;
use onsale_domain::wallet::MovementError;

use super::problem::{Code, Problem, invalid};
use crate::queue_pass::{LookFailure, PassFailure};
use crate::store::accounts::SignUpError;
use crate::store::adjustments::AdjustError;
use crate::store::attempts::AttemptError;
use crate::store::coupons::ClaimFailure;
use crate::store::orders::CancelOrderError;
use crate::store::payments::PayFailure;
use crate::store::placing::PlaceFailure;
use crate::store::queue_tokens::{JoinFailure, LeaveFailure};
use crate::store::refunds::RefundFailure;
use crate::store::releases::CancelError;
use crate::store::reservations::HoldFailure;
use crate::store::seats::CreateSeatsError;
use crate::store::wallets::MoveFailure;
use crate::store::{Failure, ListError};

/// When a caller of a busy table should try again, in seconds.
const BUSY_RETRY_SECONDS: i64 = 1;

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Busy => {
                tracing::warn!("the table is busy");
                Self::new(Code::Busy, "the same request, with the same key if it has one, may be sent again")
                    .retry_after(BUSY_RETRY_SECONDS)
            }
            Failure::Unknown => {
                tracing::error!("the table did not answer");
                Self::new(Code::Busy, "the outcome is unknown; the same request with the same key may be sent again")
                    .retry_after(BUSY_RETRY_SECONDS)
            }
            Failure::Internal(cause) => {
                tracing::error!(cause, "internal failure");
                Self::new(Code::Internal, "the failure has been recorded under this request's id")
            }
        }
    }
}

fn key_reused() -> Problem {
    Problem::new(Code::IdempotencyKeyReused, "a new request needs a new Idempotency-Key")
}

fn has_live_hold() -> Problem {
    Problem::new(Code::HasLiveHold, "release or pay the seats first")
}

fn no_wallet() -> Problem {
    Problem::new(Code::NoWallet, "create one with POST /wallet")
}

fn insufficient_balance() -> Problem {
    Problem::new(Code::InsufficientBalance, "top up the wallet first")
}

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Cursor => invalid("cursor")("must be a cursor that this list gave"),
            ListError::Failure(failure) => failure.into(),
        }
    }
}

impl From<SignUpError> for Problem {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::EmailTaken => Self::new(Code::EmailTaken, "log in instead"),
            SignUpError::Failure(failure) => failure.into(),
        }
    }
}

impl From<AttemptError> for Problem {
    fn from(error: AttemptError) -> Self {
        match error {
            AttemptError::Blocked(blocked) => {
                let seconds = blocked.0.as_secs() + i64::from(blocked.0.subsec_nanos() > 0);
                Self::new(Code::TooManyAttempts, "wait before the next attempt").retry_after(seconds)
            }
            AttemptError::Failure(failure) => failure.into(),
        }
    }
}

impl From<SaleError> for Problem {
    fn from(error: SaleError) -> Self {
        match error {
            SaleError::NotOpen => Self::new(Code::SaleNotOpen, error.to_string()),
            SaleError::Closed => Self::new(Code::SaleClosed, error.to_string()),
        }
    }
}

impl From<Paused> for Problem {
    fn from(paused: Paused) -> Self {
        Self::new(Code::TooManyLapses, paused.to_string()).retry_after(paused.0.into())
    }
}

impl From<HoldError> for Problem {
    fn from(error: HoldError) -> Self {
        let detail = error.to_string();
        match error {
            HoldError::Sale(sale) => sale.into(),
            HoldError::SeatNotFound(seats) => Self::new(Code::SeatNotFound, detail).about_seats(seats),
            HoldError::SeatTaken(seats) => Self::new(Code::SeatTaken, detail).about_seats(seats),
            HoldError::Paused(paused) => paused.into(),
            HoldError::SeatLimit(_) => Self::new(Code::SeatLimit, detail),
        }
    }
}

impl From<PassError> for Problem {
    fn from(error: PassError) -> Self {
        let code = match error {
            PassError::Required => Code::QueueTokenRequired,
            PassError::Invalid => Code::QueueTokenInvalid,
            PassError::NotAdmitted => Code::QueueTokenNotAdmitted,
            PassError::Ended => Code::QueueTokenEnded,
        };
        Self::new(code, error.to_string())
    }
}

impl From<PassFailure> for Problem {
    fn from(error: PassFailure) -> Self {
        match error {
            PassFailure::Refused(refused) => refused.into(),
            PassFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<LookFailure> for Problem {
    fn from(error: LookFailure) -> Self {
        match error {
            LookFailure::NoCaller => {
                Self::new(Code::Unauthorized, "this sale has a waiting queue; an access token is needed to look at it")
            }
            LookFailure::Pass(pass) => pass.into(),
        }
    }
}

impl From<JoinFailure> for Problem {
    fn from(error: JoinFailure) -> Self {
        match error {
            JoinFailure::NoQueue => Self::new(Code::NotFound, "there is no such queue"),
            JoinFailure::Refused(refused @ JoinError::TooSoon(wait)) => {
                let seconds = wait.as_secs() + i64::from(wait.subsec_nanos() > 0);
                Self::new(Code::TooManyAttempts, refused.to_string()).retry_after(seconds)
            }
            JoinFailure::Refused(JoinError::HasLiveHold) => has_live_hold(),
            JoinFailure::Refused(refused @ (JoinError::NotOpen(_) | JoinError::Closed)) => {
                Self::new(Code::QueueClosed, refused.to_string())
            }
            JoinFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<LeaveFailure> for Problem {
    fn from(error: LeaveFailure) -> Self {
        match error {
            LeaveFailure::HasLiveHold => has_live_hold(),
            LeaveFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<HoldFailure> for Problem {
    fn from(error: HoldFailure) -> Self {
        match error {
            HoldFailure::Refused(refused) => refused.into(),
            HoldFailure::Pass(refused) => refused.into(),
            HoldFailure::KeyReused => key_reused(),
            HoldFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::NotFound => Self::new(Code::NotFound, "there is no such reservation or ticket of yours"),
            CancelError::AlreadyPaid(paid) => Self::new(Code::AlreadyPaid, paid.to_string()),
            CancelError::Failure(failure) => failure.into(),
        }
    }
}

impl From<PayFailure> for Problem {
    fn from(error: PayFailure) -> Self {
        match error {
            PayFailure::NotFound => Self::new(Code::NotFound, "there is no such reservation or order of yours"),
            PayFailure::Refused(PayError::Declined) => {
                Self::new(Code::PaymentDeclined, "its payment was declined before; hold the seats or order again")
            }
            PayFailure::Pass(refused) => refused.into(),
            PayFailure::Refused(PayError::HoldExpired) => Self::new(Code::HoldExpired, "hold the seats or order again"),
            PayFailure::KeyReused => key_reused(),
            PayFailure::NoWallet => no_wallet(),
            PayFailure::InsufficientBalance => insufficient_balance(),
            PayFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<OrderError> for Problem {
    fn from(error: OrderError) -> Self {
        let detail = error.to_string();
        match error {
            OrderError::NoProduct(_) => Self::new(Code::NotFound, detail),
            OrderError::NotSelling(products) => Self::new(Code::NotSelling, detail).about_items(products),
            OrderError::ProductLimit(products) => Self::new(Code::ProductLimit, detail).about_items(products),
            OrderError::OrderLimit => Self::new(Code::OrderLimit, detail),
            OrderError::Paused(paused) => paused.into(),
            OrderError::PriceChanged(products) => Self::new(Code::PriceChanged, detail).about_items(products),
            OrderError::OutOfStock(products) => Self::new(Code::OutOfStock, detail).about_items(products),
            OrderError::Coupon(CouponError::NotYours) => Self::new(Code::CouponNotYours, detail),
            OrderError::Coupon(CouponError::Used) => Self::new(Code::CouponUsed, detail),
            OrderError::Coupon(CouponError::NotOpen) => Self::new(Code::CouponNotOpen, detail),
            OrderError::Coupon(CouponError::Expired) => Self::new(Code::CouponExpired, detail),
            OrderError::TooDear | OrderError::TooScattered => invalid("items")(detail),
        }
    }
}

impl From<PlaceFailure> for Problem {
    fn from(error: PlaceFailure) -> Self {
        match error {
            PlaceFailure::Refused(refused) => refused.into(),
            PlaceFailure::NoWallet => no_wallet(),
            PlaceFailure::InsufficientBalance => insufficient_balance(),
            PlaceFailure::KeyReused => key_reused(),
            PlaceFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<CancelOrderError> for Problem {
    fn from(error: CancelOrderError) -> Self {
        match error {
            CancelOrderError::NotFound => Self::new(Code::NotFound, "there is no such order of yours"),
            CancelOrderError::AlreadyPaid(paid) => Self::new(Code::AlreadyPaid, paid.to_string()),
            CancelOrderError::Failure(failure) => failure.into(),
        }
    }
}

impl From<RefundFailure> for Problem {
    fn from(error: RefundFailure) -> Self {
        match error {
            RefundFailure::NotFound => Self::new(Code::NotFound, "you have no such payment"),
            RefundFailure::Refused(started) => Self::new(Code::ConcertStarted, started.to_string()),
            RefundFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<AdjustError> for Problem {
    fn from(error: AdjustError) -> Self {
        match error {
            AdjustError::NoProduct => Self::new(Code::NotFound, "there is no such product"),
            AdjustError::OutOfStock => Self::new(Code::OutOfStock, "fewer units are there than were to be taken away"),
            AdjustError::KeyReused => key_reused(),
            AdjustError::Failure(failure) => failure.into(),
        }
    }
}

impl From<ClaimFailure> for Problem {
    fn from(error: ClaimFailure) -> Self {
        match error {
            ClaimFailure::NoCoupon => Self::new(Code::NotFound, "there is no such coupon"),
            ClaimFailure::Refused(refused @ ClaimError::NotOpen) => Self::new(Code::CouponNotOpen, refused.to_string()),
            ClaimFailure::Refused(refused @ ClaimError::Exhausted) => {
                Self::new(Code::CouponExhausted, refused.to_string())
            }
            ClaimFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<MoveFailure> for Problem {
    fn from(error: MoveFailure) -> Self {
        match error {
            MoveFailure::NoWallet => no_wallet(),
            MoveFailure::Refused(MovementError::BalanceCap(_)) => {
                Self::new(Code::BalanceCap, "a balance may be at most 10000000")
            }
            MoveFailure::Refused(MovementError::InsufficientBalance(_)) => insufficient_balance(),
            MoveFailure::KeyReused => key_reused(),
            MoveFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<CreateSeatsError> for Problem {
    fn from(error: CreateSeatsError) -> Self {
        match error {
            CreateSeatsError::NoSchedule => Self::new(Code::NotFound, "there is no such schedule"),
            CreateSeatsError::OtherPrice => {
                Self::new(Code::SectionHasOtherPrice, "a section has one price; name another section")
            }
            CreateSeatsError::TooManySections => invalid("section")("must be one of at most 100 of the schedule"),
            CreateSeatsError::TooMany => invalid("rows")("must leave the section with at most 2500 seats"),
            CreateSeatsError::Failure(failure) => failure.into(),
        }
    }
}
