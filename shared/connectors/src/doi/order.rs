//! An order on its way into a document: what the document needs is there, or is named.

use std::collections::HashSet;

use domain::change::Operation;
use domain::records::{Address, Order, OrderLine};
use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_128;

use super::xml::unwritable;
use crate::{Push, PushError};

/// An order, with what it is sent for.
pub(super) struct Outgoing<'a> {
    pub(super) order: Order,
    pub(super) operation: Operation,
    /// The order's number.
    pub(super) key: &'a str,
    pub(super) reference: &'a str,
    idempotency_key: &'a str,
    /// When it is sent.
    pub(super) now: Timestamp,
}

impl<'a> Outgoing<'a> {
    /// Reads the record that is pushed.
    ///
    /// # Errors
    /// `NeedsMapping` if there is none, or one that no document can hold.
    pub(super) fn new(push: &Push<'a>, now: Timestamp) -> Result<Self, PushError> {
        let record = push
            .record
            .ok_or_else(|| PushError::NeedsMapping("there is no record to send, only its key".to_owned()))?;
        let order = serde_json::from_str(record.get())
            .map_err(|error| PushError::NeedsMapping(format!("the record is no order: {error}")))?;
        Ok(Self {
            order,
            operation: push.operation,
            key: push.key,
            reference: push.reference,
            idempotency_key: push.idempotency_key,
            now,
        })
    }

    /// An id of the document that is the same for each try at the same content, and for no other.
    pub(super) const fn document_id(&self) -> &'a str {
        self.idempotency_key
    }

    /// The same as a UUID: of version 8, whose bits are the sender's own (RFC 9562, section 5.8).
    pub(super) fn uuid(&self) -> String {
        let hash = xxh3_128(self.idempotency_key.as_bytes());
        let bits = (hash & !(0xf << 76) & !(0x3 << 62)) | (0x8 << 76) | (0x2 << 62);
        let hex = format!("{bits:032x}");
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

/// What the standard wants.
///
/// # Errors
/// `NeedsMapping`, naming the field that is missing.
pub(super) fn needed<T>(value: Option<T>, field: &str, standard: &str) -> Result<T, PushError> {
    value.ok_or_else(|| {
        PushError::NeedsMapping(format!("{field} is missing, and {standard} wants it: add it to the record"))
    })
}

/// The country of an address by its code.
///
/// # Errors
/// `NeedsMapping`, if it is missing or no code; `field` is the address.
pub(super) fn country<'a>(address: &'a Address, field: &str, standard: &str) -> Result<&'a str, PushError> {
    let country = needed(address.country.as_deref(), &format!("{field}.country"), standard)?;
    if country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(country);
    }
    Err(PushError::NeedsMapping(format!(
        "{field}.country is {country}, and {standard} wants its code of two letters (ISO 3166), such as DE"
    )))
}

/// The number of each line, by which answers name it: its own if it `fits` and no line before has it, else the first from
/// its position on that is free.
pub(super) fn line_numbers(lines: &[OrderLine], fits: impl Fn(&str) -> bool) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut own = |line: &OrderLine| {
        line.line_number.clone().filter(|number| fits(number) && taken.insert(number.clone()))
    };
    let own: Vec<_> = lines.iter().map(&mut own).collect();
    let mut free = |position: usize| {
        let mut numbers = (position + 1..).map(|number| number.to_string());
        numbers.find(|number| taken.insert(number.clone())).unwrap_or_default()
    };
    own.into_iter().enumerate().map(|(position, own)| own.unwrap_or_else(|| free(position))).collect()
}

/// A document that can be sent as XML.
///
/// # Errors
/// `NeedsMapping`, if the record holds a character that no XML can hold.
pub(super) fn writable(document: String) -> Result<String, PushError> {
    match unwritable(&document) {
        None => Ok(document),
        Some(character) => Err(PushError::NeedsMapping(format!(
            "the record holds the control character U+{:04X}, which XML cannot: take it out",
            u32::from(character)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_line_has_a_number_of_its_own() {
        let numbers = |own: &[Option<&str>]| {
            let lines = own.iter().map(|number| json!({"lineNumber": number}));
            let lines: Vec<OrderLine> = serde_json::from_value(lines.collect()).unwrap();
            line_numbers(&lines, |number| !number.is_empty()).join(" ")
        };
        assert_eq!(numbers(&[Some("10"), None, Some("20")]), "10 2 20");
        assert_eq!(numbers(&[Some("2"), None, None]), "2 3 4");
        assert_eq!(numbers(&[Some("7"), Some("7"), Some("")]), "7 2 3");
    }
}
