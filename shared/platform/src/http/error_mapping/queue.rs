//! The refusals of waiting queues as problems, each by one match of every case.

use std::collections::BTreeMap;

use onsale_domain::queue::CONCERTS_MAX;
use onsale_domain::queue::entry::QueueTokenError;
use onsale_domain::queue::settings::JoinError;
use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};

use crate::auth::queue_token::QueueTokenFailure;
use crate::http::code::Code;
use crate::http::error_mapping::{document, whole_seconds};
use crate::http::messages::Detail;
use crate::http::openapi::refusals;
use crate::http::problem::Problem;
use crate::store::concerts::guard_queue::{DATES_CHANGED_MAX, SetQueueFailure};
use crate::store::queue::delete::DeleteQueueFailure;
use crate::store::queue::entries::{JoinFailure, LeaveFailure};
use crate::store::queue::guard::QueueGuardFailure;

impl From<QueueTokenError> for Problem {
    fn from(error: QueueTokenError) -> Self {
        Self::new(match error {
            QueueTokenError::Required => Detail::QueueTokenRequired,
            QueueTokenError::Invalid => Detail::QueueTokenInvalid,
            QueueTokenError::NotAdmitted => Detail::QueueTokenNotAdmitted,
            QueueTokenError::Ended => Detail::QueueTokenEnded,
        })
    }
}

impl From<QueueTokenFailure> for Problem {
    fn from(error: QueueTokenFailure) -> Self {
        match error {
            QueueTokenFailure::Refused(refused) => refused.into(),
            QueueTokenFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<QueueGuardFailure> for Problem {
    fn from(error: QueueGuardFailure) -> Self {
        match error {
            QueueGuardFailure::NoCaller => Self::new(Detail::LogInToLook),
            QueueGuardFailure::QueueToken(pass) => pass.into(),
        }
    }
}

impl From<JoinFailure> for Problem {
    fn from(error: JoinFailure) -> Self {
        match error {
            JoinFailure::NoQueue => Self::new(Detail::NoQueue),
            JoinFailure::Refused(JoinError::TooSoon(wait)) => {
                let seconds = whole_seconds(wait);
                Self::new(Detail::JoinedTooSoon { seconds }).retry_after(seconds)
            }
            JoinFailure::Refused(JoinError::HasLiveHold) => has_live_hold(),
            JoinFailure::Refused(JoinError::NotOpen(opens_at)) => Self::new(Detail::QueueNotOpen { opens_at }),
            JoinFailure::Refused(JoinError::Closed) => Self::new(Detail::QueueClosed),
            JoinFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(JoinFailure: NotFound, QueueClosed, HasLiveHold, TooManyAttempts);

impl From<LeaveFailure> for Problem {
    fn from(error: LeaveFailure) -> Self {
        match error {
            LeaveFailure::HasLiveHold => has_live_hold(),
            LeaveFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<SetQueueFailure> for Problem {
    fn from(error: SetQueueFailure) -> Self {
        match error {
            SetQueueFailure::NoConcert => Self::new(Detail::NoConcert),
            SetQueueFailure::NoQueue => Self::new(Detail::NoQueue),
            SetQueueFailure::QueueFull => Self::new(Detail::ConcertLimit { limit: CONCERTS_MAX }),
            SetQueueFailure::SaleOpened => Self::new(Detail::SaleOpened),
            SetQueueFailure::TooManyDates => Self::new(Detail::TooManyDatesForQueue { limit: DATES_CHANGED_MAX }),
            SetQueueFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<DeleteQueueFailure> for Problem {
    fn from(error: DeleteQueueFailure) -> Self {
        match error {
            DeleteQueueFailure::InUse => Self::new(Detail::QueueInUse),
            DeleteQueueFailure::Failure(failure) => failure.into(),
        }
    }
}

fn has_live_hold() -> Problem {
    Problem::new(Detail::HasLiveHold)
}
