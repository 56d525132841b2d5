//! Transformations as users write them: which field, what is done, and with what.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Target;
use super::program::Program;
use super::step::Step;
use crate::data_type::DataType;
use crate::records::{FieldKind, fields_of};
use crate::validation::Checks;

/// Most transformations a config may have.
const MAX_TRANSFORMATIONS: usize = 200;

/// What a transformation does. Where there is no value to work on, most do nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Cuts blanks off both ends.
    Trim,
    /// Upper case.
    Uppercase,
    /// Lower case.
    Lowercase,
    /// The first letter in upper case, the others in lower.
    Capitalize,
    /// Puts the text `value` before it.
    Prefix,
    /// Puts the text `value` behind it.
    Suffix,
    /// Puts one text for each occurrence of another: `{"find": "-", "with": ""}`.
    Replace,
    /// Keeps some characters: `{"start": 0, "length": 5}`; to the end without `length`.
    Substring,
    /// Splits a text at another: `{"by": ",", "index": 0}`; the whole list without `index`.
    Split,
    /// Makes one text of a list, with the text `value` between its items.
    Join,
    /// Makes one text of several of their fields: `{"fields": ["firstName", "lastName"], "separator": " "}`.
    Concat,
    /// Takes `value` where there is none.
    Default,
    /// Takes `value` always.
    Constant,
    /// Looks it up in the table `value`: `{"A": "active", "*": "closed"}`. `*` stands for all that is not listed;
    /// without it, that stays as it is.
    Map,
    /// Multiplies by the decimal number `value`.
    Multiply,
    /// Adds the decimal number `value`.
    Add,
    /// Rounds to `value` decimal places (0 if left out), halves away from zero.
    Round,
    /// Reads a number; `value` is the decimal mark, `.` or `,`, if the other one groups thousands.
    ToNumber,
    /// Makes a text of it.
    ToString,
    /// Makes `true` or `false` of yes, no, 1, 0 and the like.
    ToBoolean,
    /// Reads a time of one form and writes another: `{"from": "%d.%m.%Y", "to": "%Y-%m-%d"}`, as `strftime` has them.
    /// Without `from` every usual form is read; without `to` RFC 3339 is written. A time without a zone is UTC.
    Date,
    /// Takes nothing where it is `value`, or one of the list `value`.
    NullIf,
    /// Where there is none, takes the first of the fields `value` of theirs that has one.
    Coalesce,
}

/// One change to what was found for a field, before it is brought into the field's form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"field": "price", "operation": "multiply", "value": "1.19"}))]
pub struct Transformation {
    /// Our field: `price`, `shippingAddress.city`, `lines.sku` (of every line), `extra.colour`.
    pub field: String,
    /// What is done.
    pub operation: Operation,
    /// With what; each operation tells which. Decimals are best written as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// Checks transformations against the fields of a data type.
pub fn check_transformations(data_type: DataType, transformations: &[Transformation], checks: &mut Checks) {
    let few = transformations.len() <= MAX_TRANSFORMATIONS;
    checks.require(few, "transformations", "must have at most 200 entries");
    for (position, one) in transformations.iter().take(MAX_TRANSFORMATIONS).enumerate() {
        if let Err(message) = target(data_type, &one.field) {
            checks.fail(format!("transformations.{position}.field"), message);
        }
        if let Err(message) = Step::compile(one.operation, one.value.as_ref()) {
            checks.fail(format!("transformations.{position}.value"), message);
        }
    }
}

/// What a transformation's field names: as in a mapping, and fields of every item of a list.
pub(super) fn target(data_type: DataType, name: &str) -> Result<Target<'_>, String> {
    let in_list = name.split_once('.').and_then(|(outer, inner)| {
        let outer = fields_of(data_type).iter().find(|field| field.name == outer)?;
        let FieldKind::List(fields) = outer.kind else { return None };
        let inner = inner.strip_prefix("[].").unwrap_or(inner);
        fields.iter().find(|field| field.name == inner).map(|inner| Target::Inner(outer, inner))
    });
    match in_list.map_or_else(|| Target::find(data_type, name), Ok)? {
        Target::Field(field) if matches!(field.kind, FieldKind::Object(_) | FieldKind::List(_)) => {
            Err(format!("is an object or a list: name one of its fields, as in {name}.<field>"))
        }
        found => Ok(found),
    }
}

/// What is done to each field, in the order it was written.
pub(super) fn programs(transformations: &[Transformation]) -> Vec<(&str, Program)> {
    let mut programs: Vec<(&str, Program)> = Vec::new();
    for one in transformations {
        let Ok(step) = Step::compile(one.operation, one.value.as_ref()) else { continue };
        match programs.iter_mut().find(|(name, _)| *name == one.field) {
            Some((_, program)) => program.push(one.operation, step),
            None => {
                let mut program = Program::default();
                program.push(one.operation, step);
                programs.push((&one.field, program));
            }
        }
    }
    programs
}

#[cfg(test)]
mod tests;
