//! Mappings kept under a name, to be applied to sync configs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::connection::Provider;
use crate::data_type::DataType;
use crate::ids::TemplateId;
use crate::mapping::{FieldMapping, Filters, Rules, Transformation, check_rules};
use crate::validation::{Checks, Invalid};

/// Most characters a name may have.
const MAX_NAME_CHARS: usize = 200;

/// Most characters a description may have.
const MAX_DESCRIPTION_CHARS: usize = 2_000;

/// A mapping kept under a name. Applying it copies it: later changes of either do not touch the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MappingTemplate {
    /// Its id.
    pub id: TemplateId,
    /// What people call it; no other template of the data type has the same name.
    #[schema(example = "Northwind products")]
    pub name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The ERP it is meant for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    /// The kind of record.
    pub data_type: DataType,
    /// Which of their fields each of ours is taken from.
    #[schema(value_type = HashMap<String, Option<String>>, example = json!({"sku": "productID"}))]
    pub field_mapping: FieldMapping,
    /// What is done to single fields on their way, in order.
    pub transformations: Vec<Transformation>,
    /// Which of their records are taken.
    #[schema(value_type = HashMap<String, Object>, example = json!({"discontinued": false}))]
    pub filters: Filters,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts the changes; also the `ETag`.
    pub version: u64,
}

impl MappingTemplate {
    /// What it lends to a sync config.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules {
            field_mapping: self.field_mapping.clone(),
            transformations: self.transformations.clone(),
            filters: self.filters.clone(),
            ..Rules::default()
        }
    }
}

/// What makes a name one of its kind: blanks around it, and capitals, do not.
#[must_use]
pub fn folded_name(name: &str) -> String {
    name.trim().to_lowercase()
}

/// What a user sends to keep a mapping, or to replace one.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "name": "Northwind products", "dataType": "products",
    "fieldMapping": {"sku": "productID", "name": "productName", "price": "unitPrice"},
    "transformations": [{"field": "name", "operation": "trim"}],
    "filters": {"discontinued": false}
}))]
pub struct MappingTemplateInput {
    /// What people call it; no other template of the data type may have the same name, whatever its capitals.
    #[schema(example = "Northwind products", max_length = 200)]
    pub name: String,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub description: Option<String>,
    /// The ERP it is meant for.
    #[serde(default)]
    pub provider: Option<Provider>,
    /// The kind of record.
    pub data_type: DataType,
    /// Which of their fields each of ours is taken from. Fields left out are found by their usual names.
    #[serde(default)]
    #[schema(value_type = HashMap<String, Option<String>>, example = json!({"sku": "productID"}))]
    pub field_mapping: FieldMapping,
    /// What is done to single fields on their way, in order.
    #[serde(default)]
    pub transformations: Vec<Transformation>,
    /// Which of their records are taken.
    #[serde(default)]
    #[schema(value_type = HashMap<String, Object>, example = json!({"discontinued": false}))]
    pub filters: Filters,
}

impl MappingTemplateInput {
    /// Names of the fields an answer carries that only we set. A request that sends them back is not at fault.
    pub const SERVER_FIELDS: [&'static str; 4] = ["id", "createdAt", "updatedAt", "version"];

    /// Checks every rule.
    ///
    /// # Errors
    /// With each field that breaks one.
    pub fn validate(&self) -> Result<(), Invalid> {
        let mut checks = Checks::default();
        let name = self.name.trim();
        checks.require(
            !name.is_empty()
                && self.name.chars().count() <= MAX_NAME_CHARS
                && !self.name.chars().any(char::is_control),
            "name",
            "must be 1 to 200 characters without control characters",
        );
        let description = self.description.as_deref().unwrap_or_default();
        let unprintable = |c: char| c.is_control() && !c.is_whitespace();
        checks.require(
            description.chars().count() <= MAX_DESCRIPTION_CHARS && !description.chars().any(unprintable),
            "description",
            "must be at most 2000 characters without control characters other than line breaks",
        );
        check_rules(self.data_type, &self.field_mapping, &self.transformations, &self.filters, &mut checks);
        checks.finish()
    }
}
