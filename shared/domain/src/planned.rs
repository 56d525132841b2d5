//! What a dry run would do, record by record.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::data_type::DataType;
use crate::difference::{FieldDifference, difference};
use crate::json::Json;

/// What would be done with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlannedAction {
    /// It would be new here.
    Create,
    /// It would change here.
    Update,
    /// It would be marked as gone here.
    Delete,
    /// It would be sent to the ERP.
    Push,
}

/// What a dry run would do with one record.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlannedChange {
    /// What would be done.
    pub action: PlannedAction,
    /// The record's key.
    #[schema(example = "SKU-1")]
    pub key: String,
    /// Field by field, what the ERP says and what we say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<FieldDifference>,
    /// The whole record, where it would be new.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub data: Option<Box<RawValue>>,
}

impl PlannedChange {
    /// A record that would be new here.
    #[must_use]
    pub fn create(key: String, data: &[u8]) -> Self {
        let text = String::from_utf8_lossy(data).into_owned();
        let data = RawValue::from_string(text).ok();
        Self { action: PlannedAction::Create, key, differences: Vec::new(), data }
    }

    /// A record that would change here.
    #[must_use]
    pub fn update(data_type: DataType, key: String, here: &[u8], at_erp: &[u8]) -> Self {
        let differences = difference(data_type, None, Json::parse(at_erp).ok(), Json::parse(here).ok());
        Self { action: PlannedAction::Update, key, differences, data: None }
    }

    /// A record that would be sent to the ERP; `ours` is none where it would be deleted there.
    #[must_use]
    pub fn push(data_type: DataType, key: String, at_erp: Option<&str>, ours: Option<&str>) -> Self {
        let json = |text: Option<&'_ str>| text.and_then(|text| RawValue::from_string(text.to_owned()).ok());
        let (erp, system) = (json(at_erp), json(ours));
        let differences =
            difference(data_type, None, erp.as_deref().map(Json::from), system.as_deref().map(Json::from));
        let is_new = at_erp.is_none();
        let differences = if is_new { Vec::new() } else { differences };
        Self { action: PlannedAction::Push, key, differences, data: system.filter(|_| is_new) }
    }

    /// The same, without what would not fit into the table.
    #[must_use]
    pub fn without_content(&self) -> Self {
        Self { action: self.action, key: self.key.clone(), differences: Vec::new(), data: None }
    }

    /// A record that would be marked as gone.
    #[must_use]
    pub const fn delete(key: String) -> Self {
        Self { action: PlannedAction::Delete, key, differences: Vec::new(), data: None }
    }
}
