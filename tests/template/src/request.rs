//! What a request to DynamoDB or SQS asks AWS for: the actions, resources and partition keys that IAM looks at.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemInput;
use aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemInput;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemInput;
use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, WriteRequest};
use aws_sdk_sqs::operation::get_queue_attributes::GetQueueAttributesInput;
use aws_sdk_sqs::operation::send_message::SendMessageInput;
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchInput;
use aws_smithy_runtime_api::client::interceptors::context::Input;

type Item = HashMap<String, AttributeValue>;

/// One thing that is asked for. A transaction asks for several.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Request {
    /// Such as `dynamodb:GetItem`.
    pub action: String,
    /// The ARN, as the template writes it.
    pub resource: String,
    /// The partition keys of the items, or of the part of an index.
    pub leading_keys: Vec<String>,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} {:?}", self.action, self.resource, self.leading_keys)
    }
}

impl Request {
    /// What a vault of the cloud asks for to `seal` or to `open`: the first to seal makes the data key and keeps it.
    #[must_use]
    pub fn for_data_key(purpose: &str) -> Vec<Self> {
        let of_kms = |action: &str| Self::new(format!("kms:{action}"), "${Key.Arn}", []);
        let of_table = |action: &str| Self::of_table(action, ["data_key".to_owned()]);
        let mut requests = vec![of_table("GetItem"), of_kms("Decrypt")];
        if purpose == "seal" {
            requests.extend([of_table("PutItem"), of_kms("GenerateDataKey")]);
        }
        requests
    }

    fn new(
        action: impl Into<String>,
        resource: impl Into<String>,
        keys: impl IntoIterator<Item = String>,
    ) -> Self {
        Self { action: action.into(), resource: resource.into(), leading_keys: keys.into_iter().collect() }
    }

    fn of_table(action: &str, keys: impl IntoIterator<Item = String>) -> Self {
        Self::new(format!("dynamodb:{action}"), "${Table.Arn}", keys)
    }

    fn of_runs(action: &str) -> Self {
        Self::new(format!("sqs:{action}"), "${Runs.Arn}", [])
    }
}

/// What an SDK's request asks for; `None` if the tests do not know this kind of request.
pub(crate) fn requests(input: &Input) -> Option<Vec<Request>> {
    item_requests(input).or_else(|| batch_requests(input)).or_else(|| queue_requests(input))
}

fn item_requests(input: &Input) -> Option<Vec<Request>> {
    let one = |action, keys: Option<&Item>| Some(vec![Request::of_table(action, keys.map(partition))]);
    if let Some(get) = input.downcast_ref::<GetItemInput>() {
        return one("GetItem", get.key());
    }
    if let Some(put) = input.downcast_ref::<PutItemInput>() {
        return one("PutItem", put.item());
    }
    if let Some(update) = input.downcast_ref::<UpdateItemInput>() {
        return one("UpdateItem", update.key());
    }
    if let Some(delete) = input.downcast_ref::<DeleteItemInput>() {
        return one("DeleteItem", delete.key());
    }
    input.downcast_ref::<QueryInput>().map(|query| vec![query_request(query)])
}

fn batch_requests(input: &Input) -> Option<Vec<Request>> {
    if let Some(batch) = input.downcast_ref::<BatchGetItemInput>() {
        let keys = batch.request_items().into_iter().flat_map(HashMap::values).flat_map(|table| table.keys());
        return Some(vec![Request::of_table("BatchGetItem", keys.map(partition))]);
    }
    if let Some(batch) = input.downcast_ref::<BatchWriteItemInput>() {
        let writes = batch.request_items().into_iter().flat_map(HashMap::values).flatten();
        return Some(vec![Request::of_table("BatchWriteItem", writes.filter_map(written).map(partition))]);
    }
    let transaction = input.downcast_ref::<TransactWriteItemsInput>()?;
    Some(transaction.transact_items().iter().flat_map(transacted).collect())
}

fn queue_requests(input: &Input) -> Option<Vec<Request>> {
    if input.downcast_ref::<SendMessageInput>().is_some()
        || input.downcast_ref::<SendMessageBatchInput>().is_some()
    {
        return Some(vec![Request::of_runs("SendMessage")]);
    }
    input.downcast_ref::<GetQueueAttributesInput>().map(|_| vec![Request::of_runs("GetQueueAttributes")])
}

fn written(write: &WriteRequest) -> Option<&Item> {
    let put = write.put_request().map(|put| put.item());
    put.or_else(|| write.delete_request().map(|delete| delete.key()))
}

/// A transaction needs the permissions of what it is made of, and none of its own.
fn transacted(write: &TransactWriteItem) -> impl Iterator<Item = Request> + use<> {
    let parts = [
        write.put().map(|put| ("PutItem", put.item())),
        write.update().map(|update| ("UpdateItem", update.key())),
        write.delete().map(|delete| ("DeleteItem", delete.key())),
        write.condition_check().map(|check| ("ConditionCheckItem", check.key())),
    ];
    let requests: Vec<_> = parts
        .into_iter()
        .flatten()
        .map(|(action, item)| Request::of_table(action, [partition(item)]))
        .collect();
    requests.into_iter()
}

/// The leading key of a query of an index is that of the index.
fn query_request(query: &QueryInput) -> Request {
    let resource = match query.index_name() {
        Some(index) => format!("${{Table.Arn}}/index/{index}"),
        None => "${Table.Arn}".to_owned(),
    };
    Request::new("dynamodb:Query", resource, partition_asked_for(query))
}

/// The one partition that a query's condition names: always by `=`, always first.
fn partition_asked_for(query: &QueryInput) -> Option<String> {
    let (_, value) = query.key_condition_expression()?.split(" AND ").next()?.split_once(" = ")?;
    query.expression_attribute_values()?.get(value)?.as_s().ok().cloned()
}

fn partition(item: &Item) -> String {
    item.get("pk").and_then(|pk| pk.as_s().ok()).cloned().unwrap_or_default()
}
