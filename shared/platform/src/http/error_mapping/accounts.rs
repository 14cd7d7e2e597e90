//! The refusals of accounts as problems, each by one match of every case.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};

use super::{document, whole_seconds};
use crate::http::code::Code;
use crate::http::messages::Detail;
use crate::http::openapi::refusals;
use crate::http::problem::Problem;
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
