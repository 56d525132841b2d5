//! What the store relies on and SQLite makes possible: nothing acknowledged is lost, on a file or by a stop.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};

use super::DynamoDb;
use crate::clients;

async fn make_table(client: &Client) {
    let key = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash).build().unwrap();
    let pk = AttributeDefinition::builder().attribute_name("pk").attribute_type(ScalarAttributeType::S);
    let made = client.create_table().table_name("records").billing_mode(BillingMode::PayPerRequest);
    made.key_schema(key).attribute_definitions(pk.build().unwrap()).send().await.unwrap();
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("table.sqlite");
    let key = AttributeValue::S("k".to_owned());

    let dynamodb = DynamoDb::start(Some(&file)).await.unwrap();
    let client = clients::dynamodb(dynamodb.address(), None);
    make_table(&client).await;
    client.put_item().table_name("records").item("pk", key.clone()).send().await.unwrap();
    dynamodb.stop().await;

    let dynamodb = DynamoDb::start(Some(&file)).await.unwrap();
    let client = clients::dynamodb(dynamodb.address(), None);
    let read = client.get_item().table_name("records").key("pk", key.clone()).send().await.unwrap();
    assert_eq!(read.item.unwrap()["pk"], key);
    dynamodb.stop().await;
}

#[tokio::test]
async fn two_in_memory_share_nothing() {
    let (one, other) = (DynamoDb::start(None).await.unwrap(), DynamoDb::start(None).await.unwrap());
    make_table(&clients::dynamodb(one.address(), None)).await;
    let tables = clients::dynamodb(other.address(), None).list_tables().send().await.unwrap();
    assert!(tables.table_names().is_empty());
    one.stop().await;
    other.stop().await;
}
