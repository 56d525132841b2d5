//! A record as Odoo sends it, made fit for mapping: its `false` for nothing is left out, and what is linked is an object
//! with `id` and `display_name` instead of a pair. Pure; amounts stay the text they came as.

use std::collections::{BTreeMap, HashMap};

use domain::json::{self, Json, Kind, write_member};

/// The fields of a model.
pub(super) type Fields = BTreeMap<String, Field>;

/// What a field is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Its type, in their words.
    pub(super) kind: String,
    /// The model it leads to, if it leads anywhere.
    pub(super) relation: Option<String>,
}

/// Reads what `fields_get` answered.
pub(super) fn fields(answer: Json<'_>) -> Fields {
    let text = |field: Json<'_>, name| Some(field.get(name)?.as_string()?.into_owned());
    let field =
        |field| Field { kind: text(field, "type").unwrap_or_default(), relation: text(field, "relation") };
    answer.members().into_iter().map(|(name, told)| (name.into_owned(), field(told))).collect()
}

/// Records by their numbers.
pub(super) type Rows = HashMap<i64, Row>;

/// A record: names, and values as JSON.
#[derive(Debug, Clone, Default)]
pub(super) struct Row(Vec<(String, String)>);

impl Row {
    /// Takes over what Odoo sent.
    pub(super) fn read(record: Json<'_>, fields: &Fields) -> Self {
        let member = |(name, value): (std::borrow::Cow<'_, str>, Json<'_>)| {
            let kind = fields.get(&*name).map(|field| field.kind.as_str()).unwrap_or_default();
            Some((name.into_owned(), made_fit(kind, value)?))
        };
        Self(record.members().into_iter().filter_map(member).collect())
    }

    /// A value, if there is one.
    pub(super) fn get(&self, name: &str) -> Option<Json<'_>> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, text)| Json::written(text))
    }

    /// Sets a value, given as JSON.
    pub(super) fn set(&mut self, name: &str, json: String) {
        match self.0.iter_mut().find(|(key, _)| key == name) {
            Some((_, value)) => *value = json,
            None => self.0.push((name.to_owned(), json)),
        }
    }

    /// Sets a text.
    pub(super) fn set_text(&mut self, name: &str, text: &str) {
        self.set(name, json::string(text));
    }

    /// Takes a value out.
    pub(super) fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| key != name);
    }

    /// Its number.
    pub(super) fn id(&self) -> Option<i64> {
        self.get("id")?.text().parse().ok()
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.as_string().map(std::borrow::Cow::into_owned)
    }

    /// The number of what is linked.
    pub(super) fn link(&self, name: &str) -> Option<i64> {
        self.get(name)?.get("id")?.text().parse().ok()
    }

    /// The name of what is linked.
    pub(super) fn link_name(&self, name: &str) -> Option<String> {
        self.get(name)?.get("display_name")?.as_string().map(std::borrow::Cow::into_owned)
    }

    /// The numbers in a list.
    pub(super) fn links(&self, name: &str) -> Vec<i64> {
        let items = self.get(name).map(Json::items).unwrap_or_default();
        items.iter().filter_map(|id| id.text().parse().ok()).collect()
    }

    /// The whole of it.
    pub(super) fn to_json(&self) -> String {
        let mut out = "{".to_owned();
        self.0.iter().for_each(|(name, value)| write_member(name, value, &mut out));
        out.push('}');
        out
    }
}

/// A value, unless it is their `false` for nothing.
fn made_fit(kind: &str, value: Json<'_>) -> Option<String> {
    match (kind, value.kind()) {
        ("boolean", _) => Some(value.text().to_owned()),
        (_, Kind::Bool) if value.text() == "false" => None,
        (_, Kind::Null) => None,
        ("many2one", Kind::Array) => match value.items()[..] {
            [id, name] => Some(format!("{{\"id\":{},\"display_name\":{}}}", id.text(), name.text())),
            _ => None,
        },
        // They are in UTC, and do not say so (Odoo's ORM reference, Datetime).
        ("datetime", Kind::String) => value.as_string().map(|moment| json::string(&format!("{moment}Z"))),
        ("many2one", Kind::Number) => Some(format!("{{\"id\":{}}}", value.text())),
        _ => Some(value.text().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn false_is_nothing_but_for_flags_and_links_are_objects() {
        let told = r#"{"active":{"type":"boolean"},"barcode":{"type":"char"},"uom_id":{"type":"many2one","relation":"uom.uom"},
            "categ_id":{"type":"many2one"},"lst_price":{"type":"float"},"tag_ids":{"type":"many2many"}}"#;
        let fields = fields(Json::parse(told.as_bytes()).unwrap());
        assert_eq!(fields["uom_id"].relation.as_deref(), Some("uom.uom"));
        let sent = r#"{"id":7,"active":false,"barcode":false,"uom_id":[1,"U \"x\""],"categ_id":false,
            "lst_price":12345678901234567.89,"tag_ids":[3,4],"stray":null}"#;
        let row = Row::read(Json::parse(sent.as_bytes()).unwrap(), &fields);
        let expected = r#"{"id":7,"active":false,"uom_id":{"id":1,"display_name":"U \"x\""},"lst_price":12345678901234567.89,"tag_ids":[3,4]}"#;
        assert_eq!(row.to_json(), expected);
        assert_eq!((row.id(), row.link("uom_id"), row.links("tag_ids")), (Some(7), Some(1), vec![3, 4]));
        assert_eq!((row.link("categ_id"), row.text("barcode")), (None, None));
    }
}
