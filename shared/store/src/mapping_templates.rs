//! Mapping templates in the table. Beside each lies an item for its name, so that no two of a data type share one.

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use domain::DataType;
use domain::ids::TemplateId;
use domain::mapping_template::MappingTemplate;
use serde::{Deserialize, Serialize};

use crate::item::{Item, Range, index, number, text};
use crate::key::{self, BY_KIND};
use crate::{Listing, Store, StoreError};

/// Which template has a name.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Name {
    template_id: TemplateId,
}

impl Store {
    /// Adds a template.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if another template of the data type has its name.
    pub async fn create_mapping_template(&self, template: &MappingTemplate) -> Result<(), StoreError> {
        let writes = vec![self.put_new(template_item(template)?)?, self.put_new(name_item(template)?)?];
        match self.transact(writes).await {
            Err(StoreError::Changed) => Err(StoreError::Exists),
            other => other,
        }
    }

    /// Reads a template.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn mapping_template(&self, id: &TemplateId) -> Result<Option<MappingTemplate>, StoreError> {
        self.get(&key::mapping_template(id)).await
    }

    /// Lists templates, of one data type or of all, oldest first.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], or if the table cannot be read.
    pub async fn list_mapping_templates(
        &self,
        data_type: Option<DataType>,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<MappingTemplate>, StoreError> {
        let range = Range { prefix: "", descending: false };
        match data_type {
            None => self.list(key::MAPPING_TEMPLATES, range, limit, cursor).await,
            Some(data_type) => {
                let kind = key::mapping_templates_of(data_type);
                self.list_index(BY_KIND, &kind, range, limit, cursor).await
            }
        }
    }

    /// Puts `after` in the place of `before`, which is what was read.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if it was changed or deleted meanwhile, [`StoreError::Exists`] if another template has
    /// its new name.
    pub async fn replace_mapping_template(
        &self,
        before: &MappingTemplate,
        after: &MappingTemplate,
    ) -> Result<(), StoreError> {
        let mut writes = vec![self.put_over(before, after)?];
        let renamed = key::mapping_template_name(before) != key::mapping_template_name(after);
        if renamed {
            writes.push(self.free_name(before)?);
            writes.push(self.put_new(name_item(after)?)?);
        }
        match self.transact(writes).await {
            Err(StoreError::Changed) if renamed && self.is_taken(after).await? => Err(StoreError::Exists),
            other => other,
        }
    }

    /// Deletes a template as it was read.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if it was changed or deleted meanwhile.
    pub async fn delete_mapping_template(&self, template: &MappingTemplate) -> Result<(), StoreError> {
        let delete = Delete::builder()
            .table_name(&*self.table)
            .set_key(Some(key::mapping_template(&template.id).to_item()))
            .condition_expression("version = :version")
            .expression_attribute_values(":version", number(template.version))
            .build()
            .map_err(StoreError::corrupt)?;
        let delete = TransactWriteItem::builder().delete(delete).build();
        self.transact(vec![delete, self.free_name(template)?]).await
    }

    fn put_over(
        &self,
        before: &MappingTemplate,
        after: &MappingTemplate,
    ) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&*self.table)
            .set_item(Some(template_item(after)?))
            .condition_expression("version = :before")
            .expression_attribute_values(":before", number(before.version));
        Ok(TransactWriteItem::builder().put(put.build().map_err(StoreError::corrupt)?).build())
    }

    fn free_name(&self, template: &MappingTemplate) -> Result<TransactWriteItem, StoreError> {
        let delete = Delete::builder()
            .table_name(&*self.table)
            .set_key(Some(key::mapping_template_name(template).to_item()))
            .condition_expression("templateId = :id")
            .expression_attribute_values(":id", text(template.id.as_str()));
        let delete = delete.build().map_err(StoreError::corrupt)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// Whether another template has the name of this one.
    async fn is_taken(&self, template: &MappingTemplate) -> Result<bool, StoreError> {
        let name: Option<Name> = self.get(&key::mapping_template_name(template)).await?;
        Ok(name.is_some_and(|name| name.template_id != template.id))
    }
}

fn template_item(template: &MappingTemplate) -> Result<Item, StoreError> {
    let mut item = key::mapping_template(&template.id).with(template)?;
    index(&mut item, BY_KIND, key::mapping_templates_of(template.data_type), template.id.as_str());
    Ok(item)
}

fn name_item(template: &MappingTemplate) -> Result<Item, StoreError> {
    key::mapping_template_name(template).with(Name { template_id: template.id.clone() })
}
