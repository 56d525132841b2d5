//! Makes the table where no template does: on one machine and in tests.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
};

use crate::key::{INDEXES, Index, TTL};
use crate::{Store, StoreError};

impl Store {
    /// Makes the table with its indexes, unless it is there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if DynamoDB cannot be reached.
    pub async fn create_table(&self) -> Result<(), StoreError> {
        let mut names: Vec<&str> =
            INDEXES.iter().flat_map(|index| [index.pk, index.sk]).chain(["pk", "sk"]).collect();
        names.sort_unstable();
        names.dedup();
        let attributes = names.into_iter().map(attribute).collect::<Result<Vec<_>, _>>()?;
        let indexes = INDEXES.into_iter().map(index).collect::<Result<Vec<_>, _>>()?;
        let made = self
            .client
            .create_table()
            .table_name(&*self.table)
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(schema("pk", "sk")?))
            .set_attribute_definitions(Some(attributes))
            .set_global_secondary_indexes(Some(indexes))
            .send()
            .await;
        match made {
            Ok(_) => self.expire_items().await,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_resource_in_use_exception()) => {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn expire_items(&self) -> Result<(), StoreError> {
        let by = TimeToLiveSpecification::builder().enabled(true).attribute_name(TTL).build();
        let by = by.map_err(StoreError::corrupt)?;
        self.client
            .update_time_to_live()
            .table_name(&*self.table)
            .time_to_live_specification(by)
            .send()
            .await?;
        Ok(())
    }
}

fn attribute(name: &str) -> Result<AttributeDefinition, StoreError> {
    let definition =
        AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
    definition.build().map_err(StoreError::corrupt)
}

fn schema(pk: &str, sk: &str) -> Result<Vec<KeySchemaElement>, StoreError> {
    let element = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    let both = [element(pk, KeyType::Hash), element(sk, KeyType::Range)];
    both.into_iter().collect::<Result<_, _>>().map_err(StoreError::corrupt)
}

fn index(index: Index) -> Result<GlobalSecondaryIndex, StoreError> {
    GlobalSecondaryIndex::builder()
        .index_name(index.name)
        .set_key_schema(Some(schema(index.pk, index.sk)?))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
        .map_err(StoreError::corrupt)
}
