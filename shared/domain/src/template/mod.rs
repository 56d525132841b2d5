//! Puts one of our records into the form an ERP asks for: addresses and bodies with placeholders, which a connection's
//! `settings.api.push` holds, and the plain form for ERPs that need no template.

mod body;
mod placeholder;
mod renamed;
mod text;
mod value;
mod xml;

#[cfg(test)]
mod tests;

pub use body::BodyTemplate;
pub use renamed::renamed;
pub use text::{PathTemplate, Unfilled};
pub use xml::{Query, XmlTemplate, XmlValues, xml_escaped};

use jiff::tz::TimeZone;

use crate::change::Operation;
use crate::connection::NumberForm;
use crate::data_type::DataType;
use crate::json::Json;

/// A record of ours on its way to an ERP, with all that a placeholder may stand for.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The kind of record.
    pub data_type: DataType,
    /// What it is sent for.
    pub operation: Operation,
    /// The canonical record; none where a delete knows no more than the key.
    pub record: Option<Json<'a>>,
    /// `{key}`: the ERP's key if it is known, else ours.
    pub key: &'a str,
    /// `{reference}`, unless the record has a reference of its own.
    pub reference: &'a str,
    /// `{idempotencyKey}`
    pub idempotency_key: &'a str,
    /// How decimals are written.
    pub numbers: NumberForm,
    /// The ERP's time zone: `|date` writes the day that a moment has in it.
    pub zone: &'a TimeZone,
}

/// The time zone of an [`Outgoing`] that has no moments to write.
pub static UTC: TimeZone = TimeZone::UTC;

/// Whether a placeholder of this name can be filled in for records of a type.
///
/// # Errors
/// With a sentence that names the fields there are.
pub fn placeholder_exists(data_type: DataType, name: &str) -> Result<(), String> {
    placeholder::Placeholder::parse(placeholder::Scope::record(data_type), name).map(drop)
}

impl<'a> Outgoing<'a> {
    /// The first of these fields that the record does not have.
    #[must_use]
    pub fn missing<'f>(&self, fields: &'f [String]) -> Option<&'f str> {
        let scope = placeholder::Scope::record(self.data_type);
        let is_missing = |name: &&String| match placeholder::Placeholder::parse(scope, name) {
            Ok(placeholder) => placeholder.value(self, None).is_none(),
            Err(_) => true,
        };
        fields.iter().find(is_missing).map(String::as_str)
    }

    /// What a dotted path leads to; nothing where it is `null`.
    fn field(&self, path: &str) -> Option<Json<'a>> {
        placeholder::present(self.record?, path)
    }
}
