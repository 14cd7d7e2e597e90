//! The refusals of accounts, sessions and roles.

use std::collections::BTreeMap;

use onsale_domain::accounts::erasure::InUse;
use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};

use super::{document, whole_seconds};
use crate::http::code::Code;
use crate::http::messages::Detail;
use crate::http::openapi::refusals;
use crate::http::problem::Problem;
use crate::store::accounts::erase::EraseFailure;
use crate::store::accounts::grants::GrantFailure;
use crate::store::accounts::login_throttle::AttemptFailure;
use crate::store::accounts::users::{ProofFailure, SignUpFailure};

impl From<SignUpFailure> for Problem {
    fn from(error: SignUpFailure) -> Self {
        match error {
            SignUpFailure::EmailTaken => Self::new(Detail::EmailTaken),
            SignUpFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(SignUpFailure: EmailTaken);

impl From<ProofFailure> for Problem {
    fn from(error: ProofFailure) -> Self {
        match error {
            ProofFailure::NotProven => Self::new(Detail::AddressNotProven),
            ProofFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(ProofFailure: AddressNotProven);

impl From<GrantFailure> for Problem {
    fn from(error: GrantFailure) -> Self {
        match error {
            GrantFailure::NoUser => Self::new(Detail::NoUser),
            GrantFailure::Failure(failure) => failure.into(),
        }
    }
}

impl From<EraseFailure> for Problem {
    fn from(error: EraseFailure) -> Self {
        match error {
            EraseFailure::InUse(InUse::Balance) => Self::new(Detail::BalanceLeft),
            EraseFailure::InUse(InUse::Ticket) => Self::new(Detail::TicketsLeft),
            EraseFailure::InUse(InUse::Hold) => Self::new(Detail::HoldLeft),
            EraseFailure::InUse(InUse::Order) => Self::new(Detail::OrderLeft),
            EraseFailure::InUse(InUse::CardPayment) => Self::new(Detail::CardPaymentLeft),
            EraseFailure::InUse(InUse::CardRefund) => Self::new(Detail::CardRefundLeft),
            EraseFailure::InUse(InUse::QueuePlace) => Self::new(Detail::QueuePlaceLeft),
            EraseFailure::InUse(InUse::Role) => Self::new(Detail::RoleLeft),
            EraseFailure::Changed => Self::new(Detail::BadCredentials),
            EraseFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(EraseFailure: BadCredentials, AccountInUse);

impl From<AttemptFailure> for Problem {
    fn from(error: AttemptFailure) -> Self {
        match error {
            AttemptFailure::Blocked(blocked) => {
                let seconds = whole_seconds(blocked.0);
                Self::new(Detail::TooManyAttempts { seconds }).retry_after(seconds)
            }
            AttemptFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(AttemptFailure: TooManyAttempts);
