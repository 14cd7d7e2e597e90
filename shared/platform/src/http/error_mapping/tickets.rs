//! The refusals of tickets' codes as problems, each by one match of every case.

use std::collections::BTreeMap;

use onsale_domain::tickets::generation::{CodeError, GENERATIONS_MAX};
use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};

use crate::http::code::Code;
use crate::http::error_mapping::document;
use crate::http::messages::Detail;
use crate::http::openapi::refusals;
use crate::http::problem::Problem;
use crate::store::tickets::CodeFailure;
use crate::store::tickets::reissue::ReissueFailure;

impl From<CodeError> for Problem {
    fn from(error: CodeError) -> Self {
        Self::new(match error {
            CodeError::Cancelled => Detail::TicketCancelled,
            CodeError::NotPaid => Detail::TicketNotPaid,
            CodeError::TooMany => Detail::TooManyCodes { max: GENERATIONS_MAX },
        })
    }
}

impl From<CodeFailure> for Problem {
    fn from(error: CodeFailure) -> Self {
        match error {
            CodeFailure::NoTicket => Self::new(Detail::NoTicket),
            CodeFailure::Refused(refused) => refused.into(),
            CodeFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(CodeFailure: NotFound, TicketCancelled, NotPaid);

impl From<ReissueFailure> for Problem {
    fn from(error: ReissueFailure) -> Self {
        match error {
            ReissueFailure::NoTicket => Self::new(Detail::NoTicket),
            ReissueFailure::Refused(refused) => refused.into(),
            ReissueFailure::Scanned => Self::new(Detail::TicketScanned),
            ReissueFailure::KeyReused(reused) => reused.into(),
            ReissueFailure::Failure(failure) => failure.into(),
        }
    }
}

document!(ReissueFailure: NotFound, TicketCancelled, NotPaid, TooManyCodes, TicketScanned);
