//! A document as their lists give it, and what is put beside its fields. Numbers stay the text they were written in.

use domain::json::{Json, Kind, write_member};
use transport::ErpError;

/// A document, or a row of a table within one.
#[derive(Debug)]
pub(super) struct Row {
    text: String,
    /// Members that replace its own or stand beside them: name and JSON.
    put: Vec<(&'static str, String)>,
}

impl Row {
    /// Takes a record of an answer.
    ///
    /// # Errors
    /// `Malformed`, if it is no object.
    pub(super) fn read(json: Json<'_>) -> Result<Self, ErpError> {
        if json.kind() == Kind::Object {
            Ok(Self { text: json.text().to_owned(), put: Vec::new() })
        } else {
            Err(ErpError::Malformed(format!("ERPNext answered with a list that holds {}", json.kind())))
        }
    }

    /// What ERPNext sent for a field, as JSON.
    pub(super) fn json(&self, field: &str) -> Option<&str> {
        Json::written(&self.text).get(field).map(Json::text)
    }

    /// The text of a field; empty if it has none.
    pub(super) fn text(&self, field: &str) -> String {
        let text = self.json(field).and_then(|json| serde_json::from_str::<Option<String>>(json).ok());
        text.flatten().unwrap_or_default()
    }

    /// The whole number in a field.
    pub(super) fn number(&self, field: &str) -> Option<i64> {
        self.json(field)?.parse().ok()
    }

    /// Puts a member beside the fields, or in the place of one.
    pub(super) fn put(&mut self, member: &'static str, json: impl Into<String>) {
        self.put.push((member, json.into()));
    }

    /// The document without some of its fields, and with what was put beside them.
    pub(super) fn into_json_without(self, fields: &[&str]) -> String {
        let mut out = String::with_capacity(self.text.len() + 64);
        out.push('{');
        Json::written(&self.text).each_member(|name, value| {
            if !fields.contains(&name) && self.put.iter().all(|(put, _)| *put != name) {
                write_member(name, value.text(), &mut out);
            }
        });
        for (name, value) in &self.put {
            write_member(name, value, &mut out);
        }
        out.push('}');
        out
    }

    /// The document with what was put beside its fields.
    pub(super) fn into_json(self) -> String {
        self.into_json_without(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_replaces_a_field_or_stands_beside_it_and_digits_stay() {
        let text = br#"{"name": "A \"1\"", "rate": 12345678901234567.89, "idx": 2, "gone": null}"#;
        let mut row = Row::read(Json::parse(text).unwrap()).unwrap();
        assert_eq!((row.text("name").as_str(), row.number("idx")), ("A \"1\"", Some(2)));
        assert_eq!((row.text("gone").as_str(), row.text("absent").as_str()), ("", ""));
        row.put("idx", "3");
        row.put("items", "[]");
        let whole = row.into_json_without(&["gone"]);
        assert_eq!(whole, r#"{"name":"A \"1\"","rate":12345678901234567.89,"idx":3,"items":[]}"#);
    }

    #[test]
    fn what_is_no_object_is_no_document() {
        assert!(matches!(Row::read(Json::parse(b"[1]").unwrap()), Err(ErpError::Malformed(_))));
    }
}
