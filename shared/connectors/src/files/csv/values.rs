//! What the fields of a row mean: texts, no value, and numbers with a decimal comma.

use domain::connection::CsvSettings;
use domain::json::write_string_bytes;

use super::dialect::Dialect;
use super::split::Field;

/// Writes rows as JSON objects.
pub(super) struct Values {
    /// The names with what JSON wants before and after: `,"sku":`.
    keys: Vec<String>,
    nulls: Vec<String>,
    decimal_comma: bool,
    /// Columns in which the sample has numbers with a decimal comma, so that `1.234` is a thousand there.
    comma_columns: Vec<bool>,
}

impl Values {
    pub(super) fn new(names: &[String], settings: &CsvSettings, dialect: &Dialect) -> Self {
        let key = |(position, name): (usize, &String)| {
            let separator = if position == 0 { '{' } else { ',' };
            format!("{separator}{}:", serde_json::Value::from(name.as_str()))
        };
        Self {
            keys: names.iter().enumerate().map(key).collect(),
            nulls: nulls(settings),
            decimal_comma: dialect.decimal_comma,
            comma_columns: dialect.comma_columns.clone(),
        }
    }

    /// Appends one row.
    pub(super) fn write(&self, row: &str, fields: &[Field], json: &mut Vec<u8>) {
        for (column, (key, field)) in self.keys.iter().zip(fields).enumerate() {
            json.extend_from_slice(key.as_bytes());
            let value = field.value(row);
            if self.nulls.iter().any(|null| *null == value) {
                json.extend_from_slice(b"null");
                continue;
            }
            let number = if self.decimal_comma { self.number(&value, column) } else { None };
            write_string_bytes(number.as_deref().unwrap_or(&value), json);
        }
        json.push(b'}');
    }

    /// A number written with a decimal comma, the way JSON writes it.
    fn number(&self, value: &str, column: usize) -> Option<String> {
        let number = Number::parse(value, ',', '.')?;
        let comma_column = self.comma_columns.get(column).copied().unwrap_or_default();
        (number.has_decimals || (number.is_grouped && comma_column)).then_some(number.plain)
    }
}

/// Texts that mean "no value".
pub(in crate::files) fn nulls(settings: &CsvSettings) -> Vec<String> {
    settings.null_values.clone().unwrap_or_else(|| vec![String::new(), "NULL".to_owned()])
}

/// A text that is a number as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::files) struct Number {
    /// Written with a decimal point and no groups.
    pub plain: String,
    /// Whether it has digits after a decimal sign, and how many.
    pub has_decimals: bool,
    pub decimals: usize,
    /// Whether its thousands are set apart.
    pub is_grouped: bool,
}

impl Number {
    /// Reads a number with this decimal sign and this sign between thousands. Leading zeros make it a text.
    pub(in crate::files) fn parse(text: &str, decimal: char, group: char) -> Option<Self> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, decimals) = match unsigned.split_once(decimal) {
            Some((whole, decimals)) => (whole, Some(decimals)),
            None => (unsigned, None),
        };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let mut groups = whole.split(group);
        let first = groups.next()?;
        let rest: Vec<&str> = groups.collect();
        let well_grouped = rest.is_empty()
            || (first.len() <= 3 && rest.iter().all(|group| group.len() == 3 && digits(group)));
        let zeros_lead = first.starts_with('0') && (first.len() > 1 || !rest.is_empty());
        if !digits(first) || !well_grouped || zeros_lead || !decimals.is_none_or(digits) {
            return None;
        }
        let sign = if text.starts_with('-') { "-" } else { "" };
        let point = decimals.map(|decimals| format!(".{decimals}")).unwrap_or_default();
        Some(Self {
            plain: format!("{sign}{first}{}{point}", rest.concat()),
            has_decimals: decimals.is_some(),
            decimals: decimals.map_or(0, str::len),
            is_grouped: !rest.is_empty(),
        })
    }
}
