//! Watches the calls to the table: how each try ended, and what capacity it took. Only where a meter is on, so that what
//! nobody counts is not asked for either; on AWS asking is free.

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
pub fn watched(settings: Builder, meter: &Meter) -> Builder {
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
        ask(context.input_mut());
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

/// Each operation has types of its own, which share no trait. What is one table's is told alone or in a list.
macro_rules! operations {
    ($([$module:ident, $input:ident, $output:ident, $error:ident, $told:ident])*) => {
        fn ask(input: &mut Input) {
            $(if let Some(input) = input.downcast_mut::<of::$module::$input>() {
                input.return_consumed_capacity = Some(ReturnConsumedCapacity::Total);
            })*
        }

        fn capacity(output: &Output) -> &[ConsumedCapacity] {
            $(if let Some(output) = output.downcast_ref::<of::$module::$output>() {
                return $told(output.consumed_capacity());
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

fn one(told: Option<&ConsumedCapacity>) -> &[ConsumedCapacity] {
    told.map_or(&[], std::slice::from_ref)
}

fn many(told: &[ConsumedCapacity]) -> &[ConsumedCapacity] {
    told
}

operations! {
    [get_item, GetItemInput, GetItemOutput, GetItemError, one]
    [query, QueryInput, QueryOutput, QueryError, one]
    [scan, ScanInput, ScanOutput, ScanError, one]
    [put_item, PutItemInput, PutItemOutput, PutItemError, one]
    [update_item, UpdateItemInput, UpdateItemOutput, UpdateItemError, one]
    [delete_item, DeleteItemInput, DeleteItemOutput, DeleteItemError, one]
    [batch_get_item, BatchGetItemInput, BatchGetItemOutput, BatchGetItemError, many]
    [transact_get_items, TransactGetItemsInput, TransactGetItemsOutput, TransactGetItemsError, many]
    [transact_write_items, TransactWriteItemsInput, TransactWriteItemsOutput, TransactWriteItemsError, many]
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
    let told = reasons.iter().find(|reason| is_throttled(reason)).and_then(CancellationReason::code);
    let told = told.or_else(|| has("TransactionConflict")).or_else(|| has("ConditionalCheckFailed"));
    match told.or(code(error)) {
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
