//! The table of the cloud is the one that a Causeway makes for itself on one machine.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::interceptors::BeforeSerializationInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::create_table::CreateTableInput;
use aws_sdk_dynamodb::operation::update_time_to_live::UpdateTimeToLiveInput;
use aws_sdk_dynamodb::types::{AttributeDefinition, KeySchemaElement, Projection};
use serde_json::{Value, json};
use template::Template;

use crate::harness::Causeway;

/// Keeps what a table is asked for, in CloudFormation's words.
#[derive(Debug, Clone, Default)]
struct TableAskedFor(Arc<Mutex<Value>>);

impl Intercept for TableAskedFor {
    fn name(&self) -> &'static str {
        "table asked for"
    }

    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut asked = self.0.lock().unwrap();
        if let Some(table) = context.input().downcast_ref::<CreateTableInput>() {
            *asked = in_their_words(table);
        }
        if let Some(input) = context.input().downcast_ref::<UpdateTimeToLiveInput>() {
            let by = input.time_to_live_specification().unwrap();
            asked["TimeToLiveSpecification"] =
                json!({"AttributeName": by.attribute_name, "Enabled": by.enabled});
        }
        Ok(())
    }
}

fn in_their_words(table: &CreateTableInput) -> Value {
    let of_table = |index: &aws_sdk_dynamodb::types::GlobalSecondaryIndex| {
        let schema = schema(index.key_schema());
        json!({"IndexName": index.index_name(), "KeySchema": schema, "Projection": projection(index.projection())})
    };
    let within = |index: &aws_sdk_dynamodb::types::LocalSecondaryIndex| {
        let schema = schema(index.key_schema());
        json!({"IndexName": index.index_name(), "KeySchema": schema, "Projection": projection(index.projection())})
    };
    let attribute = |of: &AttributeDefinition| json!({"AttributeName": of.attribute_name(), "AttributeType": of.attribute_type().as_str()});
    json!({
        "AttributeDefinitions": table.attribute_definitions().iter().map(attribute).collect::<Vec<_>>(),
        "BillingMode": table.billing_mode().unwrap().as_str(),
        "GlobalSecondaryIndexes": table.global_secondary_indexes().iter().map(of_table).collect::<Vec<_>>(),
        "KeySchema": schema(table.key_schema()),
        "LocalSecondaryIndexes": table.local_secondary_indexes().iter().map(within).collect::<Vec<_>>(),
    })
}

fn schema(elements: &[KeySchemaElement]) -> Vec<Value> {
    let element = |of: &KeySchemaElement| json!({"AttributeName": of.attribute_name(), "KeyType": of.key_type().as_str()});
    elements.iter().map(element).collect()
}

fn projection(of: Option<&Projection>) -> Value {
    let of = of.unwrap();
    match of.non_key_attributes() {
        [] => json!({"ProjectionType": of.projection_type().unwrap().as_str()}),
        named => json!({"ProjectionType": of.projection_type().unwrap().as_str(), "NonKeyAttributes": named}),
    }
}

/// Lists of things with names, by name.
fn sorted(table: &Value) -> Value {
    let mut table = table.clone();
    for list in ["AttributeDefinitions", "GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        if let Some(list) = table.get_mut(list).and_then(Value::as_array_mut) {
            list.sort_by_key(|one| format!("{}{}", one["AttributeName"], one["IndexName"]));
        }
    }
    table
}

#[tokio::test]
async fn the_template_makes_the_table_that_a_causeway_makes_for_itself() {
    let asked = TableAskedFor::default();
    let causeway = Causeway::start_watched(asked.clone()).await;
    let ours = sorted(&asked.0.lock().unwrap());
    drop(causeway);
    let theirs = sorted(&Template::default().resource("Table")["Properties"]);
    for (part, wanted) in ours.as_object().unwrap() {
        let there = theirs.get(part).cloned().unwrap_or_else(|| json!([]));
        assert_eq!(there, *wanted, "{part}: infra/template.yaml, and create_table() of shared/store");
    }
}
