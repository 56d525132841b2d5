//! How orders are written as files.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::files::{Checksum, is_marker, is_plain};
use super::push::{NumberForm, check_body};
use crate::data_type::DataType;
use crate::validation::Checks;

/// How orders are written as files: each order is one file, written under another name and renamed when it is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OutgoingFiles {
    /// Where they are written, under `sftpPath`.
    pub directory: String,
    /// Their names; `{reference}` stands for our reference. A changed or deleted order has the operation and a number
    /// before its ending.
    pub name: String,
    /// What is in them.
    pub format: OutgoingFormat,
    /// With `format: json`, the form of an order: JSON in which a string `"{{field}}"` becomes the field's value, and
    /// `{"$each": "lines", "item": {…}}` a list. The whole record in our form if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<Value>,
    /// With `format: csv`, the columns of the one row that each line of an order has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<OutgoingColumn>,
    /// With `format: csv`, what separates fields.
    pub delimiter: char,
    /// How decimals are written.
    pub numbers: NumberForm,
    /// A file that is written when the order's own is there, such as `{name}.done`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_marker: Option<String>,
    /// A checksum that is written beside each file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
}

impl Default for OutgoingFiles {
    fn default() -> Self {
        Self {
            directory: "in".to_owned(),
            name: "ORD_{reference}.json".to_owned(),
            format: OutgoingFormat::default(),
            body: None,
            columns: Vec::new(),
            delimiter: ',',
            numbers: NumberForm::default(),
            done_marker: None,
            checksum: None,
        }
    }
}

/// What is in a file that is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutgoingFormat {
    /// One JSON object.
    #[default]
    Json,
    /// RFC 4180, with a line of names and a row for each line of the order.
    Csv,
}

/// A column of a CSV file that is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "ART_NO", "value": "{{sku}}"}))]
pub struct OutgoingColumn {
    /// Its name in the first line.
    pub name: String,
    /// Its value, with placeholders for fields of the order and of its line.
    pub value: String,
}

impl OutgoingFiles {
    /// The form of an order: JSON as it is set, or what becomes the rows of a CSV file, one object each.
    #[must_use]
    pub fn template(&self) -> Option<Value> {
        match self.format {
            OutgoingFormat::Json => self.body.clone(),
            OutgoingFormat::Csv => {
                let columns = self.columns.iter();
                let row: Map<_, _> =
                    columns.map(|column| (column.name.clone(), column.value.clone().into())).collect();
                Some(json!({"$each": "lines", "item": row}))
            }
        }
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        if let Some(template) = self.template() {
            check_body(DataType::Orders, &template, "settings.files.push", checks);
        }
        checks.require(
            is_plain(&self.directory),
            "settings.files.push.directory",
            "must be the name of a directory under sftpPath",
        );
        checks.require(
            is_plain(&self.name.replace("{reference}", "x")) && self.name.contains("{reference}"),
            "settings.files.push.name",
            "must be a file name with {reference} in it, such as ORD_{reference}.json",
        );
        checks.require(
            self.format != OutgoingFormat::Csv || !self.columns.is_empty(),
            "settings.files.push.columns",
            "must name the columns of a CSV file",
        );
        checks.require(
            self.delimiter.is_ascii()
                && !self.delimiter.is_alphanumeric()
                && !"\"\r\n".contains(self.delimiter),
            "settings.files.push.delimiter",
            "must be one ASCII character that is no letter, digit or quote",
        );
        checks.require(
            self.done_marker.as_deref().is_none_or(is_marker),
            "settings.files.push.doneMarker",
            "must be a file name with {name} or {stem} in it, such as {name}.done",
        );
    }
}
