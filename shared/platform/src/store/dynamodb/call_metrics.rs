//! Watches the calls to the table: how each try ended, and what capacity it took. Only where a meter is on, so that
//! nothing is requested that nobody counts; on AWS the request is free.

use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextMut, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::{BoxError, ProvideErrorMetadata};
use aws_sdk_dynamodb::operation as of;
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, ConsumedCapacity, ReturnConsumedCapacity};
use aws_smithy_runtime_api::client::interceptors::context::{Error, Input, Output};
use aws_smithy_runtime_api::client::orchestrator::Metadata;

use crate::store::dynamodb::rejected::is_throttled;
use crate::telemetry::metrics::{Meter, TABLE_CALLS, TABLE_CAPACITY};

/// The settings of a client whose calls `meter` counts.
#[must_use]
pub fn with_call_metrics(settings: Builder, meter: &Meter) -> Builder {
    if meter.is_on() { settings.interceptor(Watch(meter.clone())) } else { settings }
}

#[derive(Debug)]
struct Watch(Meter);

impl Intercept for Watch {
    fn name(&self) -> &'static str {
        "Watch"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        request_capacity(context.input_mut());
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        settings: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = settings.load::<Metadata>().map_or("unknown", Metadata::name);
        let outcome = match context.output_or_error() {
            Some(Ok(output)) => {
                let units: f64 = capacity(output).iter().filter_map(|capacity| capacity.capacity_units()).sum();
                self.0.count(&TABLE_CAPACITY, halves(units), &[operation]);
                "ok"
            }
            Some(Err(error)) => error.as_operation_error().map_or("unanswered", outcome),
            None => "unanswered",
        };
        self.0.count(&TABLE_CALLS, 1, &[operation, outcome]);
        Ok(())
    }
}

/// Units in halves, which are what the table charges in.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float becomes the nearest integer")]
fn halves(units: f64) -> u64 {
    (units * 2.0).round() as u64
}

/// Each operation has types of its own, which share no trait. One table's capacity comes alone, that of several in
/// a list.
macro_rules! operations {
    ($([$module:ident, $input:ident, $output:ident, $error:ident, $capacities:ident])*) => {
        fn request_capacity(input: &mut Input) {
            $(if let Some(input) = input.downcast_mut::<of::$module::$input>() {
                input.return_consumed_capacity = Some(ReturnConsumedCapacity::Total);
            })*
        }

        fn capacity(output: &Output) -> &[ConsumedCapacity] {
            $(if let Some(output) = output.downcast_ref::<of::$module::$output>() {
                return $capacities(output.consumed_capacity());
            })*
            &[]
        }

        fn code(error: &Error) -> Option<&str> {
            $(if let Some(error) = error.downcast_ref::<of::$module::$error>() {
                return error.code();
            })*
            None
        }
    };
}

fn single(capacity: Option<&ConsumedCapacity>) -> &[ConsumedCapacity] {
    capacity.map_or(&[], std::slice::from_ref)
}

fn several(capacities: &[ConsumedCapacity]) -> &[ConsumedCapacity] {
    capacities
}

operations! {
    [get_item, GetItemInput, GetItemOutput, GetItemError, single]
    [query, QueryInput, QueryOutput, QueryError, single]
    [scan, ScanInput, ScanOutput, ScanError, single]
    [put_item, PutItemInput, PutItemOutput, PutItemError, single]
    [update_item, UpdateItemInput, UpdateItemOutput, UpdateItemError, single]
    [delete_item, DeleteItemInput, DeleteItemOutput, DeleteItemError, single]
    [batch_get_item, BatchGetItemInput, BatchGetItemOutput, BatchGetItemError, several]
    [transact_get_items, TransactGetItemsInput, TransactGetItemsOutput, TransactGetItemsError, several]
    [transact_write_items, TransactWriteItemsInput, TransactWriteItemsOutput, TransactWriteItemsError, several]
}

/// How a try ended that the table refused.
fn outcome(error: &Error) -> &'static str {
    let reasons = match (error.downcast_ref::<TransactWriteItemsError>(), error.downcast_ref::<TransactGetItemsError>())
    {
        (Some(TransactWriteItemsError::TransactionCanceledException(cancelled)), _) => cancelled.cancellation_reasons(),
        (_, Some(TransactGetItemsError::TransactionCanceledException(cancelled))) => cancelled.cancellation_reasons(),
        _ => &[],
    };
    let has = |wanted: &str| reasons.iter().filter_map(CancellationReason::code).find(|code| *code == wanted);
    // Of several reasons the one that decides: `write::Rejected` has them in this order.
    let reason = reasons.iter().find(|reason| is_throttled(reason)).and_then(CancellationReason::code);
    let reason = reason.or_else(|| has("TransactionConflict")).or_else(|| has("ConditionalCheckFailed"));
    match reason.or(code(error)) {
        Some("ConditionalCheckFailed" | "ConditionalCheckFailedException") => "condition",
        Some("TransactionConflict" | "TransactionConflictException" | "TransactionInProgressException") => "conflict",
        Some(
            "ProvisionedThroughputExceeded"
            | "ProvisionedThroughputExceededException"
            | "RequestLimitExceeded"
            | "ThrottlingError"
            | "ThrottlingException",
        ) => "throttled",
        _ => "failed",
    }
}
