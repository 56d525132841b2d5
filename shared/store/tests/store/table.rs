use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use store::{Store, StoreError};

use crate::embedded::{TABLE, client};

#[tokio::test]
async fn a_table_that_lacks_the_index_of_blocks_is_refused_and_one_of_ours_taken() {
    let client = client(None).await;
    let attribute = |name: &str| {
        let attribute =
            AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        attribute.build().unwrap()
    };
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let made = client.create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
    let made = made.attribute_definitions(attribute("pk")).attribute_definitions(attribute("sk"));
    let made = made.key_schema(key("pk", KeyType::Hash)).key_schema(key("sk", KeyType::Range));
    made.send().await.unwrap();
    let refused = Store::new(client.clone(), TABLE).create_table().await;
    assert!(matches!(refused, Err(StoreError::OldTable)), "{refused:?}");

    let ours = Store::new(client, "another");
    ours.create_table().await.unwrap();
    ours.create_table().await.unwrap();
}
