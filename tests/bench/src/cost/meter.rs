//! Counts what requests to DynamoDB and SQS consume.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::config::interceptors::{
    BeforeSerializationInterceptorContextMut, FinalizerInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation;
use aws_sdk_dynamodb::types::{ConsumedCapacity, ReturnConsumedCapacity};
use aws_sdk_sqs::operation::delete_message_batch::DeleteMessageBatchOutput;
use aws_sdk_sqs::operation::receive_message::ReceiveMessageOutput;
use aws_sdk_sqs::operation::send_message::SendMessageOutput;
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchOutput;
use aws_smithy_runtime_api::client::interceptors::context::Output;

/// Dollars for a million units on demand in us-east-1, as published in November 2026.
const WRITE_DOLLARS: f64 = 0.625;
const READ_DOLLARS: f64 = 0.125;
const SQS_DOLLARS: f64 = 0.40;

/// Units that were consumed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Units {
    pub(crate) write: f64,
    pub(crate) read: f64,
    /// Requests.
    pub(crate) sqs: f64,
}

impl Units {
    /// What they cost.
    pub(crate) fn dollars(&self) -> f64 {
        (self.write * WRITE_DOLLARS + self.read * READ_DOLLARS + self.sqs * SQS_DOLLARS) / 1e6
    }
}

/// Asks DynamoDB to tell what each request consumed, and adds it up. A write whose condition failed is charged by AWS
/// and told to nobody: it is not in the sum. A sync makes none.
#[derive(Debug, Clone, Default)]
pub(super) struct Meter(Arc<Mutex<Units>>);

impl Meter {
    /// Begins anew.
    pub(super) fn reset(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Units::default();
    }

    /// What was consumed since.
    pub(super) fn read(&self) -> Units {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The operations that consume capacity: their inputs can ask for it, their outputs tell it; `flatten` where they tell
/// it table by table.
macro_rules! metered {
    ($($operation:ident $input:ident $output:ident $unit:ident $($flatten:ident)?,)*) => {
        fn ask(context: &mut BeforeSerializationInterceptorContextMut<'_>) {
            let input = context.input_mut();
            $(if let Some(input) = input.downcast_mut::<operation::$operation::$input>() {
                input.return_consumed_capacity = Some(ReturnConsumedCapacity::Total);
            })*
        }

        fn add(output: &Output, units: &mut Units) {
            $(if let Some(output) = output.downcast_ref::<operation::$operation::$output>() {
                let consumed = output.consumed_capacity.iter()$(.$flatten())?;
                units.$unit += consumed.filter_map(ConsumedCapacity::capacity_units).sum::<f64>();
            })*
        }
    };
}

metered! {
    put_item PutItemInput PutItemOutput write,
    update_item UpdateItemInput UpdateItemOutput write,
    delete_item DeleteItemInput DeleteItemOutput write,
    batch_write_item BatchWriteItemInput BatchWriteItemOutput write flatten,
    transact_write_items TransactWriteItemsInput TransactWriteItemsOutput write flatten,
    get_item GetItemInput GetItemOutput read,
    batch_get_item BatchGetItemInput BatchGetItemOutput read flatten,
    query QueryInput QueryOutput read,
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "meter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        ask(context);
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut units = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Ok(output)) = context.output_or_error() {
            add(output, &mut units);
            units.sqs += if is_sqs_request(output) { 1.0 } else { 0.0 };
        }
        Ok(())
    }
}

/// Whether this is the answer of an SQS request that a sync caused.
fn is_sqs_request(output: &Output) -> bool {
    let received = output.downcast_ref::<ReceiveMessageOutput>();
    received.is_some_and(|received| !received.messages().is_empty())
        || output.downcast_ref::<SendMessageOutput>().is_some()
        || output.downcast_ref::<SendMessageBatchOutput>().is_some()
        || output.downcast_ref::<DeleteMessageBatchOutput>().is_some()
}
