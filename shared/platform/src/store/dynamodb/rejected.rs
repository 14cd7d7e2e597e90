//! Why the table did not do what it was asked: what errors of the SDK mean.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;

use crate::failure::Failure;
use crate::store::dynamodb::item::Item;

/// A guard that did not hold, with the item as it was (`None`: no item, or not told).
#[derive(Debug)]
pub struct FailedGuard<G> {
    pub guard: G,
    pub old: Option<Item>,
}

/// Why nothing was written.
///
/// The items of a transaction become visible one by one. So a condition that fails beside a conflict may have met the
/// first half of a transaction whose second half is still to come, perhaps that of this very request sent twice; and
/// an item that is throttled may hide such a conflict. Neither decides anything: only where all other items passed is a
/// failed condition told.
#[derive(Debug)]
pub enum Rejected<G> {
    /// Conditions did not hold, and nothing else was in the way: never empty, in the order the items were written down.
    Guards(Vec<FailedGuard<G>>),
    /// Another transaction held these items at that moment.
    Conflict(Vec<G>),
    /// The table took no more traffic of some item at that moment. The SDK does not try a transaction again for that.
    Throttled,
    /// The table was silent, or refused the call.
    Failure(Failure),
}

impl<G> Rejected<G> {
    /// The failure for a caller that neither tries again nor asks which guard it was.
    pub fn into_failure(self) -> Failure {
        match self {
            Self::Failure(failure) => failure,
            Self::Guards(_) | Self::Conflict(_) | Self::Throttled => Failure::Busy,
        }
    }

    /// The same with other names for its guards.
    pub fn map<H>(self, mut name: impl FnMut(G) -> H) -> Rejected<H> {
        match self {
            Self::Guards(failed) => {
                let named = failed.into_iter().map(|failed| FailedGuard { guard: name(failed.guard), old: failed.old });
                Rejected::Guards(named.collect())
            }
            Self::Conflict(with) => Rejected::Conflict(with.into_iter().map(name).collect()),
            Self::Throttled => Rejected::Throttled,
            Self::Failure(failure) => Rejected::Failure(failure),
        }
    }
}

impl<G> From<Failure> for Rejected<G> {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Busy => Self::Throttled,
            failure => Self::Failure(failure),
        }
    }
}

pub(crate) fn rejected_together<G: Copy>(guards: &[G], error: SdkError<TransactWriteItemsError>) -> Rejected<G> {
    let reasons = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => cancelled.cancellation_reasons(),
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => return Rejected::Conflict(guards.to_vec()),
        _ => return failure(&error).into(),
    };
    let coded = |code: &'static str| reasons.iter().zip(guards).filter(move |(reason, _)| reason.code() == Some(code));
    if reasons.iter().any(is_throttled) {
        return Rejected::Throttled;
    }
    let conflicts: Vec<G> = coded("TransactionConflict").map(|(_, guard)| *guard).collect();
    if !conflicts.is_empty() {
        return Rejected::Conflict(conflicts);
    }
    let failed: Vec<FailedGuard<G>> = coded("ConditionalCheckFailed")
        .map(|(reason, guard)| FailedGuard { guard: *guard, old: reason.item.clone() })
        .collect();
    if !failed.is_empty() {
        return Rejected::Guards(failed);
    }
    let codes: Vec<_> = reasons.iter().filter_map(|reason| reason.code()).collect();
    Rejected::Failure(Failure::Internal(format!("transaction cancelled: {codes:?}")))
}

/// Whether an item was refused for too much traffic.
pub fn is_throttled(reason: &CancellationReason) -> bool {
    matches!(reason.code(), Some("ThrottlingError" | "ProvisionedThroughputExceeded" | "RequestLimitExceeded"))
}

pub(crate) fn rejected_alone<E>(error: SdkError<E>) -> Rejected<()>
where
    E: ProvideErrorMetadata + std::error::Error + ConditionFailed + 'static,
{
    match error.as_service_error().map(|service| (service.code(), service)) {
        Some((Some("ConditionalCheckFailedException"), service)) => {
            Rejected::Guards(vec![FailedGuard { guard: (), old: service.old_item() }])
        }
        Some((Some("TransactionConflictException"), _)) => Rejected::Conflict(vec![()]),
        _ => failure(&error).into(),
    }
}

/// The item that a failed condition of a single write shows; each operation has an error type of its own.
pub(crate) trait ConditionFailed {
    fn old_item(&self) -> Option<Item>;
}

impl ConditionFailed for aws_sdk_dynamodb::operation::put_item::PutItemError {
    fn old_item(&self) -> Option<Item> {
        match self {
            Self::ConditionalCheckFailedException(failed) => failed.item.clone(),
            _ => None,
        }
    }
}

impl ConditionFailed for aws_sdk_dynamodb::operation::update_item::UpdateItemError {
    fn old_item(&self) -> Option<Item> {
        match self {
            Self::ConditionalCheckFailedException(failed) => failed.item.clone(),
            _ => None,
        }
    }
}

impl ConditionFailed for aws_sdk_dynamodb::operation::delete_item::DeleteItemError {
    fn old_item(&self) -> Option<Item> {
        match self {
            Self::ConditionalCheckFailedException(failed) => failed.item.clone(),
            _ => None,
        }
    }
}

/// The failure that an error of the SDK means, conditions and conflicts aside.
pub fn failure<E>(error: &SdkError<E>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    if error.raw_response().is_some_and(|response| response.status().is_server_error()) {
        return Failure::Unknown;
    }
    let Some(service) = error.as_service_error() else {
        return match error {
            SdkError::ConstructionFailure(_) => wrong_call(format!("{error:?}")),
            _ => {
                tracing::warn!(cause = causes(error), "a call to the table got no answer");
                Failure::Unknown
            }
        };
    };
    match service.code() {
        Some(
            "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "ThrottlingException"
            | "ThrottlingError"
            | "TransactionConflictException",
        ) => Failure::Busy,
        Some("InternalServerError" | "ServiceUnavailable" | "InternalFailure") => Failure::Unknown,
        code => wrong_call(format!("{code:?}: {:?}", service.message())),
    }
}

/// The causes of an error, from the outside in: an address that cannot be reached, a time-out.
fn causes(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source()).take(CAUSES_MAX);
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Most causes of one error that are told.
const CAUSES_MAX: usize = 8;

pub(crate) fn wrong_call(problem: impl std::fmt::Display) -> Failure {
    Failure::Internal(format!("the table refused a call: {problem}"))
}
