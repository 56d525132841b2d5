//! Makes the table where no template does: on one machine and in tests.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, LocalSecondaryIndex,
    Projection, ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
};

use crate::key::{BY_BLOCK, INDEXES, Index, OUTLINED, TTL};
use crate::{Store, StoreError};

impl Store {
    /// Makes the table with its indexes, unless it is there.
    ///
    /// # Errors
    /// [`StoreError::OldTable`] if it is there and lacks the local index, which can only be made together with a table;
    /// [`StoreError::Unavailable`] if DynamoDB cannot be reached.
    pub async fn create_table(&self) -> Result<(), StoreError> {
        let indexes = INDEXES.iter().chain([&BY_BLOCK]);
        let mut names: Vec<&str> =
            indexes.flat_map(|index| [index.pk, index.sk]).chain(["pk", "sk"]).collect();
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
            .local_secondary_indexes(local_index(BY_BLOCK)?)
            .send()
            .await;
        match made {
            Ok(_) => self.expire_items().await,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_resource_in_use_exception()) => {
                self.check_table().await
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn check_table(&self) -> Result<(), StoreError> {
        let described = self.client.describe_table().table_name(&*self.table).send().await?.table;
        let indexes = described.and_then(|table| table.local_secondary_indexes).unwrap_or_default();
        let is_there = indexes.iter().any(|index| index.index_name() == Some(BY_BLOCK.name));
        if is_there { Ok(()) } else { Err(StoreError::OldTable) }
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

fn local_index(index: Index) -> Result<LocalSecondaryIndex, StoreError> {
    let carried = OUTLINED.map(str::to_owned).to_vec();
    let projection = Projection::builder().projection_type(ProjectionType::Include);
    LocalSecondaryIndex::builder()
        .index_name(index.name)
        .set_key_schema(Some(schema(index.pk, index.sk)?))
        .projection(projection.set_non_key_attributes(Some(carried)).build())
        .build()
        .map_err(StoreError::corrupt)
}
